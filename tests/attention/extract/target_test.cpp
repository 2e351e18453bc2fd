#include "attention/extract/target.hpp"

#include <cmath>

#include "attention/extract/targets/target_kind.hpp"
#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/comparison.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string golden_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/";

/// As an outside program may bring it.
struct Second {
    static constexpr bool needs_label = true;
    static EntryInfo describe() { return {.name = "second", .summary = "the second output"}; }
    Target resolve(const ModelShape& shape, std::span<const double>, std::optional<std::int64_t>) const {
        return {1, {}, shape.task};
    }
};

}  // namespace

TEST_CASE("targets are written, resolved and refused by name", "[model]") {
    const TextModel classifier = TextModel::open(golden_folder + "classifier");
    const std::vector<double> logits{0.1, 2.0, -1.0};
    const auto target = [&](const std::string& text, std::optional<std::int64_t> label = {}) {
        return resolve(TargetSpec::parse(text), classifier, logits, label);
    };
    CHECK(target("predicted").output == 1);
    CHECK(target("label", 2).output == 2);
    CHECK(target("output(perhaps)").output == 2);
    CHECK(target("output( 0 )").output == 0);
    CHECK(target("difference(yes, no)").output == 1);
    CHECK(target("difference(yes, no)").minus == std::size_t{0});
    CHECK(target("difference(yes,no)").minus == std::size_t{0});
    for (const std::string text : {"", "Predicted", "output", "output()", "output(1", "difference(1)",
                                   "difference(, 1)", "difference(a,b,c)"}) {
        CHECK_THAT(message_of<ParameterError>([&] { TargetSpec::parse(text); }),
                   Catch::Contains("expected predicted, label, output(X) or difference(X, Y)"));
    }
    CHECK_THAT(message_of<ParameterError>([&] { target("output(perhap)"); }),
               Catch::Contains("did you mean 'perhaps'?"));
    CHECK_THAT(message_of<ParameterError>([&] { target("output(3)"); }), Catch::Contains("a number below 3"));
    CHECK(message_of<InputError>([&] { target("label"); }) == "target: label asked for, but the text has none");

    CHECK(target("margin").output == 1);
    CHECK(target("margin").minus == std::size_t{0});
    CHECK(TargetSpec::parse(" margin( ) ").text() == "margin");
    CHECK_FALSE(TargetSpec::parse("margin").needs_label());
    CHECK(TargetSpec::parse("label").needs_label());
    CHECK_THROWS_AS(TargetSpec::parse("margin(2)"), ParameterError);
    for (const auto& [values, task] : {std::pair(std::vector<double>{1.0}, Task::multi_label),
                                       std::pair(std::vector<double>{1.0, 2.0}, Task::regression)}) {
        const ModelShape shape{.task = task};
        CHECK_THAT(
            message_of<ParameterError>([&] { targets().make("margin", "here")->resolve(shape, values, {}); }),
            Catch::Contains("expected one that decides between several"));
    }

    const TextModel language = TextModel::open(golden_folder + "masked_lm");
    CHECK(resolve(TargetSpec::parse("difference(key, cabin)"), language, logits, {}).output == 6);
    CHECK_THAT(
        message_of<ParameterError>([&] { resolve(TargetSpec::parse("output(zebra)"), language, logits, {}); }),
        Catch::Contains("no token 'zebra' in the vocabulary"));
    CHECK(output_position(language, language.encode("the [MASK] key", "text"), "text") == 2);
    CHECK(message_of<InputError>([&] { output_position(language, language.encode("key", "text"), "text"); }) ==
          "text: [MASK] is there 0 times, expected once: it marks the position to explain");
}

TEST_CASE("a target of an outside program is asked for by its name, and what it gives is checked", "[model]") {
    TargetRegistry registry;
    registry.add<Second>();
    const auto second = registry.make("second", "here");
    CHECK(second->needs_label());
    CHECK(second->resolve({}, std::vector<double>{1, 2}, {}).output == 1);
    CHECK(message_of<InternalError>([&] { second->resolve({}, std::vector<double>{1}, {}); }) ==
          "target 'second': output 1 of a model with 1 output, expected outputs that it has, and two different "
          "ones");
}

