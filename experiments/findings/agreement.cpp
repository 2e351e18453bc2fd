#include "experiments/findings/agreement.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/metrics/metric.hpp"
#include "experiments/tables/point_columns.hpp"

namespace attnflow {
namespace {

GridPoint without_positions(GridPoint point) {
    point.values.erase("positions");
    return point;
}

}  // namespace

std::vector<std::size_t> scored_points(const std::vector<GridPoint>& grid) {
    std::vector<std::size_t> points;
    std::vector<GridPoint> seen;
    for (std::size_t p = 0; p < grid.size(); ++p) {
        GridPoint point = without_positions(grid[p]);
        if (std::find(seen.begin(), seen.end(), point) != seen.end()) continue;
        seen.push_back(std::move(point));
        points.push_back(p);
    }
    return points;
}

Table agreement_table(const RunResult& result) {
    Table table{"agreement", point_columns(), {}};
    for (const char* column : {"other_method", "n", "mean", "std"}) table.columns.push_back(column);
    if (result.attributions.empty()) return table;

    // scores[point][example], null where a cell failed
    std::vector<std::vector<const std::vector<double>*>> scores(
        result.grid.size(), std::vector<const std::vector<double>*>(result.examples.size(), nullptr));
    for (const AttributionRow& row : result.attributions) scores[row.point][row.example] = &row.scores;

    const auto spearman = metrics().at("spearman").make();
    const auto points = scored_points(result.grid);
    for (std::size_t a = 0; a < points.size(); ++a) {
        for (std::size_t b = a + 1; b < points.size(); ++b) {
            const GridPoint& first = result.grid[points[a]];
            const GridPoint& second = result.grid[points[b]];
            if (first.method == second.method) continue;
            const auto settings = joined_settings(without_positions(first), without_positions(second));
            if (!settings) continue;
            std::size_t n = 0;
            double sum = 0.0;
            double squares = 0.0;
            for (std::size_t e = 0; e < result.examples.size(); ++e) {
                const auto* x = scores[points[a]][e];
                const auto* y = scores[points[b]][e];
                if (x == nullptr || y == nullptr || x->size() != y->size()) continue;
                const auto value = spearman->evaluate(*x, *y);
                if (!value) continue;
                ++n;
                sum += *value;
                squares += *value * *value;
            }
            auto cells = point_cells(*settings);
            cells.push_back(second.method);
            cells.push_back(static_cast<double>(n));
            if (n > 0) {
                const double mean = sum / static_cast<double>(n);
                cells.push_back(mean);
                cells.push_back(std::sqrt(std::max(0.0, squares / static_cast<double>(n) - mean * mean)));
            } else {
                cells.resize(cells.size() + 2);
            }
            table.rows.push_back(std::move(cells));
        }
    }
    return table;
}

}  // namespace attnflow
