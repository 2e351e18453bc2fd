#include "experiments/findings/agreement.hpp"

#include <algorithm>

#include "experiments/metrics/metric.hpp"
#include "experiments/statistics/moments.hpp"
#include "experiments/study/expectations.hpp"

namespace attnflow {
namespace {

using Scores = std::vector<const std::vector<double>*>;  // by example, null where a cell failed

Agreement compare(std::size_t a, std::size_t b, const std::vector<Scores>& scores,
                  const MetricFamily::Interface& spearman) {
    Agreement agreement{a, b};
    std::vector<double> values;
    for (std::size_t e = 0; e < scores[a].size(); ++e) {
        const auto* x = scores[a][e];
        const auto* y = scores[b][e];
        if (x == nullptr || y == nullptr || x->size() != y->size()) continue;
        const auto value = spearman.evaluate(*x, *y);
        if (value) values.push_back(*value);
    }
    agreement.n = values.size();
    if (values.empty()) return agreement;
    const Moments moments = moments_of(values);
    agreement.mean = moments.mean;
    agreement.standard_deviation = moments.standard_deviation;
    return agreement;
}

}  // namespace

std::vector<std::size_t> scored_points(const std::vector<GridPoint>& grid) {
    std::vector<std::size_t> points;
    std::vector<GridPoint> seen;
    for (std::size_t p = 0; p < grid.size(); ++p) {
        GridPoint point = grid[p].without(AxisStage::comparing);
        if (std::find(seen.begin(), seen.end(), point) != seen.end()) continue;
        seen.push_back(std::move(point));
        points.push_back(p);
    }
    return points;
}

std::vector<Agreement> agreements(const Results& results) {
    if (results.attributions.empty()) return {};
    std::vector<Scores> scores(results.grid.size(), Scores(results.examples.size(), nullptr));  // by point
    for (const AttributionRow& row : results.attributions) scores[row.point][row.example] = &row.scores;

    const auto spearman = metrics().at("spearman").make();
    const auto points = scored_points(results.grid);
    const std::set<std::string> own = own_defaults(results.grid);
    std::vector<Agreement> out;
    for (std::size_t a = 0; a < points.size(); ++a) {
        const GridPoint first = results.grid[points[a]].without(AxisStage::comparing);
        for (std::size_t b = a + 1; b < points.size(); ++b) {
            const GridPoint second = results.grid[points[b]].without(AxisStage::comparing);
            if (first.method == second.method || !agree(first, second, own)) continue;
            out.push_back(compare(points[a], points[b], scores, *spearman));
        }
    }
    return out;
}

}  // namespace attnflow
