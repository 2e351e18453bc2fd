#pragma once
/// Raw attention: row s of one layer's fused attention, read as if the positions of the
/// layer below were still the tokens of the input.
///
/// The baseline of the attention-flow paper; no skip connection. It ignores every other
/// layer, so above layer 1 it answers another question than rollout and flow do.
///
/// Throws ParameterError for a layer that does not attend to as many positions as the input has.
/// Scores: [source, token], rows sum to 1.  O(S n) for S sources.
///
/// Abnar & Zuidema, ACL 2020, arXiv:2005.00928, section 3

#include "algorithms/attribution_method.hpp"

namespace attnflow {

class RawAttention {
public:
    static EntryInfo describe() {
        return {.name = "raw_attention",
                .summary = "the attention row of one layer, without skip connection: the baseline",
                .paper = "Abnar & Zuidema 2020, arXiv:2005.00928",
                .complexity = "O(n) a source",
                .axes = {axis::heads, axis::layer, axis::source},
                .promises = {promise::rows_sum_to_one, promise::at_most_one, promise::homogeneous,
                             promise::monotone, promise::identity, promise::equivariant, promise::non_negative,
                             promise::independent_of_upper_layers}};
    }

    Attribution attribute(const AttributionProblem& problem) const {
        const auto& network = problem.network;
        if (network.width(problem.layer - 1) != network.width(0)) {
            throw ParameterError(
                fmt::format("raw_attention: layer {} attends to {} positions, which are not the {} tokens of the "
                            "input; choose a "
                            "layer whose keys are, or another method",
                            problem.layer, network.width(problem.layer - 1), network.width(0)));
        }
        RowMajor<double> scores(problem.sources.size(), network.width(problem.layer - 1));
        for (std::size_t s = 0; s < problem.sources.size(); ++s) {
            const auto row = network.row(problem.layer, problem.sources[s]);
            std::copy(row.begin(), row.end(), scores.row(s).begin());
        }
        return {.scores = std::move(scores)};
    }

    static std::vector<KnownAnswer> known_answers() {
        const LayeredNetwork<double> network({2, 2, 2}, {0.5, 0.5, 0.0, 1.0, 0.25, 0.75, 1.0, 0.0});
        return {{network, 1, {0}, {{0.5, 0.5}}}, {network, 2, {1, 0}, {{1.0, 0.0}, {0.25, 0.75}}}};
    }
};

}  // namespace attnflow
