/// What becomes of the axes of a point, on files made up for it.

#include "experiments/run/example_attributions.hpp"

#include <cmath>

#include <catch2/catch.hpp>

#include "tests/attention/make_files.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

using Text = std::string;

GridPoint point(const std::string& method, std::map<std::string, ParameterValue> values) {
    GridPoint out{method, {}};
    for (const AxisInfo& axis : axes()) {
        if (takes(attribution_methods().at(method).info, axis)) out.values[axis.name] = axis.fallback;
    }
    for (const auto& [name, value] : values) out.values[name] = axes().at(name).check(value, "test");
    return out;
}

std::vector<double> scores(ExampleAttributions& attributions, const GridPoint& at) {
    const Attribution attribution = attributions.attribution(at);
    const auto row = attribution.scores.row(0);
    return {row.begin(), row.end()};
}

void check_near(const std::vector<double>& actual, const std::vector<double>& expected) {
    REQUIRE(actual.size() == expected.size());
    for (std::size_t k = 0; k < actual.size(); ++k) CHECK(actual[k] == Approx(expected[k]).margin(1e-12));
}

// 3 layers, 2 heads, tokens [CLS] w1 w2 w3, with edge weights alti [L, n, n], zeroed
// [L, H, n, n], and some that are wrong.
class SmallFile {
public:
    SmallFile() {
        const auto file = directory_.file("small.safetensors");
        auto bad = random_attention(3, 1, 4, 5);
        bad[16 + 6] = -0.5;  // layer 2, row 1, column 2
        auto nan = random_attention(3, 1, 4, 5);
        nan[0] = std::nan("");
        std::vector<double> doubled = random_attention(3, 1, 4, 7);
        for (double& weight : doubled) weight *= 2.0;
        write_safetensors(file,
                          {attention_tensor("ex.attentions", 3, 2, 4, 3),
                           {"ex.alti", DType::f64, {3, 4, 4}, doubled},
                           {"ex.zeroed", DType::f64, {3, 2, 4, 4}, random_attention(3, 2, 4, 9)},
                           {"ex.negative", DType::f64, {3, 4, 4}, bad},
                           {"ex.undefined", DType::f64, {3, 4, 4}, nan}},
                          {{"examples", R"([{"id": "ex", "tokens": ["[CLS]", "w1", "w2", "w3"]}])"}});
        example_ = std::make_unique<Example>(Dataset::open(file).example(0));
    }
    ExampleAttributions attributions() { return ExampleAttributions(*example_, methods_, {"[CLS]"}); }

private:
    TemporaryDirectory directory_;
    std::unique_ptr<Example> example_;
    MethodSet methods_;
};

}  // namespace

TEST_CASE("late scores are those of the heads, combined", "[attributions]") {
    SmallFile file;
    for (const char* method : {"rollout", "attention_flow", "column_sum"}) {
        ExampleAttributions attributions = file.attributions();
        const auto first = scores(attributions, point(method, {{"heads", Text("single(0)")}}));
        const auto second = scores(attributions, point(method, {{"heads", Text("single(1)")}}));
        std::vector<double> mean;
        std::vector<double> largest;
        for (std::size_t t = 0; t < first.size(); ++t) {
            mean.push_back((first[t] + second[t]) / 2.0);
            largest.push_back(std::max(first[t], second[t]));
        }
        check_near(scores(attributions, point(method, {{"heads", Text("late")}})), mean);
        check_near(scores(attributions, point(method, {{"heads", Text("late(max)")}})), largest);
        CHECK(attributions.attribution(point(method, {{"heads", Text("late")}})).binding_cuts.empty());
    }
}

