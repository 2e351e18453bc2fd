/// Model directories that are wrong in a chosen way: each is refused with the place and the reason.

#include <cmath>
#include <filesystem>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "attention/extract/attend.hpp"
#include "attention/extract/edge_weights/gradient_weighted.hpp"
#include "attention/extract/extraction.hpp"
#include "attention/files/safetensors.hpp"
#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string golden_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/";

/// A copy of a golden model that a test may spoil.
class Spoiled {
public:
    explicit Spoiled(const std::string& name = "classifier") {
        for (const auto& entry : std::filesystem::directory_iterator(golden_folder + name)) {
            if (entry.path().filename() != "golden.safetensors") {
                std::filesystem::copy(entry.path(), folder_.file(entry.path().filename().string()));
            }
        }
    }

    std::string folder() const { return folder_.path(); }
    std::string file(const std::string& name) const { return folder_.file(name); }

    void config(const std::string& key, const nlohmann::json& value) const {
        auto json = nlohmann::json::parse(read_bytes(file("config.json")));
        json[key] = value;
        write_bytes(file("config.json"), json.dump());
    }

    /// Rewrites the weights; `change` may drop, reshape or alter tensors.
    template <class Change>
    void weights(const Change& change) const {
        std::vector<NewTensor> tensors;
        const auto old = SafetensorsFile::open(file("model.safetensors"));
        for (const auto& [name, view] : old->tensors()) {
            NewTensor tensor{name, DType::f32, view.shape, view.values()};
            if (change(tensor)) tensors.push_back(std::move(tensor));
        }
        write_safetensors(file("new"), tensors);
        std::filesystem::rename(file("new"), file("model.safetensors"));
    }

    void add(const NewTensor& more) const {
        std::vector<NewTensor> tensors{more};
        const auto old = SafetensorsFile::open(file("model.safetensors"));
        for (const auto& [name, view] : old->tensors())
            tensors.push_back({name, DType::f32, view.shape, view.values()});
        write_safetensors(file("new"), tensors);
        std::filesystem::rename(file("new"), file("model.safetensors"));
    }

    std::string message() const {
        return message_of<InputError>([&] { TextModel::open(folder_.path()); });
    }

private:
    TemporaryDirectory folder_;
};

}  // namespace

