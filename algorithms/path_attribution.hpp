#pragma once
/// From path algebra to an attribution method: the worth of all paths as scores, and the best
/// paths where they are asked for.

#include <functional>
#include <numeric>
#include <span>

#include "algorithms/attribution_method.hpp"
#include "algorithms/paths/best_paths.hpp"
#include "algorithms/paths/enumeration.hpp"

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

/// Definition of a method that says what paths are worth: every score begins with 0 and becomes
/// add(score, weights of the path) for each path of its pair.  As for_each_path().
template <class Add>
RowMajor<double> by_paths(const AttributionProblem& problem, Add add) {
    RowMajor<double> scores(problem.sources.size(), problem.network.width(0), 0.0);
    for (std::size_t s = 0; s < problem.sources.size(); ++s) {
        for_each_path(problem.network, problem.layer, problem.sources[s],
                      [&](std::span<const double> weights, std::size_t token) {
                          scores(s, token) = add(scores(s, token), weights);
                      });
    }
    return scores;
}

inline double product(std::span<const double> weights) {
    return std::accumulate(weights.begin(), weights.end(), 1.0, std::multiplies<>());
}

}  // namespace attnflow
