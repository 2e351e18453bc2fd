#pragma once
/// What model metrics ask of one example: which of its tokens may be changed, and all values of all grid points in
/// one go, so that points share what is equal.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attention/extract/texts.hpp"
#include "attention/model/text_model.hpp"
#include "experiments/model_metrics/asking.hpp"
#include "experiments/run/comparison.hpp"

namespace attnflow {

struct Config;

/// Throws InputError for a model that cannot be asked what the model metrics of `config` ask: one without outputs,
/// without the tokens to put in the place of others, or without the target.
void check_model_metrics(const Config& config, const TextModel& model);

/// How many texts the model is run on at most for the model metrics of a config, those as they are among them.
/// Equal sets of tokens are run once, so that it is far less where scores rank alike. `tokens` of each example.
std::size_t most_texts(const Config& config, const Plan& plan, const std::vector<std::size_t>& tokens);

/// The model and the texts of a run. Safe for use by several threads.
class ModelQuestions {
public:
    /// Opens both. Keeps references to config and plan. Throws InputError where one is gone, and what
    /// check_model_metrics() does.
    ModelQuestions(const Config& config, const Plan& plan, std::vector<std::string> special_tokens);

    /// The values of an example at all grid points that have scores. Changed are tokens that are compared at the
    /// point, but never special ones nor the position whose output a language model gives; words as a whole. What
    /// goes wrong at a point is a failure of that point. Throws InputError where the text is not the one that the
    /// example was made of; Stopped.
    ModelValues ask(const ExampleRecord& record, const PointScores& scores, const AskingOptions& options) const;

private:
    struct PointUnits;
    PointUnits units_of(const ExampleRecord& record, const PointScores& scores, std::size_t point,
                        std::optional<std::size_t> output) const;
    const LabelledText& text_of(const ExampleRecord& record) const;

    const Config& config_;
    const Plan& plan_;
    std::vector<std::string> special_;
    TextModel model_;
    std::vector<LabelledText> texts_;
    TargetSpec target_;
    std::vector<std::unique_ptr<ModelMetricFamily::Interface>> metrics_;
};

}  // namespace attnflow
