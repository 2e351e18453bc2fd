#pragma once
/// Position whose output is explained.

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class SourceAxis {
public:
    static constexpr const char* name = axis::source;
    static constexpr const char* first = "cls";
    static constexpr const char* masked = "mask";
    static constexpr const char* last = "last";
    static constexpr const char* every = "all";

    static AxisInfo describe() {
        return {.name = name,
                .summary = "position whose output is explained",
                .values =
                    "cls (position 0), mask (that which a masked language model fills in; the default where "
                    "every example has one), last, all, or an index from 0",
                .fallback = std::string(first),
                .taken_with = axis::source,
                .stage = AxisStage::attribution};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return check_word_or_index(value, name, {first, masked, last, every}, 0, where);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        using Kind = SourceChoice::Kind;
        if (const auto* index = std::get_if<std::int64_t>(&value)) {
            options.source = {Kind::index, static_cast<std::size_t>(*index)};
            return;
        }
        const auto& word = std::get<std::string>(value);
        options.source = {word == first    ? Kind::index
                          : word == masked ? Kind::masked
                          : word == last   ? Kind::last
                                           : Kind::every};
    }
};

}  // namespace attnflow
