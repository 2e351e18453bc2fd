#pragma once
/// A dataset that is made when it is needed: texts, and a model to run on them.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace attnflow {

struct Config;

/// Settings `model.*` and `dataset.sentences` of a config.
struct TextSource {
    std::filesystem::path model;      ///< Hugging Face directory
    std::filesystem::path sentences;  ///< a line each, or .tsv with columns text and label
    std::filesystem::path cache;      ///< folder for what was extracted; "" for the user's cache folder
    std::string precision = "float32";
    std::string target;  ///< as TargetSpec::parse; "" for the default
    std::string target_scale = "logit";
    std::string replace = "unk";
};

/// Makes `config.dataset` of `config.texts`, which are empty afterwards, like the settings that they
/// came from: the run is one on that file. What the evaluation compares with is extracted too:
/// gradients for references grad_..., blank-out for blank_out....
///
/// The file's name is a checksum of everything that its content depends on: model files, sentences,
/// settings, program version and instruction set. If it is there already, nothing is run; it is made again
/// when it is not what its checksum beside it says. Does nothing
/// without texts. Throws InputError for models, texts and cache folders that cannot be used.
/// `progress` is called after each text.
void provide_dataset(Config& config, std::size_t jobs,
                     const std::function<void(std::size_t done, std::size_t total)>& progress = {});

}  // namespace attnflow
