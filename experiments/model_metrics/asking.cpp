#include "experiments/model_metrics/asking.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "attention/model/text_model.hpp"

namespace attnflow {
namespace {

/// Where the answer to a set goes.
struct Place {
    std::size_t question;
    std::size_t set;  ///< of the question
};

}  // namespace

AskedText ask_whole(const TextModel& model, const Encoding& encoding, const TargetSpec& target,
                    std::optional<std::int64_t> label, const std::string& where) {
    const std::size_t position = output_position(model, encoding, where);
    const auto logits = model.model->forward(TokenBatch::of(encoding), {.position = position});
    std::vector<double> whole(logits.row(0).begin(), logits.row(0).end());
    if (!std::all_of(whole.begin(), whole.end(), [](double z) { return std::isfinite(z); }))
        throw InputError(where + ": the model gives outputs that are not finite");
    const Target resolved = resolve(target, model, whole, label);
    return {model, encoding, position, std::move(whole), resolved};
}

std::vector<std::optional<double>> ask(const AskedText& text, std::span<const Question> questions,
                                       const AskingOptions& options) {
    const std::size_t n = text.encoding.ids.size();
    std::map<TokenSet, std::vector<Place>> wanted;
    std::vector<std::optional<std::vector<double>>> answers(questions.size());
    for (std::size_t q = 0; q < questions.size(); ++q) {
        std::vector<TokenSet> of_question;
        bool leaves_tokens = true;
        for (const UnitSet& set : questions[q].metric->sets(questions[q].scores)) {
            TokenSet tokens{{}, set.replacement};
            for (const std::size_t unit : set.units) {
                const auto& positions = questions[q].unit_tokens[unit];
                tokens.positions.insert(tokens.positions.end(), positions.begin(), positions.end());
            }
            // As it is written, so that equal sets are found.
            std::sort(tokens.positions.begin(), tokens.positions.end());
            leaves_tokens =
                leaves_tokens && (set.replacement != Replacement::remove || tokens.positions.size() < n);
            of_question.push_back(std::move(tokens));
        }
        if (of_question.empty() || !leaves_tokens) continue;
        answers[q].emplace(of_question.size());
        for (std::size_t s = 0; s < of_question.size(); ++s) wanted[std::move(of_question[s])].push_back({q, s});
    }

    std::vector<TokenSet> sets;
    std::vector<std::span<const Place>> places;
    for (const auto& [set, of_set] : wanted) {
        sets.push_back(set);
        places.push_back(of_set);
    }
    std::mutex mutex;
    std::size_t done = 0;
    visit_perturbed(
        text.model, text.encoding, text.position, sets, text.whole, options.jobs,
        [&](std::size_t s, std::span<const double> changed) {
            const ModelAnswer answer{text.target, text.whole, changed};
            for (const Place& place : places[s])
                (*answers[place.question])[place.set] = questions[place.question].metric->answer(answer);
            if (!options.progress) return;
            const std::lock_guard lock(mutex);
            options.progress(++done, sets.size());
        },
        options.stop);

    std::vector<std::optional<double>> values(questions.size());
    for (std::size_t q = 0; q < questions.size(); ++q) {
        if (answers[q]) values[q] = questions[q].metric->value(*answers[q]);
    }
    return values;
}

std::size_t most_sets(const ModelMetricFamily::Interface& metric, std::size_t units) {
    return metric.sets(std::vector<double>(units)).size();
}

void expect_replacements(const ModelMetricFamily::Interface& metric, const TextModel& model) {
    constexpr std::size_t some_units = 1000;  // as many as sizes by count may ask for
    for (const UnitSet& set : metric.sets(std::vector<double>(some_units)))
        expect_replacement(model, set.replacement);
}

}  // namespace attnflow
