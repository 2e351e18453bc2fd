/// `attnflow run`, `attribute` and `extract` on texts: what a run remembers of them, edge weights, races, stops.

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "attention/dataset.hpp"
#include "attention/files/safetensors.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using Json = nlohmann::json;

namespace {

namespace fs = std::filesystem;

const std::string model = source_folder() + "/experiments/models/sva-bert-6x8";

struct Project {
    TemporaryDirectory folder;

    explicit Project(const std::string& more = "") {
        write_bytes(file("s.tsv"), "text\tlabel\nthe keys to the cabinet\t1\nthe key to the cabinets\t0\n");
        write_bytes(file("c.toml"), "methods = [\"rollout\"]\nmodel.path = \"" + model +
                                        "\"\nmodel.cache = \"cache\"\ndataset.sentences = \"s.tsv\"\n" + more);
    }
    std::string file(const std::string& name) const { return folder.file(name); }
    CommandResult run(std::vector<std::string> more = {}) const {
        more.insert(more.begin(), {"run", "c.toml", "--out", "r"});
        return attnflow::testing::attnflow(more, file(""));
    }
};

}  // namespace

TEST_CASE("edge weights made by a model reach a run and attribute alike", "[cli][model]") {
    const Project project(
        "axes.edge_weights = [\"attention\", \"value_norm\", \"agf\", \"value_zeroing( distance=euclidean )\"]\n"
        "output.attributions = true\n");
    const auto done = project.run();
    INFO(done.err);
    REQUIRE(done.exit_code == 0);
    const std::string scores = read_bytes(project.file("r/attributions.csv"));
    for (const std::string weights : {"attention", "value_norm", "agf", "value_zeroing(euclidean)"}) {
        const auto one = attnflow::testing::attnflow(
            {"attribute", "--model", model, "--text", "the keys to the cabinet", "--method", "rollout",
             "--edge-weights", weights, "--format", "json", "--jobs", "2"});
        INFO(weights << one.err);
        REQUIRE(one.exit_code == 0);
        const Json json = Json::parse(one.out);
        CHECK(json.at("edge_weights") == weights);
        // The same as from a file, to the last digit where heads were not fused in another order.
        const auto extracted = attnflow::testing::attnflow(
            {"extract", "--model", model, "--file", project.file("s.tsv"), "--weights",
             "value_norm,value_zeroing(distance=euclidean),agf", "--out", project.file("d.safetensors")});
        REQUIRE(extracted.exit_code == 0);
        const auto from_file =
            attnflow::testing::attnflow({"attribute", project.file("d.safetensors"), "--example", "ex00000",
                                         "--method", "rollout", "--edge-weights", weights, "--format", "json"});
        CHECK(Json::parse(from_file.out).at("scores") == json.at("scores"));
        CHECK(scores.find("," + weights + ",") != std::string::npos);
    }
}

TEST_CASE("edge weights with heads are fused as attention is, others refuse what would do nothing",
          "[cli][model]") {
    const std::string of_heads =
        "axes.heads = [\"mean\", \"max\", \"single(3)\", \"late\"]\nevaluation.references = "
        "[\"method(column_sum)\"]\n";
    const Project project("axes.edge_weights = [\"attention\", \"agf\"]\noutput.attributions = true\n" + of_heads);
    const auto done = project.run();
    INFO(done.err);
    REQUIRE(done.exit_code == 0);
    const std::string scores = read_bytes(project.file("r/attributions.csv"));
    for (const std::string heads : {"mean", "max", "single(3)", "late"}) {
        const auto one = attnflow::testing::attnflow({"attribute", "--model", model, "--text",
                                                      "the keys to the cabinet", "--method", "rollout", "--heads",
                                                      heads, "--edge-weights", "agf", "--format", "json"});
        INFO(heads << one.err);
        REQUIRE(one.exit_code == 0);
        const Json json = Json::parse(one.out);
        CHECK(json.at("extraction").at("model.target") == "predicted");
        // To the last digit.
        CHECK_THAT(scores, Catch::Contains("," + json.at("scores").at(1).dump()));
    }
    const Project refused("axes.edge_weights = [\"agf\", \"value_norm\"]\n" + of_heads);
    for (const std::vector<std::string>& more : {std::vector<std::string>{"--dry-run"}, {}}) {
        const auto result = refused.run(more);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains("heads max with edge weights 'value_norm', which have one matrix a "
                                               "layer and no heads, expected heads mean"));
        CHECK((!fs::exists(refused.file("cache")) || fs::is_empty(refused.file("cache"))));
    }
    const auto message =
        attnflow::testing::attnflow({"attribute", "--model", model, "--text", "the key", "--method", "rollout",
                                     "--heads", "max", "--edge-weights", "value_norm"});
    CHECK(message.exit_code == 2);
    CHECK_THAT(message.err, Catch::Contains("--heads: heads max with edge weights 'value_norm'"));
}