TEST_CASE("configs that ask for another computation or are absurd are refused by name", "[model]") {
    struct Wrong {
        const char* key;
        nlohmann::json value;
        const char* message;
    };
    const std::vector<Wrong> all{
        {"architectures",
         {"GPT2LMHeadModel"},
         "architecture 'GPT2LMHeadModel' is not supported, expected one of BertForSequenceClassification, "
         "BertForMaskedLM"},
        {"architectures", "BertForMaskedLM", "architectures is \"BertForMaskedLM\", expected a list of strings"},
        {"architectures", nlohmann::json::array(), "architectures is [], expected a list of one name"},
        {"model_type", "roberta", "model_type is 'roberta', which is not supported, expected 'bert'"},
        {"hidden_act", "gelu_10", "hidden_act is 'gelu_10', which is not supported, expected one of gelu, "},
        {"position_embedding_type", "relative_key", "position_embedding_type is 'relative_key'"},
        {"is_decoder", true,
         "config.json: is_decoder is true, which BertForSequenceClassification does not follow here: it changes "
         "what a model computes: attention and outputs would be those of another model; take is_decoder out of "
         "config.json if the weights were trained without it"},
        {"add_cross_attention", true, "add_cross_attention is true, which"},
        {"pruned_heads", {{"0", {1}}}, "pruned_heads is {\"0\":[1]}, which"},
        {"adapters", {{"adapters", {{"sst", "pfeiffer"}}}}, "adapters is {\"adapters\":"},
        {"norm_type", "pre", "norm_type is \"pre\", which"},
        {"layer_norm_type", "rms_norm", "layer_norm_type is \"rms_norm\", which"},
        {"embedding_size", 4, "embedding_size is 4, which"},
        {"alibi_starting_size", 512, "alibi_starting_size is 512, which"},
        {"attention_type", "block_sparse", "attention_type is \"block_sparse\", which"},
        {"scale_attn_weights", false, "scale_attn_weights is false, which"},
        {"auto_map",
         {{"AutoModel", "bert_layers.BertModel"}},
         "config.json: auto_map is {\"AutoModel\":\"bert_layers.BertModel\"}: the model computes with program "
         "code "
         "of its own, which is not run here"},
        {"quantization_config",
         {{"load_in_8bit", true}},
         "config.json: quantization_config is {\"load_in_8bit\":true}: the weights are quantised, and only "
         "floating "
         "point is read; fetch the weights as they were before"},
        {"problem_type", "ranking", "problem_type is 'ranking', which is not supported"},
        {"hidden_size", 0, "hidden_size is 0, expected an integer in [1, 1048576]"},
        {"hidden_size", -8, "hidden_size is -8, expected an integer"},
        {"hidden_size", 18446744073709551615u, "hidden_size is 18446744073709551615, expected an integer"},
        {"hidden_size", 8.5, "hidden_size is 8.5, expected an integer"},
        {"num_attention_heads", 3, "hidden_size 8 is not a multiple of num_attention_heads 3"},
        {"num_hidden_layers", 1000000000, "num_hidden_layers is 1000000000, expected an integer"},
        {"vocab_size", nullptr, "no 'vocab_size'"},
        {"layer_norm_eps", "tiny", "layer_norm_eps is \"tiny\", expected a number in [0, 1]"},
        {"num_labels", 2, "num_labels is 2, expected 3 as in id2label"},
        {"id2label", {{"0", "a"}, {"7", "b"}}, "id2label: no '1'"},
        {"label2id", {{"no", 1}, {"yes", 0}}, "label2id: no is 1, expected what id2label says: 1 is 'yes'"},
        {"label2id", {{"no", 3}}, "label2id: no is 3, expected a number below 3"},
        {"label2id", {{"no", "0"}}, "label2id: no is \"0\", expected an integer"},
        // Sizes that no tensor has: refused before memory is asked for.
        {"vocab_size", 99999999, "word_embeddings.weight': shape [69, 8], expected [99999999, 8] from the config"},
        {"num_hidden_layers", 9999, "no tensor 'bert.encoder.layer.2.attention.self.query.weight'"},
        {"num_hidden_layers", 1,
         "model.safetensors: tensor 'bert.encoder.layer.1.attention.output.LayerNorm.bias' is of layer 1, "
         "expected "
         "layers 0 to 0: the config counts 1 layer"},
        {"intermediate_size", 16777216, "shape [12, 8], expected [16777216, 8]"},
    };
    for (const Wrong& wrong : all) {
        const Spoiled model;
        model.config(wrong.key, wrong.value);
        INFO(wrong.key);
        CHECK_THAT(model.message(), Catch::Contains(wrong.message));
    }
}

TEST_CASE("settings without effect, and of training and generation, are allowed", "[model]") {
    const std::vector<std::pair<const char*, nlohmann::json>> all{
        {"auto_map", nullptr},
        {"auto_map", nlohmann::json::object()},
        {"quantization_config", nullptr},
        {"is_decoder", false},
        {"pruned_heads", nlohmann::json::object()},
        {"cross_attention_hidden_size", nullptr},
        {"embedding_size", 8},
        {"alibi_starting_size", 0},
        {"position_biased_input", true},
        {"scale_attn_weights", true},
        {"attention_type", "original_full"},
        {"pooler_type", "first_token_transform"},
        {"directionality", "bidi"},
        {"classifier_dropout", 0.1},
        {"gradient_checkpointing", true},
        {"use_cache", true},
    };
    for (const auto& [key, value] : all) {
        const Spoiled model;
        model.config(key, value);
        INFO(key << " " << value);
        CHECK_NOTHROW(TextModel::open(model.folder()));
    }
}

