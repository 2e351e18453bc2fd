/// units = "words": runs and attribute in words, against NumPy and NetworkX (scripts/make_word_goldens.py), and
/// with whatever else a run can be asked for.

#include <algorithm>
#include <cmath>
#include <fstream>

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "experiments/run_folder.hpp"
#include "experiments/store/sqlite.hpp"
#include "experiments/tables/result_tables.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/experiments/run_in_memory.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

using Json = nlohmann::json;

const Json& golden() {
    static const Json json = Json::parse(std::ifstream(ATTNFLOW_SOURCE_DIR "/tests/golden/words.json"));
    return json;
}

std::vector<double> flat(const Json& nested) {
    if (nested.is_number()) return {nested.get<double>()};
    std::vector<double> values;
    for (const Json& part : nested) {
        const auto inner = flat(part);
        values.insert(values.end(), inner.begin(), inner.end());
    }
    return values;
}

const std::vector<std::string> word_units{"words", "words_max", "words_after", "words_after_max"};

// Two examples of the golden text, the second one causal and without pieces.
struct Bench {
    TemporaryDirectory folder;

    Bench() { write_data(golden().at("tokens").dump()); }
    void write_data(const std::string& tokens, bool with_plain = true) const {
        std::vector<NewTensor> tensors{
            {"ex0.attentions", DType::f64, {2, 2, 7, 7}, flat(golden().at("attentions"))},
            {"ex0.blank_out", DType::f64, {7}, flat(golden().at("reference"))}};
        std::string examples = R"([{"id": "ex0", "position": 4, "tokens": )" + tokens + "}";
        if (with_plain) {
            tensors.push_back({"ex1.attentions", DType::f64, {2, 2, 5, 5}, random_attention(2, 2, 5, 3)});
            tensors.push_back({"ex1.blank_out", DType::f64, {5}, {1, 5, 2, 4, 3}});
            examples += R"(, {"id": "ex1", "position": 2, "tokens": ["[CLS]", "the", "key", "turns", "[SEP]"]})";
        }
        write_safetensors(folder.file("data.safetensors"), tensors,
                          {{"examples", examples + "]"}, {"special_tokens", R"(["[CLS]", "[SEP]"])"}});
    }
    Config config(const std::string& toml) const {
        write_bytes(folder.file("c.toml"),
                    "dataset.path = \"data.safetensors\"\nstatistics.resamples = 100\n"
                    "output.attributions = true\n" +
                        (toml.find("evaluation.references") == std::string::npos
                             ? std::string("evaluation.references = [\"blank_out\"]\n")
                             : std::string()) +
                        toml);
        return load_config(folder.file("c.toml"), {});
    }
    MemoryRun run(const std::string& toml) const {
        const Config asked = config(toml);
        return run_in_memory(asked, Dataset::open(asked.dataset.string()), 2);
    }
    std::string refusal(const std::string& toml) const {
        return message_of<InputError>([&] { run(toml); });
    }
    Json attribute(std::vector<std::string> more) const {
        more.insert(more.begin(), {"attribute", folder.file("data.safetensors"), "--example", "ex0"});
        more.insert(more.end(), {"--format", "json"});
        const auto done = attnflow::testing::attnflow(more);
        INFO(done.err);
        REQUIRE(done.exit_code == 0);
        return Json::parse(done.out);
    }
};

void check_near(const std::vector<double>& found, const std::vector<double>& expected, double margin) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t k = 0; k < found.size(); ++k) CHECK(found[k] == Approx(expected[k]).margin(margin));
}

const std::string all_units = "axes.units = [\"words\", \"words_max\", \"words_after\", \"words_after_max\"]\n";

std::string header_of(const std::string& csv) { return csv.substr(0, csv.find('\n')); }

}  // namespace

