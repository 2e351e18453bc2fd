/// Pairs of texts: both are read, with token types, and what is not read is named.

#include "attention/dataset.hpp"
#include "attention/files/safetensors.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/programs/cases.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

std::string uncased() { return case_file("sentence-pairs/uncased"); }

CommandResult extract_table(const TemporaryDirectory& folder, const std::string& table) {
    write_bytes(folder.file("t.tsv"), table);
    return attnflow::testing::attnflow(
        {"extract", "--model", uncased(), "--file", folder.file("t.tsv"), "--out", folder.file("d.safetensors")});
}

std::vector<double> rollout_of_file(const TemporaryDirectory& folder) {
    return scores({folder.file("d.safetensors"), "--method", "rollout"});
}

}  // namespace

TEST_CASE("a pair of texts is one input with token types", "[cases][pairs]") {
    const auto pair = right("sentence-pairs/pair", "rollout");
    CHECK(pair[7] == Approx(0.1076).margin(5e-5));  // `hot`
    const Strings both{"--model",     uncased(),    "--text",   "the cat sat",
                       "--text-pair", "tea is hot", "--method", "rollout"};
    check_equal(scores(both), pair);

    const TemporaryDirectory folder;
    const auto done = attnflow::testing::attnflow({"extract", "--model", uncased(), "--file",
                                                   case_file("sentence-pairs/pairs.tsv"), "--out",
                                                   folder.file("d.safetensors")});
    INFO(done.err);
    REQUIRE(done.exit_code == 0);
    CHECK_THAT(done.err, Catch::Contains("pairs.tsv:1: pairs of texts, text the first and text_pair the second"));
    check_equal(rollout_of_file(folder), pair);
    const auto file = SafetensorsFile::open(folder.file("d.safetensors"));
    // tokenizers 0.23.3: Tokenizer.from_file("uncased/tokenizer.json").encode("the cat sat", "tea is hot")
    CHECK(file->tensors().at("ex00000.input_ids").values() ==
          std::vector<double>{2, 19, 21, 22, 3, 34, 35, 36, 3});
    CHECK(file->tensors().at("ex00000.token_type_ids").values() == std::vector<double>{0, 0, 0, 0, 0, 1, 1, 1, 1});
    CHECK(Dataset::open(folder.file("d.safetensors")).example(0).label == 0);
    CHECK_THAT(file->metadata().at("examples"), Catch::Contains("\"text_pair\":\"tea is hot\""));
}

TEST_CASE("columns of pairs by the names that users give, others are named once", "[cases][pairs]") {
    const TemporaryDirectory folder;
    const auto pair = right("sentence-pairs/pair", "rollout");
    for (const std::string header :
         {"text\ttext_pair", "Text\ttext_pair", "TEXT\tText_Pair", "\"text\"\t\"text_pair\"", "s1\ts2",
          "sent1\tsent2", "q1\tq2", "claim\tevidence", "text_left\ttext_right", "first\tsecond", "text\tsentence2",
          "text\thypothesis", "text\tquestion", "sentence1\tsentence2", "premise\thypothesis", "question\tcontext",
          "Sentence_A\tSentence_B", "query\tpassage", "text_a\ttext_b"}) {
        INFO(header);
        const auto done = extract_table(folder, header + "\nthe cat sat\ttea is hot\n");
        INFO(done.err);
        REQUIRE(done.exit_code == 0);
        CHECK_THAT(done.err, Catch::Contains("pairs of texts, ") && !Catch::Contains("not read"));
        check_equal(rollout_of_file(folder), pair);
    }
    const auto more =
        extract_table(folder, "id\tquestion\ttext\tsource\ttext_pair\n7\twho\tthe cat sat\tweb\ttea is hot\n");
    REQUIRE(more.exit_code == 0);
    CHECK_THAT(more.err, Catch::Contains("text the first and text_pair the second") &&
                             Catch::Contains("columns 'id', 'question', 'source' are not read"));
    check_equal(rollout_of_file(folder), pair);
    const auto unread = extract_table(folder, "text\tremark\nthe cat sat\ttea\n");
    CHECK_THAT(unread.err, Catch::Contains("t.tsv:1: column 'remark' is not read"));
    CHECK_THAT(
        extract_table(folder, "text\ttext_pairs\nthe cat sat\ttea\n").err,
        Catch::Contains("column 'text_pairs' is not read; a second text for the model is called text_pair"));
    for (const auto& [table, message] : std::vector<std::pair<std::string, std::string>>{
             {"text\tquestion\tcontext\na\tb\tc\n",
              "t.tsv:1: columns 'question' and 'context' may each be the second text beside text; call the one "
              "that "
              "is meant text_pair, and the others are not read"},
             {"text\tquestion\tid\thypothesis\tcontext\na\tb\tc\td\te\n",
              "columns 'question', 'hypothesis' and 'context' may each be the second text beside text"},
             {"question\tcontext\tanswer\na\tb\tc\n",
              "columns 'context' and 'answer' may each be the second text beside question"},
             {"premise\thypothesis\tquery\tpassage\na\tb\tc\td\n", "several may be a pair of texts"},
             {"text\ttext_pair\na\t \n", "t.tsv:2: no second text"},
             {"text\ttext_pair\na\t\"b\"\n", "t.tsv:2: \"b\" is in quotation marks"},
             {"sentence1\tother\na\tb\n", "no column 'text' in"}}) {
        const auto refused = extract_table(folder, table);
        INFO(table << refused.err);
        CHECK(refused.exit_code == 2);
        CHECK_THAT(refused.err, Catch::Contains(message));
    }
}

