#include "experiments/findings/summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "experiments/statistics/holm.hpp"
#include "experiments/statistics/moments.hpp"
#include "experiments/study/axes/layer.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/expectations.hpp"
#include "experiments/study/grid_labels.hpp"
#include "experiments/study/measures.hpp"

namespace attnflow {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

using Key = std::tuple<std::size_t, std::size_t, std::size_t>;  // point, reference, metric

// The values of one key: `by_example` has NaN where an example has none.
struct Series {
    std::vector<double> by_example;
    std::size_t undefined = 0;
};
using SeriesByKey = std::map<Key, Series>;

std::vector<double> present(const std::vector<double>& values) {
    std::vector<double> out;
    for (const double value : values) {
        if (!std::isnan(value)) out.push_back(value);
    }
    return out;
}

SeriesByKey collect(const Results& result, const Config& config) {
    SeriesByKey series;
    for (const ResultRow& row : result.rows) {
        Series& one = series[{row.point, row.reference, row.metric}];
        if (one.by_example.empty()) one.by_example.assign(result.examples.size(), missing);
        if (!row.value) ++one.undefined;
        if (row.value || config.undefined_as_zero) one.by_example[row.example] = row.value.value_or(0.0);
    }
    return series;
}

// Points that differ at most in the layer, with a layer up to that of `point`.
bool same_but_lower(const GridPoint& other, const GridPoint& point) {
    if (!point.layer()) return other == point;
    if (!other.layer() || *other.layer() > *point.layer()) return false;
    return other.with(LayerAxis::name, *point.layer()) == point;
}

// The series of the layers up to that of a point, and the mean of each example over them.
struct Pooled {
    std::vector<double> values;
    Series mean;
};

Pooled pool_lower_layers(const SeriesByKey& series, const Key& key, const Results& result) {
    const auto [point, reference, metric] = key;
    const std::size_t examples = result.examples.size();
    Pooled pooled;
    std::vector<double> sums(examples, 0.0);
    std::vector<double> counts(examples, 0.0);
    for (std::size_t p = 0; p < result.grid.size(); ++p) {
        const auto found = series.find({p, reference, metric});
        if (found == series.end() || !same_but_lower(result.grid[p], result.grid[point])) continue;
        pooled.mean.undefined += found->second.undefined;
        for (std::size_t e = 0; e < examples; ++e) {
            const double value = found->second.by_example[e];
            if (std::isnan(value)) continue;
            pooled.values.push_back(value);
            sums[e] += value;
            counts[e] += 1.0;
        }
    }
    for (std::size_t e = 0; e < examples; ++e) {
        pooled.mean.by_example.push_back(counts[e] > 0.0 ? sums[e] / counts[e] : missing);
    }
    return pooled;
}

void describe(SummaryRow& row, const std::vector<double>& values) {
    row.n = values.size();
    if (values.empty()) return;
    const Moments moments = moments_of(values);
    row.mean = moments.mean;
    row.standard_deviation = moments.standard_deviation;
}

// The pairs that one table of summary.md shows, and that are corrected together.
using Family = std::vector<std::size_t>;

std::vector<Family> families_of(const std::vector<MethodPair>& pairs, const std::vector<GridPoint>& grid) {
    const GridLabels labels(grid);
    std::map<std::tuple<std::size_t, std::size_t, std::string>, Family> families;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (pairs[i].n == 0) continue;  // no test
        families[{pairs[i].reference, pairs[i].metric, labels.table_label(grid[pairs[i].first])}].push_back(i);
    }
    std::vector<Family> out;
    for (auto& [table, family] : families) out.push_back(std::move(family));
    return out;
}

void correct(std::vector<MethodPair>& pairs, const Family& family) {
    std::vector<std::size_t> tested;
    std::vector<double> p;
    for (const std::size_t i : family) {
        if (!pairs[i].result.p) continue;
        tested.push_back(i);
        p.push_back(*pairs[i].result.p);
    }
    const auto adjusted = holm(p);
    for (std::size_t t = 0; t < tested.size(); ++t) pairs[tested[t]].p_holm = adjusted[t];
}

void compare_methods(const SeriesByKey& series, const Results& result, const Config& config, std::size_t jobs,
                     Summary& summary) {
    std::vector<MethodPair>& pairs = summary.pairs;
    std::vector<std::vector<double>> differences;
    const std::set<std::string> own = own_defaults(result.grid);
    for (auto first = series.begin(); first != series.end(); ++first) {
        const auto [point, reference, metric] = first->first;
        for (std::size_t other = point + 1; other < result.grid.size(); ++other) {
            const GridPoint& a = result.grid[point];
            const GridPoint& b = result.grid[other];
            if (a.method == b.method || !agree(a, b, own)) continue;
            const auto second = series.find({other, reference, metric});
            if (second == series.end()) continue;
            std::vector<double> difference;
            for (std::size_t e = 0; e < result.examples.size(); ++e) {
                difference.push_back(first->second.by_example[e] - second->second.by_example[e]);
            }
            differences.push_back(present(difference));
            pairs.push_back({point, other, reference, metric, differences.back().size()});
        }
    }
    const auto families = families_of(pairs, result.grid);
    for (const Family& family : families) summary.largest_family = std::max(summary.largest_family, family.size());
    const auto results = paired_tests(std::move(differences), config.statistics, summary.largest_family, jobs);
    for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i].result = results[i];
    for (const Family& family : families) correct(pairs, family);
}

}  // namespace

std::vector<std::string> metrics_without_value(const Summary& summary, const Config& config) {
    std::map<std::size_t, std::pair<std::size_t, std::size_t>> counts;  // by metric: values, undefined
    for (const SummaryRow& row : summary.rows) {
        counts[row.metric].first += row.n;
        counts[row.metric].second += row.n_undefined;
    }
    std::vector<std::string> names;
    for (const auto& [metric, count] : counts) {
        if (count.first == 0 && count.second > 0) names.push_back(metric_name(config, metric));
    }
    return names;
}

Summary summarise(const Results& result, const Config& config, std::size_t jobs) {
    const SeriesByKey single = collect(result, config);
    SeriesByKey pooled;
    Summary summary;
    std::vector<std::vector<double>> samples;
    for (const auto& [key, series] : single) {
        const auto [point, reference, metric] = key;
        SummaryRow row{.point = point, .reference = reference, .metric = metric, .n_undefined = series.undefined};
        if (config.cumulative_layer_mean) {
            Pooled pool = pool_lower_layers(single, key, result);
            row.n_undefined = pool.mean.undefined;
            describe(row, pool.values);
            samples.push_back(present(pool.mean.by_example));
            pooled.emplace(key, std::move(pool.mean));
        } else {
            samples.push_back(present(series.by_example));
            describe(row, samples.back());
        }
        summary.rows.push_back(row);
    }
    const auto intervals = bootstrap_intervals(samples, config.statistics, jobs);
    for (std::size_t r = 0; r < summary.rows.size(); ++r) summary.rows[r].interval = intervals[r];
    compare_methods(config.cumulative_layer_mean ? pooled : single, result, config, jobs, summary);
    return summary;
}

}  // namespace attnflow
