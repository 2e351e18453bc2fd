/// Names and values that change nothing are refused or said, never shown as if they had done something.

#include <algorithm>
#include <map>
#include <sstream>

#include "tests/attention/make_files.hpp"
#include "tests/programs/cases.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string& gemma() {
    static const std::string file = case_file("name-without-effect/gemma.safetensors");
    return file;
}

/// A config on the file with the tokens <bos> ... <eos>.
struct Run {
    TemporaryDirectory folder;

    explicit Run(const std::string& toml, const std::string& dataset = gemma()) {
        write_bytes(folder.file("c.toml"), "dataset.path = \"" + dataset + "\"\n" + toml);
    }
    CommandResult operator()(Strings more = {}) const {
        more.insert(more.begin(), {"run", "c.toml", "--out", "r"});
        return attnflow::testing::attnflow(more, folder.file(""));
    }
    std::string file(const std::string& name) const { return read_bytes(folder.file("r/" + name)); }
};

const std::string rollout_on_ref =
    "methods = [\"rollout\"]\naxes.source = \"last\"\nevaluation.references = [\"ref\"]\n";

/// Attention of one head with the tokens `tokens`, and a reference.
std::string file_with_tokens(const TemporaryDirectory& folder, const std::string& tokens) {
    const std::string path = folder.file("t.safetensors");
    write_safetensors(path,
                      {{"attentions", DType::f64, {1, 1, 3, 3}, {.2, .3, .5, .5, .25, .25, .25, .25, .5}},
                       {"ref", DType::f64, {3}, {1, 2, 3}}},
                      {{"tokens", tokens}});
    return path;
}

}  // namespace

TEST_CASE("special tokens of the usual families are dropped, and the heading says which", "[cases][names]") {
    check_equal(scores({gemma(), "--method", "rollout"}), right("name-without-effect/kept", "rollout"));
    const Strings drop{gemma(), "--method", "rollout", "--special-tokens", "drop"};
    check_equal(scores(drop), right("name-without-effect/dropped", "rollout"));
    Strings shown = drop;
    shown.insert(shown.begin(), "attribute");
    const auto table = attnflow::testing::attnflow(shown);
    CHECK_THAT(table.out, Catch::Contains("special tokens drop (<bos> <eos>)"));
    CHECK(table.err.empty());
    shown.insert(shown.end(), {"--format", "json"});
    const auto json = nlohmann::json::parse(attnflow::testing::attnflow(shown).out);
    CHECK(json.at("dropped") == nlohmann::json({0, 5}));

    const TemporaryDirectory folder;
    for (const std::string name : {"<|endoftext|>", "<|begin_of_text|>", "<pad>", "<cls>", "<s>", "[BOS]", "<PAD>",
                                   "\u2581<pad>", "\u2581</s>", "<|startoftranscript|>", "<|en|>", "<|yue|>",
                                   "<|notimestamps|>", "<\uff5cbegin\u2581of\u2581sentence\uff5c>"}) {
        const std::string file = file_with_tokens(folder, R"([")" + name + R"(", "a", "b"])");
        CHECK(scores({file, "--method", "rollout", "--special-tokens", "drop", "--source", "2"}).front() == 0.0);
    }
}

TEST_CASE("attribute: names of special tokens can be told, and must be tokens", "[cases][names]") {
    const TemporaryDirectory folder;
    const std::string file = file_with_tokens(folder, R"(["<start>", "a", "b"])");
    const Strings drop{"attribute", file, "--method", "rollout", "--special-tokens", "drop", "--source", "2"};
    const auto with = [&](const Strings& more) {
        Strings arguments = drop;
        arguments.insert(arguments.end(), more.begin(), more.end());
        return attnflow::testing::attnflow(arguments);
    };
    const auto nothing = with({});
    CHECK(nothing.exit_code == 0);
    CHECK_THAT(nothing.out, Catch::Contains("special tokens drop (there are none)"));
    CHECK_THAT(nothing.err, Catch::Contains("--special-tokens drop changes nothing: no token of t is one of [CLS] "
                                            "[SEP]") &&
                                Catch::Contains("name them with --special"));
    const auto named = with({"--special", "<start>"});
    CHECK(named.err.empty());
    CHECK_THAT(named.out, Catch::Contains("special tokens drop (<start>)"));
    const auto misspelt = with({"--special", "<start>", "--special", "<strat>"});
    CHECK(misspelt.exit_code == 2);
    CHECK_THAT(misspelt.err, Catch::Contains("--special: '<strat>' is no token of t; did you mean '<start>'?"));
    const auto idle = attnflow::testing::attnflow({"attribute", file, "--method", "rollout", "--special", "a"});
    CHECK(idle.exit_code == 2);
    CHECK_THAT(idle.err, Catch::Contains("--special: expected with --special-tokens drop"));
}

