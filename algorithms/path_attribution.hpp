#pragma once
/// From path algebra to an attribution method: the worth of all paths as scores, and the best
/// paths where they are asked for.

#include "algorithms/attribution_method.hpp"
#include "algorithms/paths/best_paths.hpp"

namespace attnflow {

template <Semiring S>
std::vector<Attribution> attribute_paths(const S& semiring, const LayersProblem& problem) {
    std::vector<Attribution> results;
    for (auto& worth : path_products(semiring, problem.network, problem.layers, problem.sources)) {
        if constexpr (MapsEdges<S>) {
            const std::size_t edges = problem.layers[results.size()];
            for (double& value : worth.values()) value = semiring.score(value, edges);
        }
        results.push_back({.scores = std::move(worth)});
    }
    return results;
}

template <Semiring S>
Attribution attribute_paths(const S& semiring, const AttributionProblem& problem) {
    const LayersProblem single{problem.network, {problem.layer}, problem.sources};
    Attribution result = std::move(attribute_paths(semiring, single).front());
    if constexpr (SelectiveSemiring<S>) {
        if (problem.with_paths) {
            result.paths = best_paths(semiring, problem.network, problem.layer, problem.sources);
        }
    }
    return result;
}

}  // namespace attnflow
