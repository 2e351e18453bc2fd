#pragma once
/// A layer written down by hand: the numbers of a text of a few tokens, and what a layer makes of them by plain
/// loops. For answers that a member declares, and for tests; models compute theirs by other code.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "attention/extract/edge_weights/layer_evidence.hpp"
#include "graph/support/parameters.hpp"

namespace attnflow {

/// What a layer is given. Sizes as in LayerInternals, with T = n.
struct LayerSample {
    std::size_t tokens = 0;  ///< n
    ModelShape shape = {};   ///< heads, key_heads, head_width, width, norm_before; of one layer
    std::vector<float> attention = {};
    std::vector<float> attention_gradient = {};  ///< may be empty

    std::vector<float> input = {};          ///< [n, d]; without it there are no internals
    std::vector<float> values = {};         ///< [n, G w]
    std::vector<float> output_weight = {};  ///< [d, H w]
    std::vector<float> output_bias = {};    ///< [d], or empty
    bool centered = true;                   ///< of both norms, whose gamma is 1 and whose beta is 0
    /// Of one token, [d] to [d]; adds nothing where it is empty.
    std::function<void(std::span<const double> in, std::span<double> out)> feed_forward = {};
};

/// The evidence of a sample, in memory of its own. Refers to the sample, which must live as long.
class SampledLayer {
public:
    /// Throws InternalError for numbers that do not fit the shape.
    explicit SampledLayer(const LayerSample& sample);
    SampledLayer(const SampledLayer&) = delete;
    SampledLayer& operator=(const SampledLayer&) = delete;

    LayerEvidence evidence() const;

private:
    /// What comes after attention.
    struct Rest {
        std::vector<float> attention_scale, middle, normed_middle, fed_forward, output_scale, output;
    };
    Rest rest(std::span<const float> attended) const;
    Rest rest_of_middle(std::span<const float> middle) const;
    std::vector<float> attended() const;
    void make_internals();

    const LayerSample& sample_;
    std::vector<float> attended_, normed_input_, gamma_, beta_;
    Rest rest_;
    LayerInternals internals_;
};

/// An answer that can be worked out by hand.
struct KnownWeights {
    std::string what;  ///< "two tokens with orthogonal values", for messages
    LayerSample layer;
    std::vector<float> expected;  ///< as weigh() writes them
    std::map<std::string, ParameterValue> parameters = {};
};

}  // namespace attnflow