TEST_CASE("run: a name in dataset.special_tokens that is no token is refused", "[cases][names]") {
    const Run run(rollout_on_ref + "axes.special_tokens = [\"keep\", \"drop\"]\n");
    const auto misspelt = run({"--set", "dataset.special_tokens=[\"<bos>\",\"<eso>\"]"});
    CHECK(misspelt.exit_code == 2);
    CHECK_THAT(misspelt.err, Catch::Contains("--set dataset.special_tokens: dataset.special_tokens: '<eso>' is no "
                                             "token of the 1 example; did you mean '<eos>'?"));
    const auto named = run({"--set", "dataset.special_tokens=[\"<bos>\"]"});
    CHECK(named.exit_code == 0);
    CHECK(named.err.find("note") == std::string::npos);
    CHECK(run.file("summary.md").find("same scores") == std::string::npos);
}

TEST_CASE("run: special tokens that occur nowhere are said, with the examples", "[cases][names]") {
    const TemporaryDirectory folder;
    const std::string toml =
        rollout_on_ref +
        "axes.special_tokens = [\"keep\", \"drop\"]\naxes.positions = [\"all\", \"no_special\"]\n";
    const Run run(toml, file_with_tokens(folder, R"(["<start>", "a", "b"])"));
    const auto done = run();
    CHECK(done.exit_code == 0);
    CHECK_THAT(done.err,
               Catch::Contains("special_tokens = drop and positions = no_special change nothing in 1 of 1 "
                               "example (t): no token there is one of [CLS] [SEP]") &&
                   Catch::Contains("name them with dataset.special_tokens"));
    for (const std::string& text : {done.out, run.file("summary.md")}) {
        CHECK_THAT(text, Catch::Contains("special_tokens keep and drop give the same scores") ||
                             Catch::Contains("special\\_tokens keep and drop give the same scores"));
        CHECK_THAT(text, Catch::Contains("positions all and no_special give the same scores") ||
                             Catch::Contains("positions all and no\\_special give the same scores"));
    }
    const auto report = attnflow::testing::attnflow({"report", "r", "--out", "p.html"}, run.folder.file(""));
    CHECK(report.exit_code == 0);
    CHECK_THAT(read_bytes(run.folder.file("p.html")), Catch::Contains("keep and drop give the same scores"));
    const auto show = attnflow::testing::attnflow({"show", "r"}, run.folder.file(""));
    CHECK_THAT(show.out, Catch::Contains("Warning: special_tokens keep and drop give the same scores"));
}

TEST_CASE("attributions.csv has the positions that are compared, counted among all tokens", "[cases][names]") {
    const Run run(rollout_on_ref + "axes.positions = [\"all\", \"no_special\"]\noutput.attributions = true\n");
    REQUIRE(run({"--quiet"}).exit_code == 0);
    std::istringstream lines(run.file("attributions.csv"));
    std::string line;
    std::getline(lines, line);
    const auto cells_of = [](const std::string& text) {
        std::vector<std::string> cells;
        std::istringstream stream(text);
        for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
        return cells;
    };
    const auto names = cells_of(line);
    const auto column = [&](const std::string& name) {
        const auto found = std::find(names.begin(), names.end(), name);
        REQUIRE(found != names.end());
        return static_cast<std::size_t>(found - names.begin());
    };
    const std::size_t positions = column("positions"), position = column("position"), score = column("score");
    std::map<std::string, std::map<std::string, double>> scores;
    while (std::getline(lines, line)) {
        const auto cells = cells_of(line);
        scores[cells.at(positions)][cells.at(position)] = std::stod(cells.at(score));
    }
    const auto expected = right("name-without-effect/kept", "rollout");
    REQUIRE(scores.at("all").size() == 6);
    REQUIRE(scores.at("no_special").size() == 4);  // neither <bos> at 0 nor <eos> at 5
    for (std::size_t t = 1; t < 5; ++t) {
        CHECK(scores.at("no_special").at(std::to_string(t)) == Approx(expected[t]).margin(1e-6));
        CHECK(scores.at("all").at(std::to_string(t)) == scores.at("no_special").at(std::to_string(t)));
    }
}