TEST_CASE("a dry run and a limit run the model on no text that is not needed", "[cli][model]") {
    const Project project("axes.edge_weights = \"agf\"\n");
    const auto dry = project.run({"--dry-run"});
    INFO(dry.err);
    REQUIRE(dry.exit_code == 0);
    CHECK_THAT(dry.out, Catch::Contains("1 grid point x 2 examples = 2 cells"));
    CHECK_FALSE(fs::exists(project.file("cache")));
    CHECK_THAT(project.run({"--dry-run", "--set", "dataset.limit=1", "--set", "axes.layer=all"}).out,
               Catch::Contains("6 grid points x 1 example = 6 cells"));
    const std::vector<std::pair<std::string, std::string>> refused{
        {"axes.layer=7", "there is no layer 7"},
        {"axes.source=6", "s.tsv:2: source 6 does not exist"},
        {"axes.source=mask", "no masked position is known"},
        {"axes.heads=single(8)", "has heads 0 to 7"},
        {"axes.edge_weights=agg", "did you mean"},
        {"model.target=output(9)", "no class '9'"},
        {"dataset.sentences=none.tsv", "none.tsv"}};
    for (const auto& [setting, message] : refused) {
        INFO(setting);
        const auto result = project.run({"--dry-run", "--set", setting});
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains(message));
        CHECK_FALSE(fs::exists(project.file("cache")));
    }
    const auto limited = project.run({"--set", "dataset.limit=1"});
    INFO(limited.err);
    REQUIRE(limited.exit_code == 0);
    for (const auto& entry : fs::directory_iterator(project.file("cache"))) {
        if (entry.path().extension() == ".safetensors") CHECK(Dataset::open(entry.path().string()).size() == 1);
    }
}

TEST_CASE("shards of texts run their own only, and merge to the bytes of the whole run", "[cli][model][merge]") {
    const Project project("evaluation.references = [\"grad_norm\"]\naxes.layer = \"all\"\n");
    write_bytes(project.file("s.tsv"),
                "text\nthe key\nthe keys to the cabinet\nthe men\nthe man that he knows\nhe is\n");
    const auto command = [&](std::vector<std::string> words) {
        return attnflow::testing::attnflow(words, project.file(""));
    };
    const auto sizes_in_cache = [&] {
        std::vector<std::size_t> sizes;
        for (const auto& entry : fs::directory_iterator(project.file("cache"))) {
            if (entry.path().extension() == ".safetensors")
                sizes.push_back(Dataset::open(entry.path().string()).size());
        }
        std::sort(sizes.begin(), sizes.end());
        return sizes;
    };
    for (const std::string shard : {"1/2", "2/2"}) {
        const auto part = command({"run", "c.toml", "--shard", shard, "--out", "p" + shard.substr(0, 1)});
        INFO(part.err);
        REQUIRE(part.exit_code == 0);
        CHECK_THAT(part.out,
                   Catch::Contains(shard == "1/2" ? "is done: 3 of 5 examples" : "is done: 2 of 5 examples"));
    }
    CHECK(sizes_in_cache() == std::vector<std::size_t>{2, 3});
    CHECK_FALSE(fs::exists(project.file("p1/results.csv")));
    CHECK(command({"run", "c.toml", "--shard", "1/2", "--out", "p1", "--resume"}).exit_code == 0);
    for (const std::string shard : {"2/2", "1/1"}) {
        const auto other = command({"run", "c.toml", "--shard", shard, "--out", "p1", "--resume"});
        CHECK(other.exit_code == 2);
        CHECK_THAT(other.err, Catch::Contains("with 3 examples from ex00000 on and not ") &&
                                  Catch::Contains("resume each part with its own --shard"));
    }
    const auto lacking = command({"merge", "p2", "--out", "m"});
    CHECK(lacking.exit_code == 1);
    CHECK_THAT(lacking.err, Catch::Contains("3 of 5 examples were done in none of the runs") &&
                                Catch::Contains("merge all parts"));
    const auto again = command({"merge", "p1", "p2", "--out", "m"});
    CHECK(again.exit_code == 2);
    CHECK_THAT(again.err, Catch::Contains("holds a run already; --overwrite starts anew"));
    const auto merged = command({"merge", "p2", "p1", "p2", "--out", "m", "--overwrite"});
    INFO(merged.err);
    REQUIRE(merged.exit_code == 0);
    // The parts of the cache are joined, so that a report has examples.
    CHECK(sizes_in_cache() == std::vector<std::size_t>{2, 3, 5});
    const auto whole_entry = [&] {
        for (const auto& entry : fs::directory_iterator(project.file("cache"))) {
            if (entry.path().extension() == ".safetensors" && Dataset::open(entry.path().string()).size() == 5)
                return entry.path();
        }
        return fs::path();
    };
    const auto page = command({"report", "m"});
    CHECK_THAT(page.out, Catch::Contains("5 examples to explore"));
    fs::rename(whole_entry(), project.file("joined.safetensors"));
    const auto lost = command({"report", "m"});
    CHECK(lost.exit_code == 0);
    CHECK_THAT(lost.err, Catch::Contains("with --resume --out m makes it again"));
    CHECK_THAT(lost.out, Catch::Contains("is not in the cache; `attnflow run` with --resume makes it again"));
    const fs::path cache = project.file("cache");
    fs::rename(cache, project.file("old"));
    // A merge makes no folder that a config of its parts names: they may be somebody else's.
    const auto without = command({"merge", "p1", "p2", "--out", "n", "--quiet"});
    CHECK(without.exit_code == 0);
    CHECK_THAT(without.err, Catch::Contains("is in the cache any more"));
    CHECK_FALSE(fs::exists(cache));
    REQUIRE(command({"run", "c.toml", "--out", "whole"}).exit_code == 0);
    const Dataset joined = Dataset::open(project.file("joined.safetensors"));
    const Dataset extracted = Dataset::open(whole_entry().string());
    CHECK(joined.metadata() == extracted.metadata());
    REQUIRE(joined.ids() == extracted.ids());
    for (std::size_t i = 0; i < joined.size(); ++i) {
        CHECK(joined.example(i).references == extracted.example(i).references);
        std::vector<double> a(joined.example(i).tokens.size() * joined.example(i).tokens.size()), b(a.size());
        joined.example(i).attention.read_head(5, 7, a);
        extracted.example(i).attention.read_head(5, 7, b);
        CHECK(a == b);
    }
    for (const auto& entry : fs::directory_iterator(project.file("whole"))) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("run.sqlite") || name == "run.lock") continue;
        INFO(name);
        CHECK(read_bytes(project.file("m/" + name)) == read_bytes(project.file("whole/" + name)));
    }
    CHECK(command({"run", "c.toml", "--out", "m", "--resume"}).exit_code == 0);
    const auto none = command({"run", "c.toml", "--shard", "6/6", "--out", "p6"});
    CHECK(none.exit_code == 2);
    CHECK_THAT(none.err, Catch::Contains("s.tsv: no example for part 6 of 6"));
}

