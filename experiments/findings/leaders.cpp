#include "experiments/findings/leaders.hpp"

#include <optional>

#include <fmt/format.h>

#include "experiments/study/config.hpp"
#include "experiments/study/grid_labels.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

// A method that is the reference itself agrees with it for no reason of interest.
bool competes(const GridPoint& point, const Reference& reference) {
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
    return fmt::format("Closest to {}: {}, mean {} {:.2f}{}.",
                       escape_controls(config.references[leader.reference].text),
                       name_of(results.grid[leader.point], labels), escape_controls(config.metrics[leader.metric]),
                       mean, tied.empty() ? "" : "; no paired test tells it from " + join(tied, ", "));
}

}  // namespace

std::vector<Leader> leaders(const Summary& summary, const Results& results, const Config& config) {
    std::vector<Leader> all;
    if (results.grid.empty()) return all;
    const GridLabels labels(results.grid);
    const std::string positions = labels.table_label(results.grid.front());
    for (std::size_t reference = 0; reference < config.references.size(); ++reference) {
        for (std::size_t metric = 0; metric < config.metrics.size(); ++metric) {
            const SummaryRow* best = nullptr;
            for (const SummaryRow& row : summary.rows) {
                if (row.reference != reference || row.metric != metric || !row.mean) continue;
                const GridPoint& point = results.grid[row.point];
                if (labels.table_label(point) != positions) continue;
                if (!competes(point, config.references[reference])) continue;
                if (best == nullptr || *row.mean > *best->mean) best = &row;
            }
            if (best == nullptr || !(*best->mean > 0.0)) continue;
            Leader leader{reference, metric, best->point, {}, ""};
            for (const MethodPair& pair : summary.pairs) {
                if (pair.reference != reference || pair.metric != metric || !pair.p_holm) continue;
                const auto other = other_of(pair, best->point);
                if (!other || !competes(results.grid[*other], config.references[reference])) continue;
                if (*pair.p_holm >= 1.0 - config.statistics.level) leader.tied.push_back(*other);
            }
            leader.text = words(leader, *best->mean, results, config);
            all.push_back(std::move(leader));
        }
    }
    return all;
}

}  // namespace attnflow
