#include "experiments/study/grid_point.hpp"

#include <catch2/catch.hpp>

#include "tests/attention/make_files.hpp"

using namespace attnflow;
using attnflow::testing::message_of;

namespace {

using Text = std::string;

}  // namespace

TEST_CASE("a point says what it asks for", "[grid]") {
    const PointOptions defaults = options_of({"rollout", {}});
    CHECK(defaults.network.skip_weight == 0.0);  // a method without the axis has no skip connection
    CHECK(defaults.edge_weights == "attention");
    CHECK_FALSE(defaults.layer);
    const PointOptions options = options_of({"rollout",
                                             {{"heads", Text("single(3)")},
                                              {"edge_weights", Text("alti")},
                                              {"pruning", Text("threshold(0.1)")},
                                              {"special_tokens", Text("drop")},
                                              {"receptive_field", Text("row_count")},
                                              {"renormalise", Text("never")},
                                              {"skip_weight", Text("per_layer(0.5, 0)")},
                                              {"layer", std::int64_t{2}},
                                              {"source", Text("last")},
                                              {"readout", Text("column_max")},
                                              {"positions", Text("no_special")}}});
    CHECK(options.network.heads == "single(3)");
    CHECK(options.edge_weights == "alti");
    CHECK(options.network.pruning == "threshold(0.1)");
    CHECK(options.drop_special_tokens);
    CHECK(options.network.receptive_field == ReceptiveField::row_count);
    CHECK(options.network.renormalise == Renormalise::never);
    CHECK(options.network.layer_skip_weights == std::vector<double>{0.5, 0.0});
    CHECK(options.layer == 2);
    CHECK(options.source.kind == SourceChoice::Kind::last);
    CHECK(options.read_out == ReadOut::column_max);
    CHECK_FALSE(options.score_special_tokens);
    CHECK_FALSE(options_of({"rollout", {{"special_tokens", Text("keep")}}}).drop_special_tokens);
    CHECK(options_of({"rollout", {{"skip_weight", 0.25}}}).network.skip_weight == 0.25);
    CHECK(message_of<ParameterError>([] {
              options_of({"rollout", {{"head", Text("mean")}}});
          }) == "no axis 'head'; did you mean 'heads'?");
}

TEST_CASE("points share what their stages have in common", "[axes]") {
    const GridPoint base{"rollout",
                         {{"heads", Text("mean")}, {"layer", std::int64_t{1}}, {"readout", Text("row")}}};
    GridPoint other = base;
    other.values["positions"] = Text("no_special");
    CHECK(base.key(AxisStage::reading) == other.key(AxisStage::reading));
    CHECK(base.key(AxisStage::comparing) != other.key(AxisStage::comparing));
    CHECK(other.without(AxisStage::comparing) == base);
    CHECK(other.without(AxisStage::reading).text("positions") == "no_special");
    other.values["readout"] = Text("column_max");
    CHECK(base.key(AxisStage::attribution) == other.key(AxisStage::attribution));
    CHECK(base.key(AxisStage::reading) != other.key(AxisStage::reading));
    other.values["layer"] = std::int64_t{2};
    CHECK(base.key(AxisStage::network) == other.key(AxisStage::network));
    CHECK(base.key(AxisStage::attribution) != other.key(AxisStage::attribution));
    other.values["heads"] = Text("max");
    CHECK(base.key(AxisStage::network) != other.key(AxisStage::network));
}

TEST_CASE("another method at the same values, where it takes no axis that is missing", "[grid]") {
    const GridPoint point{"attention_flow",
                          {{"heads", Text("mean")},
                           {"edge_weights", Text("attention")},
                           {"pruning", Text("none")},
                           {"special_tokens", Text("keep")},
                           {"receptive_field", Text("none")},
                           {"renormalise", Text("never")},
                           {"skip_weight", 0.5},
                           {"layer", std::int64_t{2}},
                           {"source", Text("cls")},
                           {"readout", Text("row")},
                           {"positions", Text("all")}}};
    const auto sum = point_of_method("column_sum", point);
    REQUIRE(sum);
    CHECK(sum->method == "column_sum");
    CHECK_FALSE(sum->has("layer"));
    CHECK(sum->values.at("skip_weight") == ParameterValue(0.5));
    CHECK_FALSE(point_of_method("attention_flow", *sum));  // it takes a layer
    CHECK(agree(*sum, point));                             // in all axes that both have
    CHECK(agree(point, *sum));
    CHECK_FALSE(agree(point, point.with("layer", std::int64_t{1})));
    CHECK_FALSE(agree(*sum, point.with("skip_weight", 0.25)));
}

TEST_CASE("a point without an axis that nothing asked for is the one with its default", "[axes]") {
    const GridPoint tokens{"rollout", {{"layer", std::int64_t{1}}}};
    for (const AxisStage stage :
         {AxisStage::network, AxisStage::attribution, AxisStage::reading, AxisStage::comparing}) {
        CHECK(tokens.key(stage) == tokens.with("units", Text("tokens")).key(stage));
        CHECK(tokens.key(stage) != tokens.with("units", Text("words")).key(stage));
        CHECK(tokens.key(stage) !=
              tokens.with("heads", Text("mean")).key(stage));  // that of a method without heads
    }
}
