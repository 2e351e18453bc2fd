/// What models say of a text: classes, labels of which several may hold, numbers; and what targets of them are.

#include <cmath>

#include "attention/files/safetensors.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/programs/cases.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A copy of a model's folder with another config.json.
struct Changed {
    TemporaryDirectory folder;

    Changed(const std::string& original, const Json& changes) {
        for (const auto& entry : fs::directory_iterator(original)) {
            if (entry.is_regular_file())
                fs::copy_file(entry.path(), folder.file(entry.path().filename().string()));
        }
        Json config = Json::parse(read_bytes(original + "/config.json"));
        config.update(changes);
        fs::remove(folder.file("config.json"));
        write_bytes(folder.file("config.json"), config.dump());
    }
};

/// `attribute --model FOLDER` on a pair of texts.
CommandResult on_pair(const std::string& model, Strings more) {
    Strings words{"attribute",   "--model",    model,      "--text", "the cat sat",
                  "--text-pair", "tea is hot", "--method", "rollout"};
    words.insert(words.end(), more.begin(), more.end());
    return attnflow::testing::attnflow(words);
}

Json json_on_pair(const std::string& model, Strings more) {
    more.insert(more.end(), {"--format", "json"});
    const auto result = on_pair(model, more);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return Json::parse(result.out);
}

/// What `extract` makes of the pair, with gradients and blank-out.
std::shared_ptr<const SafetensorsFile> extracted(const std::string& model, const TemporaryDirectory& folder,
                                                 Strings more = {}) {
    Strings words{"extract",
                  "--model",
                  model,
                  "--text",
                  "the cat sat",
                  "--text-pair",
                  "tea is hot",
                  "--with",
                  "gradients,blank_out",
                  "--out",
                  folder.file("d.safetensors")};
    words.insert(words.end(), more.begin(), more.end());
    const auto result = attnflow::testing::attnflow(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return SafetensorsFile::open(folder.file("d.safetensors"));
}

double sigmoid(double z) { return 1.0 / (1.0 + std::exp(-z)); }

}  // namespace

TEST_CASE("a classifier of one output is a regression, whose target is that number", "[cases][outputs]") {
    const std::string model = case_file("one-class/cross_encoder_one_label");
    const double number = right("one-class", "logits").front();
    check_equal(json_on_pair(model, {}).at("scores").get<std::vector<double>>(), right("one-class", "rollout"));

    const Json json = json_on_pair(model, {"--edge-weights", "agf", "--blank-out", "1"});
    CHECK(json.at("target") == "output 'LABEL_0' of a regression");
    CHECK(json.at("blank_out").at("target") == "output 'LABEL_0' of a regression");
    CHECK(json.at("blank_out").at("value").get<double>() == Approx(number).margin(1e-6));
    CHECK_FALSE(json.at("blank_out").contains("probability"));
    const auto table = on_pair(model, {"--edge-weights", "agf", "--blank-out", "1"});
    CHECK_THAT(table.out, Catch::Contains("target output 'LABEL_0' of a regression, layer 2") &&
                              Catch::Contains("output 'LABEL_0' of a regression 0.216") &&
                              !Catch::Contains("probability"));
    const auto refused = on_pair(model, {"--edge-weights", "agf", "--target-scale", "probability"});
    CHECK(refused.exit_code == 2);
    CHECK_THAT(refused.err, Catch::Contains("a regression gives numbers, of which there are no probabilities"));

    const TemporaryDirectory folder;
    const auto file = extracted(model, folder);
    CHECK(file->tensors().at("ex00000.logits").values().front() == Approx(number).margin(1e-6));
    CHECK(file->tensors().at("ex00000.blank_out").values() ==
          file->tensors().at("ex00000.blank_out_margin").values());
    CHECK(file->metadata().at("task") == "regression");
    CHECK_THAT(file->metadata().at("examples"),
               !Catch::Contains("probabilities") && !Catch::Contains("predicted"));
    CHECK_THAT(on_pair(model, {"--edge-weights", "agf", "--target", "difference(0, 1)"}).err,
               Catch::Contains("no class '1', expected a number below 1"));
    // Numbers as labels are none of a class.
    write_bytes(folder.file("t.tsv"), "text\ttext_pair\tlabel\nthe cat sat\ttea is hot\t3.8\n");
    const auto labelled = attnflow::testing::attnflow(
        {"extract", "--model", model, "--file", folder.file("t.tsv"), "--out", folder.file("e.safetensors")});
    INFO(labelled.err);
    CHECK(labelled.exit_code == 0);
    CHECK_THAT(labelled.err, Catch::Contains("column 'label' is not read"));
    // So says a run, once.
    write_bytes(folder.file("c.toml"),
                "methods = [\"rollout\"]\nmodel.cache = \"cache\"\ndataset.sentences = \"t.tsv\"\n"
                "evaluation.references = [\"method(column_sum)\"]\nmodel.path = \"" +
                    model + "\"\n");
    for (const Strings& how : {Strings{"--out", "r"}, Strings{"--dry-run"}}) {
        Strings words{"run", "c.toml"};
        words.insert(words.end(), how.begin(), how.end());
        const auto ran = attnflow::testing::attnflow(words, folder.file(""));
        INFO(ran.err);
        CHECK(ran.exit_code == 0);
        const std::size_t said = ran.err.find("t.tsv:1: column 'label' is not read");
        CHECK(said != std::string::npos);
        CHECK(ran.err.find("'label'") == ran.err.rfind("'label'"));
    }
    const auto asked =
        attnflow::testing::attnflow({"extract", "--model", model, "--text", "a", "--target", "label", "--with",
                                     "gradients", "--out", folder.file("f.safetensors")});
    CHECK(asked.exit_code == 2);
    CHECK_THAT(asked.err, Catch::Contains("label asked for, but a regression has no classes"));
}

