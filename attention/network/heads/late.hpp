#pragma once
/// Late aggregation: attribute with head h in every layer, for each h, then combine the H
/// scores of a token by their mean, largest, smallest or median.
///
/// Keep in mind that head h of one layer has nothing to do with head h of the next: the
/// heads are aligned by their numbers, which is arbitrary. Another numbering gives other
/// scores. Cuts of flows belong to single heads and are not reported.
///
/// Costs H attributions, kept one after the other.

#include <algorithm>
#include <numeric>

#include "attention/network/heads/median.hpp"

namespace attnflow {

class LateHeads {
public:
    static EntryInfo describe() {
        return {.name = "late",
                .summary =
                    "attribute with head h in every layer, then combine the scores of all h "
                    "(the alignment of heads across layers is arbitrary)",
                .complexity = "H attributions",
                .parameters = {{.name = "combine",
                                .summary = "how the scores of the heads become one",
                                .fallback = std::string("mean"),
                                .choices = {"mean", "max", "min", "median"}}},
                .promises = {}};
    }
    static std::vector<KnownCombination> known_combinations() { return {{{1.0, 6.0, 2.0}, 3.0}}; }

    explicit LateHeads(const Parameters& parameters) : combine_(parameters.get<std::string>("combine")) {}

    std::vector<std::string> passes(const AttentionStack& attention) const {
        std::vector<std::string> calls;
        for (std::size_t h = 0; h < attention.heads(); ++h) calls.push_back(fmt::format("single({})", h));
        return calls;
    }

    double combine(std::span<double> scores) const {
        if (combine_ == "max") return *std::max_element(scores.begin(), scores.end());
        if (combine_ == "min") return *std::min_element(scores.begin(), scores.end());
        if (combine_ == "median") return median_of(scores);
        return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
    }

private:
    std::string combine_;
};

}  // namespace attnflow
