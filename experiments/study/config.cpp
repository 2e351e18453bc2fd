#include "experiments/study/config.hpp"

#include <algorithm>
#include <set>

#include "algorithms/attribution_method.hpp"
#include "experiments/metrics/metric.hpp"
#include "experiments/study/axes/readout.hpp"
#include "experiments/study/axes/source.hpp"
#include "experiments/study/axes/units.hpp"
#include "experiments/study/config_keys.hpp"
#include "experiments/study/expectations.hpp"
#include "experiments/study/method_call.hpp"
#include "experiments/study/presets.hpp"

namespace attnflow {
namespace {

// "matrix[3].axes.layer" taken apart into "matrix[3]." and "axes.layer"; other keys have no
// first part.
std::pair<std::string, std::string> split_matrix(const std::string& key) {
    if (!key.starts_with("matrix[")) return {"", key};
    const std::size_t dot = std::min(key.find("]."), key.size() - 2) + 2;
    return {key.substr(0, dot), key.substr(dot)};
}

void refuse_unknown(const Settings& settings) {
    std::vector<std::string> known;
    std::vector<std::string> known_in_matrix;
    for (const ConfigKey& key : config_keys()) {
        known.push_back(key.name);
        if (key.read_block) known_in_matrix.push_back(key.name);
    }
    const std::set<std::string, std::less<>> lookup(known.begin(), known.end());
    const std::set<std::string, std::less<>> lookup_in_matrix(known_in_matrix.begin(), known_in_matrix.end());
    const std::pair<const std::string, Setting>* first = nullptr;
    std::size_t count = 0;
    for (const auto& entry : settings) {
        const auto [matrix, key] = split_matrix(entry.first);
        if (matrix.empty() ? lookup.contains(key)
                           : settings.contains(matrix) && (key.empty() || lookup_in_matrix.contains(key)))
            continue;
        if (++count == 1) first = &entry;
    }
    if (count == 0) return;
    const auto [matrix, key] = split_matrix(first->first);
    const auto inside = std::find_if(known.begin(), known.end(),
                                     [&key = key](const auto& name) { return name.starts_with(key + "."); });
    if (matrix.empty() && inside != known.end()) {
        throw ParameterError(fmt::format("{}: '{}' is a table, expected a key in it, for instance {}",
                                         first->second.where, excerpt(key), *inside));
    }
    const std::string nearest = nearest_name(key, matrix.empty() ? known : known_in_matrix);
    const std::string fallback = !matrix.empty()              ? "; a [[matrix]] holds methods and axes.* only"
                                 : key.starts_with("matrix.") ? "; a part of the grid begins with [[matrix]]"
                                                              : "; `attnflow describe config` lists the keys";
    throw ParameterError(fmt::format("{}: unknown key '{}'{}{}", first->second.where, excerpt(first->first),
                                     nearest.empty() ? fallback : "; did you mean '" + nearest + "'?",
                                     count == 1 ? "" : fmt::format(" ({} more unknown keys)", count - 1)));
}

Settings preset_settings(const Preset& chosen) {
    Settings settings;
    for (const PresetSetting& setting : chosen.settings) {
        overlay(settings, setting_from_argument(setting.key + "=" + setting.value));
        settings[setting.key].where = "preset " + chosen.name;
    }
    return settings;
}

std::size_t count_matrices(const Settings& settings) {
    std::size_t count = 0;
    while (settings.contains(fmt::format("matrix[{}].", count + 1))) ++count;
    return count;
}

// A single score a token is compared with the reference: several sources need a read-out.
void check_readout(const GridBlock& block, const std::string& where) {
    for (const ParameterValue& source : block.axes.at(SourceAxis::name)) {
        for (const ParameterValue& readout : block.axes.at(ReadoutAxis::name)) {
            PointOptions options;
            SourceAxis::apply(source, options);
            ReadoutAxis::apply(readout, options);
            if (!options.has_row_for_each_source()) continue;
            throw ParameterError(
                fmt::format("{}: source \"{}\" gives a row of scores for every position; choose "
                            "axes.readout = \"column_max\" or \"column_sum\"",
                            where, to_text(source)));
        }
    }
}

// Methods and axes of `base`, those given below `prefix` ("" or "matrix[1].") instead.
GridBlock read_block(const std::vector<ConfigKey>& keys, const Settings& settings, GridBlock base,
                     const std::string& prefix) {
    for (const ConfigKey& key : keys) {
        const auto setting = settings.find(prefix + key.name);
        if (key.read_block && setting != settings.end()) key.read_block(setting->second, setting->first, base);
    }
    return base;
}

void read_blocks(const std::vector<ConfigKey>& keys, const Settings& settings, Config& config) {
    const std::size_t matrices = count_matrices(settings);
    GridBlock base;
    for (const AxisInfo& axis : axes()) {
        base.axes[axis.name] = {axis.fallback};
        base.unasked.insert(axis.name);
    }
    base = read_block(keys, settings, std::move(base), "");
    for (std::size_t m = 1; m <= matrices; ++m) {
        config.blocks.push_back(read_block(keys, settings, base, fmt::format("matrix[{}].", m)));
    }
    if (matrices == 0) config.blocks.push_back(std::move(base));
    for (std::size_t b = 0; b < config.blocks.size(); ++b) {
        const std::string where = matrices == 0 ? config.name : fmt::format("{}: matrix[{}]", config.name, b + 1);
        if (config.blocks[b].methods.empty()) {
            throw InputError(fmt::format("{}: methods is missing or empty; known: {}", where,
                                         join(attribution_methods().names(), ", ")));
        }
        check_readout(config.blocks[b], where);
    }
}

// A list of one value is that value: both are the same run.
std::string canonical_text(Setting setting) {
    if (setting.values.size() == 1) setting.is_list = false;
    return setting.text();
}

// One dataset: a file, or what a model makes of texts.
void check_dataset(Config& config, const std::string& path) {
    const std::string shown = escape_controls(path);
    const bool model = config.given.contains("model.path");
    const bool sentences = config.given.contains("dataset.sentences");
    const bool dataset = config.given.contains("dataset.path");
    if (sentences && !model)
        throw InputError(shown + ": dataset.sentences needs model.path, the model to run on them");
    if (model && !sentences)
        throw InputError(shown + ": model.path needs dataset.sentences, the texts to run it on");
    if (!dataset && !sentences) {
        throw InputError(
            fmt::format("{}: dataset.path is missing, expected the path of a safetensors file; or "
                        "model.path and dataset.sentences",
                        shown));
    }
    if (dataset && sentences) {
        throw InputError(
            fmt::format("{}: dataset.path and dataset.sentences are both given, expected one of them", shown));
    }
    if (sentences && !config.attention.empty()) {
        throw InputError(fmt::format(
            "{}: dataset.attention names a tensor of dataset.path, expected no sentences beside it", shown));
    }
    if (!sentences) config.texts.reset();  // other keys of the model say nothing without it
}

// Something to compare with, and a model where metrics ask one.
void check_comparison(const Config& config) {
    const auto where = [&](const char* key) { return config.places.at(key); };
    if (config.references.empty() && config.model_metrics.empty()) {
        throw ParameterError(fmt::format(
            "{}: evaluation.references is empty, expected at least one, such as blank_out or method(rollout); or "
            "evaluation.model_metrics",
            where("evaluation.references")));
    }
    if (config.model_metrics.empty() || config.texts) return;
    throw InputError(fmt::format(
        "{}: evaluation.model_metrics ask the model that read the texts, but dataset.path is a file of "
        "attention without one; expected model.path and dataset.sentences in its place",
        where("evaluation.model_metrics")));
}

}  // namespace

Config config_from_settings(Settings given, const std::string& name, const std::string& path) {
    Config config;
    config.name = name;
    Settings settings;
    if (const auto found = given.find("preset"); found != given.end()) {
        config.preset = std::get<std::string>(
            single_value({.name = "preset", .summary = "", .fallback = std::string()}, found->second));
        try {
            settings = preset_settings(preset(config.preset));
        } catch (const ParameterError& error) {
            throw ParameterError(fmt::format("{}: {}", found->second.where, error.what()));
        }
        given.erase("preset");
    }
    overlay(settings, given);
    if (const auto found = settings.find("include"); found != settings.end()) {
        throw ParameterError(fmt::format("{}: include works in config files only", found->second.where));
    }
    refuse_unknown(settings);  // before anything else: a misspelt key explains a missing one
    for (const auto& [key, setting] : settings) {
        config.given[key] = canonical_text(setting);
        config.places[key] = setting.where;
    }

    for (const std::string& reference : default_references())
        config.references.push_back(Reference::parse(reference, ""));
    config.metrics = {metrics().canonical(metrics().names().front(), "evaluation.metrics")};
    const std::vector<ConfigKey> keys = config_keys();
    for (const ConfigKey& key : keys) {
        const auto setting = settings.find(key.name);
        if (key.read && setting != settings.end()) key.read(setting->second, config);
    }
    check_dataset(config, path);
    check_comparison(config);
    read_blocks(keys, settings, config);
    return config;
}

Config load_config(const std::string& path, const Settings& overrides) {
    Settings given = settings_from_file(path);
    for (const auto& [key, setting] : overrides) {
        if (key.starts_with("matrix")) {
            throw ParameterError(
                fmt::format("{}: parts of the grid stand in the config; --set {} holds for all of them",
                            setting.where, excerpt(key.substr(key.find('.') + 1))));
        }
        // What the command line says holds for every part of the grid.
        std::erase_if(given, [&key = key](const auto& entry) {
            const auto [matrix, inner] = split_matrix(entry.first);
            return !matrix.empty() && inner == key;
        });
    }
    overlay(given, overrides);
    return config_from_settings(std::move(given), std::filesystem::path(path).stem().string(), path);
}

void default_to_mask(Config& config) {
    const std::string key = std::string("axes.") + SourceAxis::name;
    if (config.given.contains(key)) return;
    const ParameterValue mask = std::string(SourceAxis::masked);
    config.given[key] = Setting{.values = {mask}, .where = ""}.text();
    for (std::size_t b = 0; b < config.blocks.size(); ++b) {
        if (config.given.contains(fmt::format("matrix[{}].{}", b + 1, key))) continue;
        config.blocks[b].axes[SourceAxis::name] = {mask};
        config.blocks[b].unasked.erase(SourceAxis::name);
    }
}

std::vector<std::string> Config::methods() const {
    std::vector<std::string> all;
    for (const GridBlock& block : blocks) {
        for (const std::string& method : block.methods) {
            if (std::find(all.begin(), all.end(), method) == all.end()) all.push_back(method);
        }
    }
    return all;
}

std::map<std::string, ParameterValue> Config::parameters_of(const std::string& method) const {
    const EntryInfo& info = method_entry(method).info;
    auto values = method_parameters(method, "methods");
    if (const auto own = parameters.find(info.name); own != parameters.end())
        values.insert(own->second.begin(), own->second.end());
    for (const ParameterSpec& spec : info.parameters) values.emplace(spec.name, spec.fallback);
    return values;
}

bool Config::asks_for_words() const {
    const auto are_words = [](const ParameterValue& value) {
        PointOptions options;
        UnitsAxis::apply(value, options);
        return options.units.are_words();
    };
    return std::any_of(blocks.begin(), blocks.end(), [&](const GridBlock& block) {
        const auto values = values_of(block, axes().at(UnitsAxis::name));
        return std::any_of(values.begin(), values.end(), are_words);
    });
}

std::size_t Config::used_examples(std::size_t available) const {
    if (limit == 0) return available;
    return std::min(available, limit + (one_extra_example ? 1 : 0));
}

std::string config_toml(const Config& config) {
    std::string out = fmt::format("# {}: the resolved config of a run\n", escape_controls(config.name));
    if (!config.preset.empty()) out += fmt::format("# (preset {}, spelt out)\n", config.preset);
    for (const ConfigKey& key : config_keys()) {
        const auto given = config.given.find(key.name);
        if (const auto path = key.path ? key.path(config) : std::nullopt) {
            const Setting absolute{.values = {std::filesystem::absolute(*path).lexically_normal().string()},
                                   .where = ""};
            out += fmt::format("{} = {}\n", key.name, absolute.text());
        } else if (given != config.given.end()) {
            out += fmt::format("{} = {}\n", key.name, given->second);
        } else if (!key.fallback.empty()) {
            out += fmt::format("# {}: {}\n", key.name, key.fallback);
        }
    }
    for (std::size_t m = 1; m <= config.blocks.size(); ++m) {
        const std::string prefix = fmt::format("matrix[{}].", m);
        if (!config.given.contains(prefix)) continue;
        out += "\n[[matrix]]\n";
        for (auto it = config.given.lower_bound(prefix); it != config.given.end() && it->first.starts_with(prefix);
             ++it) {
            if (it->first != prefix) out += fmt::format("{} = {}\n", it->first.substr(prefix.size()), it->second);
        }
    }
    return out;
}

Config config_from_toml(const std::string& toml, const std::string& name, const std::string& origin) {
    return config_from_settings(settings_from_toml(toml, escape_controls(origin)), name, origin);
}

}  // namespace attnflow