TEST_CASE("labels of which several may hold: each has its own sigmoid", "[cases][outputs]") {
    const Changed several(case_file("sentence-pairs/uncased"), {{"problem_type", "multi_label_classification"}});
    const std::string model = several.folder.file("");
    const auto logits = right("sentence-pairs/pair", "logits");
    const TemporaryDirectory folder;
    const auto file = extracted(model, folder, {"--target", "output(pos)"});
    const Json example = Json::parse(file->metadata().at("examples")).at(0);
    const auto p = example.at("probabilities").get<std::vector<double>>();
    for (std::size_t j = 0; j < 2; ++j) CHECK(p[j] == Approx(sigmoid(logits[j])).margin(1e-6));
    CHECK(example.at("predicted") == 0);
    CHECK(file->metadata().at("task") == "labels of which several may hold");

    const Json json = json_on_pair(model, {"--edge-weights", "agf", "--target", "output(pos)", "--target-scale",
                                           "probability", "--blank-out", "1"});
    CHECK(json.at("target") == "probability of 'pos' (its sigmoid)");
    CHECK(json.at("blank_out").at("probability").get<double>() == Approx(sigmoid(logits[1])).margin(1e-6));
    // As one of two classes its probability is the softmax of both.
    const Json classes =
        json_on_pair(case_file("sentence-pairs/uncased"), {"--target", "output(pos)", "--blank-out", "1"});
    CHECK(classes.at("blank_out").at("target") == "probability of 'pos'");
    CHECK(classes.at("blank_out").at("probability").get<double>() ==
          Approx(sigmoid(logits[1] - logits[0])).margin(1e-6));
}

TEST_CASE("a regression of several numbers needs to be told which", "[cases][outputs]") {
    const Changed two(case_file("sentence-pairs/uncased"), {{"problem_type", "regression"}});
    const std::string model = two.folder.file("");
    CHECK(on_pair(model, {}).exit_code == 0);
    const auto unsaid = on_pair(model, {"--edge-weights", "agf"});
    CHECK(unsaid.exit_code == 2);
    CHECK_THAT(unsaid.err, Catch::Contains("a regression of 2 numbers predicts all of them, expected output(X)"));
    const Json json = json_on_pair(model, {"--edge-weights", "agf", "--target", "difference(pos, neg)"});
    CHECK(json.at("target") == "output 'pos' minus that of 'neg' of a regression");
    const Changed odd(case_file("sentence-pairs/uncased"), {{"problem_type", "ranking"}});
    CHECK_THAT(on_pair(odd.folder.file(""), {}).err,
               Catch::Contains("problem_type is 'ranking', which is not supported, expected regression"));
}

TEST_CASE("BertForPreTraining is its masked language model, an encoder gives attention", "[cases][outputs]") {
    const std::string golden = source_folder() + "/tests/golden/model/masked_lm";
    const Changed whole(golden, {{"architectures", {"BertForPreTraining"}}});
    const auto ask = [](const std::string& model) {
        const auto result = attnflow::testing::attnflow({"attribute", "--model", model, "--text", "the [MASK] key",
                                                         "--method", "rollout", "--edge-weights", "agf",
                                                         "--target", "output(key)", "--format", "json"});
        INFO(result.err);
        REQUIRE(result.exit_code == 0);
        return Json::parse(result.out);
    };
    const Json json = ask(whole.folder.file(""));
    CHECK(json.at("target") == "logit of token 'key'");
    CHECK(json.at("scores") == ask(golden).at("scores"));

    const std::string encoder = case_file("no-output-layer/bertmodel_noprefix");
    const Strings words{"--model", encoder, "--text", "the cat sat [SEP] tea is hot", "--method"};
    for (const std::string method : {"rollout", "column_sum"}) {
        Strings arguments = words;
        arguments.push_back(method);
        check_equal(scores(arguments), right("no-output-layer", method));
    }
    Strings flow = words;
    flow.push_back("attention_flow");
    CHECK(scores(flow).size() == 9);
}
