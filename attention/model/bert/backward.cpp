#include <algorithm>
#include <cmath>

#include "attention/model/bert/encoder.hpp"
#include "attention/model/kernels.hpp"
#include "attention/model/matrix.hpp"
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

    void run(Real* gradient, const std::function<void(std::size_t, const Real*)>& visit) {
        for (std::size_t l = weights_.layers.size(); l-- > 0;) {
            layer(weights_.layers[l], trace_.layers[l], gradient, static_cast<bool>(visit));
            if (visit) visit(l, attention_.data());
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

    /// From the gradient of the context to those of query, key, value and, on the way, attention.
    void attend(const BertLayerTrace<Real>& kept, bool keep_attention) {
        const std::size_t n = batch_.length;
        const std::size_t heads = weights_.config.heads;
        const std::size_t head_width = weights_.config.head_width();
        const Real scale = Real(1) / std::sqrt(static_cast<Real>(head_width));
        Real* all = keep_attention ? attention_.resize(batch_.count * heads * n * n) : nullptr;
        Real* projected = projected_.resize(tokens_ * 3 * d_);
        worker_scores_.resize(jobs_ == 0 ? 1 : jobs_);
        parallel_for(batch_.count * heads, jobs_, [&](std::size_t piece, std::size_t worker) {
            const std::size_t row = piece / heads * n;
            const std::size_t column = piece % heads * head_width;
            const auto forward = [&](std::size_t which) -> MatrixRef<const Real> {
                return {kept.query_key_value.data() + row * 3 * d_ + which * d_ + column, 3 * d_};
            };
            const auto out = [&](std::size_t which) -> MatrixRef<Real> {
                return {projected + row * 3 * d_ + which * d_ + column, 3 * d_};
            };
            const MatrixRef<const Real> context{context_.data() + row * d_ + column, d_};
            const Real* attention = kept.attention.data() + piece * n * n;
            Real* scores = worker_scores_[worker].resize(n * n);
            multiply<Real>(n, n, head_width, Real(1), context, Flip::no, forward(2), Flip::yes, Real(0),
                           {scores, n});
            if (keep_attention) std::copy_n(scores, n * n, all + piece * n * n);
            softmax_rows_backward<Real>(n, n, attention, scores);
            multiply<Real>(n, head_width, n, scale, {scores, n}, Flip::no, forward(1), Flip::no, Real(0), out(0));
            multiply<Real>(n, head_width, n, scale, {scores, n}, Flip::yes, forward(0), Flip::no, Real(0), out(1));
            multiply<Real>(n, head_width, n, Real(1), {attention, n}, Flip::yes, context, Flip::no, Real(0),
                           out(2));
        });
    }

    const BertWeights<Real>& weights_;
    const TokenBatch& batch_;
    std::size_t jobs_;
    const BertTrace<Real>& trace_;
    std::size_t d_;
    std::size_t tokens_;
    Buffer<Real> inner_, context_, projected_, attention_;
    std::vector<Buffer<Real>> worker_scores_;
};

}  // namespace

template <class Real>
void bert_backward(const BertWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                   const BertTrace<Real>& trace, Real* gradient,
                   const std::function<void(std::size_t layer, const Real* gradient)>& visit) {
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
                            float*, const std::function<void(std::size_t, const float*)>&);
template void bert_backward(const BertWeights<double>&, const TokenBatch&, std::size_t, const BertTrace<double>&,
                            double*, const std::function<void(std::size_t, const double*)>&);

template void embedding_backward(const BertWeights<float>&, const TokenBatch&, const float*, double*);
template void embedding_backward(const BertWeights<double>&, const TokenBatch&, const double*, double*);

}  // namespace attnflow
