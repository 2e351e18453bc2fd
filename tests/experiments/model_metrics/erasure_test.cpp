#include "experiments/model_metrics/erasure.hpp"

#include <limits>

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

using Units = std::vector<std::size_t>;

std::vector<Units> units_of(const std::string& call, const std::vector<double>& scores) {
    std::vector<Units> units;
    for (const UnitSet& set : model_metrics().make(call, "test")->sets(scores)) units.push_back(set.units);
    return units;
}

}  // namespace

TEST_CASE("comprehensiveness takes the largest scores away, sufficiency all others", "[model_metrics]") {
    const std::vector<double> scores{0.5, -2.0, 3.0, 0.25};
    CHECK(units_of("comprehensiveness(sizes=1 2)", scores) == std::vector<Units>{{2}, {2, 0}});
    CHECK(units_of("sufficiency(sizes=1 2)", scores) == std::vector<Units>{{0, 3, 1}, {3, 1}});
    CHECK(units_of("comprehensiveness(0 100%)", scores) == std::vector<Units>{{}, {2, 0, 3, 1}});
    CHECK(units_of("sufficiency(0 100%)", scores) == std::vector<Units>{{2, 0, 3, 1}, {}});
    const auto sets = model_metrics().make("comprehensiveness(sizes=1, replace=mask)", "test")->sets(scores);
    CHECK(sets.front().replacement == Replacement::mask);
}

TEST_CASE("shares are rounded up, and of equal scores the first comes first", "[model_metrics]") {
    const auto counts = [](const std::string& sizes, std::size_t n) {
        Units found;
        for (const Units& units : units_of("comprehensiveness(" + sizes + ")", std::vector<double>(n, 1.0))) {
            for (std::size_t i = 0; i < units.size(); ++i) CHECK(units[i] == i);
            found.push_back(units.size());
        }
        return found;
    };
    CHECK(counts("1% 5% 10% 20% 50%", 1) == Units{1, 1, 1, 1, 1});
    CHECK(counts("1% 5% 10% 20% 50%", 20) == Units{1, 1, 2, 4, 10});
    CHECK(counts("1% 5% 10% 20% 50%", 101) == Units{2, 6, 11, 21, 51});
    CHECK(counts("0% 12.5%  3", 8) == Units{0, 1, 3});
}

TEST_CASE("what erasure is undefined for has no sets", "[model_metrics]") {
    for (const char* name : {"comprehensiveness", "sufficiency"}) {
        CHECK(units_of(name, {}).empty());
        CHECK(units_of(name, {1.0, std::numeric_limits<double>::quiet_NaN()}).empty());
        CHECK(units_of(std::string(name) + "(1 4)", {3.0, 2.0, 1.0}).empty());
        CHECK(units_of(std::string(name) + "(1 3)", {3.0, 2.0, 1.0}).size() == 2);
        CHECK_FALSE(model_metrics().make(name, "test")->value({}).has_value());
    }
}

TEST_CASE("sizes that are none are refused", "[model_metrics]") {
    for (const char* word : {"-1", "1.5", "101%", "%", "ten", "1e1", "5%%", "nan", "inf%"}) {
        INFO(word);
        CHECK_THAT(message_of<ParameterError>(
                       [&] { model_metrics().make("comprehensiveness(1 " + std::string(word) + ")", "test"); }),
                   Catch::Contains("sizes: '" + std::string(word) + "', expected numbers of units such as 3"));
    }
    CHECK_THAT(message_of<ParameterError>([] {
                   model_metrics().at("sufficiency").make({{"sizes", std::string("  ")}});
               }),
               Catch::Contains("sizes: there are none"));
}

TEST_CASE("the answer is the target's probability, or its log-odds", "[model_metrics]") {
    const Target target{1, {}, Task::classification};
    const std::vector<double> whole{0.0, 2.0}, changed{0.5, 1.0};
    const ModelAnswer answer{target, whole, changed};
    const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
    CHECK(model_metrics().make("comprehensiveness", "test")->answer(answer) ==
          Approx(sigmoid(2.0) - sigmoid(0.5)).epsilon(1e-12));
    CHECK(model_metrics().make("sufficiency(answer=log_odds)", "test")->answer(answer) ==
          Approx(1.5).epsilon(1e-12));
    const Target number{0, {}, Task::regression};
    const std::vector<double> before{3.25}, after{4.0};
    CHECK(model_metrics().make("comprehensiveness", "test")->answer({number, before, after}) == -0.75);
}
