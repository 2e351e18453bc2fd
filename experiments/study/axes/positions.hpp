#pragma once
/// Tokens that are scored: with or without the special ones, which draw attention whatever the text says.

#include "experiments/study/axis.hpp"

namespace attnflow {

class PositionsAxis {
public:
    static constexpr const char* name = "positions";

    static AxisInfo describe() {
        return {.name = name,
                .summary = "tokens that are scored: all, or without special tokens",
                .values = words().text(),
                .fallback = words().fallback(),
                .stage = AxisStage::comparing};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return words().check(value, where);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.score_special_tokens = words().meaning(value);
    }

private:
    static const AxisWords<bool>& words() {
        static const AxisWords<bool> words(name, {{"all", true}, {"no_special", false}});
        return words;
    }
};

}  // namespace attnflow
