#include "experiments/run/runner.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <new>

#include "attention/dataset.hpp"
#include "attention/padding.hpp"
#include "attention/validate.hpp"
#include "experiments/run/comparison.hpp"
#include "experiments/run/environment.hpp"
#include "experiments/run/example_attributions.hpp"
#include "experiments/run/model_questions.hpp"
#include "experiments/run/settings_without_effect.hpp"
#include "experiments/store/run_store.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/expectations.hpp"
#include "experiments/study/measures.hpp"
#include "experiments/study/special_tokens.hpp"
#include "graph/support/error.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

// One run of execute(): what its workers share.
class Execution {
public:
    Execution(RunStore& store, const Config& config, const Dataset& dataset, const RunnerOptions& options)
        : store_(store),
          config_(config),
          plan_(store.plan()),
          dataset_(dataset),
          options_(options),
          comparison_(config, store.plan(), store.record().special_tokens),
          computing_{.seed = config.statistics.seed},
          jobs_(std::max<std::size_t>(options.jobs, 1)) {
        for (std::size_t j = 0; j < jobs_; ++j) methods_.emplace_back(config.parameters);
        for (const auto& points : plan_.points_of) {
            cells_of_.push_back(static_cast<std::size_t>(
                std::count_if(points.begin(), points.end(), [&](std::size_t p) { return p < plan_.grid_size; })));
        }
    }

    bool run() {
        store_.retry_failures();
        const auto done = store_.done_examples();
        std::vector<std::size_t> open;
        for (std::size_t i = 0; i < done.size(); ++i) {
            if (!options_.shard.has(i)) continue;
            total_ += plan_.grid_size;
            if (!done[i]) open.push_back(i);
        }
        report(total_ - open.size() * plan_.grid_size, 0);
        if (asks() && !open.empty()) questions_.emplace(config_, plan_, store_.record().special_tokens);
        // Threads that have no example of their own work on those of others.
        computing_.jobs = std::max<std::size_t>(1, jobs_ / std::max<std::size_t>(1, open.size()));
        parallel_for(open.size(), jobs_, [&](std::size_t i, std::size_t worker) {
            if (!stopped()) run_example(open[i], methods_[worker]);
        });
        store_.commit();
        return !stopped();
    }

private:
    bool stopped() const { return options_.stop != nullptr && *options_.stop; }

    bool asks() const { return !config_.model_metrics.empty(); }

    /// Cells that are done whole.
    void report(std::size_t cells, std::size_t failures) { report_halves(2 * cells, failures); }
    void report_halves(std::size_t halves, std::size_t failures) {
        const std::lock_guard lock(mutex_);
        halves_done_ += halves;
        failures_ += failures;
        if (options_.progress) options_.progress(halves_done_ / 2, total_, failures_);
    }

    void run_example(std::size_t index, MethodSet& methods) {
        const Example example = dataset_.example(index);
        PointScores scores(plan_);
        const auto stored = store_.stored_attributions(index);
        const ExampleRecord& record = store_.record().examples[index];
        ExampleAttributions attributions(example, methods, store_.record().special_tokens, computing_,
                                         /*with_paths=*/false, words_of(record));
        for (const Plan::Step& step : plan_.steps) {
            Plan::Step missing;
            std::size_t cells = 0;
            for (const std::size_t a : step) {
                cells += cells_of_.at(a);
                if (std::find(stored.begin(), stored.end(), a) == stored.end()) {
                    missing.push_back(a);
                } else {
                    scores.set(a, store_.attribution(index, a).scores);
                }
            }
            if (stopped()) return;
            run_step(index, missing, attributions, scores);
            report_halves(asks() ? cells : 2 * cells, 0);
        }
        std::optional<ModelValues> values;
        try {
            if (asks()) values = ask(record, scores);
        } catch (const Stopped&) {
            return;  // the scores are stored
        }
        const ExampleResults results = comparison_.compare(index, record, scores, values ? &*values : nullptr);
        dataset_.check_unchanged();  // a failed cell may be its fault
        store_.finish(index, results);
        if (!results.failures.empty()) report(0, results.failures.size());
    }