TEST_CASE("scores of words and their agreement with a reference are those of NumPy", "[units][golden]") {
    const Bench bench;
    for (const std::string method : {"rollout", "attention_flow"}) {
        for (std::size_t word = 0; word < 4; ++word) {
            INFO(method << " of word " << word);
            const auto [result, findings] =
                bench.run("methods = [\"" + method + "\"]\nevaluation.metrics = [\"pearson\"]\naxes.layer = 2\n" +
                          "axes.source = " + std::to_string(word) + "\n" + all_units);
            REQUIRE(result.failures.empty());
            REQUIRE(result.grid.size() == word_units.size());
            for (std::size_t p = 0; p < word_units.size(); ++p) {
                CHECK(result.grid[p].text("units") == word_units[p]);
                const Json& expected = golden().at(method).at(word_units[p]);
                check_near(result.attributions.at(p).scores, flat(expected.at("scores")[word]), 1e-10);
                REQUIRE(result.rows.at(p).value);
                CHECK(*result.rows[p].value == Approx(expected.at("pearson")[word].get<double>()).margin(1e-9));
                CHECK(result.attributions[p].cuts.size() == (method == "rollout" || p > 1 ? 0 : 4));
            }
        }
    }
}

TEST_CASE("attribute shows words, in the table, JSON and CSV", "[units][cli]") {
    const Bench bench;
    for (const std::string& units : word_units) {
        const Json all = bench.attribute({"--method", "attention_flow", "--units", units, "--source", "all"});
        CHECK(all.at("units") == units);
        CHECK(all.at("tokens") == Json({"[CLS]", "unbelievable", "keys", "[SEP]"}));
        CHECK(all.at("first_tokens") == golden().at("first"));
        check_near(flat(all.at("matrix")), flat(golden().at("attention_flow").at(units).at("scores")), 1e-10);
        // The masked token is one of the word, the last word the last one.
        CHECK(bench.attribute({"--method", "rollout", "--units", units}).at("source_index") == 2);
        CHECK(bench.attribute({"--method", "rollout", "--units", units, "--source", "last"}).at("source_index") ==
              3);
        const Json bound = bench.attribute({"--method", "attention_flow", "--units", units}).at("fixed_point");
        const Json single = bench.attribute({"--method", "attention_flow"}).at("fixed_point");
        if (units.find("after") != std::string::npos)
            CHECK(bound.at("error_bound").get<double>() == 3.0 * single.at("error_bound").get<double>());
    }
    CHECK_FALSE(bench.attribute({"--method", "rollout"}).contains("units"));
    const auto table =
        attnflow::testing::attnflow({"attribute", bench.folder.file("data.safetensors"), "--example", "ex0",
                                     "--method", "rollout", "--units", "words"});
    CHECK(table.err == "attnflow: note: 7 tokens in 4 words, told by ## (WordPiece)\n");
    CHECK(table.out.find("rollout, units words, heads mean") != std::string::npos);
    CHECK(table.out.find("source 2 (keys)") != std::string::npos);
    CHECK(table.out.find("\n     word  ") != std::string::npos);
    CHECK(table.out.find("\n   1 unbelievable") != std::string::npos);
    const auto csv =
        attnflow::testing::attnflow({"attribute", bench.folder.file("data.safetensors"), "--example", "ex0",
                                     "--method", "best_path", "--units", "words", "--format", "csv"});
    CHECK(csv.out.find("example,method,units,heads,") == 0);
    CHECK(csv.out.find(",1,unbelievable,") != std::string::npos);
    const auto wrong = attnflow::testing::attnflow({"attribute", bench.folder.file("data.safetensors"),
                                                    "--example", "ex0", "--method", "rollout", "--units", "word"});
    CHECK(wrong.exit_code != 0);
    CHECK(wrong.err.find("--units: units is word (text), expected one of tokens, words, words_max, words_after, "
                         "words_after_max; did you mean 'words'?") != std::string::npos);
}

