#pragma once
/// What a model was trained to say of a text.

namespace attnflow {

enum class Task {
    none,            ///< nothing: hidden states and attention only (BertModel, encoders of sentences)
    classification,  ///< one output for each class, of the whole text: one class holds
    multi_label,     ///< one output for each label, of the whole text: several may hold, each by itself
    regression,      ///< numbers, of the whole text: nothing that a probability could be made of
    masked_lm,       ///< one output for each token of the vocabulary, at every position
};

/// Whether there are outputs, and so something that gradients and blank-out can explain.
constexpr bool has_outputs(Task task) { return task != Task::none; }

/// Whether outputs belong to a position, which must be chosen; else there is one set of them a text.
constexpr bool has_positions(Task task) { return task == Task::masked_lm; }

/// Whether outputs belong to classes or labels, which have names and can be given with a text.
constexpr bool has_classes(Task task) { return task == Task::classification || task == Task::multi_label; }

/// Whether an output has a probability: by the softmax of all logits, or by the sigmoid of its own.
constexpr bool has_probabilities(Task task) { return has_outputs(task) && task != Task::regression; }

/// "classification", "labels of which several may hold", ...
constexpr const char* task_name(Task task) {
    switch (task) {
        case Task::none:
            return "none";
        case Task::classification:
            return "classification";
        case Task::multi_label:
            return "labels of which several may hold";
        case Task::regression:
            return "regression";
        case Task::masked_lm:
            return "masked language model";
    }
    return "";
}

}  // namespace attnflow