TEST_CASE("tensors of a layer that nobody reads are refused, others are left", "[model]") {
    struct More {
        std::vector<std::string> names;
        const char* message;
    };
    const std::string layer = "bert.encoder.layer.1.";
    const std::string adapters =
        "no part of the model reads: bert.encoder.layer.1.attention.self.query.lora_A: adapters (LoRA and the "
        "like), "
        "which change what the weights beside them compute; merge them into the weights";
    const std::vector<More> all{
        {{layer + "attention.self.query.lora_A"}, adapters.c_str()},
        {{layer + "output.adapters.sst.adapter_down.0.weight"}, ": adapters (LoRA and the like)"},
        {{layer + "attention.self.query_norm.weight"},
         "model.safetensors: has 1 tensor in its layers that no part of the model reads: "
         "bert.encoder.layer.1.attention.self.query_norm.weight: the layers compute something else than those of "
         "the "
         "class that config.json names; name the model's own class"},
        {{layer + "attention.self.distance_embedding.weight"},
         "self.distance_embedding.weigh...: the layers compute"},
        {{layer + "attention.output.LayerNorm.gamma"}, "LayerNorm.gamma: the layers compute"},  // beside .weight
        {{layer + "a", "bert.encoder.layer.0.z", layer + "c", layer + "b"},
         "has 4 tensors in its layers that no part of the model reads: bert.encoder.layer.0.z, "
         "bert.encoder.layer.1.a, bert.encoder.layer.1.b, ...: the layers"},
    };
    for (const More& more : all) {
        const Spoiled model;
        for (const std::string& name : more.names) model.add({name, DType::f32, {1}, {0.5}});
        INFO(more.names.front());
        CHECK_THAT(model.message(), Catch::Contains(more.message));
    }
    for (const std::string name :
         {"bert.embeddings.position_ids", "cls.seq_relationship.weight", "cls.predictions.bias",
          "bert.encoder.layer_norm.weight", "bert.encoder.layer.", "encoder.layer.0.query_norm.weight"}) {
        const Spoiled model;
        model.add({name, DType::f32, {1}, {0.5}});
        INFO(name);
        CHECK_NOTHROW(TextModel::open(model.folder()));
    }
}

TEST_CASE("weights that are missing, misshapen or not numbers are refused", "[model]") {
    const std::string query = "bert.encoder.layer.1.attention.self.query.weight";
    const Spoiled missing, misshapen, not_finite, none;
    missing.weights([&](const NewTensor& tensor) { return tensor.name != query; });
    CHECK_THAT(missing.message(), Catch::Contains("no tensor '" + query + "', expected one of shape [8, 8]"));
    misshapen.weights([&](NewTensor& tensor) {
        if (tensor.name == query) tensor.shape = {4, 16};
        return true;
    });
    CHECK_THAT(misshapen.message(),
               Catch::Contains("tensor '" + query + "': shape [4, 16], expected [8, 8] from the config"));
    not_finite.weights([&](NewTensor& tensor) {
        if (tensor.name == query) tensor.values[5] = NAN;
        return true;
    });
    CHECK_THAT(not_finite.message(), Catch::Contains("element 5 is nan, expected finite numbers"));
    std::filesystem::remove(none.file("model.safetensors"));
    CHECK_THAT(none.message(), Catch::Contains("no model.safetensors and no model.safetensors.index.json"));
}

TEST_CASE("numbers that are not finite are refused, of one text and of a file", "[model]") {
    const TemporaryDirectory folder;
    for (const std::string name :
         {"bert.embeddings.word_embeddings.weight", "bert.encoder.layer.0.attention.output.dense.weight",
          "bert.encoder.layer.1.attention.self.value.weight", "bert.encoder.layer.1.output.dense.weight"}) {
        INFO(name);
        const Spoiled spoiled;
        spoiled.weights([&](NewTensor& tensor) {
            if (tensor.name == name) std::fill(tensor.values.begin(), tensor.values.end(), 3e38);
            return true;
        });
        const TextModel model = TextModel::open(spoiled.folder());
        for (const std::string weights : {"", "value_norm", "gf", "agf"}) {
            INFO(weights);
            CHECK_THAT(message_of<InputError>([&] { attend(model, "a b", "text", {.weights = weights}); }),
                       Catch::Contains("finite"));
            ExtractionOptions options;
            if (!weights.empty()) options.weights = {weights};
            const std::vector<LabelledText> texts{{"a b"}};
            CHECK_THAT(message_of<InputError>([&] { extract(model, texts, options, folder.file("d")); }),
                       Catch::Contains("finite"));
        }
    }
    CHECK(std::isnan(positive_part(NAN)));
}