TEST_CASE("words go with every other axis", "[units]") {
    const Bench bench;
    const std::string methods = "methods = [\"rollout\", \"attention_flow\", \"best_path\", \"column_sum\"]\n";
    const std::string units = "axes.units = [\"tokens\", \"words\", \"words_max\", \"words_after\"]\n";
    const auto passes = [&](const std::string& more) {
        INFO(more);
        const auto [result, findings] = bench.run(methods + units + more);
        std::string why;
        for (const Failure& failure : result.failures) why += failure.message + "\n";
        CHECK(why == "");
        for (const AttributionRow& row : result.attributions) {
            const bool words = result.grid[row.point].text("units") != "tokens";
            const std::size_t expected = row.example == 1 ? 5 : words ? 4 : 7;
            CHECK(row.scores.size() == expected);
        }
        // A text whose words are whole has the same scores in each unit.
        for (const AttributionRow& row : result.attributions) {
            if (row.example != 1 || result.grid[row.point].text("units") != "tokens") continue;
            for (const AttributionRow& other : result.attributions) {
                const GridPoint tokens = result.grid[other.point].with("units", std::string("tokens"));
                if (other.example == 1 && tokens == result.grid[row.point])
                    check_near(other.scores, row.scores, 1e-9);
            }
        }
        return result;
    };
    for (const char* source : {"\"cls\"", "\"last\"", "\"mask\"", "3"})
        passes(std::string("axes.source = ") + source + "\n");
    passes("axes.source = \"all\"\naxes.readout = [\"column_max\", \"column_sum\"]\naxes.layer = \"all\"\n");
    passes("axes.heads = [\"late\", \"max\", \"single(1)\", \"top_k(2)\"]\n");
    passes("axes.special_tokens = \"drop\"\naxes.positions = [\"all\", \"no_special\"]\n");
    passes("axes.skip_weight = [0.0, 0.3]\naxes.renormalise = [\"after_skip\", \"never\"]\n");
    passes("axes.pruning = \"top_k_per_row(2)\"\n");
    passes("evaluation.references = [\"abs(blank_out)\", \"method(rollout)\"]\n");
}

TEST_CASE("dropped special tokens, compared positions and causal corrections count words", "[units]") {
    const Bench bench;
    const auto dropped =
        bench.attribute({"--method", "column_sum", "--units", "words", "--special-tokens", "drop"});
    // Layer 1, heads averaged, without the columns of [CLS] and [SEP] (words 0 and 3), rows to 1 again, half of it
    // and half the skip connection, which is all that the two are left with.
    std::vector<double> columns(4, 0.5);
    const auto first = flat(golden().at("joined").at("words")[0]);
    for (std::size_t q = 0; q < 4; ++q) {
        const double second = first[4 * q + 1] + first[16 + 4 * q + 1];
        const double third = first[4 * q + 2] + first[16 + 4 * q + 2];
        columns[1] += 0.5 * second / (second + third);
        columns[2] += 0.5 * third / (second + third);
    }
    check_near(flat(dropped.at("scores")), columns, 1e-12);
    CHECK(dropped.at("dropped") == Json({0, 3}));

    const std::string toml = "methods = [\"rollout\"]\naxes.layer = 2\naxes.positions = \"no_special\"\n";
    const Config asked = bench.config(toml + "axes.units = [\"tokens\", \"words\"]\n");
    const Results result = run_in_memory(asked, Dataset::open(asked.dataset.string()), 1).result;
    const std::string csv = attributions_csv(result);
    CHECK(csv.find(",ex0,1,unbelievable,") != std::string::npos);
    CHECK(csv.find(",ex0,2,##believ,") != std::string::npos);
    CHECK(csv.find(",[CLS],") == std::string::npos);
    // 5 tokens and 2 words of ex0, 3 and 3 of ex1, and the header.
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 14);

    // Attention that is uniform over the keys it sees says nothing of words either.
    const std::string causal = bench.folder.file("causal.safetensors");
    std::vector<double> uniform(16, 0.0);
    for (std::size_t q = 0; q < 4; ++q) {
        for (std::size_t k = 0; k <= q; ++k) uniform[4 * q + k] = 1.0 / static_cast<double>(q + 1);
    }
    write_safetensors(causal, {{"attentions", DType::f64, {1, 1, 4, 4}, uniform}},
                      {{"tokens", "[\"a\", \"\u0120b\", \"c\", \"\u0120d\"]"}});
    for (const std::string& units : word_units) {
        const auto done = attnflow::testing::attnflow({"attribute", causal, "--method", "rollout", "--units",
                                                       units, "--receptive-field", "minus_uniform", "--source",
                                                       "all", "--format", "json"});
        INFO(done.err);
        REQUIRE(done.exit_code == 0);
        for (const double score : flat(Json::parse(done.out).at("matrix"))) CHECK(std::abs(score) < 1e-15);
    }
}

