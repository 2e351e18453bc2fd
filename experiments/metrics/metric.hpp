#pragma once
/// The family of metrics: how well token scores agree with a reference.

#include <algorithm>
#include <cmath>
#include <concepts>
#include <optional>
#include <span>

#include "graph/support/registry.hpp"

namespace attnflow {

/// What a metric must provide besides `static EntryInfo describe()`. Scores and reference
/// have the same length and hold no NaN; nothing is returned where the metric is undefined
/// for them. Each metric's header says what it does with ties and when it is undefined.
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
    };

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
            return member_.evaluate(scores, reference);
        }

    private:
        Member member_;
    };
};

using MetricRegistry = Registry<MetricFamily>;

/// The metrics of this build; the list is in registry.cpp.
MetricRegistry& metrics();

}  // namespace attnflow
