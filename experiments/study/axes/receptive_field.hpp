#pragma once
/// Corrections for causal attention, where late positions see many keys (attention/network/build_network.hpp).

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class ReceptiveFieldAxis {
public:
    static constexpr const char* name = "receptive_field";

    static AxisInfo describe() {
        return {.name = name,
                .summary =
                    "correction of causal attention: columns divided by the number of positions that see "
                    "them, rows multiplied by the number of keys they see, or scores on uniform attention "
                    "subtracted",
                .values = words().text(),
                .fallback = words().fallback(),
                .taken_with = axis::heads};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return words().check(value, where);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.network.receptive_field = words().meaning(value);
    }

private:
    static const AxisWords<ReceptiveField>& words() {
        static const AxisWords<ReceptiveField> words(name, {{"none", ReceptiveField::none},
                                                            {"column_count", ReceptiveField::column_count},
                                                            {"row_count", ReceptiveField::row_count},
                                                            {"minus_uniform", ReceptiveField::minus_uniform}});
        return words;
    }
};

}  // namespace attnflow
