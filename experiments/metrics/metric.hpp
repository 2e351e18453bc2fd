#pragma once
/// The family of metrics: how well token scores agree with a reference.

#include <concepts>
#include <optional>
#include <span>

#include "graph/support/registry.hpp"

namespace attnflow {

/// What a metric must provide besides `static EntryInfo describe()`. Scores and reference
/// have the same length; nothing is returned where the metric is undefined for them.
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