TEST_CASE("a run that does not ask for words has no trace of them", "[units]") {
    const Bench bench;
    const std::string toml = "methods = [\"rollout\", \"attention_flow\"]\n";
    const Config plain = bench.config(toml);
    const Config said = bench.config(toml + "axes.units = \"tokens\"\n");
    const auto dataset = Dataset::open(plain.dataset.string());
    const auto [result, findings] = run_in_memory(plain, dataset, 1);
    const std::string csv = results_csv(result, plain);
    CHECK(header_of(csv).find("units") == std::string::npos);
    CHECK(results_csv(run_in_memory(said, dataset, 1).result, said) == csv);
    for (const GridPoint& point : result.grid) CHECK_FALSE(point.has("units"));
    CHECK(result.words == std::vector<std::vector<std::size_t>>(2));
    // Part of a grid that does says so everywhere.
    const Config both = bench.config(toml + "axes.units = [\"tokens\", \"words\"]\n");
    const Results mixed = run_in_memory(both, dataset, 1).result;
    CHECK(header_of(results_csv(mixed, both)).find("method,units,heads,") == 0);
    const auto of_tokens = [&](const Results& run) {
        std::vector<double> values;
        for (const ResultRow& row : run.rows) {
            const GridPoint& point = run.grid[row.point];
            if (!point.has("units") || point.text("units") == "tokens") values.push_back(row.value.value_or(9.0));
        }
        return values;
    };
    CHECK(of_tokens(mixed) == of_tokens(result));
}

TEST_CASE("what tells no words is refused by a run, and what joins nothing", "[units]") {
    const Bench bench;
    const std::string toml = "methods = [\"rollout\"]\naxes.units = \"words\"\n";
    bench.write_data(R"(["a", "b", "c", "d", "e", "f", "g"])");
    CHECK(bench.refusal(toml).find(
              "data.safetensors: units words, but no token shows whether it continues a word (a b "
              "c d e f): ") != std::string::npos);
    bench.write_data("null");
    CHECK(bench.refusal(toml).find("units words, but the file holds no tokens: ") != std::string::npos);
    bench.write_data(R"(["a", "b", "c", "d", "e", "f", "g"], "word_ids": [0, 1, 2, 3, 4, 5, 6])", false);
    CHECK(
        bench.refusal(toml).find(
            "units words, but every word is one token: nothing is to be joined, and words would give what tokens "
            "give; leave `units` out") != std::string::npos);
    bench.write_data(golden().at("tokens").dump());
    CHECK(message_of<ParameterError>([&] { bench.run(toml + "axes.source = 4\n"); }) ==
          "ex0: source 4 does not exist, the 4 positions count from 0");
}