TEST_CASE("a folder that a run cannot use is refused before the model runs", "[cli][model]") {
    const Project project;
    fs::create_directory(project.file("r"));
    write_bytes(project.file("r/mine"), "");
    const auto foreign = project.run();
    CHECK(foreign.exit_code == 2);
    CHECK_THAT(foreign.err, Catch::Contains("r: holds files but no run"));
    fs::remove_all(project.file("r"));
    write_bytes(project.file("r"), "");
    CHECK(project.run().exit_code == 2);
    CHECK_FALSE(fs::exists(project.file("cache")));
    fs::remove(project.file("r"));
    REQUIRE(project.run().exit_code == 0);
    fs::remove_all(project.file("cache"));
    CHECK_THAT(project.run().err, Catch::Contains("r: holds a run already"));
    CHECK_FALSE(fs::exists(project.file("cache")));
    CHECK(project.run({"--resume"}).exit_code == 0);
}

TEST_CASE("a file says what it was extracted with, and runs of it keep that", "[cli][model]") {
    const Project project;
    const auto command = [&](std::vector<std::string> words) {
        return attnflow::testing::attnflow(words, project.file(""));
    };
    REQUIRE(command({"extract", "--model", model, "--file", "s.tsv", "--out", "d.safetensors", "--with",
                     "blank_out", "--weights", "agf", "--target", "difference(0,1)", "--target-scale",
                     "probability", "--replace", "mask", "--precision", "float64"})
                .exit_code == 0);
    const auto extraction = Dataset::open(project.file("d.safetensors")).extraction();
    CHECK(extraction.at("model.target") == "difference(0, 1)");
    CHECK(extraction.at("model.target_scale") == "probability");
    CHECK(extraction.at("model.replace") == "mask");
    CHECK(extraction.at("model.precision") == "float64");
    CHECK(extraction.at("model.extracted") == "attention, blank_out, agf");
    CHECK(extraction.at("extracted_by").starts_with("attnflow "));
    CHECK(extraction.at("model.sha256.model.safetensors").size() == 64);
    CHECK(extraction.at("dataset.sentences_sha256").size() == 64);
    for (const auto& [name, value] : extraction) CHECK(value.find(project.file("")) == std::string::npos);

    const auto validated = command({"validate", "d.safetensors"});
    CHECK_THAT(validated.out, Catch::Contains("model.target: difference(0, 1)\n"));
    const std::vector<std::string> attribute{"attribute", "d.safetensors", "--example",      "ex00000",
                                             "--method",  "rollout",       "--edge-weights", "agf"};
    CHECK_THAT(command(attribute).out, Catch::Contains("target difference(0, 1) (probability)"));
    auto as_json = attribute;
    as_json.insert(as_json.end(), {"--format", "json"});
    CHECK(Json::parse(command(as_json).out).at("extraction").at("model.replace") == "mask");
    write_bytes(
        project.file("c.toml"),
        "methods = \"rollout\"\ndataset.path = \"d.safetensors\"\nevaluation.references = \"blank_out\"\n");
    REQUIRE(project.run().exit_code == 0);
    CHECK(Json::parse(read_bytes(project.file("r/environment.json"))).at("model.target") == "difference(0, 1)");
    CHECK(project.run({"--resume"}).exit_code == 0);
}

