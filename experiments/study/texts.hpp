#pragma once
/// Texts and the model that is to read them: settings `model.*` and `dataset.sentences` of a config.

#include <filesystem>
#include <map>
#include <string>

namespace attnflow {

struct Texts {
    std::filesystem::path model;      ///< Hugging Face directory
    std::filesystem::path sentences;  ///< a line each, or .tsv with columns text and label
    std::filesystem::path cache;      ///< folder for what was extracted; "" for the user's cache folder
    std::string precision = "float32";
    std::string target;  ///< as TargetSpec::parse; "" for the default
    std::string target_scale = "logit";
    std::string replace = "unk";

    /// What the dataset was made of, by name: model, architecture, sentences, settings, and the checksum of each
    /// file. Filled by provide_dataset(), for the record of a run.
    std::map<std::string, std::string> origin = {};
    std::filesystem::path part = {};  ///< the file with the examples of the shard alone, "" when it is all of them
};

}  // namespace attnflow