TEST_CASE("the output matrix of a language model is the embeddings unless the config says otherwise", "[model]") {
    const std::string decoder = "cls.predictions.decoder.weight";
    const auto logits = [](const Spoiled& spoiled) {
        const TextModel model = TextModel::open(spoiled.folder());
        const auto row = model.model->forward(TokenBatch::of(model.encode("the key", "text")), {});
        return std::vector<double>(row.row(0).begin(), row.row(0).end());
    };
    const Spoiled tied("masked_lm"), with_both("masked_lm"), untied("masked_lm"), absent("masked_lm");
    for (const Spoiled* spoiled : {&with_both, &untied}) {
        std::vector<double> embeddings;
        spoiled->weights([&](const NewTensor& tensor) {
            if (tensor.name == "bert.embeddings.word_embeddings.weight") embeddings = tensor.values;
            return true;
        });
        for (double& value : embeddings) value += 0.5;
        spoiled->add({decoder, DType::f32, {embeddings.size() / 8, 8}, embeddings});
    }
    untied.config("tie_word_embeddings", false);
    absent.config("tie_word_embeddings", false);
    CHECK(logits(with_both) == logits(tied));
    CHECK(logits(untied) != logits(tied));
    CHECK_THAT(absent.message(), Catch::Contains("no tensor '" + decoder + "'"));
}

TEST_CASE("entries that cannot be opened are refused by name", "[model]") {
    for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
        const Spoiled loop, folder;
        std::filesystem::remove(loop.file(name));
        std::filesystem::create_symlink(name, loop.file(name));
        CHECK_THAT(loop.message(), Catch::Contains(std::string(name) + ": cannot be opened: "));
        std::filesystem::remove(folder.file(name));
        std::filesystem::create_directory(folder.file(name));
        CHECK_THAT(folder.message(),
                   Catch::Contains(std::string(name) + ": is a ") && Catch::Contains(", expected a "));
    }
}

TEST_CASE("classes of one name are told apart by number only", "[model]") {
    const Spoiled spoiled;
    spoiled.config("id2label", {{"0", "x"}, {"1", "x"}, {"2", "y"}});
    const TextModel model = TextModel::open(spoiled.folder());
    const std::vector<double> logits(3);
    CHECK(resolve(TargetSpec::parse("output(y)"), model, logits, std::nullopt).output == 2);
    CHECK(resolve(TargetSpec::parse("output(1)"), model, logits, std::nullopt).output == 1);
    CHECK_THAT(
        message_of<ParameterError>([&] { resolve(TargetSpec::parse("output(x)"), model, logits, std::nullopt); }),
        Catch::Contains("several classes are called 'x', expected a number"));
}

TEST_CASE("a name that is the number of another class is refused", "[model]") {
    const Spoiled spoiled;
    spoiled.config("id2label", {{"0", "1"}, {"1", "2"}, {"2", "2.0"}});
    const TextModel model = TextModel::open(spoiled.folder());
    CHECK(output_named("0", model) == 0);
    CHECK(output_named("2.0", model) == 2);
    CHECK_THAT(message_of<ParameterError>([&] { output_named("1", model); }),
               Catch::Contains("'1' is the name of class 0 and the number of class 1 ('2')"));
    const Spoiled same;
    same.config("id2label", {{"0", "0"}, {"1", "1"}, {"2", "2"}});
    same.config("label2id", {{"0", 0}, {"1", 1}, {"2", 2}});
    CHECK(output_named("1", TextModel::open(same.folder())) == 1);
}

