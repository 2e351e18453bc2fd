#include "experiments/findings/leaders.hpp"

#include <optional>

#include <fmt/format.h>

#include "experiments/study/config.hpp"
#include "experiments/study/grid_labels.hpp"
#include "experiments/study/measures.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

// A method that is the reference itself agrees with it for no reason of interest.
bool competes(const GridPoint& point, const Config& config, const Measure& measure) {
    if (asks_model(config, measure)) return true;
    const Reference& reference = config.references[measure.reference];
    return reference.kind != Reference::Kind::method || reference.name != point.method;
}

// The other point of the pair, where `point` is one of them.
std::optional<std::size_t> other_of(const MethodPair& pair, std::size_t point) {
    if (pair.first == point) return pair.second;
    if (pair.second == point) return pair.first;
    return std::nullopt;
}

// "rollout (skip_weight 0.5) in layer 6".
std::string name_of(const GridPoint& point, const GridLabels& labels) {
    const auto layer = point.layer();
    return escape_controls(labels.row_label(point)) + (layer ? fmt::format(" in layer {}", *layer) : "");
}

std::string words(const Leader& leader, double mean, const Results& results, const Config& config) {
    constexpr std::size_t most_names = 3;
    const GridLabels labels(results.grid);
    std::vector<std::string> tied;
    for (const std::size_t other : leader.tied) {
        if (tied.size() < most_names) tied.push_back(name_of(results.grid[other], labels));
    }
    if (leader.tied.size() > most_names) tied.push_back(fmt::format("{} more", leader.tied.size() - most_names));
    const Measure measure{leader.reference, leader.metric};
    const std::string metric = escape_controls(metric_label(config, leader.metric));
    const std::string point = name_of(results.grid[leader.point], labels);
    const std::string equals = tied.empty() ? "" : "; no paired test tells it from " + join(tied, ", ");
    if (asks_model(config, measure)) {
        return fmt::format("{} {}: {}, mean {:.2f}{}.",
                           direction_of(config, measure) == Direction::larger ? "Highest" : "Lowest", metric,
                           point, mean, equals);
    }
    return fmt::format("Closest to {}: {}, mean {} {:.2f}{}.",
                       escape_controls(reference_name(config, leader.reference)), point, metric, mean, equals);
}

}  // namespace

std::vector<Leader> leaders(const Summary& summary, const Results& results, const Config& config) {
    std::vector<Leader> all;
    if (results.grid.empty()) return all;
    const GridLabels labels(results.grid);
    const std::string positions = labels.table_label(results.grid.front());
    for (const Measure& measure : measures(config)) {
        const Direction direction = direction_of(config, measure);
        const SummaryRow* best = nullptr;
        for (const SummaryRow& row : summary.rows) {
            if (Measure{row.reference, row.metric} != measure || !row.mean) continue;
            const GridPoint& point = results.grid[row.point];
            if (labels.table_label(point) != positions) continue;
            if (!competes(point, config, measure)) continue;
            if (best == nullptr || is_better(*row.mean, *best->mean, direction)) best = &row;
        }
        // Nothing is close to a reference without any agreement; a model says something in any case.
        if (best == nullptr || (!asks_model(config, measure) && !(*best->mean > 0.0))) continue;
        Leader leader{measure.reference, measure.metric, best->point, {}, ""};
        for (const MethodPair& pair : summary.pairs) {
            if (Measure{pair.reference, pair.metric} != measure || !pair.p_holm) continue;
            const auto other = other_of(pair, best->point);
            if (!other || !competes(results.grid[*other], config, measure)) continue;
            if (*pair.p_holm >= 1.0 - config.statistics.level) leader.tied.push_back(*other);
        }
        leader.text = words(leader, *best->mean, results, config);
        all.push_back(std::move(leader));
    }
    return all;
}

}  // namespace attnflow