TEST_CASE("run: settings that nothing reads are said once, with their place", "[cases][names]") {
    const Run run(
        "methods = [\"column_sum\"]\nevaluation.references = [\"ref\"]\naxes.layer = [1, 2]\n"
        "dataset.special_tokens = [\"<bos>\"]\nparameters.attention_flow.bits = 30\nmodel.replace = \"pad\"\n");
    const auto done = run({"--quiet"});
    CHECK(done.exit_code == 0);
    for (const std::string text :
         {"axes.layer (c.toml:4:14) has no effect: of the methods column_sum none takes it",
          "dataset.special_tokens (c.toml:5:26) has no effect: nothing has special_tokens = \"drop\"",
          "parameters.attention_flow.bits (c.toml:6:34) has no effect: attention_flow is not among the methods",
          "model.replace (c.toml:7:17) has no effect: there are no dataset.sentences"}) {
        CHECK_THAT(done.err, Catch::Contains(text));
    }
    const Run quiet(rollout_on_ref + "axes.skip_weight = [0.1, 0.9]\n");
    CHECK(quiet({"--quiet"}).err.empty());
    const Run readout(rollout_on_ref + "axes.readout = \"column_max\"\n");
    CHECK_THAT(readout({"--quiet"}).err,
               Catch::Contains("axes.readout (c.toml:5:16) has no effect: every source is a single position"));
}

TEST_CASE("run: a pruner that drops nothing, heads of one head", "[cases][names]") {
    const TemporaryDirectory folder;
    const Run run(
        rollout_on_ref + "axes.pruning = \"threshold(0.01)\"\naxes.heads = [\"mean\", \"max\", \"single(0)\"]\n",
        file_with_tokens(folder, R"(["a", "b", "c"])"));
    const auto done = run();
    INFO(done.err);
    CHECK(done.exit_code == 0);
    CHECK_THAT(done.out, Catch::Contains("Warning: heads mean, max and single(0) give the same scores."));
    CHECK_THAT(done.out, Catch::Contains("Warning: pruning threshold(0.01) drops nothing."));
}

TEST_CASE("pruning that drops nothing or everything is said, by a run and by attribute", "[cases][names]") {
    const TemporaryDirectory folder;
    const std::string file = file_with_tokens(folder, R"(["a", "b", "c"])");
    const auto pruned = [&](const std::string& pruning) {
        const auto result = attnflow::testing::attnflow(
            {"attribute", file, "--method", "rollout", "--source", "2", "--pruning", pruning});
        CHECK(result.exit_code == 0);
        return result.err;
    };
    for (const std::string nothing : {"threshold(0)", "top_k_per_row(100)", "discard_ratio(0, true)"})
        CHECK_THAT(pruned(nothing), Catch::Contains("--pruning " + nothing + " drops nothing"));
    CHECK_THAT(pruned("threshold(2)"),
               Catch::Contains("drops all of the attention and leaves 3 rows without any"));
    // Rows .2 .3 .5, .5 .25 .25, .25 .25 .5: one weight of each is left, or none of any.
    CHECK(pruned("threshold(0.4)").empty());
    const auto run = Run(rollout_on_ref + "axes.pruning = [\"none\", \"threshold(2)\"]\n", file)();
    INFO(run.err);
    CHECK(run.exit_code == 0);
    CHECK_THAT(run.out, Catch::Contains("Warning: pruning threshold(2) drops everything in 1 of 1 example."));
    // Some rows: those of .25 .25 .5 and .5 .25 .25 keep one, .2 .3 .5 as well; at .45 all do, above .5 none.
    const std::string some = folder.file("some.safetensors");
    write_safetensors(some,
                      {{"attentions", DType::f64, {1, 1, 3, 3}, {.3, .3, .4, .8, .1, .1, .3, .4, .3}},
                       {"ref", DType::f64, {3}, {1, 2, 3}}},
                      {{"tokens", R"(["a", "b", "c"])"}});
    const auto partly = Run(rollout_on_ref + "axes.pruning = [\"none\", \"threshold(0.5)\"]\n", some)();
    INFO(partly.err);
    CHECK(partly.exit_code == 0);
    CHECK_THAT(partly.out,
               Catch::Contains("Warning: pruning threshold(0.5) leaves 2 rows without any attention, in 1 "
                               "of 1 example."));
}

