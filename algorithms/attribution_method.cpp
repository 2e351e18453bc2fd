#include "algorithms/attribution_method.hpp"

#include <algorithm>
#include <cmath>

namespace attnflow {
namespace {

[[noreturn]] void refuse(const EntryInfo& method, const std::string& what) {
    throw InternalError(fmt::format("method '{}': {}", method.name, what));
}

std::string shape(std::size_t rows, std::size_t columns) { return fmt::format("[{}, {}]", rows, columns); }

}  // namespace

void check_attribution(const EntryInfo& method, const AttributionProblem& problem, const Attribution& answer) {
    const auto& axes = method.axes;
    const bool by_source = std::find(axes.begin(), axes.end(), axis::source) != axes.end();
    const std::size_t rows = by_source ? problem.sources.size() : 1;
    const std::size_t columns = problem.network.width(0);
    const RowMajor<double>& scores = answer.scores;
    if (scores.rows() != rows || scores.columns() != columns) {
        refuse(method,
               fmt::format("answers {} scores, expected {}: {}, one column an input token",
                           shape(scores.rows(), scores.columns()), shape(rows, columns),
                           by_source ? "one row a source" : "one row, as it does not take the axis source"));
    }
    for (std::size_t s = 0; s < rows; ++s) {
        for (std::size_t t = 0; t < columns; ++t) {
            if (std::isfinite(scores(s, t))) continue;
            refuse(method, fmt::format("layer {}, source {}, token {}: the score is {}, expected a finite number",
                                       problem.layer, s, t, scores(s, t)));
        }
    }
    const auto& cuts = answer.binding_cuts;
    if (!cuts.empty() && (cuts.rows() != rows || cuts.columns() != columns)) {
        refuse(method, fmt::format("names {} cuts for {} scores", shape(cuts.rows(), cuts.columns()),
                                   shape(rows, columns)));
    }
    for (const InteriorCut& cut : answer.interior_cuts) {
        const auto is_vertex = [&](Vertex v) { return v < problem.network.vertices(); };
        if (cut.source >= rows || cut.token >= columns ||
            !std::all_of(cut.source_side.begin(), cut.source_side.end(), is_vertex)) {
            refuse(method,
                   fmt::format("an interior cut of source {} and token {}, or a vertex of it, does not exist",
                               cut.source, cut.token));
        }
    }
    check(answer.diagnostics, method);
    if (answer.paths.empty()) return;
    if (answer.paths.sources() != rows || answer.paths.tokens() != columns ||
        answer.paths.length() != problem.layer + 1) {
        refuse(method, fmt::format("paths of {} pairs with {} positions each, expected {} with {}",
                                   shape(answer.paths.sources(), answer.paths.tokens()), answer.paths.length(),
                                   shape(rows, columns), problem.layer + 1));
    }
    for (std::size_t s = 0; s < rows; ++s) {
        for (std::size_t t = 0; t < columns; ++t) {
            const auto path = answer.paths(s, t);
            for (std::size_t k = 0; k < path.size(); ++k) {
                if (path[k] < problem.network.width(problem.layer - k)) continue;
                refuse(method,
                       fmt::format("a path of source {} and token {} passes position {} of layer {}, which has "
                                   "{}",
                                   s, t, path[k], problem.layer - k, problem.network.width(problem.layer - k)));
            }
        }
    }
}

void check_attributions(const EntryInfo& method, const LayersProblem& problem,
                        const std::vector<Attribution>& answers) {
    if (answers.size() != problem.layers.size()) {
        refuse(method, fmt::format("answers for {} layers, expected {}", answers.size(), problem.layers.size()));
    }
    AttributionProblem one{problem.network, 0, problem.sources};
    for (std::size_t k = 0; k < answers.size(); ++k) {
        one.layer = problem.layers[k];
        check_attribution(method, one, answers[k]);
    }
}

std::vector<std::string> AttributionFamily::promises() {
    using namespace promise;
    return {rows_sum_to_one, at_most_one,         at_most_column_sum,  at_least_rollout,
            at_most_rollout, at_most_flow,        at_most_widest_path, at_least_widest_path,
            non_negative,    unreachable_is_zero, uses_every_layer,    independent_of_upper_layers,
            affine,          homogeneous,         multilinear,         monotone,
            identity,        equivariant};
}

}  // namespace attnflow
