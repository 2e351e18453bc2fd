#pragma once
/// The configuration of a run: checked settings with their meaning.

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiments/statistics/options.hpp"
#include "experiments/study/reference.hpp"
#include "experiments/study/settings.hpp"
#include "experiments/study/texts.hpp"

namespace attnflow {

/// One product of the grid: methods x the axes each takes.
struct GridBlock {
    std::vector<std::string> methods;
    std::map<std::string, std::vector<ParameterValue>> axes;  ///< all of them
    /// Axes that nothing names: a member that expects something of one gets that instead (expectations.hpp).
    std::set<std::string> unasked = {};
};

struct Config {
    std::string name;  ///< of the config file, without extension
    std::string preset;

    std::filesystem::path dataset;  ///< "" until provide_dataset() has made it of `texts`
    std::optional<Texts> texts;     ///< what `dataset` is made of
    std::size_t limit = 0;          ///< first examples used; 0 = all
    bool one_extra_example = false;
    std::string attention;  ///< name of the attention in the dataset, "" for the usual ones
    std::optional<double> row_sum_tolerance;
    std::optional<std::vector<std::string>> special_tokens;  ///< instead of the dataset's; an empty list for none

    /// The grid is the union of these: one a [[matrix]], else the one that methods and axes span.
    std::vector<GridBlock> blocks;
    std::map<std::string, std::map<std::string, ParameterValue>> parameters;  ///< by method

    std::vector<Reference> references;
    std::vector<std::string> metrics;
    std::vector<std::string> model_metrics;  ///< none unless given; they need `texts`
    bool undefined_as_zero = false;
    bool cumulative_layer_mean = false;
    bool write_attributions = false;
    StatisticsOptions statistics;

    /// All methods of the grid, each once.
    std::vector<std::string> methods() const;
    /// All parameters of a method of the grid: what its call gives, then `parameters`, then defaults.
    std::map<std::string, ParameterValue> parameters_of(const std::string& method) const;
    /// Whether some point of the grid scores words.
    bool asks_for_words() const;
    /// How many of `available` examples are used.
    std::size_t used_examples(std::size_t available) const;

    /// Every setting that was given, preset included, as resolved: for the record of a run.
    std::map<std::string, std::string> given;
    std::map<std::string, std::string> places;  ///< of those, where each is written: "file.toml:3:1"
};

/// Makes `mask` the source, as if it were given, unless the config names one: for examples which all have a masked
/// position.
void default_to_mask(Config& config);

/// Reads `path` with what it includes, puts its preset below and `overrides` (from --set)
/// above it, also above what a [[matrix]] says, and checks everything: unknown keys (with the
/// nearest one), types, ranges. dataset.path is relative to the file that gives it; given by
/// --set, to the current directory. Throws InputError or ParameterError with
/// "file:line:column: ...".
Config load_config(const std::string& path, const Settings& overrides);

/// The config as TOML that load_config understands, without preset: every setting that was
/// given, the dataset (or model and sentences) by absolute paths; settings left at their default as comments.
std::string config_toml(const Config& config);
/// The config in such a text; `origin` is the file that it comes from.
Config config_from_toml(const std::string& toml, const std::string& name, const std::string& origin);
Config config_from_settings(Settings settings, const std::string& name, const std::string& origin);

}  // namespace attnflow
