#pragma once
/// Where rows are divided by their sum: before or after the skip connection is mixed in.

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class RenormaliseAxis {
public:
    static constexpr const char* name = "renormalise";

    static AxisInfo describe() {
        return {.name = name,
                .summary = "where rows are divided by their sum",
                .values = words().text(),
                .fallback = words().fallback(),
                .taken_with = axis::heads};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return words().check(value, where);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.network.renormalise = words().meaning(value);
    }

private:
    static const AxisWords<Renormalise>& words() {
        static const AxisWords<Renormalise> words(name, {{"after_heads", Renormalise::after_heads},
                                                         {"after_skip", Renormalise::after_skip},
                                                         {"never", Renormalise::never}});
        return words;
    }
};

}  // namespace attnflow