    ModelValues ask(const ExampleRecord& record, const PointScores& scores) {
        std::size_t reported = 0;
        const auto progress = [&](std::size_t done, std::size_t total) {
            const std::size_t halves = plan_.grid_size * done / total;
            report_halves(halves - reported, 0);
            reported = halves;
        };
        ModelValues values = questions_->ask(
            record, scores, {.jobs = computing_.jobs, .progress = progress, .stop = options_.stop});
        report_halves(plan_.grid_size - reported, 0);  // without a text to run, or after a failure
        return values;
    }

    void run_step(std::size_t index, const Plan::Step& missing, ExampleAttributions& attributions,
                  PointScores& scores) {
        if (missing.empty()) return;
        const auto start = std::chrono::steady_clock::now();
        const auto made = attribute(missing, attributions, scores);
        for (const auto& [a, attribution] : made) scores.set(a, attribution.scores);
        dataset_.check_unchanged();  // before what was made of it counts
        store_.add(index, made, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }

    using Numbered = std::vector<std::pair<std::size_t, Attribution>>;

    Numbered attribute(const Plan::Step& missing, ExampleAttributions& attributions, PointScores& scores) const {
        Numbered made;
        try {
            std::vector<GridPoint> points;
            for (const std::size_t a : missing) points.push_back(plan_.attributions[a]);
            auto all = attributions.attributions(points);
            for (std::size_t i = 0; i < missing.size(); ++i) made.emplace_back(missing[i], std::move(all.at(i)));
            return made;
        } catch (const OutOfMemory&) {
            throw;  // no property of the cell: another try may have more
        } catch (const std::bad_alloc&) {
            throw;
        } catch (const std::exception&) {
            made.clear();  // one by one, so that one bad layer does not take the others with it
        }
        for (const std::size_t a : missing) {
            try {
                made.emplace_back(a, attributions.attribution(plan_.attributions[a]));
            } catch (const OutOfMemory&) {
                throw;
            } catch (const std::bad_alloc&) {
                throw;
            } catch (const std::exception& error) {
                scores.set_failed(a, error.what());
            }
        }
        return made;
    }

    RunStore& store_;
    const Config& config_;
    const Plan& plan_;
    const Dataset& dataset_;
    const RunnerOptions& options_;
    Comparison comparison_;
    std::optional<ModelQuestions> questions_;
    Computing computing_;  // of one example
    std::size_t jobs_;
    std::vector<MethodSet> methods_;     // one a worker
    std::vector<std::size_t> cells_of_;  // by attribution: grid points that read it
    std::size_t total_ = 0;              // cells of the shard
    std::mutex mutex_;
    std::size_t halves_done_ = 0;
    std::size_t failures_ = 0;
};

}  // namespace

namespace {

ExampleRecord record_of(const Example& example, const Config& config, const std::optional<Words>& words,
                        std::map<std::string, std::string> checksums) {
    auto references = example.references;
    for (const Reference& reference : config.references) {
        const auto* scores =
            reference.kind == Reference::Kind::method ? nullptr : example.reference(reference.name);
        if (scores != nullptr) references.emplace(reference.name, *scores);
    }
    return {example.id,
            example.tokens,
            std::move(references),
            example.label,
            example.predicted,
            example.group,
            words ? words->first() : std::vector<std::size_t>(),
            std::move(checksums)};
}

/// How words were told, and how many tokens they are of. Throws InputError where there is nothing to join in a
/// whole dataset; of texts for a model, a part may happen to have none.
std::string note_of_words(const Config& config, const Dataset& dataset, const WordFinder& finder,
                          const std::vector<ExampleRecord>& examples) {
    std::size_t tokens = 0;
    std::size_t words = 0;
    for (const ExampleRecord& example : examples) {
        tokens += example.tokens.size();
        words += example.words.size();
    }
    if (tokens == words && !config.texts) throw InputError(words_are_tokens(escape_controls(dataset.path())));
    if (tokens == words) return "every word of the texts is one token, so that words give what tokens give";
    return fmt::format("{} in {}, told by {}", counted(tokens, "token"), counted(words, "word"),
                       !finder.sign().empty() ? finder.sign()
                       : config.texts         ? "the tokenizer"
                                              : "word_ids");
}

/// A sentence for all examples with padding of a kind.
std::vector<std::string> notes_of_padding(const std::vector<ExampleRecord>& examples,
                                          const std::vector<LeftPadding>& padding) {
    std::vector<std::string> sentences;
    for (const auto kind : {&LeftPadding::unattended, &LeftPadding::by_name, &LeftPadding::words}) {
        const auto any = [kind](const LeftPadding& of_example) { return !(of_example.*kind).empty(); };
        const auto first = std::find_if(padding.begin(), padding.end(), any);
        if (first == padding.end()) continue;
        const ExampleRecord& example = examples[static_cast<std::size_t>(first - padding.begin())];
        LeftPadding shown;
        shown.*kind = (*first).*kind;
        const auto count = std::count_if(padding.begin(), padding.end(), any);
        sentences.push_back(
            padding_notes(example.id, shown, example.tokens).front() +
            (count > 1 ? fmt::format(" ({} alike)", counted(static_cast<std::size_t>(count), "example")) : ""));
    }
    return sentences;
}

}  // namespace

