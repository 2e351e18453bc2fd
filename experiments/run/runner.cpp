#include "experiments/run/runner.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <new>

#include "attention/validate.hpp"
#include "experiments/run/environment.hpp"
#include "experiments/run/example_attributions.hpp"
#include "graph/support/error.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

// One run of execute(): what its workers share.
class Execution {
public:
    Execution(RunStore& store, const Config& config, const Dataset& dataset, const RunControl& control)
        : store_(store),
          plan_(store.plan()),
          dataset_(dataset),
          control_(control),
          evaluator_(config, store.plan(), store.record().special_tokens),
          jobs_(std::max<std::size_t>(control.jobs, 1)) {
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
            if (!control_.shard.has(i)) continue;
            total_ += plan_.grid_size;
            if (!done[i]) open.push_back(i);
        }
        report(total_ - open.size() * plan_.grid_size, 0);
        parallel_for(open.size(), jobs_, [&](std::size_t i, std::size_t worker) {
            if (!stopped()) run_example(open[i], methods_[worker]);
        });
        store_.commit();
        return !stopped();
    }

private:
    bool stopped() const { return control_.stop != nullptr && *control_.stop; }

    void report(std::size_t cells, std::size_t failures) {
        const std::lock_guard lock(mutex_);
        done_ += cells;
        failures_ += failures;
        if (control_.progress) control_.progress(done_, total_, failures_);
    }

    void run_example(std::size_t index, MethodSet& methods) {
        const Example example = dataset_.example(index);
        PointScores scores(plan_);
        const auto stored = store_.stored_attributions(index);
        Session session(example, methods, store_.record().special_tokens);
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
            run_step(index, missing, session, scores);
            report(cells, 0);
        }
        const Comparison comparison = evaluator_.compare(index, store_.record().examples[index], scores);
        dataset_.check_unchanged();  // a failed cell may be its fault
        store_.finish(index, comparison);
        if (!comparison.failures.empty()) report(0, comparison.failures.size());
    }

    void run_step(std::size_t index, const Plan::Step& missing, Session& session, PointScores& scores) {
        if (missing.empty()) return;
        const auto start = std::chrono::steady_clock::now();
        const auto made = attribute(missing, session, scores);
        for (const auto& [a, attribution] : made) scores.set(a, attribution.scores);
        dataset_.check_unchanged();  // before what was made of it counts
        store_.add(index, made, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }

    using Numbered = std::vector<std::pair<std::size_t, Attribution>>;

    Numbered attribute(const Plan::Step& missing, Session& session, PointScores& scores) const {
        Numbered made;
        try {
            std::vector<GridPoint> points;
            for (const std::size_t a : missing) points.push_back(plan_.attributions[a]);
            auto all = session.attributions(points);
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
                made.emplace_back(a, session.attribution(plan_.attributions[a]));
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
    const Plan& plan_;
    const Dataset& dataset_;
    const RunControl& control_;
    Evaluator evaluator_;
    std::size_t jobs_;
    std::vector<MethodSet> methods_;     // one a worker
    std::vector<std::size_t> cells_of_;  // by attribution: grid points that read it
    std::size_t total_ = 0;              // cells of the shard
    std::mutex mutex_;
    std::size_t done_ = 0;
    std::size_t failures_ = 0;
};

}  // namespace

std::size_t used_examples(const Config& config, std::size_t available) {
    if (config.limit == 0) return available;
    return std::min(available, config.limit + (config.one_extra_example ? 1 : 0));
}

RunRecord make_record(const Config& config, const Dataset& dataset, std::size_t jobs) {
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
                     .examples = std::vector<ExampleRecord>(used_examples(config, dataset.size()))};
    const Evaluator evaluator(config, plan, record.special_tokens);
    std::vector<double> deviations(record.examples.size());
    const auto check = [&](std::size_t i) {
        const Example example = dataset.example(i);
        deviations[i] = validate(example.attention, example.id, config.row_sum_tolerance).largest_deviation;
        MethodSet methods;
        Session session(example, methods, record.special_tokens);
        for (const GridPoint& point : plan.points) {
            session.check(point);
        }
        record.examples[i] = record_of(example);
        evaluator.check(record.examples[i], dataset.path());
    };
    unless_changed(dataset, [&] {
        parallel_for(record.examples.size(), jobs, [&](std::size_t i, std::size_t) { check(i); });
    });
    for (const double deviation : deviations) {
        record.largest_row_sum_deviation = std::max(record.largest_row_sum_deviation, deviation);
    }
    return record;
}

ComparisonNames comparison_names(const Config& config) {
    ComparisonNames names{{}, config.metrics};
    for (const Reference& reference : config.references) names.references.push_back(reference.text);
    return names;
}

bool execute(RunStore& store, const Config& config, const Dataset& dataset, const RunControl& control) {
    return Execution(store, config, dataset, control).run();
}

void compare_again(RunStore& store, const Config& config, std::size_t jobs) {
    const auto& examples = store.record().examples;
    const Plan& plan = store.plan();
    const Evaluator evaluator(config, plan, store.record().special_tokens);
    std::map<std::pair<std::size_t, std::size_t>, std::string> failed;  // by example, point
    for (const Failure& failure : store.result(false).failures) {
        failed[{failure.example, failure.point}] = failure.message;
    }
    std::vector<Comparison> comparisons(examples.size());
    parallel_for(examples.size(), jobs, [&](std::size_t i, std::size_t) {
        evaluator.check(examples[i], store.record().name);
        PointScores scores(plan);
        const auto stored = store.stored_attributions(i);
        for (const std::size_t a : stored) scores.set(a, store.attribution(i, a).scores);
        for (std::size_t a = 0; a < plan.attributions.size(); ++a) {
            if (std::find(stored.begin(), stored.end(), a) != stored.end()) continue;
            const auto why = failed.find({i, plan.points_of[a].front()});
            scores.set_failed(a, why == failed.end() ? "the run has no scores" : why->second);
        }
        comparisons[i] = evaluator.compare(i, examples[i], scores);
    });
    store.replace_comparisons(config_toml(config), comparison_names(config), comparisons);
}

RunResult run_experiment(const Config& config, const Dataset& dataset, std::size_t jobs,
                         const Progress& progress) {
    const auto store = RunStore::create(":memory:", make_record(config, dataset, jobs), comparison_names(config));
    execute(*store, config, dataset, {.jobs = jobs, .progress = progress});
    RunResult result = store->result(config.write_attributions);
    result.saturation = saturation_of(*store, jobs);
    return result;
}

}  // namespace attnflow