TEST_CASE("attribute asks a model for what exists only", "[cli][model]") {
    const auto message = [](std::vector<std::string> more) {
        more.insert(more.begin(), {"attribute", "--model", model, "--text", "the key", "--method", "rollout"});
        const auto result = attnflow::testing::attnflow(more);
        CHECK(result.exit_code == 2);
        return result.err;
    };
    CHECK_THAT(message({"--edge-weights", "value_nrm"}), Catch::Contains("did you mean 'value_norm'?"));
    CHECK_THAT(message({"--target", "predicted"}),
               Catch::Contains("expected with --blank-out, or with edge weights made of gradients"));
    CHECK_THAT(message({"--edge-weights", "agf", "--target", "label"}), Catch::Contains("the text has none"));
    CHECK_THAT(message({"--edge-weights", "agf", "--target", "output(2)"}), Catch::Contains("no class '2'"));
    const auto scores = [](const std::string& target) {
        const auto result = attnflow::testing::attnflow(
            {"attribute", "--model", model, "--text", "the keys to the cabinet", "--method", "rollout",
             "--edge-weights", "gf", "--target", target, "--format", "json"});
        return Json::parse(result.out).at("scores");
    };
    CHECK(scores("output(0)") != scores("output(1)"));
    const auto scaled = [](const std::string& scale) {
        return attnflow::testing::attnflow({"attribute", "--model", model, "--text", "the keys to the cabinet",
                                            "--method", "raw_attention", "--edge-weights", "agf", "--target-scale",
                                            scale, "--format", "json"});
    };
    CHECK(scaled("probability").exit_code == 0);
    CHECK(scaled("probability").out != scaled("logit").out);
}

TEST_CASE("scores of a masked language model are those of the masked position", "[cli][model]") {
    const std::string masked_model = source_folder() + "/tests/golden/model/masked_lm";
    const Project project;
    write_bytes(project.file("s.txt"), "a [MASK] b\n[MASK] a\n");
    const auto command = [&](std::vector<std::string> words) {
        return attnflow::testing::attnflow(words, project.file(""));
    };
    const auto attribute = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"attribute", "--method", "rollout", "--format", "json"});
        const auto result = command(more);
        INFO(result.err);
        REQUIRE(result.exit_code == 0);
        return Json::parse(result.out);
    };
    const Json asked = attribute({"--model", masked_model, "--text", "a [MASK] b"});
    CHECK(asked.at("source") == "mask");
    CHECK(asked.at("source_index") == 2);
    CHECK(attribute({"--model", masked_model, "--text", "a [MASK] b", "--source", "cls"}).at("source_index") == 0);
    CHECK(attribute({"--model", masked_model, "--text", "a b"}).at("source") == "cls");
    for (const std::string text : {"a b", "a [MASK] [MASK]"}) {
        const auto none = command(
            {"attribute", "--model", masked_model, "--text", text, "--method", "rollout", "--source", "mask"});
        CHECK(none.exit_code == 2);
        CHECK_THAT(none.err, Catch::Contains("source mask: no masked position is known, expected"));
    }

    const std::string rest = "methods = [\"rollout\"]\nevaluation.references = [\"grad_norm\"]\n";
    const std::string texts =
        rest + "model.path = \"" + masked_model + "\"\nmodel.cache = \"cache\"\ndataset.sentences = \"s.txt\"\n";
    const auto run = [&](const std::string& config) {
        write_bytes(project.file("c.toml"), config);
        const auto done = command({"run", "c.toml", "--out", "r", "--overwrite"});
        INFO(done.err);
        REQUIRE(done.exit_code == 0);
        return read_bytes(project.file("r/results.csv"));
    };
    const std::string results = run(texts);
    CHECK_THAT(results, Catch::Contains(",mask,") && !Catch::Contains(",cls,"));
    CHECK_THAT(read_bytes(project.file("r/config.toml")), Catch::Contains("axes.source = \"mask\""));
    CHECK(command({"run", "c.toml", "--out", "r", "--resume"}).exit_code == 0);
    CHECK(run(texts + "axes.source = \"mask\"\n") == results);
    CHECK_THAT(run(texts + "axes.source = \"cls\"\n"), !Catch::Contains(",mask,"));
    const std::string parts =
        run(texts + "[[matrix]]\n[[matrix]]\nmethods = \"raw_attention\"\naxes.source = \"last\"\n");
    CHECK_THAT(parts, Catch::Contains(",mask,") && Catch::Contains(",last,") && !Catch::Contains(",cls,"));
    REQUIRE(command({"extract", "--model", masked_model, "--file", "s.txt", "--with", "gradients", "--out",
                     "d.safetensors"})
                .exit_code == 0);
    CHECK(run(rest + "dataset.path = \"d.safetensors\"\n") == results);
    REQUIRE(command({"report", "r", "--out", "page.html"}).exit_code == 0);
    CHECK_THAT(read_bytes(project.file("page.html")), Catch::Contains("\"mask\":2"));
    const Project classifier("axes.source = \"mask\"\n");
    const auto refused = classifier.run();
    CHECK(refused.exit_code == 2);
    CHECK_THAT(refused.err, Catch::Contains("s.tsv: source mask: no masked position is known"));
}

