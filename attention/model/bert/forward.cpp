#include <utility>

#include "attention/model/bert/encoder.hpp"
#include "attention/model/blocks/kernels.hpp"
#include "attention/model/blocks/matrix.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

template <class Real>
class Forward {
public:
    Forward(const BertWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs)
        : weights_(weights),
          batch_(batch),
          jobs_(jobs),
          d_(weights.config.width),
          tokens_(batch.count * batch.length) {}

    void run(Buffer<Real>& hidden, BertTrace<Real>* trace, const BertLayerVisitor<Real>& visit) {
        if (trace != nullptr) trace->layers.resize(weights_.layers.size());
        embed(hidden.resize(tokens_ * d_));
        for (std::size_t l = 0; l < weights_.layers.size(); ++l) {
            BertLayerTrace<Real>& kept = trace != nullptr ? trace->layers[l] : scratch_;
            layer(l, hidden.data(), kept, static_cast<bool>(visit));
            if (visit) {
                visit({l, attention_.data(), kept.query_key_value.data(), hidden.data(), attended_.data(),
                       kept.attention_scale.data(), middle_.data(), fed_forward_.data(), kept.output_scale.data(),
                       next_.data()});
            }
            std::swap(hidden, next_);
        }
    }

private:
    void embed(Real* sum) {
        for (std::size_t t = 0; t < tokens_; ++t) embedding_sum(weights_, batch_, t, sum + t * d_);
        norm(weights_.embedding_norm, sum, nullptr, sum, {nullptr, nullptr});
    }

    void norm(const NormWeights<Real>& norm, const Real* x, const Real* y, Real* out, LayerNormTrace<Real> trace) {
        layer_norm<Real>(tokens_, d_, x, y, norm.gamma.data(), norm.beta.data(), weights_.config.layer_norm_eps,
                         out, trace, jobs_);
    }

    void layer(std::size_t l, const Real* x, BertLayerTrace<Real>& kept, bool keep_attention) {
        const BertLayerWeights<Real>& w = weights_.layers[l];
        const std::size_t f = weights_.config.inner;
        const bool traced = &kept != &scratch_;

        apply(w.query_key_value, d_, 3 * d_, x, kept.query_key_value.resize(tokens_ * 3 * d_));
        attend(kept, keep_attention);
        apply(w.attention_output, d_, d_, context_.data(), attended_.resize(tokens_ * d_));
        norm(w.attention_norm, x, attended_.data(), middle_.resize(tokens_ * d_),
             {traced ? kept.attention_normalised.resize(tokens_ * d_) : nullptr,
              kept.attention_scale.resize(tokens_)});

        Real* inner = kept.inner.resize(tokens_ * f);
        apply(w.inner, d_, f, middle_.data(), inner);
        Real* activated = traced ? activated_.resize(tokens_ * f) : inner;
        gelu<Real>(tokens_ * f, inner, activated, jobs_);
        apply(w.output, f, d_, activated, fed_forward_.resize(tokens_ * d_));
        norm(w.output_norm, middle_.data(), fed_forward_.data(), next_.resize(tokens_ * d_),
             {traced ? kept.output_normalised.resize(tokens_ * d_) : nullptr, kept.output_scale.resize(tokens_)});
    }

    void apply(const LinearWeights<Real>& w, std::size_t in, std::size_t out, const Real* x, Real* result) {
        linear<Real>(tokens_, in, out, x, w.weight.data(), w.bias.data(), result, jobs_);
    }

    /// context = concat over heads of softmax(Q K^T / sqrt(d/H)) V. Unless it is kept, a head's
    /// attention lives in the scratch memory of a worker.
    void attend(const BertLayerTrace<Real>& kept, bool keep_attention) {
        const std::size_t n = batch_.length;
        const std::size_t heads = weights_.config.heads;
        const std::size_t head_width = weights_.config.head_width();
        Real* context = context_.resize(tokens_ * d_);
        Real* all = keep_attention ? attention_.resize(batch_.count * heads * n * n) : nullptr;
        worker_scores_.resize(jobs_ == 0 ? 1 : jobs_);
        parallel_for(batch_.count * heads, jobs_, [&](std::size_t piece, std::size_t worker) {
            const HeadProjections<const Real> head(weights_.config, n, piece, kept.query_key_value.data());
            Real* head_context = context + piece / heads * n * d_ + piece % heads * head_width;
            Real* scores = keep_attention ? all + piece * n * n : worker_scores_[worker].resize(n * n);
            head.attention(scores);
            multiply<Real>(n, head_width, n, Real(1), {scores, n}, Flip::no, head.value(), Flip::no, Real(0),
                           {head_context, d_});
        });
    }

    const BertWeights<Real>& weights_;
    const TokenBatch& batch_;
    std::size_t jobs_;
    std::size_t d_;
    std::size_t tokens_;
    BertLayerTrace<Real> scratch_;  // used again by every layer when nothing is traced
    Buffer<Real> attention_, context_, attended_, middle_, activated_, fed_forward_, next_;
    std::vector<Buffer<Real>> worker_scores_;
};

}  // namespace

template <class Real>
void bert_forward(const BertWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                  Buffer<Real>& hidden, BertTrace<Real>* trace, const BertLayerVisitor<Real>& visit) {
    Forward<Real>(weights, batch, jobs).run(hidden, trace, visit);
}

template void bert_forward(const BertWeights<float>&, const TokenBatch&, std::size_t, Buffer<float>&,
                           BertTrace<float>*, const BertLayerVisitor<float>&);
template void bert_forward(const BertWeights<double>&, const TokenBatch&, std::size_t, Buffer<double>&,
                           BertTrace<double>*, const BertLayerVisitor<double>&);

}  // namespace attnflow
