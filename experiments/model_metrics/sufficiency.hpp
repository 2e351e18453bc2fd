#pragma once
/// Sufficiency: how far the model's answer falls when only the units that a method ranks first are left.
///
///   mean over sizes k of  p(x) - p(x with the k units of the largest scores only)
///
/// In [-1, 1] for probabilities; smaller is better: what was named is enough for the answer. Below 0 the answer is
/// surer than on the whole text. Special tokens stay. erasure.hpp has sizes, ties, what is undefined, and what p
/// is. Of n units O(n log n), and one changed text a size.
///
/// DeYoung et al. 2020, arXiv:1911.03429, section 4.2

#include "experiments/model_metrics/erasure.hpp"

namespace attnflow {

class Sufficiency {
public:
    static constexpr Direction direction = Direction::smaller;
    static EntryInfo describe() {
        return {.name = "sufficiency",
                .summary = "how far the answer falls with the units of the largest scores alone",
                .paper = "DeYoung et al. 2020, arXiv:1911.03429",
                .complexity = "a changed text a size",
                .parameters = Erasure::parameters()};
    }
    explicit Sufficiency(const Parameters& parameters) : erasure_(parameters) {}

    std::vector<UnitSet> sets(std::span<const double> scores) const { return erasure_.others(scores); }
    double answer(const ModelAnswer& answer) const { return erasure_.fall(answer); }
    std::optional<double> value(std::span<const double> falls) const { return Erasure::mean(falls); }

private:
    Erasure erasure_;
};

}  // namespace attnflow
