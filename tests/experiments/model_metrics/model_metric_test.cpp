#include "experiments/model_metrics/model_metric.hpp"

#include <limits>

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

/// Does as it is told, against every promise.
struct Careless {
    static constexpr Direction direction = Direction::smaller;
    static EntryInfo describe() { return {.name = "careless", .summary = "keeps no promise"}; }
    std::vector<UnitSet> sets(std::span<const double> scores) const {
        if (scores[0] == 1.0) return {{{0}}, {{scores.size()}}};
        if (scores[0] == 2.0) return {{{1, 0, 1}}};
        return {{{}}};
    }
    double answer(const ModelAnswer& answer) const { return answer.whole[0]; }
    std::optional<double> value(std::span<const double> answers) const { return answers[0]; }
};

}  // namespace

TEST_CASE("what a model metric returns is checked where it is adapted", "[model_metrics]") {
    ModelMetricRegistry registry;
    registry.add<Careless>();
    const auto metric = registry.at("careless").make();
    CHECK(metric->direction() == Direction::smaller);
    CHECK(metric->sets(std::vector<double>{0.0, 0.0}).size() == 1);
    const auto of_sets = [&](double kind) {
        return message_of<InternalError>([&] { metric->sets(std::vector<double>{kind, 0.0}); });
    };
    CHECK(of_sets(1.0) == "model metric 'careless': asks for unit 2, expected one below 2");
    CHECK(of_sets(2.0) == "model metric 'careless': names unit 1 twice in a set, expected each once at most");
    const double infinity = std::numeric_limits<double>::infinity();
    const Target target;
    const std::vector<double> outputs{infinity};
    CHECK_THAT(message_of<InternalError>([&] {
                   metric->answer({target, outputs, outputs});
               }),
               Catch::StartsWith("model metric 'careless': an answer is inf, expected a finite number"));
    CHECK_THAT(message_of<InternalError>([&] { metric->value(outputs); }),
               Catch::StartsWith("model metric 'careless': a value is inf"));
}

TEST_CASE("a direction says which of two is better", "[model_metrics]") {
    CHECK(is_better(1.0, 0.0, Direction::larger));
    CHECK_FALSE(is_better(1.0, 1.0, Direction::larger));
    CHECK(is_better(-1.0, 0.0, Direction::smaller));
    CHECK_FALSE(is_better(0.0, 0.0, Direction::smaller));
    CHECK(model_metrics().at("comprehensiveness").make()->direction() == Direction::larger);
    CHECK(model_metrics().at("sufficiency").make()->direction() == Direction::smaller);
}
