#include "attention/attention_stack.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

void check_attention_tensors(std::span<const TensorView> tensors, std::initializer_list<std::size_t> ranks,
                             const std::string& where) {
    if (tensors.empty()) throw InputError(where + ": no layers, expected at least one");
    for (const TensorView& tensor : tensors) {
        const auto refuse = [&](const std::string& reason) {
            throw InputError(fmt::format("{}: tensor '{}': {}", where, excerpt(tensor.name), reason));
        };
        const std::string shape = shape_text(tensor.shape);
        if (!is_float(tensor.dtype)) {
            refuse(fmt::format("attention of type {}, expected F64, F32, F16 or BF16", dtype_name(tensor.dtype)));
        }
        if (std::find(ranks.begin(), ranks.end(), tensor.shape.size()) == ranks.end()) {
            std::vector<std::string> expected;
            for (const std::size_t rank : ranks) expected.push_back(std::to_string(rank));
            refuse(fmt::format("shape {} has {} axes, expected {}", shape, tensor.shape.size(),
                               join(expected, " or ")));
        }
        if (tensor.elements() == 0) refuse(fmt::format("shape {}, expected no empty axis", shape));
        const std::size_t keys = tensor.shape.back();
        const std::size_t queries = tensor.shape[tensor.shape.size() - 2];
        if (queries != keys) {
            refuse(fmt::format("shape {} has {} queries and {} keys, expected as many queries as keys", shape,
                               queries, keys));
        }
        const TensorView& first = tensors.front();
        if (tensor.shape != first.shape || tensor.dtype != first.dtype) {
            refuse(fmt::format("{} of shape {}, expected {} of shape {} as in '{}'", dtype_name(tensor.dtype),
                               shape, dtype_name(first.dtype), shape_text(first.shape), excerpt(first.name)));
        }
    }
}

AttentionStack::AttentionStack(std::vector<TensorView> layers, std::shared_ptr<const void> keep_alive,
                               const std::string& where)
    : layers_(std::move(layers)), keep_alive_(std::move(keep_alive)) {
    check_attention_tensors(layers_, {3}, where);
}

AttentionStack AttentionStack::from_values(std::size_t layers, std::size_t heads, std::size_t tokens,
                                           std::vector<double> values) {
    TensorView whole{"attentions", DType::f64, {layers, heads, tokens, tokens}, nullptr};
    if (values.empty() || values.size() != whole.elements()) {
        throw ParameterError(fmt::format("attention: {} values, expected {} for shape {}, at least one",
                                         values.size(), whole.elements(), shape_text(whole.shape)));
    }
    const auto owned = std::make_shared<const std::vector<double>>(std::move(values));
    whole.data = reinterpret_cast<const std::byte*>(owned->data());
    std::vector<TensorView> views;
    for (std::size_t layer = 0; layer < layers; ++layer) views.push_back(whole.slice(layer));
    return AttentionStack(std::move(views), owned, "attention");
}

void AttentionStack::read_head(std::size_t layer, std::size_t head, std::span<double> out) const {
    if (layer >= layers() || head >= heads() || out.size() != tokens() * tokens()) {
        throw InternalError(
            fmt::format("attention of {} layers, {} heads, {} tokens: layer {}, head {} asked for "
                        "with room for {} weights",
                        layers(), heads(), tokens(), layer, head, out.size()));
    }
    layers_[layer].read(head * out.size(), out);
}

}  // namespace attnflow
