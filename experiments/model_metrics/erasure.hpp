#pragma once
/// What comprehensiveness and sufficiency share: the units of the largest scores, by several sizes, and how far
/// the model's answer falls without them, or with them alone.
///
/// Of n units, a size "5%" is ceil(0.05 n) of them, a size "3" is 3. The mean over the sizes is the area over the
/// perturbation curve as the authors' program takes it; their formula (1) also counts a size of 0, which is
/// allowed: "0 1% 5% 10% 20% 50%". Units are ranked by their scores as they are, signs included; of equal scores
/// the first in the text comes first, so a method with many ties is judged by position among these. Undefined for
/// a text with fewer units than a size asks for.
///
/// The answer is the probability of the target, by the paper that of the class predicted for the whole text
/// (model.target says otherwise); of a regression it is its number. `log_odds` is log(p / (1 - p)), or what stands
/// for it (target_margin()), which does not saturate.
///
/// DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models", ACL 2020, arXiv:1911.03429

#include <string>
#include <string_view>
#include <vector>

#include "experiments/model_metrics/model_metric.hpp"

namespace attnflow {

class Erasure {
public:
    static std::vector<ParameterSpec> parameters();
    /// Throws ParameterError for sizes that are none.
    explicit Erasure(const Parameters& parameters);

    /// By size: the units of the largest scores.
    std::vector<UnitSet> largest(std::span<const double> scores) const;
    /// By size: all others.
    std::vector<UnitSet> others(std::span<const double> scores) const;
    /// How far the answer falls: whole minus changed.
    double fall(const ModelAnswer& answer) const;
    static std::optional<double> mean(std::span<const double> falls);

private:
    struct Size {
        double number;
        bool is_percent;
    };
    static Size parse_size(std::string_view word);
    /// Empty where some are more than n.
    std::vector<std::size_t> counts(std::size_t n) const;

    std::vector<Size> sizes_;
    Replacement replacement_;
    bool log_odds_;
};

}  // namespace attnflow
