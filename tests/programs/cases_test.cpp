/// What users bring: every kind of file and tensor that was reported as read wrongly or refused by a wrong cause,
/// as a user meets it. tests/cases/make_cases.py made the inputs of own/ and the right values, with NumPy alone.

#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "attention/files/safetensors.hpp"
#include "experiments/catalogue.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/programs/cases.hpp"

using namespace std::string_literals;
using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string cases = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/cases/";

/// Rollout from the first position (`source`) and column sums are those of values.json.
void check_scores(const Strings& file, const std::string& name, const std::string& source = "0") {
    for (const std::string method : {"rollout", "column_sum"}) {
        INFO(name << ", " << method);
        Strings arguments = file;
        arguments.insert(arguments.end(), {"--method", method});
        if (method == "rollout") arguments.insert(arguments.end(), {"--source", source});
        check_equal(scores(arguments), right(name, method));
    }
}

/// `validate` and `attribute` refuse the file and say all of `texts`.
void check_refused(const std::string& file, const Strings& texts, const Strings& never = {"--row-sum-tolerance"}) {
    for (Strings arguments :
         {Strings{"validate", cases + file}, Strings{"attribute", cases + file, "--method", "rollout"}}) {
        const CommandResult result = attnflow::testing::attnflow(arguments);
        INFO(result.err << result.out);
        CHECK(result.exit_code == 2);
        for (const std::string& text : texts) CHECK_THAT(result.err, Catch::Contains(text));
        for (const std::string& text : never) CHECK_THAT(result.err, !Catch::Contains(text));
    }
}

std::string validated(const std::string& file, Strings more = {}) {
    more.insert(more.begin(), {"validate", cases + file});
    const CommandResult result = attnflow::testing::attnflow(more);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    return result.out;
}

std::string refusal(const Strings& arguments) {
    const CommandResult result = attnflow::testing::attnflow(arguments);
    CHECK(result.exit_code == 2);
    return result.err;
}

/// A run of rollout on the file: what it says on standard error, with its exit code in front.
std::string run_of(const std::string& file, const std::string& source, const std::string& more = "") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("c.toml"), "dataset.path = \"" + source_folder() + "/tests/cases/" + file + "\"\n" +
                                           more + "methods = [\"rollout\"]\naxes.source = " + source +
                                           "\nevaluation.references = [\"method(rollout)\"]\n");
    const CommandResult result =
        attnflow::testing::attnflow({"run", folder.file("c.toml"), "--quiet", "--out", folder.file("r")});
    return std::to_string(result.exit_code) + ": " + result.err;
}

}  // namespace

TEST_CASE("axes: a stack of a model's outputs is no batch of examples", "[cases][axes]") {
    CHECK_THAT(
        validated("guessed-axes/stack_batch.npz"),
        Catch::Contains("1 example, 3 layers, 2 heads") &&
            Catch::Contains("note: tensor 'attentions': shape [3, 1, 2, 5, 5] is read as [layer, batch, head, "
                            "query, key], 3 layers of 1 example"));
    check_scores({cases + "guessed-axes/stack_batch.npz"}, "guessed-axes/stack_batch");
    check_scores({cases + "own/axes_stack_of_one_with_id.npz"}, "own/axes_stack_of_one_with_id");
    // Layers and examples of which nothing tells which is which.
    check_refused("own/axes_stack_of_two.npz", {"shape [3, 2, 2, 5, 5] has 5 axes, and nothing says whether",
                                                "axes=\"layer,batch,head,query,key\""});
    for (const std::string name : {"own/axes_stack_of_two_with_tokens.npz", "own/axes_stack_of_two_named.npz"}) {
        CHECK_THAT(validated(name), Catch::Contains("2 examples, 3 layers, 2 heads"));
        const std::string id = name.substr(4, name.size() - 8) + "/1";
        check_scores({cases + name, "--example", id}, "own/axes_stack_of_two");
    }
}

