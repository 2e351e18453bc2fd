#include "experiments/run/memory.hpp"

#include <algorithm>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/measures.hpp"
#include "experiments/study/method_call.hpp"
#include "experiments/study/plan.hpp"

namespace attnflow {
namespace {

// Measured, in networks of doubles: a method by maximum flow also keeps capacities, residual capacities and
// levels.
constexpr std::size_t networks_of_flow = 8;
constexpr std::size_t networks_of_paths = 3;
// The program itself, and what does not grow.
constexpr std::size_t fixed_bytes = std::size_t{48} << 20;
constexpr std::size_t bytes_of_point = 16'000;
constexpr std::size_t bytes_of_token = 500;   // of the record: its text, its scores by references
constexpr std::size_t bytes_of_result = 600;  // a row with its lines in tables
constexpr std::size_t bytes_of_score = 400;   // a row of attributions.csv

/// By fixed point, that is by maximum flow.
bool solves_flows(const GridPoint& point) {
    const auto& parameters = method_entry(point.method).info.parameters;
    return std::any_of(parameters.begin(), parameters.end(), [](const auto& spec) { return spec.name == "bits"; });
}

}  // namespace

std::size_t most_memory(const Config& config, const Plan& plan, std::size_t layers, std::size_t heads,
                        const std::vector<std::size_t>& tokens, std::size_t jobs) {
    std::size_t longest = 0;
    std::size_t all = 0;
    for (const std::size_t count : tokens) {
        longest = std::max(longest, count);
        all += count;
    }
    const bool flows = std::any_of(plan.attributions.begin(), plan.attributions.end(), solves_flows);
    const std::size_t square = sizeof(double) * longest * longest;
    // Late head strategies keep the scores of a pass for each head.
    const std::size_t worker = square * (layers * (flows ? networks_of_flow : networks_of_paths) + heads + 2);
    const std::size_t cells = plan.grid_size * tokens.size();
    const std::size_t rows = cells * measures(config).size();
    return fixed_bytes + worker * std::max<std::size_t>(jobs, 1) + bytes_of_point * plan.points.size() +
           bytes_of_token * all + bytes_of_result * rows +
           (config.write_attributions ? bytes_of_score * plan.grid_size * all : 0);
}

}  // namespace attnflow
