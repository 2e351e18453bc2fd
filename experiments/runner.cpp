#include "experiments/runner.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include <nlohmann/json.hpp>

#include "attention/json.hpp"
#include "attention/validate.hpp"
#include "experiments/metrics/metric.hpp"
#include "experiments/session.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

// Everything the cells of one example produce; merged in the order of examples afterwards.
struct ExampleResult {
    std::string id;
    std::vector<std::string> tokens = {};
    std::vector<ResultRow> rows = {};
    std::vector<AttributionRow> attributions = {};
    std::vector<Failure> failures = {};
    std::vector<CutCounts> cuts = {};
    std::optional<FixedPoint> fixed_point = {};
    std::size_t rounded_to_zero = 0;
};

std::vector<std::string> special_tokens(const Config& config, const Dataset& dataset) {
    if (!config.special_tokens.empty()) return config.special_tokens;
    const auto found = dataset.metadata().find("special_tokens");
    if (found == dataset.metadata().end()) return default_special_tokens();
    const auto list = parse_json(found->second, dataset.path() + ": metadata special_tokens");
    std::vector<std::string> tokens;
    for (const auto& item : list) {
        if (!list.is_array() || !item.is_string()) {
            throw InputError(dataset.path() + ": metadata special_tokens, expected a JSON list of strings");
        }
        tokens.push_back(item.get<std::string>());
    }
    return tokens;
}

class Runner {
public:
    Runner(const Config& config, const Dataset& dataset)
        : config_(config), dataset_(dataset), special_(special_tokens(config, dataset)) {
        count_ = dataset.size();
        if (config.limit > 0) count_ = std::min(count_, config.limit + (config.one_extra_example ? 1 : 0));
        result_.grid = expand_grid(config, dataset.example(0).attention.layers());
        for (const std::string& name : config.metrics)
            metrics_.push_back(metrics().make(name, "evaluation.metrics"));
        for (std::size_t i = 0; i < count_; ++i) check(dataset.example(i));
    }

    RunResult run(std::size_t jobs, const Progress& progress) {
        std::vector<ExampleResult> parts(count_);
        std::vector<MethodSet> methods;  // one a worker
        for (std::size_t j = 0; j < jobs; ++j) methods.emplace_back(config_.parameters);
        std::mutex mutex;
        std::size_t done = 0;
        std::size_t failures = 0;
        parallel_for(count_, jobs, [&](std::size_t i, std::size_t worker) {
            parts[i] = run_example(i, methods[worker]);
            const std::lock_guard lock(mutex);
            failures += parts[i].failures.size();
            if (progress) progress(++done, count_, failures);
        });
        merge(parts);
        return std::move(result_);
    }

private:
    void check(const Example& example) {
        const auto report = validate(example.attention, example.id, config_.row_sum_tolerance);
        result_.largest_row_sum_deviation = std::max(result_.largest_row_sum_deviation, report.largest_deviation);
        MethodSet methods;
        const Session session(example, methods);
        for (const GridPoint& point : result_.grid) {
            session.check(point);
        }
        for (const Reference& reference : config_.references) {
            if (reference.kind == Reference::Kind::method) continue;
            const auto found = example.references.find(reference.name);
            if (found == example.references.end()) {
                std::vector<std::string> names;
                for (const auto& [name, scores] : example.references) names.push_back(name);
                throw InputError(fmt::format(
                    "{}: {}: no reference '{}'{}", dataset_.path(), example.id, excerpt(reference.name),
                    names.empty()
                        ? "; the file holds none, use evaluation.references = [\"method(column_sum)\"] to "
                          "compare methods with each other"
                        : name_hint(reference.name, names)));
            }
            for (const double score : found->second) {
                if (!std::isfinite(score)) {
                    throw InputError(fmt::format("{}: {}: reference '{}' holds {}, expected finite numbers",
                                                 dataset_.path(), example.id, reference.name, score));
                }
            }
        }
    }

    ExampleResult run_example(std::size_t index, MethodSet& methods) const {
        const Example example = dataset_.example(index);
        Session session(example, methods);
        ExampleResult part{.id = example.id};
        if (config_.write_attributions) part.tokens = example.tokens;
        for (std::size_t p = 0; p < result_.grid.size(); ++p) {
            try {
                run_point(index, p, example, session, part);
            } catch (const std::exception& error) {
                part.failures.push_back({index, p, error.what()});
            }
        }
        return part;
    }