TEST_CASE("axes: every other order is named with the line that mends it", "[cases][axes]") {
    check_refused("guessed-axes/three_axes.npz", {"shape [3, 6, 6] has 3 axes, expected [layer, head, query, key]",
                                                  "`weights = weights[:, None]`", "`weights = weights[None]`"});
    check_refused("guessed-axes/swapped.npz",
                  {"the columns of a head sum to 1 and its rows do not", "numpy.swapaxes(weights, -1, -2)"});
    check_refused("own/axes_swapped_causal.npz", {"numpy.swapaxes(weights, -1, -2)"});
    check_refused("own/axes_heads_last.npz",
                  {"shape [3, 6, 6, 2] has the heads on its last axis", "numpy.moveaxis(weights, -1, -3)"});
    check_refused("own/axes_heads_between.npz", {"numpy.swapaxes(weights, -3, -2)"});
    check_refused("own/axes_one_query.npz", {"one query and 6 keys", "use_cache=False"});
    // Following only one of the two would read heads as queries, whose rows sum to 1 as well.
    check_refused(
        "own/axes_heads_last_as_many_as_tokens.npz",
        {"as many heads as tokens", "numpy.moveaxis(weights, -1, -3)", "numpy.swapaxes(weights, -1, -2)"});
}

TEST_CASE("padding is cut off by its mask", "[cases][padding]") {
    CHECK_THAT(validated("padding/right_padded.npz"),
               Catch::Contains("5 tokens") && Catch::Contains("references: none") &&
                   Catch::Contains("note: 3 positions of padding in 1 example left out, by attention_mask"));
    for (const std::string name : {"padding/right_padded", "padding/left_padded_zero_rows"})
        check_scores({cases + name + ".npz"}, name, "last");
    for (const std::string b : {"0", "1", "2"}) {
        check_scores({cases + "own/padding_batch.npz", "--example", "padding_batch/" + b},
                     "own/padding_batch/" + b, "last");
    }
    const auto padded = attnflow::testing::attnflow(
        {"attribute", cases + "own/padding_batch.npz", "--example", "padding_batch/1", "--method", "rollout"});
    CHECK_THAT(padded.out, Catch::Contains("source 3 (t51)"));  // causal: from the last token that is none
    CHECK_THAT(padded.out, Catch::Contains("   0 t21"));
    CHECK_THAT(validated("own/padding_batch.npz"), Catch::Contains("references: score"));
    CHECK(run_of("own/padding_batch.npz", "\"last\"").starts_with("0: attnflow: note: "));
    check_refused("own/padding_not_given_to_the_model.npz",
                  {"with the columns that attention_mask leaves out, the rows sum to 1", "model(**inputs"});
    check_refused("own/padding_additive_mask.npz", {"attention_mask holds -10000, expected 1 for tokens"});
}

TEST_CASE("padding that was left in is named and is never the source", "[cases][padding]") {
    CHECK_THAT(validated("own/padding_without_mask.npz"),
               Catch::Contains("note: padding_without_mask: no other position attends to positions 4 to 5 ([PAD] "
                               "[PAD]): padding was left in"));
    CHECK_THAT(validated("own/padding_left_causal_without_mask.npz"),
               Catch::Contains("no other position attends to positions 0 to 1 (#0 #1)"));
    CHECK_THAT(run_of("own/padding_without_mask.npz", "\"cls\""),
               Catch::StartsWith("0: attnflow: note: padding_without_mask: no other position attends to"));
    const std::string refused =
        "source last is in positions 4 to 5 ([PAD] [PAD]), which no other position attends to";
    CHECK_THAT(run_of("own/padding_without_mask.npz", "\"last\""),
               Catch::StartsWith("2: ") && Catch::Contains(refused));
    const auto from = [](const std::string& file, const Strings& source) {
        Strings arguments{"attribute", cases + file, "--method", "rollout"};
        arguments.insert(arguments.end(), source.begin(), source.end());
        return attnflow::testing::attnflow(arguments);
    };
    CHECK_THAT(from("own/padding_without_mask.npz", {"--source", "last"}).err, Catch::Contains(refused));
    CHECK(from("own/padding_without_mask.npz", {"--source", "3"}).exit_code == 0);
    // One position of padding after causal attention looks like any last token: its name tells.
    CHECK_THAT(from("own/padding_causal_without_mask.npz", {}).err,
               Catch::Contains("source last is in position 5 (<pad>), which looks like padding"));
    CHECK_THAT(from("own/padding_left_causal_without_mask.npz", {"--source", "cls"}).err,
               Catch::Contains("source cls is in positions 0 to 1 (#0 #1), which no other position attends to"));
    CHECK(from("own/padding_left_causal_without_mask.npz", {}).exit_code == 0);  // from the last
    // Bundled attention has none.
    CHECK_THAT(attnflow::testing::attnflow({"validate", "experiments/data/sva_dev200.safetensors"}).out,
               !Catch::Contains("padding"));
    CHECK_THAT(attnflow::testing::attnflow({"validate", "experiments/data/gpt2_ex0.safetensors"}).out,
               !Catch::Contains("padding"));
}

