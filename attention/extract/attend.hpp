#pragma once
/// The attention of one text in memory, as an example to attribute at once.

#include <optional>
#include <string>
#include <vector>

#include "attention/dataset.hpp"
#include "attention/extract/target.hpp"

namespace attnflow {

struct AttendOptions {
    /// The call of a head strategy: heads are fused while the layer is in memory, so that all layers take L n^2
    /// numbers and not H times as many; not for strategies that need all of them (`late`, `followed`).
    /// "" keeps all.
    std::string heads = {};
    /// The call of an edge weight to make too, "" for none; the example has it under edge_weight_name(). Its
    /// network needs no head of the attention, whose mean is kept; `heads` is about those of the weights, if they
    /// have any.
    std::string weights = {};
    TargetSpec target = {};                  ///< what edge weights with gradients explain
    TargetScale scale = TargetScale::logit;  ///< of them
    std::size_t jobs = 1;                    ///< threads; the result does not depend on it
    std::optional<std::string> pair = {};    ///< the second text
};

struct Attended {
    Example example;
    Encoding encoding;
    std::vector<double>
        outputs;  ///< logits, a language model's at the masked position (at 0 without one); may be none
    bool fused =
        false;  ///< the weights, or else the attention, have one matrix a layer, what `heads` made of theirs
};

/// Runs the model on one text; the example is called `id`. Throws InputError for a text that cannot be
/// run, ParameterError when the head strategy does not suit the model, or edge weight or target do not exist.
Attended attend(const TextModel& model, const std::string& text, const std::string& id,
                const AttendOptions& options = {});

}  // namespace attnflow