TEST_CASE("the gradient of a target is that of finite differences", "[model]") {
    std::vector<double> logits{0.3, -1.2, 2.0, 0.0};
    const auto scale = GENERATE(TargetScale::logit, TargetScale::probability);
    const Task labels = Task::multi_label;
    for (const Target target :
         {Target{2}, Target{0, 3}, Target{1, 1}, Target{2, {}, labels}, Target{0, 3, labels}}) {
        std::vector<double> gradient(4), expected(4);
        evaluate(target, scale, logits, gradient);
        for (std::size_t j = 0; j < 4; ++j) {
            const double before = logits[j];
            logits[j] = before + 1e-6;
            expected[j] = evaluate(target, scale, logits, {});
            logits[j] = before - 1e-6;
            expected[j] = (expected[j] - evaluate(target, scale, logits, {})) / 2e-6;
            logits[j] = before;
        }
        CHECK(deviation(gradient, expected) < 1e-9);
    }
}

TEST_CASE("labels that hold each by itself have sigmoids, a regression has numbers", "[model]") {
    const std::vector<double> before{1.0, -2.0, 0.0}, after{-1.0, -2.0, 40.0};
    const auto sigmoid = [](double z) { return 1.0 / (1.0 + std::exp(-z)); };
    const auto p = probabilities(before, Task::multi_label);
    for (std::size_t j = 0; j < 3; ++j) CHECK(p[j] == Approx(sigmoid(before[j])).epsilon(1e-15));
    CHECK(probabilities(before, Task::classification)[0] ==
          Approx(std::exp(1.0) / (std::exp(1.0) + std::exp(-2.0) + 1.0)).epsilon(1e-15));
    const Target first{0, {}, Task::multi_label}, second{1, {}, Task::multi_label};
    CHECK(target_change(first, before, after) == Approx(sigmoid(-1.0) - sigmoid(1.0)).epsilon(1e-14));
    CHECK(target_change(second, before, after) == 0.0);  // others do not move it
    CHECK(target_margin(first, before) == 1.0);
    const std::vector<double> high{40.0}, higher{41.0};
    CHECK(target_change(first, high, higher) == Approx(std::exp(-40.0) - std::exp(-41.0)).epsilon(1e-12));

    const Target number{0, {}, Task::regression};
    CHECK(target_change(number, before, after) == -2.0);
    CHECK(target_margin(number, before) == 1.0);
    CHECK(target_change({0, 1, Task::regression}, before, after) == -2.0);
    std::vector<double> gradient(3);
    CHECK(evaluate(number, TargetScale::logit, before, gradient) == 1.0);
    CHECK(gradient == std::vector<double>{1.0, 0.0, 0.0});
}

TEST_CASE("changes of a probability next to 1 keep their digits", "[model]") {
    // p = 1 / (1 + e^-40): in double both probabilities are 1 and their difference is lost.
    const std::vector<double> before{40.0, 0.0}, after{41.0, 0.0};
    CHECK(target_change(Target{0}, before, after) == Approx(std::exp(-40.0) - std::exp(-41.0)).epsilon(1e-12));
    CHECK(target_change(Target{1}, before, after) == Approx(std::exp(-41.0) - std::exp(-40.0)).epsilon(1e-12));
    CHECK(target_change(Target{0}, before, before) == 0.0);
    const std::vector<double> far{800.0, 0.0}, near{-800.0, 0.0};
    CHECK(target_change(Target{0}, far, near) == Approx(-1.0));
    CHECK(log_odds(far, 0) == 800.0);
    CHECK(log_odds(std::vector<double>{1.0, 2.0, 3.0}, 2) ==
          Approx(3.0 - std::log(std::exp(1.0) + std::exp(2.0))));
}
