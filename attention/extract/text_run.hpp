#pragma once
/// One pass of a model over one text, with the edge weights that are made on the way.

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "attention/extract/edge_weights/weighing.hpp"
#include "attention/extract/target.hpp"

namespace attnflow {

/// Throws InputError, naming `what`, unless all are finite.
void expect_finite(const std::string& what, std::span<const float> values);

struct TextRun {
    std::size_t position = 0;  ///< of the output
    std::size_t jobs = 1;      ///< threads; the results do not depend on it
    bool internals = false;    ///< for on_layer; edge weights get theirs anyhow
    bool gradients = false;  ///< of the target by the words, and so a reverse pass; edge weights get theirs anyhow
    TargetSpec target = {};  ///< of gradients
    TargetScale scale = TargetScale::logit;
    std::optional<std::int64_t> label = {};
    const std::atomic<bool>* stop = nullptr;

    LayerObserver on_layer = {};                 ///< may be empty
    AttentionGradientObserver on_gradient = {};  ///< of the attention; there is a reverse pass unless it is empty
    Weighing::Sink on_weights = {};              ///< may be empty when there are none
};

/// Runs the text. Without a reverse pass the result has the logits only. Attention, its gradients, edge weights
/// and logits are finite when observers see them or they are returned, else it throws InputError; what
/// weigh_and_check() throws of edge weights, and resolve() of targets; Stopped, between two layers.
Gradients run_text(const TextModel& model, const Encoding& encoding, const Weighing& weighing, const TextRun& run);

}  // namespace attnflow
