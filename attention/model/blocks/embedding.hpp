#pragma once
/// From token ids to the first hidden states:
///
///   x_0 = P norm(word + type + position)
///
/// of which all but the word is optional: learned positions (models with rotary ones have none), token types, the
/// norm, and the projection P of models whose embeddings are narrower than their layers (ALBERT, ELECTRA).
///
/// Devlin et al. 2019, arXiv:1810.04805; Lan et al. 2020, arXiv:1909.11942

#include <cstddef>
#include <optional>
#include <vector>

#include "attention/model/blocks/linear.hpp"
#include "attention/model/blocks/norm.hpp"
#include "attention/model/token_batch.hpp"

namespace attnflow {

struct EmbeddingSpec {
    std::size_t vocabulary = 0;
    std::size_t width = 0;      ///< e, of an embedding
    std::size_t positions = 0;  ///< learned positions, 0 for none
    std::size_t types = 0;      ///< 0 for none
    std::optional<NormSpec> norm = {};
};

template <class Real>
struct EmbeddingWeights {
    std::vector<Real> words = {};      ///< [vocabulary, e]
    std::vector<Real> positions = {};  ///< [positions, e]
    std::vector<Real> types = {};      ///< [types, e]
    std::optional<Norm<Real>> norm = {};
    std::optional<Linear<Real>> projection = {};  ///< [d, e]
};

/// The embedding of word `id`, [e].
template <class Real>
const Real* word_embedding(const EmbeddingSpec& spec, const EmbeddingWeights<Real>& weights, TokenId id) {
    return weights.words.data() + static_cast<std::size_t>(id) * spec.width;
}

/// `out` [T, d]. Ids, types and positions of the batch are those of the spec.  O(T e), with a projection O(T e d).
template <class Real>
void embed(const EmbeddingSpec& spec, const EmbeddingWeights<Real>& weights, const TokenBatch& batch, Real* out,
           std::size_t jobs);

/// From the gradient of x_0, [T, d], to that of the word embeddings, [T, e]. The norm's in double: LayerNorm does
/// not see a constant that is added to its input, so the components of this gradient sum to 0, and in single
/// precision that sum would be noise as large as other scores.
template <class Real>
void embed_backward(const EmbeddingSpec& spec, const EmbeddingWeights<Real>& weights, const TokenBatch& batch,
                    const Real* gradient, double* word);

}  // namespace attnflow
