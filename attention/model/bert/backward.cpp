#include <algorithm>

#include "attention/model/bert/encoder.hpp"
#include "attention/model/blocks/kernels.hpp"
#include "attention/model/blocks/matrix.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

template <class Real>
class Backward {
public:
    Backward(const BertWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
             const BertTrace<Real>& trace)
        : weights_(weights),
          batch_(batch),
          jobs_(jobs),
          trace_(trace),
          d_(weights.config.width),
          tokens_(batch.count * batch.length) {}

    void run(Real* gradient, const BertGradientVisitor<Real>& visit) {
        for (std::size_t l = weights_.layers.size(); l-- > 0;) {
            layer(weights_.layers[l], trace_.layers[l], gradient, static_cast<bool>(visit));
            if (visit) visit(l, attention_.data(), attention_gradient_.data());
        }
    }

private:
    void norm(const NormWeights<Real>& norm, LayerNormTrace<const Real> trace, Real* gradient) {
        layer_norm_backward<Real>(tokens_, d_, norm.gamma.data(), trace, gradient, jobs_);
    }

    /// `gradient`: of the layer's output on entry, of its input on return. Each sum with a skip
    /// connection hands its gradient to both terms, hence the products that add to `gradient`.
    void layer(const BertLayerWeights<Real>& w, const BertLayerTrace<Real>& kept, Real* gradient,
               bool keep_attention) {
        const std::size_t f = weights_.config.inner;
        norm(w.output_norm, {kept.output_normalised.data(), kept.output_scale.data()}, gradient);
        Real* inner = inner_.resize(tokens_ * f);
        linear_backward<Real>(tokens_, f, d_, gradient, w.output.weight.data(), Real(0), inner, jobs_);
        gelu_backward<Real>(tokens_ * f, kept.inner.data(), inner, jobs_);
        linear_backward<Real>(tokens_, d_, f, inner, w.inner.weight.data(), Real(1), gradient, jobs_);

        norm(w.attention_norm, {kept.attention_normalised.data(), kept.attention_scale.data()}, gradient);
        linear_backward<Real>(tokens_, d_, d_, gradient, w.attention_output.weight.data(), Real(0),
                              context_.resize(tokens_ * d_), jobs_);
        attend(kept, keep_attention);
        linear_backward<Real>(tokens_, d_, 3 * d_, projected_.data(), w.query_key_value.weight.data(), Real(1),
                              gradient, jobs_);
    }

    /// From the gradient of the context to those of query, key, value and, on the way, attention. Unless
    /// they are kept, a head's attention and its gradient live in the scratch memory of a worker.
    void attend(const BertLayerTrace<Real>& kept, bool keep_attention) {
        const std::size_t n = batch_.length;
        const std::size_t size = n * n;
        const BertConfig& config = weights_.config;
        const std::size_t pieces = batch_.count * config.heads;
        Real* all = keep_attention ? attention_.resize(pieces * size) : nullptr;
        Real* all_gradients = keep_attention ? attention_gradient_.resize(pieces * size) : nullptr;
        Real* projected = projected_.resize(tokens_ * 3 * d_);
        worker_scratch_.resize(jobs_ == 0 ? 1 : jobs_);
        parallel_for(pieces, jobs_, [&](std::size_t piece, std::size_t worker) {
            const HeadProjections<const Real> head(config, n, piece, kept.query_key_value.data());
            const HeadProjections<Real> out(config, n, piece, projected);
            const MatrixRef<const Real> context{
                context_.data() + piece / config.heads * n * d_ + piece % config.heads * config.head_width(), d_};
            Real* scratch = worker_scratch_[worker].resize(2 * size);
            Real* scores = scratch;
            Real* attention = keep_attention ? all + piece * size : scratch + size;
            head.attention(attention);
            multiply<Real>(n, n, config.head_width(), Real(1), context, Flip::no, head.value(), Flip::yes, Real(0),
                           {scores, n});
            if (keep_attention) std::copy_n(scores, size, all_gradients + piece * size);
            softmax_rows_backward<Real>(n, n, attention, scores);
            const auto back = [&](Real scale, const Real* matrix, Flip flip, MatrixRef<const Real> by,
                                  MatrixRef<Real> to) {
                multiply<Real>(n, config.head_width(), n, scale, {matrix, n}, flip, by, Flip::no, Real(0), to);
            };
            back(head.score_scale(), scores, Flip::no, head.key(), out.query());
            back(head.score_scale(), scores, Flip::yes, head.query(), out.key());
            back(Real(1), attention, Flip::yes, context, out.value());
        });
    }

    const BertWeights<Real>& weights_;
    const TokenBatch& batch_;
    std::size_t jobs_;
    const BertTrace<Real>& trace_;
    std::size_t d_;
    std::size_t tokens_;
    Buffer<Real> inner_, context_, projected_, attention_, attention_gradient_;
    std::vector<Buffer<Real>> worker_scratch_;
};

}  // namespace

template <class Real>
void bert_backward(const BertWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                   const BertTrace<Real>& trace, Real* gradient, const BertGradientVisitor<Real>& visit) {
    Backward<Real>(weights, batch, jobs, trace).run(gradient, visit);
}

template <class Real>
void embedding_backward(const BertWeights<Real>& weights, const TokenBatch& batch, const Real* gradient,
                        double* word) {
    const std::size_t d = weights.config.width;
    const std::size_t tokens = batch.count * batch.length;
    std::vector<double> normalised(tokens * d), scale(tokens), gamma(d), ignored(tokens * d);
    for (std::size_t t = 0; t < tokens; ++t) embedding_sum(weights, batch, t, ignored.data() + t * d);
    std::copy(weights.embedding_norm.gamma.begin(), weights.embedding_norm.gamma.end(), gamma.begin());
    layer_norm<double>(tokens, d, ignored.data(), nullptr, gamma.data(), gamma.data(),
                       weights.config.layer_norm_eps, ignored.data(), {normalised.data(), scale.data()}, 1);
    std::copy_n(gradient, tokens * d, word);
    layer_norm_backward<double>(tokens, d, gamma.data(), {normalised.data(), scale.data()}, word, 1);
}

template void bert_backward(const BertWeights<float>&, const TokenBatch&, std::size_t, const BertTrace<float>&,
                            float*, const BertGradientVisitor<float>&);
template void bert_backward(const BertWeights<double>&, const TokenBatch&, std::size_t, const BertTrace<double>&,
                            double*, const BertGradientVisitor<double>&);

template void embedding_backward(const BertWeights<float>&, const TokenBatch&, const float*, double*);
template void embedding_backward(const BertWeights<double>&, const TokenBatch&, const double*, double*);

}  // namespace attnflow
