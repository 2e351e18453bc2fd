#include "experiments/study/method_call.hpp"

#include <catch2/catch.hpp>

#include "tests/message_of.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using Calls = std::vector<std::string>;

TEST_CASE("a method is named alone or with parameters, and lists stand for one value at a time", "[study]") {
    CHECK(method_calls("rollout", "here") == Calls{"rollout"});
    CHECK(method_calls("soft_widest_path(0.1)", "here") == Calls{"soft_widest_path(temperature=0.1)"});
    CHECK(method_calls("soft_widest_path(temperature=[0.01, 1e-1])", "here") ==
          Calls{"soft_widest_path(temperature=0.01)", "soft_widest_path(temperature=0.1)"});
    // Parameters in the order of the entry, the last list fastest.
    CHECK(method_calls("attention_flow(bits=[20, 30], solver=[auto,dinic])", "here") ==
          Calls{"attention_flow(solver=auto, bits=20)", "attention_flow(solver=auto, bits=30)",
                "attention_flow(solver=dinic, bits=20)", "attention_flow(solver=dinic, bits=30)"});
    CHECK(method_entry("attention_flow(bits=20)").info.name == "attention_flow");
    CHECK(method_parameters("attention_flow(bits=20)", "here") ==
          std::map<std::string, ParameterValue>{{"bits", std::int64_t{20}}});
}

TEST_CASE("a call that fits no method is refused with its place", "[study]") {
    const auto message = [](const std::string& text) {
        return message_of<ParameterError>([&] { method_calls(text, "a.toml:1: methods"); });
    };
    const auto says = [&](const std::string& text, const std::string& part) {
        INFO(message(text));
        CHECK(message(text).find(part) != std::string::npos);
    };
    CHECK(message("rolout") == "a.toml:1: methods: no method 'rolout'; did you mean 'rollout'?");
    says("soft_widest_path(temperature=[0.01", "expected a ] for its [");
    says("soft_widest_path(heat=1)", "no parameter 'heat'");
    says("soft_widest_path(temperature=7)", "expected real in [1e-06, 1]");
    says("rollout(1)", "1 values, expected none");
    says("soft_widest_path(temperature=[])", "expected NAME or NAME(VALUE, ...)");
    std::string many = "attention_flow(bits=[8";
    for (int bits = 9; bits <= 48; ++bits) many += "," + std::to_string(bits);
    many += "], solver=[auto";
    for (int k = 0; k < 40; ++k) many += ",dinic";
    says(many + "])", "are more than 1000 methods");
}
