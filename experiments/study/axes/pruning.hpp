#pragma once
/// Which weights of a fused layer are dropped: a pruner with its parameters, such as "threshold(0.01)".

#include "algorithms/attribution_method.hpp"
#include "attention/network/pruning/edge_pruner.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class PruningAxis {
public:
    static constexpr const char* name = "pruning";

    static AxisInfo describe() {
        return {.name = name,
                .summary = "which weights of a fused layer are dropped",
                .values = "one of " + edge_pruners().forms(),
                .fallback = edge_pruners().names().front(),
                .taken_with = axis::heads};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return check_call(edge_pruners(), value, name, where);
    }
    static const EntryInfo* member(const ParameterValue& value) { return entry_of_call(edge_pruners(), value); }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.network.pruning = std::get<std::string>(value);
    }
};

}  // namespace attnflow