RunRecord make_record(const Config& config, const Dataset& dataset, std::size_t jobs,
                      const std::function<void(const std::string&)>& note) {
    const std::size_t layers = dataset.example(0).attention.layers();
    const Plan plan = make_plan(config, layers);
    RunRecord record{.name = config.name,
                     .preset = config.preset,
                     .config_toml = config_toml(config),
                     .environment = describe_environment(config, dataset),
                     .dataset = std::filesystem::absolute(config.dataset).lexically_normal().string(),
                     .special_tokens = special_tokens(config.special_tokens, dataset),
                     .points = plan.points,
                     .grid_size = plan.grid_size,
                     .examples = std::vector<ExampleRecord>(config.used_examples(dataset.size()))};
    const Comparison comparison(config, plan, record.special_tokens);
    std::vector<double> deviations(record.examples.size());
    std::vector<LeftPadding> padding(record.examples.size());
    const auto finder = word_finder(config, dataset);
    const auto check = [&](std::size_t i) {
        const Example example = dataset.example(i);
        const ValidationReport report = validate(example.attention, example.id, config.row_sum_tolerance);
        deviations[i] = report.largest_deviation;
        padding[i] = left_padding(report.unattended, example.tokens,
                                  special_positions(example.tokens, record.special_tokens));
        MethodSet methods;
        const auto words = finder ? std::optional(finder->find(example.text())) : std::nullopt;
        ExampleAttributions attributions(example, methods, record.special_tokens, {}, /*with_paths=*/false, words);
        for (const GridPoint& point : plan.points) {
            attributions.check(point);
            attributions.check_source(point, padding[i]);
        }
        record.examples[i] = record_of(example, config, words, dataset.checksums(i));
        comparison.check(record.examples[i], dataset.path());
    };
    unless_changed(dataset, [&] {
        parallel_for(record.examples.size(), jobs, [&](std::size_t i, std::size_t) { check(i); });
    });
    const std::string of_words = finder ? note_of_words(config, dataset, *finder, record.examples) : "";
    const auto without_effect = settings_without_effect(config, plan, record, dataset);
    if (note) {
        for (const std::string& sentence : without_effect) note(sentence);
        for (const Contradiction& one : contradictions(plan.points)) note(one.sentence);
        for (const std::string& sentence : dataset.notes()) {
            note(fmt::format("{}: {}", escape_controls(dataset.path()), sentence));
        }
        for (const std::string& sentence : notes_of_padding(record.examples, padding)) note(sentence);
        if (!of_words.empty()) note(of_words);
    }
    for (const double deviation : deviations) {
        record.largest_row_sum_deviation = std::max(record.largest_row_sum_deviation, deviation);
    }
    return record;
}

ComparisonNames comparison_names(const Config& config) {
    ComparisonNames names{{}, config.metrics};
    for (const Reference& reference : config.references) names.references.push_back(reference.text);
    if (config.model_metrics.empty()) return names;
    names.references.push_back(model_reference);
    names.metrics.insert(names.metrics.end(), config.model_metrics.begin(), config.model_metrics.end());
    return names;
}