    void run_point(std::size_t index, std::size_t p, const Example& example, Session& session,
                   ExampleResult& part) const {
        const GridPoint& point = result_.grid[p];
        const Attribution& attribution = session.attribution(point);
        const auto scores = read_out(attribution.scores, point.text("readout"));
        const auto kept = kept_positions(point.text("positions"), example.tokens, special_);
        const auto pick = [&](const std::vector<double>& all) {
            std::vector<double> out;
            for (const std::size_t i : kept) out.push_back(all[i]);
            return out;
        };
        const auto compared = pick(scores);
        std::vector<ResultRow> rows;
        for (std::size_t r = 0; r < config_.references.size(); ++r) {
            const auto reference = reference_scores(config_.references[r], point, example, session);
            if (!reference) continue;
            const auto expected = pick(*reference);
            for (std::size_t m = 0; m < metrics_.size(); ++m) {
                rows.push_back({index, p, r, m, metrics_[m]->evaluate(compared, expected)});
            }
        }
        part.rows.insert(part.rows.end(), rows.begin(), rows.end());
        record_flow(p, attribution, part);
        if (config_.write_attributions) {
            std::vector<BindingCut> cuts;
            if (attribution.binding_cuts.rows() == 1) {
                const auto row = attribution.binding_cuts.row(0);
                cuts.assign(row.begin(), row.end());
            }
            part.attributions.push_back({index, p, scores, std::move(cuts)});
        }
    }

    // Nothing where the reference is a method that takes an axis which the point lacks.
    std::optional<std::vector<double>> reference_scores(const Reference& reference, const GridPoint& point,
                                                        const Example& example, Session& session) const {
        if (reference.kind == Reference::Kind::method) {
            const EntryInfo& info = attribution_methods().at(reference.name).info;
            GridPoint other{reference.name, {}};
            for (const AxisInfo& axis : axes()) {
                if (!takes(info, axis)) continue;
                if (!point.has(axis.name)) return std::nullopt;
                other.values[axis.name] = point.values.at(axis.name);
            }
            return read_out(session.attribution(other).scores, other.text("readout"));
        }
        auto scores = example.references.at(reference.name);
        if (reference.kind == Reference::Kind::absolute_scores) {
            for (double& score : scores) score = std::abs(score);
        }
        return scores;
    }

    static void record_flow(std::size_t p, const Attribution& attribution, ExampleResult& part) {
        if (attribution.fixed_point) {
            auto& total = part.fixed_point;
            if (!total) total = attribution.fixed_point;
            total->error_bound = std::max(total->error_bound, attribution.fixed_point->error_bound);
            total->rounded_to_zero = std::max(total->rounded_to_zero, attribution.fixed_point->rounded_to_zero);
        }
        if (attribution.binding_cuts.empty()) return;
        CutCounts counts{.point = p};
        for (const BindingCut& cut : attribution.binding_cuts.values()) {
            ++counts.pairs[static_cast<std::size_t>(cut.kind)];
        }
        part.cuts.push_back(counts);
    }

    void merge(std::vector<ExampleResult>& parts) {
        std::vector<CutCounts> counts(result_.grid.size());
        std::vector<bool> has_counts(result_.grid.size(), false);
        for (ExampleResult& part : parts) {
            result_.examples.push_back(std::move(part.id));
            if (config_.write_attributions) result_.tokens.push_back(std::move(part.tokens));
            std::move(part.rows.begin(), part.rows.end(), std::back_inserter(result_.rows));
            std::move(part.attributions.begin(), part.attributions.end(),
                      std::back_inserter(result_.attributions));
            std::move(part.failures.begin(), part.failures.end(), std::back_inserter(result_.failures));
            for (const CutCounts& cut : part.cuts) {
                has_counts[cut.point] = true;
                counts[cut.point].point = cut.point;
                for (std::size_t k = 0; k < std::size(all_cut_kinds); ++k)
                    counts[cut.point].pairs[k] += cut.pairs[k];
            }
            if (part.fixed_point) {
                auto& total = result_.fixed_point;
                if (!total) total = FixedPoint{.bits = part.fixed_point->bits};
                total->error_bound = std::max(total->error_bound, part.fixed_point->error_bound);
                total->rounded_to_zero += part.fixed_point->rounded_to_zero;
            }
        }
        for (std::size_t p = 0; p < counts.size(); ++p) {
            if (has_counts[p]) result_.cuts.push_back(counts[p]);
        }
    }

    const Config& config_;
    const Dataset& dataset_;
    std::vector<std::string> special_;
    std::vector<std::unique_ptr<MetricFamily::Interface>> metrics_;
    std::size_t count_ = 0;
    RunResult result_;
};

}  // namespace

RunResult run_experiment(const Config& config, const Dataset& dataset, std::size_t jobs,
                         const Progress& progress) {
    return Runner(config, dataset).run(std::max<std::size_t>(jobs, 1), progress);
}

}  // namespace attnflow
