#include "attention/model/blocks/embedding.hpp"

#include <algorithm>

namespace attnflow {
namespace {

/// What the norm gets for token t of the batch: word + type + position, [e].
template <class Real, class Out>
void embedding_sum(const EmbeddingSpec& spec, const EmbeddingWeights<Real>& weights, const TokenBatch& batch,
                   std::size_t t, Out* sum) {
    const std::size_t e = spec.width;
    const Real* word = word_embedding(spec, weights, batch.ids[t]);
    for (std::size_t j = 0; j < e; ++j) sum[j] = static_cast<Out>(word[j]);
    const auto add = [&](const Real* row) {
        for (std::size_t j = 0; j < e; ++j) sum[j] += static_cast<Out>(row[j]);
    };
    if (spec.types > 0) add(weights.types.data() + static_cast<std::size_t>(batch.type_ids[t]) * e);
    if (spec.positions > 0) add(weights.positions.data() + t % batch.length * e);
}

}  // namespace

template <class Real>
void embed(const EmbeddingSpec& spec, const EmbeddingWeights<Real>& weights, const TokenBatch& batch, Real* out,
           std::size_t jobs) {
    const std::size_t tokens = batch.tokens();
    std::vector<Real> narrow(weights.projection ? tokens * spec.width : 0);
    Real* sum = weights.projection ? narrow.data() : out;
    for (std::size_t t = 0; t < tokens; ++t) embedding_sum(spec, weights, batch, t, sum + t * spec.width);
    if (weights.norm) norm<Real>(*weights.norm, tokens, sum, nullptr, sum, {nullptr, nullptr}, jobs);
    if (weights.projection) linear(*weights.projection, tokens, sum, out, jobs);
}

template <class Real>
void embed_backward(const EmbeddingSpec& spec, const EmbeddingWeights<Real>& weights, const TokenBatch& batch,
                    const Real* gradient, double* word) {
    const std::size_t e = spec.width;
    const std::size_t tokens = batch.tokens();
    if (weights.projection) {
        std::vector<Real> narrow(tokens * e);
        linear_backward(*weights.projection, tokens, gradient, Real(0), narrow.data(), 1);
        std::copy(narrow.begin(), narrow.end(), word);
    } else {
        std::copy_n(gradient, tokens * e, word);
    }
    if (!weights.norm) return;
    std::vector<double> sum(tokens * e), normalised(tokens * e), scale(tokens);
    for (std::size_t t = 0; t < tokens; ++t) embedding_sum(spec, weights, batch, t, sum.data() + t * e);
    const auto& [kind, gamma, beta] = *weights.norm;
    const Norm<double> of_sum{kind, {gamma.begin(), gamma.end()}, {beta.begin(), beta.end()}};
    norm<double>(of_sum, tokens, sum.data(), nullptr, sum.data(), {normalised.data(), scale.data()}, 1);
    norm_backward<double>(of_sum, tokens, {normalised.data(), scale.data()}, word, 1);
}

#define ATTNFLOW_EMBEDDING(Real)                                                                         \
    template void embed(const EmbeddingSpec&, const EmbeddingWeights<Real>&, const TokenBatch&, Real*,   \
                        std::size_t);                                                                    \
    template void embed_backward(const EmbeddingSpec&, const EmbeddingWeights<Real>&, const TokenBatch&, \
                                 const Real*, double*);
ATTNFLOW_EMBEDDING(float)
ATTNFLOW_EMBEDDING(double)
#undef ATTNFLOW_EMBEDDING

}  // namespace attnflow
