#pragma once
/// Edge weights of one text, made layer by layer while a model runs.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attention/extract/edge_weights/edge_weight.hpp"

namespace attnflow {

class Weighing {
public:
    /// Gets the weights of one layer, [heads, n, n] or [n, n]; the memory is used again for the next.
    using Sink = std::function<void(const std::string& name, std::size_t layer, std::span<const float> weights)>;

    /// Weights that are made.
    struct Made {
        std::string name;  ///< edge_weight_name()
        std::unique_ptr<EdgeWeightFamily::Interface> weight;
    };

    /// Of calls such as "value_norm" or "value_zeroing(euclidean)", equal ones once. Throws ParameterError, with
    /// the nearest name, for one that is not registered, and for parameters that do not fit.
    explicit Weighing(const std::vector<std::string>& calls);

    const std::vector<Made>& made() const { return made_; }

    bool needs_gradient() const { return needs_gradient_; }
    /// In the forward pass, and in the reverse pass.
    bool needs_internals() const { return needs_internals_; }
    bool needs_gradient_internals() const { return needs_gradient_internals_; }

    /// The weights that need no gradient, from what the forward pass gives of a text of `tokens` tokens. Throws
    /// what weigh_and_check() does.
    void forward(const ModelShape& shape, std::size_t tokens, const LayerCapture& layer, const Sink& sink) const;
    /// Those that do, from what the reverse pass gives.
    void backward(const ModelShape& shape, std::size_t tokens, const LayerCapture& layer,
                  std::span<const float> gradient, const Sink& sink) const;

private:
    void weigh(const LayerEvidence& evidence, bool with_gradient, const Sink& sink) const;

    std::vector<Made> made_;
    bool needs_gradient_ = false;
    bool needs_internals_ = false;
    bool needs_gradient_internals_ = false;
};

}  // namespace attnflow
