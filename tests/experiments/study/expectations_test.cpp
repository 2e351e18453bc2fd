#include "experiments/study/expectations.hpp"

#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "algorithms/attribution_method.hpp"
#include "attention/extract/edge_weights/edge_weight.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/run_with_members.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using Json = nlohmann::json;

namespace {

/// The top row of the network, by methods that expect various things.
template <class Entry>
class TopRow {
public:
    static EntryInfo describe() {
        EntryInfo info = Entry::info();
        info.axes = {axis::heads, axis::skip_weight, axis::layer, axis::source};
        return info;
    }
    Attribution attribute(const AttributionProblem& problem) const {
        RowMajor<double> scores(problem.sources.size(), problem.network.width(0));
        for (std::size_t s = 0; s < problem.sources.size(); ++s) {
            const auto row = problem.network.row(problem.layer, problem.sources[s]);
            std::copy(row.begin(), row.end(), scores.row(s).begin());
        }
        return {.scores = std::move(scores)};
    }
};

struct Held {
    static EntryInfo info() {
        return {.name = "held",
                .summary = "brings its own skip connection",
                .expects = {{"skip_weight", 0.0, "its edges hold the skip connection already"},
                            {"renormalise", std::string("never"), ""}}};
    }
};
struct Worded {
    static EntryInfo info() {
        return {.name = "worded",
                .summary = "of words",
                .expects = {{"units", std::string("words"), "it reads words"}}};
    }
};
struct Swept {
    static EntryInfo info() {
        return {.name = "swept", .summary = "of all sources", .expects = {{"source", std::string("all"), ""}}};
    }
};
struct Weighed {
    static EntryInfo info() {
        return {.name = "weighed",
                .summary = "of edge weights of its own",
                .expects = {{"edge_weights", std::string("whole"), "it explains these"}}};
    }
};
struct Lost {
    static EntryInfo info() { return {.name = "lost", .summary = "of no axis", .expects = {{"skip", 0.0, ""}}}; }
};
struct Wrong {
    static EntryInfo info() {
        return {.name = "wrong", .summary = "of no value", .expects = {{"skip_weight", 1.5, ""}}};
    }
};

/// Expects a value of an axis that it does not take.
struct Elsewhere {
    static EntryInfo describe() {
        return {.name = "elsewhere", .summary = "of another's axis", .expects = {{"layer", std::int64_t{1}, ""}}};
    }
    Attribution attribute(const AttributionProblem& problem) const {
        return {.scores = RowMajor<double>(1, problem.network.width(0))};
    }
};

/// Rows hold the skip connection, as those of ALTI do.
struct Whole {
    static constexpr bool needs_gradient = false;
    static constexpr bool needs_internals = false;
    static constexpr bool has_heads = false;
    static EntryInfo describe() {
        return {.name = "whole",
                .summary = "with the skip connection",
                .expects = {{"skip_weight", 0.0, "its rows hold the skip connection already"}}};
    }
    void weigh(const LayerEvidence&, std::span<float>) const {}
};

void add_members() {
    attribution_methods().add<TopRow<Held>>();
    attribution_methods().add<TopRow<Worded>>();
    attribution_methods().add<TopRow<Swept>>();
    attribution_methods().add<TopRow<Weighed>>();
    edge_weights().add<Whole>();
}

/// Two examples of two layers, with edge weights of one matrix a layer and pieces of words.
struct Bench {
    TemporaryDirectory folder;