TEST_CASE("runs of words are kept, resumed, merged and evaluated, and never mixed with tokens", "[units][store]") {
    const Bench bench;
    const std::string toml = "methods = [\"rollout\", \"attention_flow\"]\naxes.layer = \"all\"\n";
    const Config words = bench.config(toml + "axes.units = [\"words\", \"words_after\"]\n");
    const Config tokens = bench.config(toml);
    const auto dataset = Dataset::open(words.dataset.string());
    const auto at = [&](const std::string& name) { return std::filesystem::path(bench.folder.file(name)); };
    const auto run = [&](const Config& config, const std::string& name, RunnerOptions runner = {},
                         Existing existing = Existing::refuse) {
        return run_in_folder(config, dataset, {.folder = at(name), .existing = existing, .runner = runner});
    };
    const auto bytes = [&](const std::string& name) {
        std::string all;
        for (const char* file : {"results.csv", "summary.csv", "comparisons.csv", "saturation.csv",
                                 "attributions.csv", "summary.md", "environment.json"})
            all += read_bytes((at(name) / file).string());
        return all;
    };
    std::string notes;
    REQUIRE(run(words, "words", {.note = [&](const std::string& note) { notes += note; }}).finished);
    CHECK(notes == "12 tokens in 9 words, told by ## (WordPiece)");
    const Json environment = Json::parse(read_bytes((at("words") / "environment.json").string()));
    CHECK(environment.at("words") == "## (WordPiece)");
    REQUIRE(run(tokens, "tokens").finished);

    run(words, "part0", {.shard = {.index = 0, .count = 2}});
    run(words, "part1", {.shard = {.index = 1, .count = 2}});
    merge_runs({at("part0"), at("part1")}, {.folder = at("merged"), .runner = {}});
    CHECK(bytes("merged") == bytes("words"));
    run(words, "part0", {}, Existing::resume);
    CHECK(bytes("part0") == bytes("words"));

    // Scores that are there would be lost, and those of two units are not one run.
    const std::string lost = "because this is another run:\n  the grid: has no rollout ";
    for (const auto& [config, name] : {std::pair(&tokens, "words"), std::pair(&words, "tokens")})
        CHECK(message_of<InputError>([&] { run(*config, name, {}, Existing::resume); }).find(lost) !=
              std::string::npos);
    CHECK(message_of<InputError>([&] {
              merge_runs({at("words"), at("tokens")}, {.folder = at("mixed"), .runner = {}});
          }).find("\n  axes.units: was ") != std::string::npos);

    // A run of tokens, or of words, grows to one of both.
    const Config both = bench.config(toml + "axes.units = [\"tokens\", \"words\", \"words_after\"]\n");
    REQUIRE(run(both, "both").finished);
    for (const char* name : {"tokens", "part1"}) {
        INFO(name);
        REQUIRE(run(both, name, {}, Existing::resume).finished);
        CHECK(bytes(name) == bytes("both"));
    }

    Config pearson =
        bench.config(toml + "axes.units = [\"words\", \"words_after\"]\nevaluation.metrics = \"pearson\"\n");
    run(pearson, "pearson");
    evaluate_run(at("words"), setting_from_argument("evaluation.metrics=\"pearson\""), 1);
    CHECK(read_bytes((at("words") / "results.csv").string()) ==
          read_bytes((at("pearson") / "results.csv").string()));

    // Words that were changed in the store.
    const auto changed = [&](const std::string& value) {
        sqlite::Database((at("merged") / "run.sqlite").string(), sqlite::Database::Access::write)
            .execute("UPDATE meta SET value = '" + value + "' WHERE key = 'words'");
        return message_of<InputError>([&] { open_run(at("merged"), true); });
    };
    CHECK(changed("[[0,1,4,6]]").find("words: expected a list for each example") != std::string::npos);
    CHECK(changed("[[0,1,4,6],[0,1,2,3,5]]").find("words: ex1: words that do not begin at positions 0 to 4") !=
          std::string::npos);
    CHECK(changed("[[0,1,4,6],[-1]]").find("words: expected lists of positions") != std::string::npos);
    CHECK(changed("[[0,1],[0,1,2,3,4]]").find("another number of sources or tokens") != std::string::npos);
}