TEST_CASE("a followed head is the paper's product", "[attributions]") {
    // A~(3, 1) = A(3, 1) R_2 without skip connection in layer 3.
    SmallFile file;
    ExampleAttributions attributions = file.attributions();
    const auto below = point("rollout", {{"layer", std::int64_t{2}}, {"source", Text("all")}});
    const auto rollout = attributions.attribution(below).scores;
    const auto head = scores(attributions, point("raw_attention", {{"heads", Text("single(1)")}}));
    std::vector<double> product(4, 0.0);
    for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t t = 0; t < 4; ++t) product[t] += head[i] * rollout(i, t);
    }
    check_near(scores(attributions, point("rollout", {{"heads", Text("followed(1)")},
                                                      {"skip_weight", Text("per_layer(0.5, 0.5, 0)")}})),
               product);
    // The layer of the source decides where the head stands alone.
    const auto at = [&](std::int64_t layer) {
        return scores(attributions, point("raw_attention", {{"heads", Text("followed(1)")}, {"layer", layer}}));
    };
    for (const std::int64_t layer : {1, 2, 3}) {
        check_near(at(layer),
                   scores(attributions, point("raw_attention", {{"heads", Text("single(1)")}, {"layer", layer}})));
    }
}

TEST_CASE("dropped special tokens keep only their lane", "[attributions]") {
    SmallFile file;
    ExampleAttributions attributions = file.attributions();
    const auto drop = point("rollout", {{"special_tokens", Text("drop")}, {"source", std::int64_t{2}}});
    CHECK(scores(attributions, drop)[0] == 0.0);
    const auto row = scores(attributions, drop);
    CHECK(row[1] + row[2] + row[3] == Approx(1.0));
    const auto cls = point("rollout", {{"special_tokens", Text("drop")}});
    CHECK(scores(attributions, cls)[0] == Approx(0.125));  // 0.5 a layer
}

TEST_CASE("pruning reports the share that it took", "[attributions]") {
    SmallFile file;
    ExampleAttributions attributions = file.attributions();
    CHECK_FALSE(attributions.attribution(point("rollout", {})).pruned_share);
    const auto pruned =
        attributions.attribution(point("rollout", {{"pruning", Text("top_k_per_row(1)")}})).pruned_share;
    REQUIRE(pruned);
    CHECK(*pruned > 0.0);
    CHECK(*pruned < 0.75);
    const auto nothing = point("rollout", {{"pruning", Text("top_k_per_row(4)")}});
    CHECK(attributions.attribution(nothing).pruned_share == std::optional<double>(0.0));
    const auto late = point("rollout", {{"pruning", Text("top_k_per_row(4)")}, {"heads", Text("late")}});
    CHECK(attributions.attribution(late).pruned_share == std::optional<double>(0.0));
}

TEST_CASE("edge weights of a dataset are used by name", "[attributions]") {
    SmallFile file;
    ExampleAttributions attributions = file.attributions();
    const auto with = [](const char* name, const char* renormalise, const char* heads = "mean") {
        return point("rollout", {{"edge_weights", Text(name)},
                                 {"renormalise", Text(renormalise)},
                                 {"heads", Text(heads)},
                                 {"skip_weight", Text("none")}});
    };
    const auto total = [&](const GridPoint& at) {
        double sum = 0.0;
        for (const double score : scores(attributions, at)) sum += score;
        return sum;
    };
    // Rows of alti sum to 2: they multiply through 3 layers unless renormalised.
    CHECK(total(with("alti", "never")) == Approx(8.0));
    CHECK(total(with("alti", "after_heads")) == Approx(1.0));
    CHECK(total(with("zeroed", "never")) == Approx(1.0));
    const auto stack = AttentionStack::from_values(3, 2, 4, random_attention(3, 2, 4, 9));
    const auto network = build_network(stack, {.heads = "single(1)", .skip_weight = 0.0});
    const auto expected = attribution_methods().at("rollout").make()->attribute({network, 3, {0}}).scores;
    check_near(scores(attributions, with("zeroed", "after_heads", "single(1)")),
               {expected.values().begin(), expected.values().end()});
    // Flow works on rows that sum to anything.
    const auto flow = point("attention_flow", {{"edge_weights", Text("alti")}, {"renormalise", Text("never")}});
    for (const double score : scores(attributions, flow)) CHECK(score >= 0.0);
}

