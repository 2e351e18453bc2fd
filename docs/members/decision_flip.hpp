#pragma once
/// Decision flip: the smallest share of the units, largest scores first, without which the model predicts another
/// class. In (0, 1]; smaller is better: few units, found early, decide. Undefined where no share flips it. One
/// changed text a unit.
///
/// Serrano & Smith, "Is Attention Interpretable?", ACL 2019, arXiv:1906.03731

#include "experiments/model_metrics/model_metric.hpp"

class DecisionFlip {
public:
    static constexpr attnflow::Direction direction = attnflow::Direction::smaller;

    static attnflow::EntryInfo describe() {
        return {
            .name = "decision_flip",
            .summary = "smallest share of the units without which another class is predicted",
            .paper = "Serrano & Smith 2019, arXiv:1906.03731",
            .complexity = "a changed text a unit",
            .promises = {attnflow::model_metric_promise::at_most_one, attnflow::model_metric_promise::ranks_only,
                         attnflow::model_metric_promise::order_free}};
    }
    static std::vector<attnflow::KnownModelValue> known_values() {
        return {{{2.0, -1.0}, {2.0, 1.0}, 0.5}, {{2.0, -1.0}, {1.0, 2.0}, std::nullopt}};
    }
    std::vector<attnflow::UnitSet> sets(std::span<const double> scores) const {
        std::vector<attnflow::UnitSet> sets;
        for (std::size_t k = 1; k <= scores.size(); ++k)
            sets.push_back({attnflow::top_positions(scores, k), attnflow::Replacement::remove});
        return sets;
    }
    double answer(const attnflow::ModelAnswer& answer) const {
        const bool flips = attnflow::predicted_output(answer.changed) != attnflow::predicted_output(answer.whole);
        return flips ? 1.0 : 0.0;
    }
    std::optional<double> value(std::span<const double> flips) const {
        for (std::size_t k = 0; k < flips.size(); ++k) {
            if (flips[k] == 1.0) return static_cast<double>(k + 1) / static_cast<double>(flips.size());
        }
        return std::nullopt;
    }
};