TEST_CASE("rows: values are held to the precision that they have", "[cases][rows]") {
    check_scores({cases + "rows-do-not-sum-to-1/bf16_as_float32.npz"}, "rows-do-not-sum-to-1/bf16_as_float32");
    CHECK_THAT(validated("rows-do-not-sum-to-1/bf16_as_float32.npz"),
               Catch::Contains("note: 1 example of values that BF16 holds exactly"));
    check_scores({cases + "own/rows_f16_as_float32.npz"}, "own/rows_f16_as_float32");
    CHECK_THAT(validated("own/rows_f16_as_float32.npz"), Catch::Contains("values that F16 holds exactly"));
    CHECK_THAT(validated("own/rows_bf16_as_f16.npz"), Catch::Contains("values that BF16 holds exactly"));
    CHECK(run_of("rows-do-not-sum-to-1/bf16_as_float32.npz", "\"cls\"") == "0: ");
}

TEST_CASE("rows: what is wrong is named by what the rows look like", "[cases][rows]") {
    const auto check = [](const std::string& file, const Strings& texts) {
        check_refused("own/rows_" + file, texts);
    };
    check_refused("rows-do-not-sum-to-1/dropout.npz",
                  {"layer 1, head 0, row 0 sums to 1.11111, expected 1 ± 1e-4 for F32: ",
                   "rows sum to 1.111 = 1/(1 - 0.1)", "call `model.eval()`"});
    check("dropout_of_long_rows.npz", {"dropout was on", "call `model.eval()`"});
    check("dropout_of_few_rows.npz", {"dropout was on", "call `model.eval()`"});
    check("scores.npz", {"is -", "these are scores before the softmax"});
    check("masked_scores.npz", {"masked scores before the softmax"});
    check("logarithms.npz", {"logarithms of attention weights", "numpy.exp(weights)"});
    check("percent.npz", {"every row sums to 100", "weights / 100"});
    check("summed_heads.npz", {"every row sums to 2", "weights / 2"});
    check("masked_whole.npz", {"48 of the weights looked at are NaN", "model.float()"});
    check("pruned_head.npz", {"0 throughout in some heads and not in others"});
    check("threshold.npz", {"small weights were set to 0"});
    // Without the mask the rows of padding are what is wrong.
    check_refused("own/padding_zero_rows.npz",
                  {"rows that are 0 throughout belong to positions 0 to 2 (#0 #1 #2)", "cut padding off"});
    // Where a wider tolerance is the answer, it is offered, wide enough.
    for (const std::string name : {"sink", "decimals"}) {
        const std::string file = cases + "own/rows_" + name + ".npz";
        const std::string message = refusal({"validate", file});
        const std::string option = "--row-sum-tolerance ";
        const std::size_t at = message.find(option);
        INFO(message);
        REQUIRE(at != std::string::npos);
        const std::string tolerance =
            message.substr(at + option.size(), message.find('`', at) - at - option.size());
        CHECK(attnflow::testing::attnflow({"validate", file, "--row-sum-tolerance", tolerance}).exit_code == 0);
    }
}