TEST_CASE("edge weights that cannot be used are refused", "[attributions]") {
    SmallFile file;
    const auto refusal = [&](const char* name, const char* heads = "mean") {
        ExampleAttributions attributions = file.attributions();
        return message_of<InputError>([&] {
            attributions.check(point("rollout", {{"edge_weights", Text(name)}, {"heads", Text(heads)}}));
        });
    };
    CHECK(refusal("alti").empty());
    CHECK(refusal("zeroed").empty());
    CHECK(refusal("attention").empty());
    CHECK(refusal("alty") == "ex: no edge weights 'alty'; did you mean 'alti'?");
    CHECK(refusal("x") == "ex: no edge weights 'x'; known: attention, alti, negative, undefined, zeroed");
    CHECK(refusal("negative") ==
          "ex: edge weights 'negative': layer 2, head 0, row 1, column 2 is -0.5, expected a finite weight >= 0");
    CHECK(refusal("undefined") ==
          "ex: edge weights 'undefined': layer 1, head 0, row 0, column 0 is NaN, expected a finite weight >= 0");
    CHECK_THAT(refusal("alti", "single(1)"),
               Catch::StartsWith("ex: heads single(1) with edge weights 'alti', which have one matrix a layer"));
    CHECK(refusal("attention", "single(2)") == "ex: single: there is no head 2, the attention has heads 0 to 1");
    CHECK(refusal("attention", "late").empty());
}

TEST_CASE("uniform attention has nothing left when its scores are subtracted", "[attributions]") {
    TemporaryDirectory directory;
    std::vector<double> uniform;
    for (std::size_t row = 0; row < 3 * 4; ++row) {
        for (std::size_t j = 0; j < 4; ++j)
            uniform.push_back(j <= row % 4 ? 1.0 / static_cast<double>(row % 4 + 1) : 0);
    }
    const auto file = directory.file("uniform.safetensors");
    write_safetensors(file, {{"attentions", DType::f64, {3, 1, 4, 4}, uniform}});
    const Example example = Dataset::open(file).example(0);
    MethodSet methods;
    ExampleAttributions attributions(example, methods, {});
    for (const char* method : {"rollout", "attention_flow", "widest_path", "raw_attention"}) {
        const auto at = point(method, {{"receptive_field", Text("minus_uniform")}, {"source", Text("last")}});
        check_near(scores(attributions, at), {0, 0, 0, 0});
        const auto plain = point(method, {{"source", Text("last")}});
        CHECK(scores(attributions, plain)[3] > 0.1);
    }
}

TEST_CASE("a run reports what pruning dropped", "[attributions]") {
    const TemporaryDirectory directory;
    const auto data = std::filesystem::absolute(std::string(ATTNFLOW_SOURCE_DIR) +
                                                "/experiments/data/token_merging.safetensors");
    write_bytes(directory.file("run.toml"),
                "methods = [\"rollout\"]\n[dataset]\npath = \"" + data.string() +
                    "\"\n[axes]\npruning = [\"none\", \"threshold(0.5)\"]\n[evaluation]\nreferences = "
                    "[\"method(column_sum)\"]\n");
    const auto run = attnflow::testing::attnflow({"run", "run.toml", "--out", "out"}, directory.path());
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
    // Fused weights below 0.5: 0.25 twice in layer 1 and 0.375 in layer 3, of 8 in all.
    const std::string table = read_bytes(directory.file("out/pruning.csv"));
    INFO(table);
    CHECK(std::count(table.begin(), table.end(), '\n') == 2);
    CHECK(table.find("threshold(0.5)") != std::string::npos);
    CHECK(table.ends_with(",0.109375,0.109375\n"));
    CHECK(read_bytes(directory.file("out/summary.md")).find("## Pruning") != std::string::npos);
}