TEST_CASE("a model's own words are joined, in attribute and in runs on texts", "[units][cli][model]") {
    const std::string model = source_folder() + "/tests/golden/model/classifier";
    const TemporaryDirectory folder;
    const auto attribute = [&](const std::string& text, std::vector<std::string> more) {
        more.insert(more.begin(), {"attribute", "--model", model, "--text", text, "--method", "rollout"});
        return attnflow::testing::attnflow(more);
    };
    const auto done = attribute("the keys, to", {"--units", "words", "--format", "json"});
    INFO(done.err);
    REQUIRE(done.exit_code == 0);
    const Json json = Json::parse(done.out);
    CHECK(json.at("tokens") == Json({"[CLS]", "the", "keys", ",", "to", "[SEP]"}));
    CHECK(json.at("first_tokens") == Json({0, 1, 2, 4, 5, 6}));
    CHECK(done.err == "attnflow: note: 7 tokens in 6 words, told by the tokenizer\n");
    const auto whole = attribute("the key", {"--units", "words"});
    CHECK(whole.err ==
          "attnflow: note: every word of the text is one token, so that words give what tokens give\n");
    // All words blanked out are all tokens blanked out: of "keys" both pieces.
    const auto change = [&](const std::string& units, const std::string& k) {
        const auto blanked = attribute("the keys to", {"--units", units, "--blank-out", k, "--format", "json"});
        INFO(blanked.err);
        REQUIRE(blanked.exit_code == 0);
        const Json top = Json::parse(blanked.out).at("blank_out").at("top");
        CHECK(std::to_string(top.at("positions").size()) == k);
        return top.at("probability_change").get<double>();
    };
    CHECK(change("words", "3") == change("tokens", "4"));
    CHECK(change("words", "1") != change("tokens", "1"));
    const auto many = attribute("the keys to", {"--units", "words", "--blank-out", "4"});
    CHECK(many.err.find("--blank-out is 4, expected at most the 3 words that are not special") !=
          std::string::npos);

    // A run on texts: the same numbers as attribute, words by the tokenizer, also where a part has none to join.
    write_bytes(folder.file("s.txt"), "the keys, to\nthe key\n");
    write_bytes(folder.file("c.toml"), "methods = [\"rollout\"]\nmodel.path = \"" + model +
                                           "\"\nmodel.cache = \"cache\"\ndataset.sentences = \"s.txt\"\n"
                                           "axes.units = \"words\"\noutput.attributions = true\n"
                                           "evaluation.references = [\"blank_out\", \"grad_dot_input\"]\n");
    const auto run = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"run", "c.toml"});
        return attnflow::testing::attnflow(more, folder.file(""));
    };
    const auto ran = run({"--out", "r"});
    INFO(ran.err);
    REQUIRE(ran.exit_code == 0);
    CHECK(ran.err.find("note: 11 tokens in 10 words, told by the tokenizer\n") != std::string::npos);
    const std::string csv = read_bytes(folder.file("r/attributions.csv"));
    CHECK(csv.find(fmt::format(",ex00000,2,keys,{},", json.at("scores")[2].get<double>())) != std::string::npos);
    for (const char* part : {"1/2", "2/2"}) {
        const auto shard = run({"--shard", part, "--out", std::string("p") + part[0]});
        INFO(shard.err);
        CHECK(shard.exit_code == 0);
        const std::string note = part[0] == '1'
                                     ? "7 tokens in 6 words, told by the tokenizer"
                                     : "every word of the texts is one token, so that words give what tokens give";
        CHECK(shard.err.find("note: " + note + "\n") != std::string::npos);
    }
    CHECK(attnflow::testing::attnflow({"merge", "p1", "p2", "--out", "m"}, folder.file("")).exit_code == 0);
    CHECK(read_bytes(folder.file("m/attributions.csv")) == csv);
}

TEST_CASE("the report shows what was scored", "[units][report]") {
    const Bench bench;
    const auto report = [&](const std::string& units) {
        bench.config("methods = [\"rollout\", \"attention_flow\"]\naxes.layer = \"all\"\naxes.units = " + units +
                     "\n");
        const auto done =
            attnflow::testing::attnflow({"run", "c.toml", "--out", "r", "--overwrite"}, bench.folder.file(""));
        INFO(done.err);
        REQUIRE(done.exit_code == 0);
        const auto made =
            attnflow::testing::attnflow({"report", "r", "--out", "page.html"}, bench.folder.file(""));
        INFO(made.err);
        REQUIRE(made.exit_code == 0);
        return read_bytes(bench.folder.file("page.html"));
    };
    const std::string words = report("[\"words\", \"words_max\"]");
    CHECK(words.find(R"("tokens":["[CLS]","unbelievable","keys","[SEP]"])") != std::string::npos);
    CHECK(words.find(R"("unit":"word")") != std::string::npos);
    const auto drawn = attnflow::testing::attnflow({"figures", "r", "--out", "figures"}, bench.folder.file(""));
    INFO(drawn.err);
    CHECK(drawn.exit_code == 0);
    const std::string bars = read_bytes(bench.folder.file("figures/token_bars.svg"));
    CHECK(bars.find("Word scores of ex0") != std::string::npos);
    CHECK(bars.find("unbelievable") != std::string::npos);
    CHECK(words.find(R"("blank_out":[0.25,1.25,0.75,0.125])") != std::string::npos);
    const std::string mixed = report("[\"tokens\", \"words\"]");
    CHECK(mixed.find(R"("tokens":["[CLS]","un","##believ","##able","key","##s","[SEP]"])") != std::string::npos);
    CHECK(mixed.find(R"("unit":)") == std::string::npos);
    CHECK(mixed.find("Other units than tokens in the explorer") != std::string::npos);
    const std::string after = report("\"words_after\"");
    CHECK(after.find("words that are joined after the attribution have no network of their own") !=
          std::string::npos);
}
