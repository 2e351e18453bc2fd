#include "experiments/study/measures.hpp"

#include <catch2/catch.hpp>

#include "experiments/study/config.hpp"

using namespace attnflow;

TEST_CASE("model metrics stand behind metrics, and their model behind the references", "[config]") {
    Config config;
    config.references = {{Reference::Kind::scores, "truth", "truth"}, {Reference::Kind::scores, "other", "other"}};
    config.metrics = {"spearman"};
    for (const char* call : {"comprehensiveness", "sufficiency(3, replace=mask)"})
        config.model_metrics.push_back(model_metrics().canonical(call, "test"));
    CHECK(measures(config) == std::vector<Measure>{{0, 0}, {1, 0}, {2, 1}, {2, 2}});
    CHECK(reference_name(config, 1) == "other");
    CHECK(reference_name(config, 2) == "model");
    CHECK(metric_name(config, 2) == "sufficiency(3, mask, probability)");
    CHECK_FALSE(asks_model(config, {1, 0}));
    CHECK(asks_model(config, {2, 1}));
    CHECK(direction_of(config, {0, 0}) == Direction::larger);
    CHECK(direction_of(config, {2, 1}) == Direction::larger);
    CHECK(direction_of(config, {2, 2}) == Direction::smaller);
    CHECK(metric_label(config, 1) == "comprehensiveness");
    CHECK(measure_label(config, {1, 0}) == "spearman with other");
    CHECK(measure_label(config, {2, 2}) == "sufficiency(sizes=3, replace=mask) (smaller is better)");
}
