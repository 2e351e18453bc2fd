#pragma once
/// The contract of a model metric: what it promises (namespace model_metric_promise), that it is right
/// (KnownModelValue), and that it says who is better. Looked at on models whose answers are known: the output of a
/// text is the sum of what its units are worth, some of it negative, so the best ranking is known too.

#include <functional>
#include <memory>

#include "experiments/contracts/laws.hpp"
#include "experiments/model_metrics/model_metric.hpp"

namespace attnflow {

struct ModelMetricContract {
    using Make = std::function<std::unique_ptr<ModelMetricFamily::Interface>()>;

    Make make;  ///< with default parameters
    EntryInfo info;

    void check(Laws& laws) const;
};

namespace law {
inline constexpr const char* no_question = "asks nothing without units, and where a score is NaN";
inline constexpr const char* is_defined_for_units = "defined for twelve different scores";
inline constexpr const char* tells_apart = "the ranking by what units are worth is better than its reverse";
inline constexpr const char* best_is_best = "no ranking is better than that by what units are worth";
inline constexpr const char* nothing_is_nothing = "rankings are alike where no unit is worth anything";
}  // namespace law

}  // namespace attnflow