TEST_CASE("files: what kind a file is, by its first bytes", "[cases][kinds]") {
    const Strings lfs{"is a Git LFS pointer", "git lfs pull"};
    check_refused("other-kind-of-file/lfs.npz", lfs);
    check_refused("other-kind-of-file/html.safetensors", {"is an HTML page", "/resolve/"});
    const std::string message = refusal({"attribute", "--model", cases + "other-kind-of-file/lfs_pointer",
                                         "--text", "the key", "--method", "rollout"});
    for (const std::string& text : lfs) CHECK_THAT(message, Catch::Contains(text));
    CHECK_THAT(message, Catch::Contains("lfs_pointer/model.safetensors: "));
}

TEST_CASE("texts, configs, models and problems are refused by what they are", "[cases][kinds]") {
    const TemporaryDirectory folder;
    const auto error = [](std::vector<std::string> arguments) {
        const CommandResult result = attnflow::testing::attnflow(std::move(arguments));
        CHECK(result.exit_code == 2);
        return result.err;
    };
    const std::string utf16 =
        "\xff\xfe"
        "d\0a\0t\0a\0s\0e\0t\0.\0p\0a\0t\0h\0"s;
    write_bytes(folder.file("c.toml"), utf16);
    CHECK_THAT(
        error({"run", folder.file("c.toml"), "--out", folder.file("r")}),
        Catch::Contains("c.toml: is text in UTF-16LE, expected UTF-8") && Catch::Contains("iconv -f UTF-16LE"));
    CHECK_THAT(error({"run", "experiments/data/gpt2_ex0.safetensors", "--out", folder.file("r")}),
               Catch::Contains("is a safetensors file, expected text"));
    write_bytes(folder.file("p.max"), "\x1f\x8b\x08\0\0\0\0\0\0\x03 and more"s);
    CHECK_THAT(error({"solve", folder.file("p.max")}), Catch::Contains("is compressed with gzip"));
    const std::string model = "experiments/models/sva-bert-6x8";
    write_bytes(folder.file("t.tsv"), "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
    CHECK_THAT(error({"extract", "--model", model, "--file", folder.file("t.tsv"), "--out", folder.file("d")}),
               Catch::Contains("t.tsv: is a Git LFS pointer"));
    std::filesystem::copy(model, folder.file("m"));
    write_bytes(folder.file("m/tokenizer.json"), "<!DOCTYPE html><html>");
    CHECK_THAT(error({"attribute", "--model", folder.file("m"), "--text", "the key", "--method", "rollout"}),
               Catch::Contains("tokenizer.json: is an HTML page"));
    CHECK_THAT(error({"validate", model}),
               Catch::Contains("is a directory, expected a file") && Catch::Contains("`--model`"));
    write_bytes(folder.file("empty.npz"), "");
    CHECK_THAT(error({"validate", folder.file("empty.npz")}), Catch::Contains("empty.npz: is empty"));
}

TEST_CASE("names: a tensor of any name can be the attention", "[cases][names]") {
    const std::string pattern = "the layers are called layer_*";
    check_refused("no-attention-found/layer_names.npz",
                  {"layer_0 [2, 5, 5], layer_1 [2, 5, 5]", pattern, "--attention 'layer_*'"});
    check_scores({cases + "no-attention-found/layer_names.npz", "--attention", "layer_*"},
                 "no-attention-found/layer_names");
    check_refused("no-attention-found/positional.npz",
                  {"arr_0 [1, 2, 5, 5]", "--attention 'arr_*'", "numpy.savez"});
    check_scores({cases + "no-attention-found/positional.npz", "--attention", "arr_*"},
                 "no-attention-found/positional");
    check_scores({cases + "no-attention-found/python2_long.npy"}, "no-attention-found/python2_long");
    check_scores({cases + "own/python2_unicode.npy"}, "own/python2_unicode");
    check_refused("own/python2_one_axis.npy", {"shape [5] has 1 axes"});

    check_scores({cases + "no-attention-found/extra_members.npz"}, "no-attention-found/extra_members");
    CHECK_THAT(validated("no-attention-found/extra_members.npz"),
               Catch::Contains("note: left out what is no NumPy array: README.txt, meta.json"));
    check_scores({cases + "own/names_packed_on_a_mac.npz"}, "own/names");

    check_refused("own/names_attn_weights.npz", {"attn_weights [3, 2, 5, 5]", "--attention attn_weights"});
    check_refused("own/names_attention.npz", {"--attention attention"});
    check_refused("own/names_model_attentions.npz", {"--attention model/attentions"});
    for (const std::string name : {"attn_weights", "attention", "model/attentions"}) {
        std::string file = name;
        std::replace(file.begin(), file.end(), '/', '_');
        check_scores({cases + "own/names_" + file + ".npz", "--attention", name}, "own/names");
    }
    check_scores({cases + "own/names_from_one.npz", "--attention", "layer_*"}, "own/names");
    check_scores({cases + "own/names_in_folders.npz", "--attention", "layers/*/attn"}, "own/names");
    check_refused("own/names_in_folders.npz", {"--attention 'layers/*/attn'"});
    check_refused("own/names_examples.npz", {"arr_* may be examples, or layers of a batch", "ex%d.attentions"});
    CHECK_THAT(refusal({"validate", cases + "own/names_attention.npz", "--attention", "atention"}),
               Catch::Contains("no tensor is called 'atention'") && Catch::Contains("attention [3, 2, 5, 5]"));
    CHECK(run_of("own/names_attn_weights.npz", "\"cls\"", "dataset.attention = \"attn_weights\"\n") == "0: ");
}

TEST_CASE("names: a file of edge weights only", "[cases][names]") {
    const std::string file = cases + "edge-weights-only/only_edge_weights.safetensors";
    const auto found = scores({file, "--method", "rollout", "--edge-weights", "alti"});
    const auto expected = right("edge-weights-only/only_edge_weights", "rollout");
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(1e-6));
    check_refused("edge-weights-only/only_edge_weights.safetensors",
                  {"alti [3, 5, 5]", "the file holds edge weights only", "--edge-weights alti"});
    CHECK_THAT(validated("edge-weights-only/only_edge_weights.safetensors", {"--edge-weights", "alti"}),
               Catch::Contains("edge weights alti, 1 example, 3 layers"));
    CHECK(run_of("edge-weights-only/only_edge_weights.safetensors", "\"cls\"", "axes.edge_weights = \"alti\"\n") ==
          "0: ");
    CHECK_THAT(run_of("edge-weights-only/only_edge_weights.safetensors", "\"cls\""),
               Catch::StartsWith("2: ") && Catch::Contains("--edge-weights alti"));

    const std::string by_id = cases + "own/names_edge_weights_by_id.npz";
    const auto of_a = scores({by_id, "--example", "a", "--method", "rollout", "--edge-weights", "norms"});
    const auto right_of_a = right("own/names_edge_weights_by_id/a", "rollout");
    REQUIRE(of_a.size() == right_of_a.size());
    for (std::size_t i = 0; i < of_a.size(); ++i) CHECK(of_a[i] == Approx(right_of_a[i]).margin(1e-6));
    CHECK_THAT(refusal({"validate", by_id}), Catch::Contains("--edge-weights norms"));
    CHECK_THAT(validated("own/names_edge_weights_by_id.npz", {"--edge-weights", "norms"}),
               Catch::Contains("2 examples") && Catch::Contains("4 to 5 tokens"));
}

