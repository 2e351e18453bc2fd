#pragma once
/// Which axis of a tensor of attention is which: the one place where a shape is read. What a shape does not tell
/// is asked for and never guessed.

#include <optional>
#include <string>
#include <vector>

#include "attention/files/tensor.hpp"
#include "graph/support/diagnosis.hpp"

namespace attnflow {

/// What else a file says of its axes.
struct AxesHints {
    std::optional<std::size_t> examples;  ///< lists of tokens, rows of a mask
    std::string source;                   ///< what says so, for messages
    std::string axes;                     ///< metadata `axes`, "" when there is none
};

struct TensorAxes {
    enum class Batch {
        none,
        leading,      ///< [B, L, H, n, n]
        after_layers  ///< [L, B, H, n, n]
    };
    Batch batch = Batch::none;
    std::size_t examples = 1;
    std::string note;  ///< how the tensor was read where that is not said in docs/data-format.md
};

/// How `tensor` is read: the attention of all layers, [L, H, n, n], or of one, [H, n, n], each perhaps with a
/// batch axis. Throws InputError, beginning with `where`, for every other shape: what was seen, what is expected,
/// and the line of NumPy that leads there; also where nothing tells examples from layers. Empty axes pass.
TensorAxes read_axes(const TensorView& tensor, bool one_layer, const AxesHints& hints, const std::string& where);

/// What to say of `attention`, all layers of one example as it was read, where some of `others` have as many
/// elements on their first axis as it has layers: it may be one layer of a batch. "" where none has.
std::string batch_note(const TensorView& attention, const std::vector<const TensorView*>& others);

/// For the page.
Diagnoses axes_diagnoses();
/// Causal attention with as many heads as tokens, of which no shape tells [query, head, key] from [head, query,
/// key]: head j attends to no key after j.
const Diagnosis& heads_between_queries_and_keys();
/// Rows that are wrong and columns that sum to 1, where a tensor has as many heads as tokens and the shape cannot
/// tell heads last from keys before queries; see row_diagnosis.hpp.
const Diagnosis& swapped_or_heads_last();
/// Rows that are wrong and weights that sum to 1 over the heads, of which there are as many as layers: the shape
/// [query, key, layer, head] may be behind it.
const Diagnosis& queries_first_as_many_layers_as_heads();
/// Rows that are wrong and columns that sum to 1.
const Diagnosis& swapped_axes();

}  // namespace attnflow
