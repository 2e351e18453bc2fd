#pragma once
/// The family of metrics: how well token scores agree with a reference.

#include <algorithm>
#include <cmath>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/support/registry.hpp"

namespace attnflow {

/// Names of properties that a metric can promise (EntryInfo::promises) and that its contract
/// (experiments/contracts/metric_contract.hpp) then checks.
namespace metric_promise {
inline constexpr const char* at_most_one = "at_most_one";      ///< in [-1, 1]
inline constexpr const char* one_for_equal = "one_for_equal";  ///< 1 where scores are the reference, no two equal
inline constexpr const char* symmetric = "symmetric";          ///< scores and reference can change places
inline constexpr const char* ranks_only =
    "ranks_only";  ///< strictly increasing functions of scores change nothing
inline constexpr const char* order_free = "order_free";  ///< the order of the tokens does not matter
}  // namespace metric_promise

/// A worked example: what a metric, with default parameters, says of scores and a reference.
struct KnownAgreement {
    std::vector<double> scores;
    std::vector<double> reference;
    std::optional<double> value;
};

/// What a metric must provide besides `static EntryInfo describe()`. Scores and reference
/// have the same length and hold no NaN; nothing is returned where the metric is undefined
/// for them. Each metric's header says what it does with ties and when it is undefined. Its contract asks for what
/// is right:
///   static std::vector<KnownAgreement> known_agreements();
template <class M>
concept Metric = requires(const M metric, std::span<const double> scores, std::span<const double> reference) {
    { M::describe() } -> std::same_as<EntryInfo>;
    { metric.evaluate(scores, reference) } -> std::same_as<std::optional<double>>;
};

struct MetricFamily {
    static constexpr const char* noun = "metric";

    class Interface {
    public:
        virtual ~Interface() = default;
        /// Nothing where the metric is undefined, as it is whenever a value is NaN: a summary
        /// counts such examples (n_undefined) instead of hiding them in a mean. Throws
        /// InternalError when the lengths differ.
        virtual std::optional<double> evaluate(std::span<const double> scores,
                                               std::span<const double> reference) const = 0;
        virtual std::vector<KnownAgreement> known_agreements() const = 0;  ///< none, where the member has none
    };

    static std::vector<std::string> promises() {
        using namespace metric_promise;
        return {at_most_one, one_for_equal, symmetric, ranks_only, order_free};
    }

    template <Metric Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        std::optional<double> evaluate(std::span<const double> scores,
                                       std::span<const double> reference) const override {
            if (scores.size() != reference.size()) {
                throw InternalError(
                    fmt::format("metric: {} scores, but {} reference scores", scores.size(), reference.size()));
            }
            const auto is_nan = [](double value) { return std::isnan(value); };
            if (std::any_of(scores.begin(), scores.end(), is_nan) ||
                std::any_of(reference.begin(), reference.end(), is_nan)) {
                return std::nullopt;
            }
            const std::optional<double> value = member_.evaluate(scores, reference);
            if (value && !std::isfinite(*value)) {
                throw InternalError(fmt::format(
                    "metric '{}': the value is {}, expected a finite number, or none where it is undefined",
                    Member::describe().name, *value));
            }
            return value;
        }
        std::vector<KnownAgreement> known_agreements() const override {
            if constexpr (requires { Member::known_agreements(); }) {
                return Member::known_agreements();
            } else {
                return {};
            }
        }

    private:
        Member member_;
    };
};

using MetricRegistry = Registry<MetricFamily>;

/// The metrics of this build; the list is in registry.cpp.
MetricRegistry& metrics();

}  // namespace attnflow