TEST_CASE("a reference that is called as a mask is one for who asks for it", "[cases][names]") {
    const TemporaryDirectory folder;
    const std::string file = folder.file("r.safetensors");
    write_safetensors(file,
                      {{"attentions", DType::f64, {1, 1, 3, 3}, {.2, .3, .5, .5, .25, .25, .25, .25, .5}},
                       {"rationale_mask", DType::i64, {3}, {0, 1, 0}},
                       {"input_ids", DType::i64, {3}, {101, 7, 102}}},
                      {{"tokens", R"(["a", "b", "c"])"}});
    const auto shown = attnflow::testing::attnflow({"validate", file});
    CHECK_THAT(shown.out, Catch::Contains("references: none; for who asks by name: rationale_mask\n") &&
                              !Catch::Contains("note:"));
    const auto run = [&](const std::string& name) {
        return Run("methods = [\"rollout\"]\nevaluation.references = [\"" + name + "\"]\n", file)();
    };
    const auto done = run("rationale_mask");
    INFO(done.err);
    CHECK(done.exit_code == 0);
    CHECK(done.err.find("note") == std::string::npos);
    CHECK_THAT(run("input_ids").err, Catch::Contains("no reference 'input_ids'"));
}

TEST_CASE("run: a metric that has no value in any example is said before and after", "[cases][names]") {
    const TemporaryDirectory folder;
    const std::string file = file_with_tokens(folder, R"(["a", "b", "c"])");
    for (const std::string metric : {"top_k_overlap(50)", "top_k_overlap(3)", "precision_at_k(3, 0.5)"}) {
        INFO(metric);
        const auto done =
            Run(rollout_on_ref + "evaluation.metrics = [\"" + metric + "\", \"spearman\"]\n", file)();
        CHECK(done.exit_code == 0);
        CHECK_THAT(done.err, Catch::Contains("note: evaluation.metrics: " + metric +
                                             " has no value in any of 1 example, where 3 tokens are compared"));
        CHECK_THAT(done.out, Catch::Contains("Warning: " + metric + " has no value in any example:"));
        CHECK_THAT(done.out, !Catch::Contains("Warning: spearman"));
    }
    const auto done = Run(rollout_on_ref + "evaluation.metrics = [\"top_k_overlap(2)\"]\n", file)();
    CHECK_THAT(done.err, !Catch::Contains("has no value"));
    CHECK_THAT(done.out, !Catch::Contains("has no value"));
}

TEST_CASE("run: an empty list of special tokens means none", "[cases][names]") {
    const Run run(rollout_on_ref + "axes.special_tokens = [\"keep\", \"drop\"]\ndataset.special_tokens = []\n");
    const auto done = run();
    INFO(done.err);
    CHECK(done.exit_code == 0);
    CHECK_THAT(done.err, Catch::Contains("special_tokens = drop changes nothing in ") &&
                             Catch::Contains("the list of special tokens is empty"));
    CHECK_THAT(done.out, Catch::Contains("Warning: special_tokens keep and drop give the same scores."));
}

