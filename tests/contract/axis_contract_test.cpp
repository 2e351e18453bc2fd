/// Every axis of the registry against what an axis must keep, and where a registered axis must turn up.

#include "tests/contract/axis_contract.hpp"

#include <catch2/catch.hpp>

#include "experiments/catalogue.hpp"
#include "experiments/study/config_keys.hpp"
#include "experiments/tables/result_tables.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("every axis keeps the contract", "[contract][axes]") {
    std::set<std::string> names;
    for (const AxisInfo& axis : axes()) {
        CHECK(axis_complaints(axis) == std::vector<std::string>());
        CHECK(names.insert(axis.name).second);
    }
    CHECK(names.size() >= 11);
}

TEST_CASE("every axis is in config check, columns of results and docs", "[contract][axes]") {
    const auto keys = config_keys();
    const Results nothing;
    const std::string header = results_csv(nothing, Config());
    for (const AxisInfo& axis : axes()) {
        INFO(axis.name);
        CHECK(std::any_of(keys.begin(), keys.end(), [&](const ConfigKey& key) {
            return key.name == "axes." + axis.name && key.read_block != nullptr;
        }));
        CHECK(header.find("," + axis.name + ",") != std::string::npos);
        CHECK(catalogue_text().find("  " + axis.name + " ") != std::string::npos);
        CHECK(catalogue_markdown().find("| `" + axis.name + "` |") != std::string::npos);
        CHECK(describe_name(axis.name).find(axis.summary) != std::string::npos);
    }
}

namespace {

enum class Break { nothing, drifts, text, stage, compares, idle, place, expands };

// The layer of the source with one rule broken.
template <Break broken>
class BrokenAxis {
public:
    static AxisInfo describe() {
        return {.name = "depth",
                .summary = "layer of the source",
                .values = "an integer >= 1",
                .fallback = std::int64_t{1},
                .taken_with = axis::layer,
                .stage = AxisStage::attribution};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        const ParameterSpec spec{
            .name = "depth", .summary = "", .fallback = std::int64_t{1}, .minimum = 1.0, .maximum = 100.0};
        if (broken == Break::place && std::holds_alternative<bool>(value)) throw ParameterError("wrong");
        if (broken == Break::text) return spec.check(value, where);  // "2" on the command line
        const ParameterValue checked = check_number(spec, value, where);
        return broken == Break::drifts ? ParameterValue(std::get<std::int64_t>(checked) + 1) : checked;
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        if (broken == Break::idle) return;
        options.layer = static_cast<std::size_t>(std::get<std::int64_t>(value));
        if (broken == Break::stage) options.read_out = ReadOut::column_max;
        if (broken == Break::compares) options.score_special_tokens = false;
    }
    static std::vector<ParameterValue> expand(const std::vector<ParameterValue>& values, std::size_t,
                                              const std::string&) {
        auto out = values;
        if (broken == Break::expands) out.push_back(values.front());
        return out;
    }
};

template <Break broken>
bool is_caught() {
    AxisRegistry registry;
    registry.add<BrokenAxis<broken>>();
    try {
        return !axis_complaints(registry.at("depth")).empty();
    } catch (const ParameterError&) {
        return true;
    }
}

}  // namespace

TEST_CASE("a broken axis is caught", "[contract][axes]") {
    CHECK_FALSE(is_caught<Break::nothing>());
    CHECK(is_caught<Break::drifts>());
    CHECK(is_caught<Break::text>());
    CHECK(is_caught<Break::stage>());
    CHECK(is_caught<Break::compares>());
    CHECK(is_caught<Break::idle>());
    CHECK(is_caught<Break::place>());
    CHECK(is_caught<Break::expands>());
}

TEST_CASE("every part of the options of a point is one stage's", "[contract][axes]") {
    const auto stages_of = [](auto set) {
        PointOptions options;
        set(options);
        return stages_set(options);
    };
    using Stages = std::set<AxisStage>;
    CHECK(stages_of([](PointOptions&) {}).empty());
    CHECK(stages_of([](PointOptions& o) { o.network.source_layer = 1; }) == Stages{AxisStage::network});
    CHECK(stages_of([](PointOptions& o) { o.units.rows = JoinRows::max; }) == Stages{AxisStage::network});
    CHECK(stages_of([](PointOptions& o) {
              o.network_steps.push_back([](const LayeredNetwork<double>& network) { return network; });
          }) == Stages{AxisStage::network});
    CHECK(stages_of([](PointOptions& o) { o.source.index = 1; }) == Stages{AxisStage::attribution});
    CHECK(stages_of([](PointOptions& o) { o.score_steps.push_back([](std::vector<double>&) {}); }) ==
          Stages{AxisStage::reading});
    CHECK(stages_of([](PointOptions& o) { o.score_special_tokens = false; }) == Stages{AxisStage::comparing});
}

namespace {

class ComparingAxis : public BrokenAxis<Break::nothing> {
public:
    static AxisInfo describe() {
        AxisInfo info = BrokenAxis::describe();
        info.stage = AxisStage::comparing;
        return info;
    }
};

}  // namespace

TEST_CASE("an axis that says what is compared is one of all methods", "[contract][axes]") {
    AxisRegistry registry;
    CHECK(message_of<InternalError>([&] { registry.add<ComparingAxis>(); }) ==
          "axis 'depth' says what is compared, so that all methods take it");
}

TEST_CASE("an axis of a name that is taken is refused", "[contract][axes]") {
    AxisRegistry registry;
    registry.add<BrokenAxis<Break::nothing>>();
    CHECK_THROWS_AS(registry.add<BrokenAxis<Break::drifts>>(), InternalError);
    CHECK(message_of<ParameterError>([&] { registry.at("dept"); }) == "no axis 'dept'; did you mean 'depth'?");
}

TEST_CASE("methods are compared with methods that take no other axes", "[contract][methods]") {
    for (const auto& entry : attribution_methods().entries()) {
        for (const std::string& name : entry.info.compared_with) {
            INFO(entry.info.name << " with " << name);
            for (const AxisInfo& axis : axes()) {
                if (takes(attribution_methods().at(name).info, axis)) CHECK(takes(entry.info, axis));
            }
        }
    }
}