TEST_CASE("names: tokens that are ids are no references and no tokens", "[cases][names]") {
    check_refused("tokens-as-ids/tokens_ids.npz",
                  {"tensor 'tokens': tokens are numbers, expected texts", "tokenizer.convert_ids_to_tokens(ids)"});
    check_refused("own/tokens_ids_by_id.npz", {"tensor 'ex0.tokens': tokens are numbers"});
    check_refused("own/tokens_one_text.npz", {"tokens is the text '[CLS] the key is [SEP]', expected a list"});
    const TemporaryDirectory folder;
    write_safetensors(folder.file("f"), {attention_tensor("attentions", 1, 1, 2)}, {{"tokens", "[101, 102]"}});
    CHECK_THAT(refusal({"validate", folder.file("f")}), Catch::Contains("tokens are numbers, expected texts"));
}

TEST_CASE("solve: the whole cut, both of its sides, and pipes", "[cases][solve]") {
    const std::string file = cases + "both-sides-of-the-cut/parallel_loops.max";
    // By trying all 1024 cuts: {1} alone.
    const auto json = nlohmann::json::parse(attnflow::testing::attnflow({"solve", file, "--format", "json"}).out);
    CHECK(json.at("value") == 21335474693);
    CHECK(json.at("source_side") == std::vector<int>{1});
    CHECK(json.at("sink_side") == std::vector<int>{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    REQUIRE(json.at("cut_edges").size() == 19);
    std::int64_t capacity = 0;
    for (const auto& edge : json.at("cut_edges")) {
        CHECK(edge.at("from") == 1);
        capacity += edge.at("capacity").get<std::int64_t>();
    }
    CHECK(capacity == 21335474693);

    const std::string all = attnflow::testing::attnflow({"solve", file, "--cut"}).out;
    CHECK_THAT(all, !Catch::Contains("more") && Catch::Contains("source's side  1\n") &&
                        Catch::Contains("sink's side    2 3 4 5 6 7 8 9 10 11 12\n"));
    CHECK_THAT(attnflow::testing::attnflow({"solve", file}).out, Catch::Contains("and 9 more (--cut lists all)"));

    // 1 -> 2 -> 3 -> 4 with a bottleneck in the middle, from a pipe and into one.
    const std::string problem = "p max 4 3\\nn 1 s\\nn 4 t\\na 1 2 5\\na 2 3 2\\na 3 4 7\\n";
    const auto piped =
        run_program({"/bin/sh", "-c", "printf '" + problem + "' | " + executable() + " solve - --flow - --cut"});
    CHECK(piped.exit_code == 0);
    CHECK_THAT(piped.out, Catch::StartsWith("c -: 4 vertices, 3 edges, from 1 to 4\n") &&
                              Catch::Contains("c source's side  1 2\n") &&
                              Catch::Contains("c sink's side    3 4\n") &&
                              Catch::EndsWith("\ns 2\nf 1 2 2\nf 2 3 2\nf 3 4 2\n"));
    CHECK_THAT(refusal({"solve", file, "--flow", "-", "--format", "json"}), Catch::Contains("--flow -"));
}

TEST_CASE("docs/troubleshooting.md is what the messages say", "[cases][catalogue]") {
    INFO("stale: run `attnflow describe troubleshooting > docs/troubleshooting.md`");
    CHECK(read_bytes(std::string(ATTNFLOW_SOURCE_DIR) + "/docs/troubleshooting.md") == troubleshooting_markdown());
}

TEST_CASE("words of a script that the vocabulary lacks are marked and counted", "[cases][unknown]") {
    const std::string model = cases + "sentence-pairs/uncased";
    std::string text = read_bytes(cases + "unknown-words/ar.txt");
    text.erase(text.find_last_not_of('\n') + 1);
    const CommandResult shown =
        attnflow::testing::attnflow({"attribute", "--model", model, "--text", text, "--method", "rollout"});
    CHECK_THAT(shown.out, Catch::Contains("\u0645\u0631\u062d\u0628\u0627 [UNK]") &&
                              Catch::Contains("2 of 6 tokens are read as [UNK]"));
    const TemporaryDirectory folder;
    const CommandResult made =
        attnflow::testing::attnflow({"extract", "--model", model, "--file", cases + "unknown-words/ar.txt",
                                     "--out", folder.file("d.safetensors")});
    CHECK_THAT(made.out, Catch::Contains("2 words of 1 example are read as [UNK]"));
    const CommandResult checked = attnflow::testing::attnflow({"validate", folder.file("d.safetensors")});
    CHECK_THAT(checked.out, Catch::Contains("2 words of 1 example are read as [UNK]"));
}
