/// Runs whose model metrics ask the model: values against a direct computation, and the ways in which a run comes
/// about.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include <catch2/catch.hpp>

#include "attention/extract/target.hpp"
#include "attention/model/text_model.hpp"
#include "experiments/run_folder.hpp"
#include "experiments/study/measures.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

namespace fs = std::filesystem;

const std::string sva_model = source_folder() + "/experiments/models/sva-bert-6x8";
const std::string with_metrics =
    "evaluation.model_metrics = [\"comprehensiveness\", \"sufficiency(2 50%, replace=unk)\", "
    "\"comprehensiveness(sizes=2, replace=mask, answer=log_odds)\"]\n";

struct Project {
    TemporaryDirectory folder;

    explicit Project(const std::string& more = with_metrics) {
        write_bytes(file("s.tsv"),
                    "text\tlabel\nthe keys to the cabinet\t1\nthe key to the cabinets\t0\nhe\t0\nthe man that "
                    "the dogs NNS\t1\nthe keys\t1\n");
        write_config(more);
    }
    void write_config(const std::string& more) const {
        write_bytes(file("c.toml"),
                    "methods = [\"raw_attention\", \"rollout\", \"column_sum\"]\nmodel.path = \"" + sva_model +
                        "\"\nmodel.cache = \"cache\"\ndataset.sentences = \"s.tsv\"\naxes.layer = [1, 6]\n"
                        "axes.positions = [\"all\", \"no_special\"]\nevaluation.references = \"blank_out\"\n" +
                        more);
    }
    std::string file(const std::string& name) const { return folder.file(name); }
    CommandResult command(const std::vector<std::string>& words) const {
        return attnflow::testing::attnflow(words, file(""));
    }
    /// `attnflow run`, which must work.
    void run(const std::string& out, std::vector<std::string> more = {}) const {
        more.insert(more.begin(), {"run", "c.toml", "--quiet", "--out", out});
        const auto done = command(more);
        INFO(done.err);
        REQUIRE(done.exit_code == 0);
    }
    void check_same_tables(const std::string& one, const std::string& other) const {
        std::size_t files = 0;
        for (const auto& entry : fs::directory_iterator(file(one))) {
            const std::string name = entry.path().filename().string();
            if (name.starts_with("run.sqlite") || name == "run.lock") continue;
            INFO(name << " of " << one << " and " << other);
            CHECK(read_bytes(file(other + "/" + name)) == read_bytes(entry.path().string()));
            ++files;
        }
        CHECK(files >= 7);
    }
};

/// One text at a time, by the words of the definition.
class Oracle {
public:
    Oracle() : model_(TextModel::open(sva_model)) {}

    double fall(const std::string& text, std::vector<std::size_t> changed, const std::string& replace,
                bool log_odds) const {
        Encoding encoding = model_.encode(text, "text");
        const auto whole = logits(encoding);
        const std::size_t target = predicted_output(whole);
        std::sort(changed.begin(), changed.end(), std::greater<>());
        for (const std::size_t t : changed) {
            const auto at = static_cast<std::ptrdiff_t>(t);
            if (replace == "remove") {
                encoding.ids.erase(encoding.ids.begin() + at);
                encoding.type_ids.erase(encoding.type_ids.begin() + at);
            } else {
                encoding.ids[t] = replace == "unk" ? *model_.tokenizer.unknown() : *model_.tokenizer.mask();
            }
        }
        const auto after = logits(encoding);
        if (log_odds) return attnflow::log_odds(whole, target) - attnflow::log_odds(after, target);
        return probabilities(whole, Task::classification)[target] -
               probabilities(after, Task::classification)[target];
    }

private:
    std::vector<double> logits(const Encoding& encoding) const {
        const auto rows = model_.model->forward(TokenBatch::of(encoding), {});
        return {rows.row(0).begin(), rows.row(0).end()};
    }
    TextModel model_;
};

}  // namespace