TEST_CASE("word_ids of a tensor make the words", "[cases][units]") {
    const TemporaryDirectory folder;
    const std::string path = folder.file("w.safetensors");
    write_safetensors(path,
                      {{"attentions",
                        DType::f64,
                        {1, 1, 4, 4},
                        {.1, .2, .3, .4, .4, .3, .2, .1, .25, .25, .25, .25, .7, .1, .1, .1}},
                       {"word_ids", DType::i64, {4}, {0, 1, 1, 1}}},
                      {{"tokens", R"(["un", "##der", "stand", "##ing"])"}});
    const auto of_words = [&](const std::string& source) {
        return scores({path, "--method", "rollout", "--units", "words", "--source", source});
    };
    // Words of tokens 0 and 1 to 3: rows (.1, .9) and ((.4 + .25 + .7) / 3, .55), then half of the skip
    // connection.
    check_equal(of_words("0"), {.55, .45});
    check_equal(of_words("1"), {.225, .775});
}

TEST_CASE("padding by its tokens is named, and the last position is no source", "[cases][padding]") {
    const TemporaryDirectory folder;
    const auto file = [&](bool causal, const std::string& tokens) {
        const std::string path = folder.file("p.safetensors");
        write_safetensors(path, {{"attentions", DType::f64, {2, 2, 6, 6}, random_attention(2, 2, 6, 3, causal)}},
                          {{"tokens", tokens}});
        return path;
    };
    const std::string both = R"(["[CLS]", "a", "b", "[SEP]", "[PAD]", "[PAD]"])";
    const std::string said =
        "p: what looks like padding takes part as tokens do, positions 4 to 5 ([PAD] [PAD]): ";
    const auto validated = attnflow::testing::attnflow({"validate", file(false, both)});
    CHECK_THAT(validated.out, Catch::Contains("note: " + said));
    const auto columns = attnflow::testing::attnflow({"attribute", file(false, both), "--method", "column_sum"});
    CHECK(columns.exit_code == 0);
    CHECK_THAT(columns.err, Catch::Contains("note: " + said));
    const Run run("methods = [\"column_sum\"]\nevaluation.references = [\"method(column_sum)\"]\n",
                  file(false, both));
    CHECK_THAT(run({"--quiet"}).err, Catch::Contains("note: " + said));

    for (const std::string name : {"<unk>", "<|right_pad_id|>", "<|PAD_TOKEN|>", "<|eot_id|>"}) {
        const std::string tokens = R"(["<s>", "a", "b", "c", ")" + name + R"(", ")" + name + R"("])";
        const auto refused = attnflow::testing::attnflow({"attribute", file(true, tokens), "--method", "rollout"});
        INFO(name << refused.err);
        CHECK(refused.exit_code == 2);
        CHECK_THAT(refused.err,
                   Catch::Contains("p: source last is in positions 4 to 5 (" + name + " " + name + ")") &&
                       Catch::Contains("--source NUMBER"));
    }
}

TEST_CASE("a list where a run takes one value is refused; a list of one is the value", "[cases][names]") {
    const Run run(rollout_on_ref + "evaluation.metrics = \"spearman\"\n");
    for (const std::string key : {"dataset.path", "dataset.sentences", "model.path", "preset", "model.cache",
                                  "model.target", "dataset.attention", "statistics.seed"}) {
        const auto refused = run({"--set", key + "=[\"a\", \"b\"]"});
        INFO(key << refused.err);
        CHECK(refused.exit_code == 2);
        CHECK_THAT(refused.err, Catch::Contains("--set " + key + ": " + key + " is a list, but a run has one") &&
                                    Catch::Contains("--set " + key + "=VALUE"));
    }
    REQUIRE(run({"--quiet"}).exit_code == 0);
    const std::string config = run.file("config.toml");
    const std::string results = run.file("results.csv") + run.file("run.json");
    for (const std::string set :
         {"evaluation.metrics=[\"spearman\"]", "methods=\"rollout\"", "axes.source=[\"last\"]"}) {
        const auto again = run({"--quiet", "--resume", "--set", set});
        INFO(set << again.err);
        CHECK(again.exit_code == 0);
        CHECK(run.file("config.toml") == config);
    }
    const auto anew = run({"--quiet", "--overwrite", "--set", "evaluation.metrics=[\"spearman\"]"});
    CHECK(anew.exit_code == 0);
    CHECK(run.file("results.csv") + run.file("run.json") == results);
    CHECK(run.file("config.toml") == config);
}
