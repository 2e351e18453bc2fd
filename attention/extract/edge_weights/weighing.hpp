#pragma once
/// Edge weights of one text, made layer by layer while a model runs.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attention/extract/edge_weights/edge_weight.hpp"

namespace attnflow {

class Weighing {
public:
    /// Gets the weights of one layer, [heads, n, n] or [n, n]; the memory is used again for the next.
    using Sink = std::function<void(const std::string& name, std::size_t layer, std::span<const float> weights)>;

    /// Throws ParameterError, with the nearest name, for one that is not registered.
    explicit Weighing(const std::vector<std::string>& names);

    bool needs_gradient() const { return needs_gradient_; }
    bool needs_internals() const { return needs_internals_; }

    /// The weights that need no gradient, from what the forward pass gives of a text of `tokens` tokens.
    void forward(const ModelShape& shape, std::size_t tokens, const LayerCapture& layer, const Sink& sink) const;
    /// Those that do, from what the reverse pass gives.
    void backward(const ModelShape& shape, std::size_t tokens, std::size_t layer, std::span<const float> attention,
                  std::span<const float> gradient, const Sink& sink) const;

private:
    void weigh(std::size_t layer, const LayerEvidence& evidence, bool with_gradient, const Sink& sink) const;

    std::vector<std::pair<std::string, std::unique_ptr<EdgeWeightFamily::Interface>>> weights_;
    bool needs_gradient_ = false;
    bool needs_internals_ = false;
};

}  // namespace attnflow