TEST_CASE("values of model metrics in a run are those of the definition", "[cli][model][model_metrics]") {
    const Project project(with_metrics + "output.attributions = true\n");
    project.run("r");
    const RunFolder run = open_run(project.file("r"), true);
    const Oracle oracle;
    const std::vector<std::string> texts{"the keys to the cabinet", "the key to the cabinets", "he",
                                         "the man that the dogs NNS", "the keys"};
    std::map<std::pair<std::size_t, std::size_t>, const std::vector<double>*> scores;
    for (const AttributionRow& row : run.result.attributions) scores[{row.example, row.point}] = &row.scores;
    std::size_t checked = 0;
    std::size_t undefined = 0;
    for (const ResultRow& row : run.result.rows) {
        if (!asks_model(run.config, {row.reference, row.metric})) continue;
        INFO(run.result.examples[row.example] << " at point " << row.point << " by "
                                              << metric_name(run.config, row.metric));
        const std::vector<double>& of_tokens = *scores.at({row.example, row.point});
        // Behind [CLS], which stays.
        std::vector<std::size_t> order(of_tokens.size() - 1);
        std::iota(order.begin(), order.end(), std::size_t{1});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return of_tokens[a] > of_tokens[b]; });
        const std::size_t n = order.size();
        const auto share = [&](double of) {
            return static_cast<std::size_t>(std::ceil(of * static_cast<double>(n)));
        };
        const std::size_t kind = row.metric - run.config.metrics.size();
        const std::vector<std::size_t> sizes =
            kind == 0   ? std::vector{share(0.01), share(0.05), share(0.1), share(0.2), share(0.5)}
            : kind == 1 ? std::vector{std::size_t{2}, share(0.5)}
                        : std::vector{std::size_t{2}};
        REQUIRE(row.value.has_value() == (n >= *std::max_element(sizes.begin(), sizes.end())));
        undefined += row.value ? 0 : 1;
        if (!row.value) continue;
        double sum = 0.0;
        for (const std::size_t k : sizes) {
            const auto line = order.begin() + static_cast<std::ptrdiff_t>(k);
            const std::vector<std::size_t> top(order.begin(), line), rest(line, order.end());
            sum += kind == 0   ? oracle.fall(texts[row.example], top, "remove", false)
                   : kind == 1 ? oracle.fall(texts[row.example], rest, "unk", false)
                               : oracle.fall(texts[row.example], top, "mask", true);
        }
        CHECK(*row.value == Approx(sum / static_cast<double>(sizes.size())).epsilon(1e-5).margin(1e-6));
        ++checked;
    }
    CHECK(checked > 100);
    CHECK(undefined == 2 * 10);  // two sizes of 2 ask too much of "he"
    const std::string table = read_bytes(project.file("r/results.csv"));
    CHECK_THAT(table, Catch::Contains(",model,\"sufficiency(2 50%, unk, probability)\",ex00002,\n"));
    const std::string summary = read_bytes(project.file("r/summary.md"));
    CHECK_THAT(summary, Catch::Contains("## comprehensiveness (larger is better)") &&
                            Catch::Contains("## sufficiency(sizes=2 50%, replace=unk) (smaller is better)"));
}

TEST_CASE("a run with model metrics is the same however it comes about", "[cli][model][model_metrics][merge]") {
    const Project project;
    project.run("whole", {"--jobs", "1"});
    project.run("threads", {"--jobs", "3"});
    project.check_same_tables("whole", "threads");

    // Grown from a finished run without.
    project.write_config("");
    project.run("grown");
    project.write_config(with_metrics);
    project.run("grown", {"--resume"});
    project.check_same_tables("whole", "grown");
    project.run("grown", {"--resume"});
    project.check_same_tables("whole", "grown");

    // From shards, by a merge that has no model and no sentences.
    for (const std::string shard : {"1/2", "2/2"}) project.run("p" + shard.substr(0, 1), {"--shard", shard});
    fs::rename(project.file("cache"), project.file("away"));
    fs::rename(project.file("s.tsv"), project.file("s.away"));
    const auto merged = project.command({"merge", "p1", "p2", "--out", "merged", "--quiet"});
    INFO(merged.err);
    REQUIRE(merged.exit_code == 0);
    project.check_same_tables("whole", "merged");
    // What is stored is kept by evaluate, also without them.
    CHECK(project.command({"evaluate", "merged", "--set", "evaluation.metrics=pearson", "--quiet"}).exit_code ==
          0);
    CHECK(project.command({"evaluate", "merged", "--set", "evaluation.metrics=spearman", "--quiet"}).exit_code ==
          0);
    for (const char* table : {"results.csv", "summary.csv", "comparisons.csv", "summary.md"})
        CHECK(read_bytes(project.file(std::string("merged/") + table)) ==
              read_bytes(project.file(std::string("whole/") + table)));
}

