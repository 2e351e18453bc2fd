#pragma once
/// What every axis must keep, whoever wrote it.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"
#include "tests/attention/make_files.hpp"

namespace attnflow::testing {

/// Values that an axis takes, in canonical form: of numbers, and of words that its description names.
inline std::vector<ParameterValue> sample_values(const AxisInfo& axis) {
    std::vector<ParameterValue> candidates{
        axis.fallback, std::int64_t{0}, std::int64_t{1}, std::int64_t{3}, 0.25, 1.0, 2.0};
    std::string word;
    for (const char c : axis.values + " ") {
        if ((c >= 'a' && c <= 'z') || c == '_') {
            word += c;
        } else if (!word.empty()) {
            candidates.emplace_back(word);
            word.clear();
        }
    }
    std::vector<ParameterValue> values;
    for (const ParameterValue& candidate : candidates) {
        try {
            ParameterValue value = axis.check(candidate, "here");
            if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(std::move(value));
        } catch (const ParameterError&) {
            // one that it does not take
        }
    }
    return values;
}

/// Which stages of `options` differ from the defaults.
inline std::set<AxisStage> stages_set(const PointOptions& options) {
    const PointOptions defaults;
    std::set<AxisStage> stages;
    const auto compare = [&]<class Stage>(AxisStage stage, const Stage& its, const Stage& default_ones) {
        if (!(its == default_ones)) stages.insert(stage);
    };
    compare.operator()<NetworkStageOptions>(AxisStage::network, options, defaults);
    compare.operator()<AttributionStageOptions>(AxisStage::attribution, options, defaults);
    compare.operator()<ReadingStageOptions>(AxisStage::reading, options, defaults);
    compare.operator()<ComparingStageOptions>(AxisStage::comparing, options, defaults);
    return stages;
}

/// What is wrong with an axis, in words; empty for a good one.
inline std::vector<std::string> axis_complaints(const AxisInfo& axis) {
    std::vector<std::string> out;
    const auto complain = [&](const std::string& what) { out.push_back(axis.name + ": " + what); };
    if (axis.summary.empty() || axis.values.empty()) complain("is not described");
    if (!axis.taken_with.empty()) {
        const auto& methods = attribution_methods().entries();
        if (std::none_of(methods.begin(), methods.end(), [&](const auto& m) { return takes(m.info, axis); }))
            complain("no method takes it");
    }
    const std::string refusal = message_of<ParameterError>([&] { axis.check(true, "a place"); });
    if (refusal.find("a place: ") != 0 || refusal.find(axis.name) == std::string::npos)
        complain("refuses a wrong value without place and name: '" + refusal + "'");

    const auto values = sample_values(axis);
    if (values.empty()) complain("takes none of the values that its description names");
    if (std::find(values.begin(), values.end(), axis.fallback) == values.end())
        complain("its default is not in canonical form");
    bool sets_its_stage = false;
    for (const ParameterValue& value : values) {
        const std::string text = to_text(value);
        if (axis.check(value, "here") != value) complain("canonical " + text + " is changed by another check");
        if (axis.check(text, "here") != value) complain(text + " means something else on the command line");
        for (const ParameterValue& one : axis.expand({value, value}, 4, "here")) {
            PointOptions options;
            axis.apply(one, options);
            for (const AxisStage stage : stages_set(options)) {
                if (stage != axis.stage) complain(text + " sets what another stage decides");
                if (stage == axis.stage) sets_its_stage = true;
            }
        }
        const auto twice = axis.expand({value, value}, 4, "here");
        if (axis.expand(twice, 4, "here") != twice) complain(text + " expands anew");
    }
    if (!sets_its_stage) complain("no value sets anything");
    return out;
}

}  // namespace attnflow::testing
