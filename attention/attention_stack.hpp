#pragma once
/// The attention of one example, all layers and heads, decoded when it is asked for.

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attention/tensor.hpp"

namespace attnflow {

/// Throws InputError, beginning with `where`, unless every tensor can hold attention: a
/// float type, a rank among `ranks`, no empty axis, as many queries (last but one axis)
/// as keys (last axis), and all alike in type and shape. At least one is needed.
void check_attention_tensors(std::span<const TensorView> tensors, std::initializer_list<std::size_t> ranks,
                             const std::string& where);

/// Axes [layer, head, query, key]: entry (q, k) is how much query position q attends to key
/// position k. The weights stay where they are (for instance in a mapped file), so that
/// heads can be fused one by one in little memory. Their values are not checked here: see
/// attention/validate.hpp. Copies share the weights.
class AttentionStack {
public:
    /// One tensor [H, n, n] a layer, from the input upwards; `keep_alive` owns their bytes.
    /// Throws InputError, beginning with `where`, for tensors that do not fit together.
    AttentionStack(std::vector<TensorView> layers, std::shared_ptr<const void> keep_alive,
                   const std::string& where);

    /// From values in memory, row-major [layers, heads, tokens, tokens]. Throws ParameterError
    /// when their number does not fit, or is 0.
    static AttentionStack from_values(std::size_t layers, std::size_t heads, std::size_t tokens,
                                      std::vector<double> values);

    std::size_t layers() const { return layers_.size(); }
    std::size_t heads() const { return layers_.front().shape[0]; }
    std::size_t tokens() const { return layers_.front().shape[1]; }
    DType dtype() const { return layers_.front().dtype; }

    /// Writes the tokens × tokens weights (row-major, query × key) of one head to `out`;
    /// layers count from 0 at the input. Throws InternalError for a layer, head or size
    /// that does not fit.
    void read_head(std::size_t layer, std::size_t head, std::span<double> out) const;

private:
    std::vector<TensorView> layers_;
    std::shared_ptr<const void> keep_alive_;
};

}  // namespace attnflow
