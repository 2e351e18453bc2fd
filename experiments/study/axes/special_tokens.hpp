#pragma once
/// Special tokens as keys: attention sinks on [CLS] and [SEP] that carry mass but no meaning.

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class SpecialTokensAxis {
public:
    static constexpr const char* name = "special_tokens";

    static AxisInfo describe() {
        return {
            .name = name,
            .summary = "special tokens as keys: kept, or nothing attends to them (before rows are renormalised)",
            .values = words().text(),
            .fallback = words().fallback(),
            .taken_with = axis::heads};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return words().check(value, where);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.drop_special_tokens = words().meaning(value);
    }

private:
    static const AxisWords<bool>& words() {
        static const AxisWords<bool> words(name, {{"keep", false}, {"drop", true}});
        return words;
    }
};

}  // namespace attnflow