bool execute(RunStore& store, const Config& config, const Dataset& dataset, const RunnerOptions& options) {
    return Execution(store, config, dataset, options).run();
}

bool has_model_values(const RunStore& store, const Config& config) {
    const auto& references = store.names().references;
    const auto& metrics = store.names().metrics;
    if (config.model_metrics.empty()) return true;
    return !references.empty() && references.back() == model_reference &&
           std::all_of(config.model_metrics.begin(), config.model_metrics.end(), [&](const std::string& metric) {
               return std::find(metrics.begin(), metrics.end(), metric) != metrics.end();
           });
}

namespace {

using FailedCells = std::map<std::pair<std::size_t, std::size_t>, std::string>;  // by example, point

/// What a store says of the model metrics of a config, by example; it has all of them.
std::vector<ModelValues> stored_model_values(RunStore& store, const Config& config, const Results& results,
                                             const FailedCells& failed) {
    std::vector<std::size_t> wanted(store.names().metrics.size(), config.model_metrics.size());
    for (std::size_t m = 0; m < config.model_metrics.size(); ++m) {
        const auto& names = store.names().metrics;
        const auto found = std::find(names.begin(), names.end(), config.model_metrics[m]);
        wanted.at(static_cast<std::size_t>(found - names.begin())) = m;
    }
    const std::size_t model = store.names().references.size() - 1;
    const std::size_t points = store.plan().grid_size;
    using Values = std::vector<std::optional<double>>;
    std::vector<std::map<std::size_t, Values>> by_point(store.record().examples.size());
    std::vector<std::vector<std::size_t>> counts(by_point.size(), std::vector<std::size_t>(points));
    for (const ResultRow& row : results.rows) {
        if (row.reference != model || wanted.at(row.metric) == config.model_metrics.size()) continue;
        Values& values = by_point[row.example].try_emplace(row.point, config.model_metrics.size()).first->second;
        values[wanted[row.metric]] = row.value;
        ++counts[row.example][row.point];
    }
    std::vector<ModelValues> all;
    for (std::size_t i = 0; i < by_point.size(); ++i) {
        ModelValues& values = all.emplace_back(points);
        for (std::size_t p = 0; p < points; ++p) {
            if (counts[i][p] == config.model_metrics.size()) {
                values.set(p, by_point[i].at(p));
                continue;
            }
            const auto why = failed.find({i, p});
            values.set_failed(p, why == failed.end() ? "the run has no values of the model metrics" : why->second);
        }
    }
    return all;
}

}  // namespace

void compare_again(RunStore& store, const Config& config, std::size_t jobs) {
    const auto& examples = store.record().examples;
    const Plan& plan = store.plan();
    const Comparison comparison(config, plan, store.record().special_tokens);
    const Results before = store.results(false);
    FailedCells failed;
    for (const Failure& failure : before.failures) failed[{failure.example, failure.point}] = failure.message;
    std::vector<ModelValues> kept;
    std::optional<ModelQuestions> questions;
    if (!has_model_values(store, config)) {
        questions.emplace(config, plan, store.record().special_tokens);
    } else if (!config.model_metrics.empty()) {
        kept = stored_model_values(store, config, before, failed);
    }
    std::vector<ExampleResults> results(examples.size());
    parallel_for(examples.size(), jobs, [&](std::size_t i, std::size_t) {
        comparison.check(examples[i], store.record().name);
        PointScores scores(plan);
        const auto stored = store.stored_attributions(i);
        for (const std::size_t a : stored) scores.set(a, store.attribution(i, a).scores);
        for (std::size_t a = 0; a < plan.attributions.size(); ++a) {
            if (std::find(stored.begin(), stored.end(), a) != stored.end()) continue;
            const auto why = failed.find({i, plan.points_of[a].front()});
            scores.set_failed(a, why == failed.end() ? "the run has no scores" : why->second);
        }
        std::optional<ModelValues> asked;
        if (questions) asked = questions->ask(examples[i], scores, {});
        results[i] = comparison.compare(i, examples[i], scores,
                                        asked           ? &*asked
                                        : !kept.empty() ? &kept[i]
                                                        : nullptr);
    });
    store.replace_results(config_toml(config), comparison_names(config), results);
}

}  // namespace attnflow
