#pragma once
/// What attention-like generators share: heads are drawn one by one, masked, made to sum
/// to 1, averaged, and mixed with the skip connection, A_l = w I + (1-w) mean_h W_h.

#include <functional>

#include "graph/generators/network_generator.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

struct AttentionMixture {
    std::int64_t heads = 8;
    double skip_weight = 0.5;
    bool causal = false;  ///< no weight on later positions

    /// The parameters `heads`, `skip_weight` and `causal`, with these values as fallbacks.
    std::vector<ParameterSpec> parameters() const;
    static AttentionMixture from(const Parameters& parameters);

    /// Fills the n x n matrix (zeros when it is handed over) with weights >= 0, query x key;
    /// rows may have any sum. Layers count from 1.
    using DrawHead = std::function<void(std::size_t layer, RowMajor<double>& weights)>;

    /// A head's row that sums to 0 after masking attends to its own position.
    LayeredNetwork<double> network(const NetworkSize& size, const DrawHead& draw_head) const;
};

/// `specs` followed by those of the mixture.
std::vector<ParameterSpec> with_mixture(std::vector<ParameterSpec> specs, const AttentionMixture& fallbacks = {});

/// Softmax rows of Gaussian logits: weights exp(scale z), z standard normal.
void draw_gaussian_logits(double scale, Random& random, RowMajor<double>& weights);

}  // namespace attnflow
