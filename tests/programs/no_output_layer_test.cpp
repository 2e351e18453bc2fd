/// Runs on texts of a model that has no output layer: what explains an output is not to be had.

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "experiments/inputs/config_dataset.hpp"
#include "experiments/study/config.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/model/bare_encoder.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("a run on a model without outputs needs references by methods", "[model]") {
    const BareEncoder encoder;
    const TemporaryDirectory folder;
    write_bytes(folder.file("s.tsv"), "text\tlabel\nthe key\tyes\na b c\tno\n");
    const auto load = [&](const std::string& more) {
        write_bytes(folder.file("c.toml"), "methods = [\"rollout\", \"attention_flow\"]\nmodel.path = \"" +
                                               encoder.folder() + "\"\nmodel.cache = \"" + folder.file("cache") +
                                               "\"\ndataset.sentences = \"s.tsv\"\n" + more);
        return load_config(folder.file("c.toml"), {});
    };
    for (const std::string references : {"", "evaluation.references = [\"method(rollout)\", \"grad_norm\"]\n"}) {
        Config refused = load(references);
        CHECK_THAT(
            message_of<InputError>([&] { outline_texts(refused); }),
            Catch::Contains("is of a model's output, but BertModel has no output layer; expected references "
                            "by methods, such as [\"method(raw_attention)\"]"));
        CHECK_THROWS_AS(provide_dataset(refused, 1, {}), ParameterError);
    }
    Config config = load(
        "evaluation.references = [\"method(raw_attention)\"]\naxes.edge_weights = "
        "[\"attention\", \"value_norm\"]\n");
    CHECK(outline_texts(config).tokens.size() == 2);
    provide_dataset(config, 1, {});
    const Dataset dataset = open_dataset(config);
    CHECK(dataset.size() == 2);
    CHECK(dataset.example(0).weights.contains("value_norm"));
    CHECK_FALSE(dataset.example(0).label.has_value());
    CHECK_FALSE(config.given.contains("axes.source"));
}