TEST_CASE("shard indices that lie are refused", "[model]") {
    const std::string index = "model.safetensors.index.json";
    const std::string first = "model-00001-of-00003.safetensors";
    const std::string bias = "cls.predictions.bias";
    struct Lie {
        std::string key;
        nlohmann::json value;
        std::string message;
    };
    const std::vector<Lie> lies{
        {bias, index, "expected the name of a .safetensors file in the same folder"},  // the index itself
        {bias, "../" + first, "expected the name of a .safetensors file in the same folder"},
        {bias, "/etc/" + first, "expected the name of a .safetensors file in the same folder"},
        {bias, 3, "expected a string"},
        {bias, "none.safetensors", "names none.safetensors for 1 tensor, but no such file is in the folder"},
        {"not.there", first, "tensor 'not.there' is not in " + first + ", where the index says it is"},
    };
    for (const Lie& lie : lies) {
        const Spoiled model("masked_lm_shards");
        auto json = nlohmann::json::parse(read_bytes(model.file(index)));
        json["weight_map"][lie.key] = lie.value;
        write_bytes(model.file(index), json.dump());
        INFO(lie.message);
        CHECK_THAT(model.message(), Catch::Contains(lie.message));
    }
    const Spoiled twice("masked_lm_shards");
    std::filesystem::copy_file(twice.file(first), twice.file("model-00002-of-00003.safetensors"),
                               std::filesystem::copy_options::overwrite_existing);
    CHECK_THAT(twice.message(), Catch::Contains("is also in "));
    const Spoiled empty("masked_lm_shards");
    write_bytes(empty.file(index), R"({"weight_map": {}})");
    CHECK_THAT(empty.message(), Catch::Contains("weight_map is empty"));
    const Spoiled list("masked_lm_shards");
    write_bytes(list.file(index), "[]");
    CHECK_THAT(list.message(), Catch::Contains("has type array, expected an object"));
}

TEST_CASE("a tokenizer with more ids than embeddings is refused", "[model]") {
    const Spoiled model;
    write_bytes(model.file("tokenizer.json"),
                R"({"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 69}, "unk_token": "a"}})");
    CHECK_THAT(model.message(), Catch::Contains("the tokenizer has id 69 ('b'), the model 69 embeddings"));
}

TEST_CASE("ids of a template that the model does not embed are refused with the text", "[model]") {
    const Spoiled spoiled;
    write_bytes(spoiled.file("tokenizer.json"),
                R"({"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}, "post_processor": {
                    "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[X]", "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}}],
                    "special_tokens": {"[X]": {"id": "[X]", "ids": [77], "tokens": ["[X]"]}}}})");
    const auto message = message_of<InputError>([&] { TextModel::open(spoiled.folder()).encode("a", "s.txt:4"); });
    CHECK_THAT(message, Catch::Contains("77"));
    CHECK_THAT(message, Catch::Contains(spoiled.folder()));
}

TEST_CASE("texts that do not fit the positions are refused, never cut", "[model]") {
    const TextModel model = TextModel::open(golden_folder + "classifier");
    CHECK(model.encode("a b c d e", "text").ids.size() == 7);
    CHECK(message_of<InputError>([&] { model.encode("a b c d e f", "line 3"); }) ==
          "line 3: 'a b c d e f' has 8 tokens, expected at most the 7 positions of the model (shorten it; nothing "
          "is "
          "cut off in silence)");
    TokenBatch batch{1, 8, std::vector<TokenId>(8), std::vector<TokenId>(8)};
    CHECK_THAT(message_of<InputError>([&] { model.model->forward(batch, {}); }),
               Catch::Contains("8 tokens, expected at most the 7 positions"));
    CHECK_THAT(message_of<InputError>([&] {
                   model.model->forward({1, 1, {69}, {0}}, {});
               }),
               Catch::Contains("token id 69, expected one below 69"));
    CHECK_THAT(message_of<InputError>([&] {
                   model.model->forward({1, 1, {0}, {2}}, {});
               }),
               Catch::Contains("type id 2, expected one below 2"));
    CHECK_THAT(message_of<InputError>([&] { model.model->forward({}, {}); }), Catch::Contains("no tokens"));
}
