#pragma once
/// A model without an output layer.

#include <filesystem>
#include <string>
#include <vector>

#include "attention/files/json.hpp"
#include "attention/files/safetensors.hpp"
#include "attention/model/text_model.hpp"
#include "tests/attention/make_files.hpp"

namespace attnflow::testing {

/// The golden classifier's body by itself, as an encoder of sentences is stored: BertModel, whose tensors have
/// `prefix` where the classifier's have "bert.".
class BareEncoder {
public:
    explicit BareEncoder(const std::string& prefix = "") {
        const std::string classifier_folder = ATTNFLOW_SOURCE_DIR "/tests/golden/model/classifier";
        std::filesystem::copy(classifier_folder + "/tokenizer.json", folder_.file("tokenizer.json"));
        auto config = parse_json(read_bytes(classifier_folder + "/config.json"), "test");
        config["architectures"] = {"BertModel"};
        config.erase("id2label");
        write_bytes(folder_.file("config.json"), config.dump());
        const auto old = SafetensorsFile::open(classifier_folder + "/model.safetensors");
        std::vector<NewTensor> tensors;
        for (const auto& [name, view] : old->tensors()) {
            if (name.starts_with("bert."))
                tensors.push_back({prefix + name.substr(5), DType::f32, view.shape, view.values()});
        }
        write_safetensors(folder_.file("model.safetensors"), tensors);
    }

    std::string folder() const { return folder_.path(); }
    TextModel open() const { return TextModel::open(folder_.path()); }
    std::string file(const std::string& name) const { return folder_.file(name); }

private:
    TemporaryDirectory folder_;
};

}  // namespace attnflow::testing
