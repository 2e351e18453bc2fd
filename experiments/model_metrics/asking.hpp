#pragma once
/// Asking a model about one text for many model metrics at once. Sets of tokens that several of them want changed,
/// be it for other scores or for another metric, are run once, in batches of equal length.

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "attention/extract/target.hpp"
#include "attention/model/tokenizer/encoding.hpp"
#include "experiments/model_metrics/model_metric.hpp"

namespace attnflow {

/// A text, and what the model says of it as it is.
struct AskedText {
    const TextModel& model;
    const Encoding& encoding;
    std::size_t position;       ///< of the output
    std::vector<double> whole;  ///< [outputs], logits
    Target target;
};

/// Runs the text as it is. Throws what output_position() and resolve() do, `where` in front of the first, and
/// InputError for outputs that are not finite.
AskedText ask_whole(const TextModel& model, const Encoding& encoding, const TargetSpec& target,
                    std::optional<std::int64_t> label, const std::string& where);

/// One value that is wanted: a metric, of the scores of some units of the text.
struct Question {
    const ModelMetricFamily::Interface* metric;
    std::span<const double> scores;                         ///< one a unit
    std::span<const std::vector<std::size_t>> unit_tokens;  ///< by unit: positions of its tokens, no two alike
};

struct AskingOptions {
    std::size_t jobs = 1;  ///< threads; values do not depend on it
    /// Texts run so far, those of all questions. Called by any thread, never by two at once.
    std::function<void(std::size_t done, std::size_t total)> progress = {};
    const std::atomic<bool>* stop = nullptr;
};

/// The value of each question; nothing where it is undefined, as it is where a set would leave no token at all.
/// The same questions in the same order give the same bits. Runs as many changed texts as there are distinct sets.
/// Throws what visit_perturbed() does.
std::vector<std::optional<double>> ask(const AskedText& text, std::span<const Question> questions,
                                       const AskingOptions& options = {});

/// How many changed texts a question about `units` units needs at most.
std::size_t most_sets(const ModelMetricFamily::Interface& metric, std::size_t units);

/// Throws InputError where `metric` puts a token in the place of others that the model does not have.
void expect_replacements(const ModelMetricFamily::Interface& metric, const TextModel& model);

}  // namespace attnflow
