/// Weights whose tensors carry the names of programs that wrapped the model, and folders that are not complete.

#include <filesystem>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "attention/model/checkpoint/weight_files.hpp"
#include "graph/support/error.hpp"
#include "tests/message_of.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

namespace fs = std::filesystem;

const std::string golden = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/";
const std::string cases = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/cases/";

/// A copy of a model.
class Copy {
public:
    explicit Copy(const std::string& model) {
        for (const auto& entry : fs::directory_iterator(model)) {
            if (entry.path().filename() != "golden.safetensors")
                fs::copy(entry.path(), folder_.file(entry.path().filename().string()));
        }
    }
    std::string path() const { return folder_.path(); }
    std::string file(const std::string& name) const { return folder_.file(name); }

    template <class Rename>
    void rename(const Rename& new_name) const {
        std::vector<NewTensor> tensors;
        const auto stored = SafetensorsFile::open(file("model.safetensors"));
        for (const auto& [name, view] : stored->tensors())
            tensors.push_back({new_name(name), DType::f32, view.shape, view.values()});
        write_safetensors(file("new"), tensors);
        fs::rename(file("new"), file("model.safetensors"));
    }

private:
    TemporaryDirectory folder_;
};

/// Scores of the model's own edge weights, which need every tensor of the encoder.
CommandResult attribute(const std::string& folder) {
    return attnflow::testing::attnflow({"attribute", "--model", folder, "--text", "the key", "--method", "rollout",
                                        "--edge-weights", "value_norm", "--format", "json"});
}

std::string message(const std::string& folder) {
    return message_of<InputError>([&] { WeightFiles::open(folder); });
}

}  // namespace

TEST_CASE("names of programs around a model are left out", "[model][cases]") {
    const std::string plain = attribute(golden + "classifier").out;
    REQUIRE_FALSE(plain.empty());
    for (const std::string prefix :
         {"module.", "_orig_mod.", "module._orig_mod.", "model.", "module.model.", "model._orig_mod.",
          "model.module.", "model.module._orig_mod.", "model.bert."}) {
        INFO(prefix);
        const Copy copy(golden + "classifier");
        copy.rename([&](const std::string& name) { return prefix + name; });
        CHECK(attribute(copy.path()).out == plain);
        const auto notes = WeightFiles::open(copy.path()).notes();
        REQUIRE(notes.size() == 1);
        CHECK_THAT(notes.front(), Catch::StartsWith("'" + prefix + "' before the names of all tensors"));
    }
    // The case, beside the same file with its tensors renamed.
    const Copy copy(cases + "prefixed-names/orig_mod");
    copy.rename([](const std::string& name) { return name.substr(std::string("_orig_mod.").size()); });
    const CommandResult compiled = attribute(cases + "prefixed-names/orig_mod");
    CHECK(compiled.exit_code == 0);
    CHECK(compiled.out == attribute(copy.path()).out);
    CHECK_THAT(compiled.err,
               Catch::Contains("note: ") && Catch::Contains("'_orig_mod.' before the names of all tensors"));
}

TEST_CASE("a prefix of some tensors only is part of their names", "[model]") {
    const Copy copy(golden + "classifier");
    copy.rename([](const std::string& name) { return name.starts_with("classifier") ? name : "module." + name; });
    const WeightFiles files = WeightFiles::open(copy.path());
    CHECK(files.notes().empty());
    CHECK(files.contains("module.bert.embeddings.word_embeddings.weight"));
    CHECK_FALSE(files.contains("bert.embeddings.word_embeddings.weight"));
    CHECK(attribute(copy.path()).exit_code == 2);
}

TEST_CASE("what is missing of a model is named with what asks for it", "[model][cases]") {
    const std::string index = "model.safetensors.index.json: names ";
    CHECK_THAT(
        message(cases + "missing-shard/missing_shard"),
        Catch::Contains(index + "model-00002-of-00002.safetensors for 21 tensors, but no such file is in the "
                                "folder"));
    CHECK(attribute(cases + "missing-shard/missing_shard").exit_code == 2);

    const Copy shards(golden + "masked_lm_shards");
    fs::remove(shards.file("model-00001-of-00003.safetensors"));
    fs::remove(shards.file("model-00003-of-00003.safetensors"));
    CHECK_THAT(message(shards.path()), Catch::Contains(index + "model-00001-of-00003.safetensors for ") &&
                                           Catch::EndsWith("model-00001-of-00003.safetensors, "
                                                           "model-00003-of-00003.safetensors"));
    fs::remove(shards.file("model.safetensors.index.json"));
    CHECK_THAT(message(shards.path()),
               Catch::Contains("holds model-00002-of-00003.safetensors, but no model.safetensors.index.json"));

    const Copy pointer(golden + "masked_lm_shards");
    write_bytes(pointer.file("model-00002-of-00003.safetensors"),
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
    CHECK_THAT(message(pointer.path()), Catch::Contains("model-00002-of-00003.safetensors: is a Git LFS pointer"));

    const Copy pickled(golden + "classifier");
    fs::rename(pickled.file("model.safetensors"), pickled.file("pytorch_model.bin"));
    CHECK_THAT(message(pickled.path()), Catch::Contains("holds pytorch_model.bin and no model.safetensors") &&
                                            Catch::Contains("save_pretrained"));
    write_bytes(pickled.file("model.safetensors"), "PK\x03\x04 and so on, as torch.save writes it");
    CHECK_THAT(message(pickled.path()), Catch::Contains("is a zip archive"));
}
