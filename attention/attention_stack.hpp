#pragma once
/// The weights of one example, all layers and heads, decoded when they are asked for.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attention/files/tensor.hpp"
#include "attention/words.hpp"

namespace attnflow {

/// Throws InputError, beginning with `where`, unless every tensor can hold attention: a
/// float type, a rank among `ranks`, no empty axis, as many queries (last but one axis)
/// as keys (last axis), and all alike in type and shape. At least one is needed.
void check_attention_tensors(std::span<const TensorView> tensors, std::initializer_list<std::size_t> ranks,
                             const std::string& where);

/// Throws InputError, beginning with `where`, unless the tensors, from the input upwards, form
/// a chain: float types, shapes [queries, keys] or [H, queries, keys] with one H for all that
/// have it, no empty axis, and as many keys as the layer below has queries.
void check_layer_chain(std::span<const TensorView> tensors, const std::string& where);

/// Axes [layer, head, query, key]: entry (q, k) is how much query position q attends to key
/// position k. The weights stay where they are (for instance in a mapped file), so that
/// heads can be fused one by one in little memory. Their values are not checked here: see
/// attention/validate.hpp. Copies share the weights.
///
/// In the attention of an encoder or decoder every layer is H x n x n. Layers may also be of
/// different width (merged tokens, a union of encoder and decoder positions); the keys of a
/// layer are then the queries of the layer below. A layer without head axis is one matrix that
/// stands for every head.
class AttentionStack {
public:
    /// One tensor [H, n, n] a layer, from the input upwards; `keep_alive` owns their bytes.
    /// Throws InputError, beginning with `where`, for tensors that do not fit together.
    AttentionStack(std::vector<TensorView> layers, std::shared_ptr<const void> keep_alive,
                   const std::string& where);

    /// Layers of any width whose rows may sum to anything, see check_layer_chain().
    static AttentionStack from_chain(std::vector<TensorView> layers, std::shared_ptr<const void> keep_alive,
                                     const std::string& where);

    /// From values in memory, row-major [layers, heads, tokens, tokens]. Throws ParameterError
    /// when their number does not fit, or is 0.
    static AttentionStack from_values(std::size_t layers, std::size_t heads, std::size_t tokens,
                                      std::vector<double> values);

    std::size_t layers() const { return layers_.size(); }
    /// H, 1 when no layer has a head axis.
    std::size_t heads() const { return heads_; }
    /// Different matrices in a layer: H, or 1 when it has no head axis.
    std::size_t heads(std::size_t layer) const {
        return layers_[layer].shape.size() == 3 ? layers_[layer].shape.front() : 1;
    }
    /// Positions of the input.
    std::size_t tokens() const { return keys(0); }
    std::size_t queries(std::size_t layer) const { return join_ ? join_->words.size() : piece_queries(layer); }
    std::size_t keys(std::size_t layer) const { return join_ ? join_->words.size() : piece_keys(layer); }
    DType dtype() const { return layers_.front().dtype; }
    /// True for attention, false for a chain, whose rows may sum to anything.
    bool rows_sum_to_one() const { return rows_sum_to_one_; }

    /// Writes the queries x keys weights (row-major) of one head to `out`; layers count from 0
    /// at the input. Throws InternalError for a layer, head or size that does not fit.
    void read_head(std::size_t layer, std::size_t head, std::span<double> out) const;

    /// Gets rows of a head that were just read, from `first` on.
    using Watcher = std::function<void(std::size_t layer, std::size_t head, std::size_t first,
                                       std::span<const double> weights)>;
    /// The same attention, which shows `watcher` whatever is read of it; of joined positions, their rows before
    /// they are joined.
    AttentionStack watched(Watcher watcher) const;

    /// The positions that an attention mask keeps, ascending, of those in the tensors.
    using Kept = std::shared_ptr<const std::vector<std::size_t>>;
    /// The same weights without the rows and columns of all other positions. Throws InternalError unless every
    /// layer is n x n and `kept` ascends below n and is not empty.
    AttentionStack cropped(Kept kept) const;
    bool is_cropped() const { return kept_ != nullptr; }
    /// With all positions of the tensors again.
    AttentionStack uncropped() const;

    /// The same weights with words for positions, head by head: to a word the sum over its tokens, from a word the
    /// mean over them, or the largest, of rows that sum to 1 divided by their sum (words.hpp). Throws
    /// InternalError unless every layer is n x n for the n tokens of the words, and for words of words.
    AttentionStack joined(std::shared_ptr<const WordJoin> join) const;

    /// As read_head(), the rows from `first` on that fit into `out`, a whole number of rows.
    void read_rows(std::size_t layer, std::size_t head, std::size_t first, std::span<double> out) const;

private:
    AttentionStack() = default;
    std::size_t piece_queries(std::size_t layer) const {
        return kept_ ? kept_->size() : layers_[layer].shape[layers_[layer].shape.size() - 2];
    }
    std::size_t piece_keys(std::size_t layer) const { return kept_ ? kept_->size() : layers_[layer].shape.back(); }
    void read_piece_rows(std::size_t layer, std::size_t head, std::size_t first, std::span<double> out) const;
    void read_joined_rows(std::size_t layer, std::size_t head, std::size_t first, std::span<double> out) const;
    void read_kept_rows(std::size_t layer, std::size_t matrix, std::size_t first, std::span<double> out) const;

    std::vector<TensorView> layers_;
    std::shared_ptr<const void> keep_alive_;
    std::size_t heads_ = 1;
    bool rows_sum_to_one_ = true;
    Kept kept_;                             ///< nullptr for all
    std::shared_ptr<const WordJoin> join_;  ///< of those that are kept; nullptr where positions are tokens
    Watcher watcher_;
};

/// Calls visit(first, weights) for one run of rows of a head after the other, `first` being the index
/// of the run's first weight in the head: what looks at rows or single weights needs no room for a
/// whole head, and the run (read into `buffer`) stays in the processor's cache.
template <class Visit>
void for_each_run(const AttentionStack& attention, std::size_t layer, std::size_t head,
                  std::vector<double>& buffer, Visit visit) {
    constexpr std::size_t run_weights = 32'768;
    const std::size_t keys = attention.keys(layer);
    const std::size_t size = attention.queries(layer) * keys;
    const std::size_t run = std::max<std::size_t>(1, run_weights / keys) * keys;
    buffer.resize(std::min(run, size));
    for (std::size_t first = 0; first < size; first += run) {
        const auto weights = std::span(buffer).first(std::min(run, size - first));
        attention.read_rows(layer, head, first / keys, weights);
        visit(first, std::span<const double>(weights));
    }
}

}  // namespace attnflow
