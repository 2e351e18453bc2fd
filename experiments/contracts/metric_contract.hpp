#pragma once
/// The contract of a metric: what it promises (namespace metric_promise), and that it is right (KnownAgreement).
/// Looked at on seeded random scores, with ties and without.

#include <functional>
#include <memory>

#include "experiments/contracts/laws.hpp"
#include "experiments/metrics/metric.hpp"

namespace attnflow {

struct MetricContract {
    using Make = std::function<std::unique_ptr<MetricFamily::Interface>()>;

    Make make;  ///< with default parameters
    EntryInfo info;
    std::uint64_t seeds = 20;

    void check(Laws& laws) const;
};

namespace law {
inline constexpr const char* nan_is_undefined = "undefined where a score is NaN";
inline constexpr const char* is_defined = "defined for twenty different scores";
}  // namespace law

}  // namespace attnflow
