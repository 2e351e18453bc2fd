#pragma once
/// What a model was trained to say of a text.

namespace attnflow {

enum class Task {
    none,            ///< nothing: hidden states and attention only (BertModel, encoders of sentences)
    classification,  ///< one output for each class, of the whole text
    masked_lm,       ///< one output for each token of the vocabulary, at every position
};

/// Whether there are outputs, and so something that gradients and blank-out can explain.
constexpr bool has_outputs(Task task) { return task != Task::none; }

/// Whether outputs belong to a position, which must be chosen; else there is one set of them a text.
constexpr bool has_positions(Task task) { return task == Task::masked_lm; }

}  // namespace attnflow
