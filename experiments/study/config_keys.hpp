#pragma once
/// The schema of a config: each key once, with its words for the docs and its meaning for the reader.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/study/config.hpp"

namespace attnflow {

struct ConfigKey {
    std::string name;
    std::string summary;
    std::string values;    ///< in words
    std::string fallback;  ///< in words, "" where there is none

    /// Puts what is given into a config. Empty for keys of another kind. Throws ParameterError.
    std::function<void(const Setting& setting, Config& config)> read = {};
    /// Of keys that a [[matrix]] may hold too: puts it into a part of the grid; `key` as it is written there.
    std::function<void(const Setting& setting, const std::string& key, GridBlock& block)> read_block = {};
    /// Of keys that name a file or folder: where it is, as far as it is given.
    std::function<std::optional<std::filesystem::path>(const Config& config)> path = {};
};

/// The value of a key that takes one, in the range of `spec`, whose name is the key. Throws ParameterError for a
/// list, of which all but one would be dropped.
ParameterValue single_value(const ParameterSpec& spec, const Setting& setting);

/// What scores are compared with where the config does not say.
const std::vector<std::string>& default_references();

/// In the order of docs and of config_toml(). Made by each call, because a program may register members.
std::vector<ConfigKey> config_keys();

}  // namespace attnflow