TEST_CASE("options are refused for what they are", "[cli][model]") {
    const auto message = [](std::vector<std::string> words) {
        const auto result = attnflow::testing::attnflow(words);
        CHECK(result.exit_code == 2);
        return result.err;
    };
    const std::vector<std::string> attribute{"attribute", "--model",  model,    "--text",
                                             "the key",   "--method", "rollout"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), attribute.begin(), attribute.end());
        return message(more);
    };
    CHECK(with({"--hedas", "max"}) == "attnflow: attribute: unknown option --hedas; did you mean --heads?\n");
    CHECK(with({"--hedas=max"}) == "attnflow: attribute: unknown option --hedas; did you mean --heads?\n");
    CHECK(with({"--modl", "x"}) == "attnflow: attribute: unknown option --modl; did you mean --model?\n");
    CHECK(message({"extract", "--qqqqq", "x"}) ==
          "attnflow: extract: unknown option --qqqqq; `attnflow extract --help` lists them\n");
    CHECK_THAT(with({"--edge-weights", ""}), Catch::Contains("--edge-weights: edge_weights is empty, expected"));
    CHECK_THAT(
        message({"attribute", "--model", model, "--text", "[MASK]", "--method", "rollout", "--blank-out", "1"}),
        Catch::Contains("--blank-out: the text has special tokens only"));
    CHECK_THAT(attnflow::testing::attnflow({"extract", "--help"}).out,
               Catch::Contains("Threads; the results do not depend on it"));
    CHECK(
        attnflow::testing::attnflow({"attribute", "--model", model, "--text", "-- the key", "--method", "rollout"})
            .exit_code == 0);
}

TEST_CASE("options without effect, empty texts and input_ids as a reference", "[cli][model]") {
    const TemporaryDirectory folder;
    const auto extract = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"extract", "--model", model, "--text", "the key", "--out", folder.file("d")});
        return attnflow::testing::attnflow(more);
    };
    const std::vector<std::pair<std::vector<std::string>, std::string>> idle{
        {{"--replace", "unk"}, "--replace: expected with --with blank_out"},
        {{"--replace", "mask", "--with", "gradients"}, "--replace: expected with --with blank_out"},
        {{"--target", "output(1)", "--weights", "value_norm"},
         "--target: expected with --with blank_out, --with gra"},
        {{"--target-scale", "logit", "--with", "blank_out"}, "--target-scale: expected with --with gradients"}};
    for (const auto& [more, message] : idle) {
        const auto result = extract(more);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains(message));
    }
    CHECK(extract({"--target", "output(1)", "--target-scale", "probability", "--weights", "gf"}).exit_code == 0);
    CHECK_THAT(attnflow::testing::attnflow({"validate", folder.file("d")}).out, !Catch::Contains("input_ids"));
    const auto scale = attnflow::testing::attnflow({"attribute", "--model", model, "--text", "the key", "--method",
                                                    "rollout", "--target-scale", "probability"});
    CHECK(scale.exit_code == 2);
    CHECK_THAT(scale.err, Catch::Contains("--target-scale: expected with edge weights made of gradients"));
    for (const std::string text : {"", " \t", "\u00a0"}) {
        for (const std::string command : {"extract", "attribute"}) {
            std::vector<std::string> words{command, "--model", model, "--text", text};
            if (command == "extract") words.insert(words.end(), {"--out", folder.file("e")});
            if (command == "attribute") words.insert(words.end(), {"--method", "rollout"});
            const auto empty = attnflow::testing::attnflow(words);
            CHECK(empty.exit_code == 2);
            CHECK_THAT(empty.err, Catch::Contains("--text: is empty"));
        }
    }
}

