#pragma once
/// How the heads of a layer become one matrix: a head strategy with its parameters, such as "single(3)".

#include "algorithms/attribution_method.hpp"
#include "attention/network/heads/head_aggregator.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class HeadsAxis {
public:
    static constexpr const char* name = axis::heads;
    /// The strategy that attention of one head needs, and any other would only repeat.
    static std::string fallback() { return head_strategies().names().front(); }

    static AxisInfo describe() {
        return {.name = name,
                .summary = "how the heads of a layer become one matrix",
                .values = "one of " + head_strategies().forms(),
                .fallback = fallback(),
                .taken_with = axis::heads};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return check_call(head_strategies(), value, name, where);
    }
    static const EntryInfo* member(const ParameterValue& value) { return entry_of_call(head_strategies(), value); }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.network.heads = std::get<std::string>(value);
    }
};

}  // namespace attnflow
