#include "experiments/study/axis.hpp"

#include <catch2/catch.hpp>

#include "tests/attention/make_files.hpp"

using namespace attnflow;
using attnflow::testing::message_of;

namespace {

std::string canonical(const std::string& axis, const ParameterValue& value) {
    return to_text(axes().at(axis).check(value, "here"));
}

std::string refusal(const std::string& axis, const ParameterValue& value) {
    return message_of<ParameterError>([&] { canonical(axis, value); });
}

using Text = std::string;

}  // namespace

TEST_CASE("every axis takes its own default", "[axes]") {
    for (const AxisInfo& axis : axes()) {
        INFO(axis.name);
        CHECK_FALSE(axis.summary.empty());
        CHECK_FALSE(axis.values.empty());
        const ParameterValue value = axis.check(axis.fallback, "here");
        CHECK(axis.check(value, "here") == value);
        if (axis.name != "edge_weights") {  // any name may exist in a dataset
            CHECK(refusal(axis.name, Text("no such value")) != "");
        }
        CHECK(refusal(axis.name, true) != "");
    }
}

TEST_CASE("values with parameters are spelled out", "[axes]") {
    CHECK(canonical("heads", Text("top_k")) == "top_k(2)");
    CHECK(canonical("heads", Text("single( head = 3 )")) == "single(3)");
    CHECK(canonical("edge_weights", Text("value_zeroing( distance = euclidean )")) == "value_zeroing(euclidean)");
    CHECK(canonical("edge_weights", Text("value_zeroing(cosine)")) == "value_zeroing");
    CHECK(canonical("edge_weights", Text("weights (of a file)")) == "weights (of a file)");
    CHECK(refusal("edge_weights", Text("value_zeroing(manhattan)")) ==
          "here: edge_weights: value_zeroing: distance is manhattan (text), expected one of cosine, euclidean");
    CHECK(canonical("pruning", Text("discard_ratio(0.5)")) == "discard_ratio(0.5, false)");
    CHECK(refusal("pruning", Text("treshold(1)")) ==
          "here: pruning: no pruner 'treshold'; did you mean 'threshold'?");
    CHECK(refusal("pruning", Text("threshold(-1)")) ==
          "here: pruning: threshold: least is -1 (real), expected real, at least 0");
    CHECK(refusal("special_tokens", Text("dropp")) ==
          "here: special_tokens is dropp (text), expected one of keep, drop; did you mean 'drop'?");
}

TEST_CASE("skip weights are numbers, none, or one a layer", "[axes]") {
    const auto check = [](const ParameterValue& value) { return axes().at("skip_weight").check(value, "here"); };
    CHECK(check(0.25) == ParameterValue(0.25));
    CHECK(check(std::int64_t{1}) == ParameterValue(1.0));
    CHECK(check(Text("0.25")) == ParameterValue(0.25));
    CHECK(check(Text("none")) == ParameterValue(0.0));
    CHECK(check(Text("per_layer(0.5,0, 1)")) == ParameterValue(Text("per_layer(0.5, 0, 1)")));
    CHECK(refusal("skip_weight", 1.5) == "here: skip_weight is 1.5 (real), expected real in [0, 1]");
    CHECK(refusal("skip_weight", Text("-1")) == "here: skip_weight is -1 (real), expected real in [0, 1]");
    CHECK(refusal("skip_weight", Text("per_layer(0.5, 2)")) ==
          "here: skip_weight is 2 (real), expected real in [0, 1]");
    for (const char* text : {"half", "per_layer", "per_layer()", "per_layer(w=0.5)", "layers(0.5)"}) {
        CHECK(refusal("skip_weight", Text(text)) ==
              Text("here: skip_weight is ") + text +
                  ", expected a real in [0, 1], none or per_layer(w1, ..., wL)");
    }
}

TEST_CASE("a set of sources is one value: a slice or a list, in one spelling", "[axes]") {
    CHECK(canonical("source", Text("0:4")) == "0:4");
    CHECK(canonical("source", Text(" :4")) == "0:4");
    CHECK(canonical("source", Text("2:")) == "2:");
    CHECK(canonical("source", Text("0:")) == "all");
    CHECK(canonical("source", Text("3:4")) == "3");
    CHECK(canonical("source", Text("[7, 1,3]")) == "[1,3,7]");
    CHECK(canonical("source", Text("[2]")) == "2");
    CHECK(refusal("source", Text("4:4")) == "here: source is 4:4, expected a slice with a position in it");
    CHECK(refusal("source", Text("[1,1]")) == "here: source is [1,1], expected each position once");
    CHECK(refusal("source", Text("[]")) == "here: source is [], expected positions between [ and ]");
    for (const char* text : {"a:4", "0:4:2", "-1:", "[1,]", "[a]", "1[2]", "99999999999:"}) {
        CHECK(refusal("source", Text(text)) ==
              Text("here: source is ") + text +
                  ", expected positions counted from 0, such as \"0:4\" or \"[1,3,7]\"");
    }
}