TEST_CASE("extract makes an edge weight that is named twice once", "[cli][model]") {
    const TemporaryDirectory folder;
    const auto done = attnflow::testing::attnflow(
        {"extract", "--model", model, "--text", "the key", "--weights", "af,af", "--out", folder.file("d")});
    INFO(done.err);
    CHECK(done.exit_code == 0);
}

TEST_CASE("attribute replaces the highest and lowest tokens at once", "[cli][model]") {
    const std::string text = "the keys to the old cabinet";
    const auto attribute = [&](std::vector<std::string> more) {
        more.insert(more.begin(),
                    {"attribute", "--model", model, "--text", text, "--method", "rollout", "--layer", "6"});
        return attnflow::testing::attnflow(more);
    };
    const auto json = Json::parse(attribute({"--blank-out", "2", "--format", "json"}).out);
    const auto& blanked = json.at("blank_out");
    CHECK(blanked.at("replace") == "unk");
    auto order = json.at("scores").get<std::vector<double>>();
    const auto top = blanked.at("top").at("positions").get<std::vector<std::size_t>>();
    const auto bottom = blanked.at("bottom").at("positions").get<std::vector<std::size_t>>();
    REQUIRE(top.size() == 2);
    CHECK(order[top[0]] >= order[top[1]]);
    CHECK(order[bottom[0]] <= order[bottom[1]]);
    CHECK(order[top[1]] >= order[bottom[1]]);
    CHECK(std::find(top.begin(), top.end(), 0u) == top.end());  // [CLS] stays

    // One token: what extract's blank-out says of it.
    const TemporaryDirectory folder;
    REQUIRE(attnflow::testing::attnflow({"extract", "--model", model, "--text", text, "--with", "blank_out",
                                         "--replace", "mask", "--out", folder.file("d")})
                .exit_code == 0);
    const auto scores = SafetensorsFile::open(folder.file("d"))->tensors().at("ex00000.blank_out").values();
    const auto one = Json::parse(attribute({"--blank-out", "1", "--replace", "mask", "--format", "json"}).out);
    const auto& first = one.at("blank_out").at("top");
    CHECK(std::abs(first.at("probability_change").get<double>()) ==
          Approx(scores[first.at("positions").at(0).get<std::size_t>()]).epsilon(1e-5));

    CHECK_THAT(attribute({"--blank-out", "2"}).out, Catch::Contains("highest 2 ") && Catch::Contains("lowest 2 "));
    CHECK_THAT(attribute({"--blank-out", "2", "--target", "difference(0, 1)"}).out,
               Catch::Contains("probability of 'singular (VBZ)' minus that of 'plural (VBP)'") &&
                   Catch::Contains("keys@2"));
    CHECK_THAT(attribute({"--blank-out", "7"}).err, Catch::Contains("at most the 6 tokens that are not special"));
    CHECK_THAT(attribute({"--blank-out", "2", "--source", "all"}).err, Catch::Contains("one score a token"));
    CHECK_THAT(attribute({"--blank-out", "2", "--format", "csv"}).err, Catch::Contains("not in csv"));
}

