#pragma once
/// What is scored: tokens as the model reads them, or the words that they are pieces of.

#include "experiments/study/axis.hpp"

namespace attnflow {

class UnitsAxis {
public:
    static constexpr const char* name = "units";
    static const std::string& fallback() { return words().fallback(); }

    static AxisInfo describe() {
        return {
            .name = name,
            .summary = "what is scored: tokens, or words, whose tokens are joined before or after the attribution",
            .values = words().text(),
            .fallback = fallback(),
            .only_where_asked = true};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return words().check(value, where);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.units = words().meaning(value);
    }

private:
    static const AxisWords<UnitChoice>& words() {
        using Joined = UnitChoice::Joined;
        static const AxisWords<UnitChoice> words(name, {{"tokens", {}},
                                                        {"words", {Joined::before, JoinRows::mean}},
                                                        {"words_max", {Joined::before, JoinRows::max}},
                                                        {"words_after", {Joined::after, JoinRows::mean}},
                                                        {"words_after_max", {Joined::after, JoinRows::max}}});
        return words;
    }
};

}  // namespace attnflow
