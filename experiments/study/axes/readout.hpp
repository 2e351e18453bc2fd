#pragma once
/// How the rows of several sources become one score a token.

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class ReadoutAxis {
public:
    static constexpr const char* name = "readout";

    static AxisInfo describe() {
        return {.name = name,
                .summary = "how the rows of several sources become one score a token",
                .values = words().text(),
                .fallback = words().fallback(),
                .taken_with = axis::source,
                .stage = AxisStage::reading};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return words().check(value, where);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.read_out = words().meaning(value);
    }

private:
    static const AxisWords<ReadOut>& words() {
        static const AxisWords<ReadOut> words(
            name,
            {{"row", ReadOut::row}, {"column_max", ReadOut::column_max}, {"column_sum", ReadOut::column_sum}});
        return words;
    }
};

}  // namespace attnflow