TEST_CASE("a run on texts says what it was made of, and can be resumed and repeated", "[cli][model]") {
    const Project project;
    REQUIRE(project.run().exit_code == 0);
    const Json environment = Json::parse(read_bytes(project.file("r/environment.json")));
    CHECK(environment.at("model.path") == model);
    CHECK(environment.at("dataset.sentences") == project.file("s.tsv"));
    CHECK(environment.at("model.architecture") == "BertForSequenceClassification");
    CHECK(environment.at("model.precision") == "float32");
    CHECK(environment.at("model.target") == "default");
    CHECK(environment.at("model.replace") == "unk");
    CHECK(environment.at("model.extracted") == "attention, gradients, blank_out");
    CHECK(environment.at("dataset.sentences_sha256") ==
          "bbbb154e5b0d3785920ae727ded39429ca023e415471b944e0e962b11465efe2");
    for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"})
        CHECK(environment.at(std::string("model.sha256.") + name).get<std::string>().size() == 64);
    const std::string config = read_bytes(project.file("r/config.toml"));
    CHECK_THAT(config, Catch::Contains("model.path = \"" + model + "\"") &&
                           Catch::Contains("dataset.sentences = \"" + project.file("s.tsv") + "\"") &&
                           !Catch::Contains("dataset.path ="));

    std::map<std::string, std::string> tables;
    const auto is_table = [](const fs::path& path) {
        return path.extension() != ".sqlite" && path.extension() != ".lock";
    };
    for (const auto& entry : fs::directory_iterator(project.file("r")))
        if (is_table(entry.path())) tables[entry.path().filename().string()] = read_bytes(entry.path().string());
    const auto same = [&] {
        for (const auto& [name, content] : tables) {
            INFO(name);
            CHECK(read_bytes(project.file("r/" + name)) == content);
        }
    };
    const auto resumed = project.run({"--resume"});
    INFO(resumed.err);
    REQUIRE(resumed.exit_code == 0);
    same();
    REQUIRE(attnflow::testing::attnflow({"evaluate", "r"}, project.file("")).exit_code == 0);
    same();
    // The stored config makes the same run, from texts.
    fs::remove_all(project.file("cache"));
    fs::copy(project.file("r/config.toml"), project.file("again.toml"));
    const auto again = attnflow::testing::attnflow({"run", "again.toml", "--out", "r2"}, project.file(""));
    INFO(again.err);
    REQUIRE(again.exit_code == 0);
    CHECK(read_bytes(project.file("r2/results.csv")) == tables.at("results.csv"));

    write_bytes(project.file("s.tsv"), "text\tlabel\nthe keys to the cabinet\t1\nthe key\t0\n");
    const auto other = project.run({"--resume"});
    CHECK(other.exit_code == 2);
    CHECK_THAT(other.err, Catch::Contains("dataset.sentences_sha256: was"));
}

TEST_CASE("a run on texts grows to what one run of the larger config is, byte for byte", "[cli][model]") {
    const std::string small =
        "dataset.limit = 1\naxes.skip_weight = 0.5\nevaluation.references = [\"blank_out\"]\n";
    const std::string large =
        "dataset.limit = 3\naxes.skip_weight = [0.25, 0.5]\naxes.edge_weights = [\"attention\", \"value_norm\"]\n"
        "axes.units = [\"tokens\", \"words\"]\nevaluation.metrics = [\"spearman\", \"pearson\"]\n"
        "evaluation.references = [\"blank_out\", \"grad_dot_input\"]\n";
    const std::string rest = "output.attributions = true\nstatistics.resamples = 100\n";
    const auto write = [&](const Project& project, const std::string& more) {
        write_bytes(project.file("s.tsv"),
                    "text\tlabel\nthe keys to the cabinet\t1\nthe key to the cabinets\t0\nthe key\t0\n");
        write_bytes(project.file("c.toml"),
                    "methods = [\"rollout\", \"attention_flow\"]\nmodel.path = \"" + model +
                        "\"\nmodel.cache = \"cache\"\ndataset.sentences = \"s.tsv\"\n" + more + rest);
    };
    const Project grown;
    write(grown, small);
    REQUIRE(grown.run().exit_code == 0);
    write(grown, large);
    const auto resumed = grown.run({"--resume"});
    INFO(resumed.err);
    REQUIRE(resumed.exit_code == 0);
    CHECK_THAT(resumed.err,
               Catch::Contains("the run grows, what is there is kept: 2 grid points x 1 example before, "
                               "16 x 3 now"));
    const auto whole = attnflow::testing::attnflow({"run", "c.toml", "--out", "whole"}, grown.file(""));
    INFO(whole.err);
    REQUIRE(whole.exit_code == 0);
    std::size_t compared = 0;
    for (const auto& entry : fs::directory_iterator(grown.file("whole"))) {
        const std::string name = entry.path().filename().string();
        if (entry.path().extension() == ".sqlite" || entry.path().extension() == ".lock") continue;
        INFO(name);
        CHECK(read_bytes(grown.file("r/" + name)) == read_bytes(entry.path().string()));
        ++compared;
    }
    CHECK(compared >= 8);
    // Texts that are added are examples that are added.
    write_bytes(grown.file("s.tsv"),
                "text\tlabel\nthe keys to the cabinet\t1\nthe key to the cabinets\t0\nthe key\t0\nthe keys\t1\n");
    std::string config = read_bytes(grown.file("c.toml"));
    const std::string limit = "dataset.limit = 3\n";
    config.erase(config.find(limit), limit.size());
    write_bytes(grown.file("c.toml"), config);
    REQUIRE(grown.run({"--resume"}).exit_code == 0);
    REQUIRE(attnflow::testing::attnflow({"run", "c.toml", "--out", "four"}, grown.file("")).exit_code == 0);
    for (const char* name : {"results.csv", "summary.csv", "attributions.csv", "environment.json", "run.json"})
        CHECK(read_bytes(grown.file(std::string("r/") + name)) ==
              read_bytes(grown.file(std::string("four/") + name)));
    // Other texts are another run.
    write_bytes(grown.file("s.tsv"), "text\tlabel\nthe keys\t1\nthe key to the cabinets\t0\nthe key\t0\n");
    CHECK_THAT(grown.run({"--resume"}).err, Catch::Contains("dataset.sentences_sha256: was"));
}

