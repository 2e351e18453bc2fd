#pragma once
/// Comprehensiveness: how far the model's answer falls when the units that a method ranks first are taken away.
///
///   mean over sizes k of  p(x) - p(x without the k units of the largest scores)
///
/// In [-1, 1] for probabilities; larger is better: what the model draws on was named. erasure.hpp has sizes, ties,
/// what is undefined, and what p is.  Of n units O(n log n), and one changed text a size.
///
/// DeYoung et al. 2020, arXiv:1911.03429, section 4.2

#include "experiments/model_metrics/erasure.hpp"

namespace attnflow {

class Comprehensiveness {
public:
    static constexpr Direction direction = Direction::larger;
    static EntryInfo describe() {
        return {.name = "comprehensiveness",
                .summary = "how far the answer falls without the units of the largest scores",
                .paper = "DeYoung et al. 2020, arXiv:1911.03429",
                .complexity = "a changed text a size",
                .parameters = Erasure::parameters(),
                .promises = {model_metric_promise::at_most_one, model_metric_promise::ranks_only,
                             model_metric_promise::order_free}};
    }
    static std::vector<KnownModelValue> known_values() {
        constexpr double three_to_one = 1.0986122886681098;  // ln 3: a probability of 0.75 beside 0.5
        std::vector<double> worth(20), scores(20);
        worth[7] = three_to_one;  // the third, and so among the first 4 and the first 10
        for (std::size_t i = 0; i < 20; ++i) scores[i] = i == 0 || i == 19 ? 2.0 : i == 7 ? 1.0 : -1.0;
        return {{{three_to_one, 0.0}, {2.0, 1.0}, 0.25},
                {{three_to_one, 0.0}, {1.0, 2.0}, 0.0},
                {{0.0, -three_to_one}, {1.0, 1.0}, 0.0},
                {worth, scores, 0.1},
                {{}, {}, std::nullopt}};
    }
    explicit Comprehensiveness(const Parameters& parameters) : erasure_(parameters) {}

    std::vector<UnitSet> sets(std::span<const double> scores) const { return erasure_.largest(scores); }
    double answer(const ModelAnswer& answer) const { return erasure_.fall(answer); }
    std::optional<double> value(std::span<const double> falls) const { return Erasure::mean(falls); }

private:
    Erasure erasure_;
};

}  // namespace attnflow