    Bench() {
        std::vector<NewTensor> tensors;
        for (const std::string id : {"ex0", "ex1"}) {
            tensors.push_back(attention_tensor(id + ".attentions", 2, 2, 4, tensors.size() + 1));
            tensors.push_back(
                {id + ".whole", DType::f64, {2, 4, 4}, random_attention(2, 1, 4, tensors.size() + 7)});
            tensors.push_back({id + ".blank_out", DType::f64, {4}, {1, 2, 3, 4}});
        }
        const std::string tokens = R"("tokens": ["[CLS]", "key", "##s", "turn"])";
        write_safetensors(
            folder.file("data.safetensors"), tensors,
            {{"examples", "[{\"id\": \"ex0\", " + tokens + "}, {\"id\": \"ex1\", " + tokens + "}]"}});
        config("grid.toml", "methods = [\"held\", \"rollout\"]\n");
    }
    void config(const std::string& name, const std::string& grid) const {
        write_bytes(folder.file(name), grid +
                                           "dataset.path = \"data.safetensors\"\n"
                                           "evaluation.references = \"blank_out\"\nstatistics.resamples = 100\n");
    }
    CommandResult run(const std::vector<std::string>& arguments) const {
        return run_with_members(&add_members, arguments, folder.path());
    }
    CommandResult dry(std::vector<std::string> settings, const std::string& name = "grid.toml") const {
        std::vector<std::string> arguments{"run", name, "--dry-run"};
        for (std::string& setting : settings) arguments.insert(arguments.end(), {"--set", std::move(setting)});
        return run(arguments);
    }
    CommandResult attribute(std::vector<std::string> more) const {
        std::vector<std::string> arguments{"attribute", "data.safetensors", "--example",
                                           "ex0",       "--format",         "json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
};

bool says(const std::string& text, const std::string& part) {
    INFO(text.substr(0, 2000) << "\nmisses\n" << part);
    const bool found = text.find(part) != std::string::npos;
    CHECK(found);
    return found;
}

std::size_t times(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

/// The line of a dry run that begins with this.
std::string line_of(const std::string& text, const std::string& begin, const std::string& part = "") {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        if (line.starts_with(begin) && line.find(part) != std::string::npos) return line;
        at = end + 1;
    }
    return "";
}

}  // namespace

TEST_CASE("what bundled members expect can be met", "[expectations]") {
    for (const auto& entry : attribution_methods().entries()) {
        for (const AxisInfo& axis : axes()) CHECK_NOTHROW(expected_value({entry.info.name, {}}, axis));
        for (const Expectation& one : entry.info.expects) CHECK(takes(entry.info, axes().at(one.axis)));
    }
    for (const auto& entry : edge_weights().entries()) {
        const GridPoint point{"rollout", {{"edge_weights", entry.info.name}}};
        for (const AxisInfo& axis : axes()) CHECK_NOTHROW(expected_value(point, axis));
    }
}

TEST_CASE("what a member expects is the default of its points, and of no others", "[expectations]") {
    const Bench bench;
    const auto both = bench.dry({"axes.edge_weights=[\"attention\", \"whole\"]"});
    CHECK(both.exit_code == 0);
    CHECK(both.err.find("expects") == std::string::npos);
    says(line_of(both.out, "held", "edge_weights=attention"), "renormalise=never skip_weight=0 ");
    says(line_of(both.out, "held", "edge_weights=whole"), "renormalise=never skip_weight=0 ");
    says(line_of(both.out, "rollout", "edge_weights=attention"), "renormalise=after_heads skip_weight=0.5");
    says(line_of(both.out, "rollout", "edge_weights=whole"), "renormalise=after_heads skip_weight=0 ");
    // A reference has its own default too: no third attribution.
    says(bench.dry({"evaluation.references=\"method(rollout)\""}).out, "for each example 2 attributions");
    // Members that a method expects, and what those expect.
    says(line_of(bench.dry({"methods=weighed"}).out, "weighed"), "edge_weights=whole");
    says(line_of(bench.dry({"methods=weighed"}).out, "weighed"), "skip_weight=0 ");
    // An axis that is only there where it is asked for.
    const auto words = bench.dry({"methods=[\"worded\", \"rollout\"]"});
    says(line_of(words.out, "worded"), "units=words");
    says(line_of(words.out, "rollout"), "units=tokens");
    // By a part of the grid.
    bench.config("parts.toml",
                 "[[matrix]]\nmethods = [\"held\"]\n[[matrix]]\nmethods = [\"held\", \"rollout\"]\n"
                 "axes.skip_weight = 0.25\n");
    const std::string parts = read_bytes(bench.folder.file("parts.toml"));
    const std::size_t keys = parts.find("dataset.path");
    write_bytes(bench.folder.file("parts.toml"), parts.substr(keys) + parts.substr(0, keys));
    const auto of_parts = bench.dry({}, "parts.toml");
    says(line_of(of_parts.out, "held"), "skip_weight=0 ");
    says(line_of(of_parts.out, "held", "0.25"), "skip_weight=0.25");
    CHECK(times(of_parts.err, "method 'held' expects skip_weight = 0") == 1);
}

TEST_CASE("a value that contradicts is warned of once a member and axis, and stands beside the results",
          "[expectations]") {
    const Bench bench;
    const std::string of_method =
        "method 'held' expects skip_weight = 0: its edges hold the skip connection already; here it is 0.25, "
        "0.5";
    const std::string of_weights =
        "edge_weights 'whole' expects skip_weight = 0: its rows hold the skip connection already; here it is "
        "0.25, 0.5";
    const auto run =
        bench.run({"run", "grid.toml", "--out", "run", "--set", "axes.layer=all", "--set",
                   "axes.skip_weight=[0, 0.25, 0.5]", "--set", "axes.edge_weights=[\"attention\", \"whole\"]"});
    CHECK(run.exit_code == 0);
    CHECK(times(run.err, "note: " + of_method + "\n") == 1);
    CHECK(times(run.err, "note: " + of_weights + "\n") == 1);
    CHECK(times(run.err, " expects ") == 2);
    const std::string title = "method 'held' expects skip_weight = 0";
    says(read_bytes(bench.folder.file("run/summary.md")),
         "**" + title + ".** Here it is 0.25, 0.5: its edges hold");
    says(bench.run({"show", "run"}).out, "Warning: " + title + ". Here it is 0.25, 0.5: its edges hold");
    bench.run({"report", "run", "--out", "page.html"});
    says(read_bytes(bench.folder.file("page.html")), R"("id":"expected-0","title":"method 'held' expects)");

    const auto quiet = bench.run({"run", "grid.toml", "--out", "as-expected"});
    CHECK(quiet.err.find(" expects ") == std::string::npos);
    CHECK(read_bytes(bench.folder.file("as-expected/summary.md")).find(" expects ") == std::string::npos);
    const auto asked = bench.run(
        {"run", "grid.toml", "--out", "asked", "--set", "axes.skip_weight=0", "--set", "axes.renormalise=never"});
    CHECK(asked.err.find(" expects ") == std::string::npos);
}

TEST_CASE("methods at their own defaults are compared with each other", "[expectations]") {
    const Bench bench;
    REQUIRE(bench.run({"run", "grid.toml", "--out", "run", "--quiet"}).exit_code == 0);
    says(read_bytes(bench.folder.file("run/comparisons.csv")), "held,rollout,");
    says(read_bytes(bench.folder.file("run/comparisons.csv")), ",never/after_heads,0/0.5,");
    says(read_bytes(bench.folder.file("run/summary.md")), "held - rollout");
    bench.run({"report", "run", "--out", "page.html"});
    says(read_bytes(bench.folder.file("page.html")), R"("own_defaults":["renormalise","skip_weight"])");
    // What was asked for is compared by its values.
    REQUIRE(bench
                .run({"run", "grid.toml", "--out", "asked", "--quiet", "--set", "axes.skip_weight=[0, 0.5]",
                      "--set", "axes.renormalise=never"})
                .exit_code == 0);
    const std::string pairs = read_bytes(bench.folder.file("asked/comparisons.csv"));
    CHECK(times(pairs, "held,rollout,") == 2);
    CHECK(pairs.find("/") == std::string::npos);
    bench.run({"report", "asked", "--out", "asked.html"});
    CHECK(read_bytes(bench.folder.file("asked.html")).find("own_defaults\":[") == std::string::npos);
}

TEST_CASE("attribute takes what members expect, and says where an option contradicts", "[expectations][cli]") {
    const Bench bench;
    const auto own = bench.attribute({"--method", "rollout", "--edge-weights", "whole"});
    CHECK(own.exit_code == 0);
    CHECK(own.err.empty());
    CHECK(Json::parse(own.out).at("skip_weight") == 0.0);
    const auto zero = bench.attribute({"--method", "rollout", "--edge-weights", "whole", "--skip", "0"});
    CHECK(zero.out == own.out);
    const auto half = bench.attribute({"--method", "rollout", "--edge-weights", "whole", "--skip", "0.5"});
    CHECK(half.err ==
          "attnflow: note: edge_weights 'whole' expects skip_weight = 0: its rows hold the skip connection "
          "already; here it "
          "is 0.5\n");
    CHECK(Json::parse(half.out).at("scores") != Json::parse(own.out).at("scores"));
    // A preset asks for something.
    says(bench.attribute({"--method", "held", "--preset", "paper"}).err,
         "note: method 'held' expects renormalise = never: here it is after_heads\n");
    CHECK(Json::parse(bench.attribute({"--method", "swept"}).out).at("matrix").size() == 4);
    says(bench.run({"describe", "whole"}).out, "expects skip_weight = 0: its rows hold");
    says(bench.run({"list", "--format", "markdown"}).out,
         "| `whole` | `skip_weight` | 0 | its rows hold the skip connection already |");
}

TEST_CASE("an expectation that cannot be met is refused", "[expectations]") {
    const Bench bench;
    const auto refusal = [&](void (*add)()) { return run_with_members(add, {"list"}, bench.folder.path()).err; };
    says(refusal([] { attribution_methods().add<TopRow<Lost>>(); }), "method 'lost': no axis 'skip'");
    says(refusal([] { attribution_methods().add<TopRow<Wrong>>(); }),
         "method 'wrong': its expectation: skip_weight is 1.5");
    says(refusal([] { attribution_methods().add<Elsewhere>(); }),
         "method 'elsewhere': expects a value of the axis 'layer', which it does not take");
    says(bench.dry({"methods=swept"}).err,
         "swept: expects source all, which gives a row of scores for every position; choose axes.readout");
    says(line_of(bench.dry({"methods=swept", "axes.readout=column_max"}).out, "swept"), "source=all");
}