TEST_CASE("the mask token stands for a word, also where a model calls it special", "[cli][model]") {
    const std::string masked = source_folder() + "/tests/golden/model/masked_lm";
    const auto attribute = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"attribute", "--model", masked, "--text", "the key [MASK]", "--method",
                                   "rollout", "--special-tokens", "drop"});
        return attnflow::testing::attnflow(more);
    };
    CHECK_THAT(attribute({}).out, Catch::Contains("special tokens drop ([CLS] [SEP])"));
    CHECK_THAT(attribute({"--special", "[MASK]"}).out, Catch::Contains("special tokens drop ([MASK])"));
    const Project project;
    write_bytes(project.file("s.tsv"), "text\nthe key [MASK]\n");
    write_bytes(project.file("c.toml"), "methods = [\"rollout\"]\nmodel.path = \"" + masked +
                                            "\"\nmodel.cache = \"cache\"\ndataset.sentences = \"s.tsv\"\n"
                                            "output.attributions = true\naxes.positions = \"no_special\"\n"
                                            "evaluation.references = [\"method(column_sum)\"]\n");
    const auto done = project.run();
    INFO(done.err);
    REQUIRE(done.exit_code == 0);
    const std::string csv = read_bytes(project.file("r/attributions.csv"));
    CHECK_THAT(csv, Catch::Contains(",3,[MASK],") && Catch::Contains(",2,key,") && !Catch::Contains("[CLS]"));
}

TEST_CASE("two processes that fill the same entry of the cache both succeed", "[cli][model]") {
    for (int attempt = 0; attempt < 5; ++attempt) {
        const Project project;
        CommandResult results[2];
        std::thread other([&] {
            results[1] = attnflow::testing::attnflow({"run", "c.toml", "--out", "r1"}, project.file(""));
        });
        results[0] = attnflow::testing::attnflow({"run", "c.toml", "--out", "r0"}, project.file(""));
        other.join();
        for (const auto& result : results) {
            INFO(result.err);
            CHECK(result.exit_code == 0);
        }
        CHECK(read_bytes(project.file("r0/results.csv")) == read_bytes(project.file("r1/results.csv")));
        std::vector<std::string> endings;
        for (const auto& entry : fs::directory_iterator(project.file("cache")))
            endings.push_back(entry.path().extension().string());
        std::sort(endings.begin(), endings.end());
        CHECK(endings == std::vector<std::string>{".safetensors", ".sha256"});
    }
}

TEST_CASE("a signal stops an extraction, which leaves no file", "[cli][model]") {
    const Project project;
    std::string lines = "text\n";
    for (int i = 0; i < 3000; ++i) lines += "the keys to the cabinet of the man that he knows is here\n";
    write_bytes(project.file("s.tsv"), lines);
    const std::vector<std::vector<std::string>> commands{
        {"extract", "--model", model, "--file", "s.tsv", "--with", "gradients,blank_out", "--out", "d.safetensors",
         "--jobs", "2"},
        {"run", "c.toml", "--out", "r"}};
    for (const auto& command : commands) {
        for (const int signal : {SIGINT, SIGTERM}) {
            INFO(command.front() << " " << signal);
            const auto result = attnflow::testing::attnflow(command, project.file(""), {signal, 300});
            CHECK(result.exit_code == 130);
            CHECK_THAT(result.err, Catch::Contains("stopped before it was done"));
            CHECK_FALSE(fs::exists(project.file("d.safetensors")));
            CHECK_FALSE(fs::exists(project.file("r")));
            for (const auto& entry : fs::recursive_directory_iterator(project.file(""))) {
                const std::string name = entry.path().filename().string();
                CHECK((name == "s.tsv" || name == "c.toml" || name == "cache"));
            }
        }
    }
}

TEST_CASE("a signal that is ignored from outside stays ignored", "[cli][model]") {
    const Project project;
    std::string lines = "text\n";
    for (int i = 0; i < 600; ++i) lines += "the keys to the cabinet of the man that he knows is here\n";
    write_bytes(project.file("s.tsv"), lines);
    // As shells start jobs in the background: the child inherits it.
    const auto before = std::signal(SIGINT, SIG_IGN);
    const auto result = attnflow::testing::attnflow({"extract", "--model", model, "--file", "s.tsv", "--with",
                                                     "gradients", "--out", "d.safetensors", "--jobs", "1"},
                                                    project.file(""), {SIGINT, 200});
    std::signal(SIGINT, before);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.err, !Catch::Contains("stopping"));
    CHECK(Dataset::open(project.file("d.safetensors")).size() == 600);
}
