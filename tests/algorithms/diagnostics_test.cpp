#include "algorithms/diagnostics.hpp"

#include <limits>

#include <catch2/catch.hpp>

#include "algorithms/attribution_method.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using attnflow::testing::message_of;

namespace {

/// Says what the test tells it to, of either call.
struct Talkative {
    static inline Diagnostics said;

    static EntryInfo describe() {
        return {.name = "talkative",
                .summary = "says what it is told",
                .diagnostics = {{"iterations", "of the solver"}, {"gap", "between bounds"}}};
    }
    Attribution attribute(const AttributionProblem&) const {
        return {.scores = RowMajor<double>(1, 2), .diagnostics = said};
    }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) const {
        return std::vector<Attribution>(problem.layers.size(),
                                        {.scores = RowMajor<double>(1, 2), .diagnostics = said});
    }
};

}  // namespace

TEST_CASE("of several answers the larger numbers are kept, and each warning once", "[diagnostics]") {
    Diagnostics first{{{"iterations", 3.0}, {"gap", 0.5}}, {"not converged"}};
    first.add({{{"iterations", 2.0}, {"gap", 0.75}, {"cuts", 1.0}}, {"not converged", "flat"}});
    CHECK(first == Diagnostics{{{"iterations", 3.0}, {"gap", 0.75}, {"cuts", 1.0}}, {"not converged", "flat"}});
    CHECK(Diagnostics{}.empty());
    CHECK_FALSE(Diagnostics{{}, {"flat"}}.empty());
}

TEST_CASE("what a method says is checked where it is adapted, in one layer and in several", "[diagnostics]") {
    AttributionRegistry registry;
    registry.add<Talkative>();
    const auto method = registry.at("talkative").make();
    const LayeredNetwork<double> network({2, 2}, {0.5, 0.5, 0.5, 0.5});
    const auto refusal = [&](Diagnostics said) {
        Talkative::said = std::move(said);
        const auto one = message_of<InternalError>([&] { method->attribute({network, 1, {0}}); });
        CHECK(message_of<InternalError>([&] { method->attribute_layers({network, {1}, {0}}); }) == one);
        return one;
    };
    CHECK(
        refusal({{{"iteration", 3.0}}, {}}) ==
        "method 'talkative' gives the diagnostic 'iteration', which its describe() does not declare; did you mean "
        "'iterations'?");
    CHECK(refusal({{{"gap", std::numeric_limits<double>::quiet_NaN()}}, {}}) ==
          "method 'talkative' gives the diagnostic 'gap' as nan, expected a finite number, or none where there is "
          "nothing to say");
    CHECK(refusal({{}, {""}}) == "method 'talkative' warns without a word of what");

    Talkative::said = {{{"gap", 0.5}}, {"not converged"}};
    CHECK(method->attribute({network, 1, {0}}).diagnostics == Talkative::said);
    CHECK(method->attribute_layers({network, {1}, {0}}).at(0).diagnostics == Talkative::said);
    CHECK(message_of<InternalError>([] {
              check({{{"gap", 1.0}}, {}}, {.name = "mute", .summary = ""});
          }) ==
          "method 'mute' gives the diagnostic 'gap', which its describe() does not declare: it declares none");
}