TEST_CASE("evaluate asks the model of a run for new model metrics, where it is still there",
          "[cli][model][model_metrics]") {
    const Project project("");
    project.run("r");
    const auto evaluate = [&](const std::string& metrics) {
        return project.command({"evaluate", "r", "--quiet", "--set", "evaluation.model_metrics=" + metrics});
    };
    const std::string all =
        "[\"comprehensiveness\", \"sufficiency(2 50%, replace=unk)\", "
        "\"comprehensiveness(sizes=2, replace=mask, answer=log_odds)\"]";
    const auto done = evaluate(all);
    INFO(done.err);
    REQUIRE(done.exit_code == 0);
    project.write_config(with_metrics);
    project.run("whole");
    for (const char* table : {"results.csv", "summary.csv", "comparisons.csv", "summary.md"})
        CHECK(read_bytes(project.file(std::string("r/") + table)) ==
              read_bytes(project.file(std::string("whole/") + table)));

    const std::string before = read_bytes(project.file("r/results.csv"));
    const std::string sentences = read_bytes(project.file("s.tsv"));
    write_bytes(project.file("s.tsv"), sentences + "the\t1\n");
    const auto changed = evaluate("[\"sufficiency\"]");
    CHECK(changed.exit_code == 2);
    CHECK_THAT(changed.err,
               Catch::Contains("r: has no values of sufficiency(1% 5% 10% 20% 50%, remove, probability), "
                               "and its model cannot be asked:") &&
                   Catch::Contains("dataset.sentences_sha256: was ") &&
                   Catch::Contains("leave out of evaluation.model_metrics"));
    fs::remove(project.file("s.tsv"));
    const auto gone = evaluate("[\"sufficiency\"]");
    CHECK(gone.exit_code == 2);
    CHECK_THAT(gone.err, Catch::Contains("s.tsv: "));
    CHECK(read_bytes(project.file("r/results.csv")) == before);
    CHECK(evaluate("[]").exit_code == 0);  // fewer need none
    CHECK_THAT(read_bytes(project.file("r/results.csv")), !Catch::Contains(",model,"));
}

TEST_CASE("model metrics are planned, refused early, and do without references", "[cli][model][model_metrics]") {
    const Project project("evaluation.references = []\nevaluation.model_metrics = \"sufficiency(1 2)\"\n");
    write_bytes(project.file("c.toml"), [&] {
        std::string text = read_bytes(project.file("c.toml"));
        return text.erase(text.find("evaluation.references = \"blank_out\"\n"), 35);
    }());
    const auto dry = project.command({"run", "c.toml", "--dry-run"});
    INFO(dry.err);
    REQUIRE(dry.exit_code == 0);
    // 5 texts as they are; 10 points with 2 sizes each, of which every text has tokens enough, [CLS] counted.
    CHECK_THAT(dry.out, Catch::Contains("the model is asked about 105 texts at most"));
    CHECK_FALSE(fs::exists(project.file("cache")));
    project.run("r");
    CHECK_THAT(read_bytes(project.file("r/environment.json")),
               Catch::Contains("\"model.extracted\": \"attention\""));
    CHECK_THAT(project.command({"show", "r"}).out,
               Catch::Contains("Mean sufficiency(sizes=1 2) (smaller is better)"));
    CHECK(project.command({"report", "r"}).exit_code == 0);

    // Words are changed as a whole, and a masked language model keeps its mask.
    project.run("words", {"--set", "axes.units=words"});
    CHECK(read_bytes(project.file("words/results.csv")).find(",model,") != std::string::npos);
    write_bytes(project.file("s.tsv"), "text\na [MASK] b\nb c [MASK] a\n");
    const std::string masked = "model.path=" + source_folder() + "/tests/golden/model/masked_lm";
    project.run("masked", {"--set", masked, "--set", "axes.layer=1"});
    CHECK_THAT(read_bytes(project.file("masked/results.csv")), Catch::Contains(",model,"));

    const std::vector<std::pair<std::string, std::string>> refused{
        {"evaluation.model_metrics=suficiency", "no model metric 'suficiency'; did you mean 'sufficiency'?"},
        {"evaluation.model_metrics=sufficiency(replace=blank)", "expected one of unk, mask, pad, remove"},
        {"evaluation.model_metrics=[]", "evaluation.references is empty"},
    };
    for (const auto& [setting, message] : refused) {
        INFO(setting);
        const auto result = project.command({"run", "c.toml", "--out", "no", "--set", setting});
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains(message));
    }
    write_bytes(project.file("s.tsv"), "text\nthe keys\n");
    const std::string bare = source_folder() + "/tests/cases/no-output-layer/bertmodel_noprefix";
    const auto without = project.command({"run", "c.toml", "--out", "no", "--set", "model.path=" + bare});
    CHECK(without.exit_code == 2);
    CHECK_THAT(without.err, Catch::Contains("has no output layer, so there can be no evaluation.model_metrics"));
    CHECK_FALSE(fs::exists(project.file("no")));
}