TEST_CASE("a separator inside a text of a model with two token types is said", "[cases][pairs]") {
    const Strings one{"attribute", "--model", uncased(), "--text", "the cat sat [SEP] tea is hot",
                      "--method",  "rollout"};
    check_equal(scores({one.begin() + 1, one.end()}), right("sentence-pairs/one_text", "rollout"));
    const auto said = attnflow::testing::attnflow(one);
    CHECK(said.exit_code == 0);
    CHECK_THAT(said.err,
               Catch::Contains("note: the text holds [SEP] inside and was read as one text, all of it with "
                               "the first of the model's token types; ") &&
                   Catch::Contains("--text-pair"));
    CHECK(attnflow::testing::attnflow(
              {"attribute", "--model", uncased(), "--text", "the cat sat", "--method", "rollout"})
              .err.empty());

    const TemporaryDirectory folder;
    const auto done = extract_table(folder, "text\tlabel\nthe cat sat [SEP] tea is hot\tpos\nthe cat\tneg\n");
    CHECK_THAT(done.err, Catch::Contains("the text of 1 example (ex00000) holds [SEP] inside"));
    const auto checked = attnflow::testing::attnflow({"validate", folder.file("d.safetensors")});
    CHECK_THAT(checked.out, Catch::Contains("note: the text of 1 example (ex00000) holds [SEP] inside"));

    // Inside a text of a pair it is one text more.
    const std::string inside =
        "holds [SEP] inside a text: the model reads it as what stands between the two texts";
    const auto three = attnflow::testing::attnflow({"attribute", "--model", uncased(), "--text", "the cat sat",
                                                    "--text-pair", "tea [SEP] is hot", "--method", "rollout"});
    CHECK(three.exit_code == 0);
    CHECK_THAT(three.err, Catch::Contains("note: the pair " + inside));
    const auto pairs = extract_table(folder, "text\ttext_pair\nthe cat\ttea [SEP] is hot\nthe cat\tsat\n");
    CHECK_THAT(pairs.err, Catch::Contains("the pair of 1 example (ex00000) " + inside));
    REQUIRE(extract_table(folder, "text\tlabel\nthe cat sat [SEP] tea is hot\tpos\nthe cat\tneg\n").exit_code ==
            0);

    // A run says it each time, also when the attention is there already.
    write_bytes(folder.file("c.toml"),
                "methods = [\"rollout\"]\nevaluation.references = [\"method(rollout)\"]\n"
                "model.cache = \"cache\"\ndataset.sentences = \"t.tsv\"\nmodel.path = \"" +
                    uncased() + "\"\n");
    for (int times = 0; times < 2; ++times) {
        const auto ran = attnflow::testing::attnflow({"run", "c.toml", "--quiet", "--overwrite", "--out", "r"},
                                                     folder.file(""));
        CHECK(ran.exit_code == 0);
        CHECK_THAT(ran.err, Catch::Contains("the text of 1 example (ex00000) holds [SEP] inside"));
    }
}
