#include "experiments/run/model_questions.hpp"

#include <algorithm>
#include <charconv>
#include <new>

#include "experiments/study/config.hpp"
#include "experiments/study/special_tokens.hpp"

namespace attnflow {
namespace {

TargetSpec target_of(const Config& config) {
    return config.texts->target.empty() ? TargetSpec{} : TargetSpec::parse(config.texts->target);
}

std::vector<std::unique_ptr<ModelMetricFamily::Interface>> metrics_of(const Config& config) {
    std::vector<std::unique_ptr<ModelMetricFamily::Interface>> metrics;
    for (const std::string& call : config.model_metrics)
        metrics.push_back(model_metrics().make(call, "evaluation.model_metrics"));
    return metrics;
}

}  // namespace

void check_model_metrics(const Config& config, const TextModel& model) {
    if (config.model_metrics.empty()) return;
    expect_outputs(model, "evaluation.model_metrics");
    const TargetSpec target = target_of(config);
    // Of labels each text has its own.
    if (target.kind != TargetSpec::Kind::label)
        resolve(target, model, std::vector<double>(model.model->shape().outputs), std::nullopt);
    for (const auto& metric : metrics_of(config)) expect_replacements(*metric, model);
}

std::size_t most_texts(const Config& config, const Plan& plan, const std::vector<std::size_t>& tokens) {
    if (config.model_metrics.empty()) return 0;
    const auto metrics = metrics_of(config);
    std::size_t texts = tokens.size();
    for (const std::size_t n : tokens) {
        for (const auto& metric : metrics) texts += plan.grid_size * most_sets(*metric, n);
    }
    return texts;
}

/// What may be changed of an example at a point, and its scores.
struct ModelQuestions::PointUnits {
    std::vector<std::vector<std::size_t>> tokens;  ///< positions of each unit's
    std::vector<double> scores;
};

ModelQuestions::ModelQuestions(const Config& config, const Plan& plan, std::vector<std::string> special_tokens)
    : config_(config),
      plan_(plan),
      special_(std::move(special_tokens)),
      model_(TextModel::open(config.texts->model.string(), config.texts->precision)),
      texts_(read_texts(config.texts->sentences.string(), model_)),
      target_(target_of(config)),
      metrics_(metrics_of(config)) {
    check_model_metrics(config, model_);
}

const LabelledText& ModelQuestions::text_of(const ExampleRecord& record) const {
    // Extracted examples are called ex and the number of their text.
    std::size_t number = texts_.size();
    if (record.id.starts_with("ex"))
        std::from_chars(record.id.data() + 2, record.id.data() + record.id.size(), number);
    if (number < texts_.size()) return texts_[number];
    throw InputError(fmt::format("{}: has no text for {}, expected the sentences that the run was made of",
                                 escape_controls(config_.texts->sentences.string()), escape_controls(record.id)));
}

ModelQuestions::PointUnits ModelQuestions::units_of(const ExampleRecord& record, const PointScores& scores,
                                                    std::size_t point, std::optional<std::size_t> output) const {
    const PointOptions& options = plan_.options[point];
    const std::vector<std::size_t> ordinary = ordinary_positions(record.tokens, special_);
    const auto words = words_of(record);
    PointUnits units;
    for (const std::size_t unit : options.compared_positions(record.tokens, special_, record.words)) {
        const bool is_word = options.units.are_words();
        const std::size_t begin = is_word ? words->begin(unit) : unit;
        const std::size_t end = is_word ? words->end(unit) : unit + 1;
        if (output && begin <= *output && *output < end) continue;
        std::vector<std::size_t> tokens;
        for (const std::size_t t : ordinary) {
            if (begin <= t && t < end) tokens.push_back(t);
        }
        if (tokens.empty()) continue;
        units.tokens.push_back(std::move(tokens));
        units.scores.push_back(scores.at(point).at(unit));
    }
    return units;
}

ModelValues ModelQuestions::ask(const ExampleRecord& record, const PointScores& scores,
                                const AskingOptions& options) const {
    const LabelledText& text = text_of(record);
    const Encoding encoding = model_.encode(text.text, text.pair, text.where);
    if (encoding.tokens != record.tokens) {
        throw InputError(fmt::format("{}: is not the text that {} was made of, expected the sentences of the run",
                                     text.where, escape_controls(record.id)));
    }
    const AskedText asked = ask_whole(model_, encoding, target_, text.label, text.where);
    std::optional<std::size_t> output;
    if (has_positions(model_.model->shape().task)) output = asked.position;

    std::vector<std::size_t> points;
    std::vector<PointUnits> units;
    for (std::size_t p = 0; p < plan_.grid_size; ++p) {
        if (!scores.failure(p).empty()) continue;
        points.push_back(p);
        units.push_back(units_of(record, scores, p, output));
    }
    std::vector<Question> questions;
    for (const PointUnits& of_point : units) {
        for (const auto& metric : metrics_) questions.push_back({metric.get(), of_point.scores, of_point.tokens});
    }
    const std::size_t of_point = metrics_.size();
    ModelValues values(plan_.grid_size);
    const auto keep = [&](std::size_t i, std::span<const std::optional<double>> found) {
        values.set(points[i], {found.begin(), found.end()});
    };
    try {
        const auto found = attnflow::ask(asked, questions, options);
        for (std::size_t i = 0; i < points.size(); ++i) keep(i, std::span(found).subspan(i * of_point, of_point));
        return values;
    } catch (const Stopped&) {
        throw;
    } catch (const OutOfMemory&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception&) {  // point by point, so that one does not take the others with it
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
        try {
            keep(i, attnflow::ask(asked, std::span(questions).subspan(i * of_point, of_point),
                                  {.jobs = options.jobs, .stop = options.stop}));
        } catch (const Stopped&) {
            throw;
        } catch (const OutOfMemory&) {
            throw;
        } catch (const std::bad_alloc&) {
            throw;
        } catch (const std::exception& error) {
            values.set_failed(points[i], error.what());
        }
    }
    return values;
}

}  // namespace attnflow
