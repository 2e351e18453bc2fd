#include "experiments/study/config.hpp"

#include <algorithm>
#include <set>

#include "algorithms/attribution_method.hpp"
#include "attention/extract/target.hpp"
#include "experiments/metrics/metric.hpp"
#include "experiments/study/presets.hpp"

namespace attnflow {
namespace {

Reference parse_reference(const std::string& text, const std::string& where) {
    const auto inside = [&](const std::string& function) -> std::optional<std::string> {
        if (!text.starts_with(function + "(") || !text.ends_with(")")) return std::nullopt;
        return text.substr(function.size() + 1, text.size() - function.size() - 2);
    };
    if (const auto name = inside("abs")) return {Reference::Kind::absolute_scores, *name, text};
    if (const auto name = inside("method")) {
        try {
            attribution_methods().at(*name);
        } catch (const ParameterError& error) {
            throw ParameterError(fmt::format("{}: reference {}: {}", where, excerpt(text), error.what()));
        }
        return {Reference::Kind::method, *name, text};
    }
    if (text.empty() || text.find_first_of("()") != std::string::npos) {
        throw ParameterError(
            fmt::format("{}: reference '{}', expected NAME, abs(NAME) or method(NAME)", where, excerpt(text)));
    }
    return {Reference::Kind::scores, text, text};
}

// Takes settings one by one, so that what is left over is unknown.
class Reader {
public:
    explicit Reader(Settings settings) : settings_(std::move(settings)) {}

    std::optional<Setting> take(const std::string& key) {
        auto node = settings_.extract(key);
        if (node.empty()) return std::nullopt;
        return std::move(node.mapped());
    }

    /// A single value checked by `spec`, whose name is the key.
    std::optional<ParameterValue> take_value(const ParameterSpec& spec) {
        auto setting = take(spec.name);
        if (!setting) return std::nullopt;
        if (setting->is_list) {
            throw ParameterError(
                fmt::format("{}: {} is a list, expected {}", setting->where, spec.name, spec.range_text()));
        }
        return spec.check(setting->values.front(), setting->where);
    }
    template <class T>
    std::optional<T> take_as(const ParameterSpec& spec) {
        const auto value = take_value(spec);
        if (!value) return std::nullopt;
        return std::get<T>(*value);
    }

    /// One text or a list of texts, none twice.
    std::optional<std::pair<std::vector<std::string>, std::string>> take_names(const std::string& key) {
        auto setting = take(key);
        if (!setting) return std::nullopt;
        std::vector<std::string> names;
        for (const ParameterValue& value : setting->values) {
            names.push_back(
                std::get<std::string>(ParameterSpec{.name = key, .summary = "", .fallback = std::string()}.check(
                    value, setting->where)));
        }
        refuse_duplicates(names, key, setting->where);
        return std::pair{std::move(names), setting->where};
    }

    static void refuse_empty(const std::vector<std::string>& texts, const std::string& key,
                             const std::string& where, const std::string& example) {
        if (!texts.empty()) return;
        throw ParameterError(
            fmt::format("{}: {} is empty, expected at least one, such as {}", where, key, example));
    }

    static void refuse_duplicates(std::vector<std::string> texts, const std::string& key,
                                  const std::string& where) {
        std::sort(texts.begin(), texts.end());
        const auto twice = std::adjacent_find(texts.begin(), texts.end());
        if (twice != texts.end()) {
            throw ParameterError(fmt::format("{}: {} holds {} twice", where, key, excerpt(*twice)));
        }
    }

private:
    Settings settings_;
};

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
        if (key.name == "methods" || key.name.starts_with("axes.")) known_in_matrix.push_back(key.name);
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

// A relative path counts from the file that the setting stands in, from the command line from the
// current folder.
std::optional<std::filesystem::path> take_path(Reader& reader, const std::string& key) {
    const auto setting = reader.take(key);
    if (!setting) return std::nullopt;
    std::filesystem::path file =
        std::get<std::string>(ParameterSpec{.name = key, .summary = "", .fallback = std::string()}.check(
            setting->values.empty() ? ParameterValue(false) : setting->values.front(), setting->where));
    if (file.is_relative() && !setting->file.empty()) {
        file = std::filesystem::path(setting->file).parent_path() / file;
    }
    return file.lexically_normal();
}

// What `model.*` settings there are besides paths.
const std::vector<ParameterSpec>& model_specs() {
    static const std::vector<ParameterSpec> specs{
        {.name = "model.precision",
         .summary = "numbers to compute with",
         .fallback = std::string("float32"),
         .choices = {"float32", "float64"}},
        {.name = "model.target_scale",
         .summary = "what of the target gradients derive",
         .fallback = std::string("logit"),
         .choices = {"logit", "probability"}},
        {.name = "model.replace",
         .summary = "what blank-out puts in a token's place",
         .fallback = std::string("unk"),
         .choices = {"unk", "mask", "pad", "remove"}},
    };
    return specs;
}

void read_texts_and_model(Reader& reader, Config& config, const std::string& path) {
    TextSource texts;
    const auto model = take_path(reader, "model.path");
    const auto sentences = take_path(reader, "dataset.sentences");
    texts.cache = take_path(reader, "model.cache").value_or(std::filesystem::path());
    const auto& specs = model_specs();
    texts.precision = reader.take_as<std::string>(specs[0]).value_or(texts.precision);
    texts.target_scale = reader.take_as<std::string>(specs[1]).value_or(texts.target_scale);
    texts.replace = reader.take_as<std::string>(specs[2]).value_or(texts.replace);
    if (const auto target = reader.take("model.target")) {
        const ParameterSpec spec{.name = "model.target", .summary = "", .fallback = std::string()};
        try {
            texts.target = std::get<std::string>(spec.check(target->values.front(), target->where));
            TargetSpec::parse(texts.target);
        } catch (const ParameterError& error) {
            throw ParameterError(fmt::format("{}: {}", target->where, error.what()));
        }
    }
    if (!model && !sentences) return;
    const std::string shown = escape_controls(path);
    if (!model) throw InputError(shown + ": dataset.sentences needs model.path, the model to run on them");
    if (!sentences) throw InputError(shown + ": model.path needs dataset.sentences, the texts to run it on");
    texts.model = *model;
    texts.sentences = *sentences;
    config.texts = texts;
}

void read_dataset(Reader& reader, Config& config, const std::string& path) {
    const auto dataset = take_path(reader, "dataset.path");
    read_texts_and_model(reader, config, path);
    if (!dataset && !config.texts) {
        throw InputError(
            fmt::format("{}: dataset.path is missing, expected the path of a safetensors file; or "
                        "model.path and dataset.sentences",
                        escape_controls(path)));
    }
    if (dataset && config.texts) {
        throw InputError(fmt::format("{}: dataset.path and dataset.sentences are both given, expected one of them",
                                     escape_controls(path)));
    }
    config.dataset = dataset.value_or(std::filesystem::path());
    if (auto name =
            reader.take_as<std::string>({.name = "dataset.attention", .summary = "", .fallback = std::string()})) {
        if (config.texts)
            throw InputError(
                fmt::format("{}: dataset.attention names a tensor of dataset.path, expected no sentences "
                            "beside it",
                            escape_controls(path)));
        config.attention = std::move(*name);
    }
    if (const auto limit = reader.take_as<std::int64_t>(
            {.name = "dataset.limit", .summary = "", .fallback = std::int64_t{0}, .minimum = 0})) {
        config.limit = static_cast<std::size_t>(*limit);
    }
    if (const auto extra =
            reader.take_as<bool>({.name = "dataset.one_extra_example", .summary = "", .fallback = false})) {
        config.one_extra_example = *extra;
    }
    config.row_sum_tolerance = reader.take_as<double>(
        {.name = "dataset.row_sum_tolerance", .summary = "", .fallback = 0.0, .minimum = 0.0});
    if (auto names = reader.take_names("dataset.special_tokens")) config.special_tokens = std::move(names->first);
}

// Nothing when `key` is not given.
std::optional<std::vector<std::string>> take_methods(Reader& reader, const std::string& key) {
    auto names = reader.take_names(key);
    if (!names) return std::nullopt;
    for (const std::string& name : names->first) {
        try {
            attribution_methods().at(name);
        } catch (const ParameterError& error) {
            throw ParameterError(fmt::format("{}: {}: {}", names->second, key, error.what()));
        }
    }
    return std::move(names->first);
}

std::optional<std::vector<ParameterValue>> take_axis(Reader& reader, const AxisInfo& axis,
                                                     const std::string& key) {
    const auto setting = reader.take(key);
    if (!setting) return std::nullopt;
    std::vector<ParameterValue> values;
    std::vector<std::string> texts;
    for (const ParameterValue& value : setting->values) {
        values.push_back(axis.check(value, setting->where));
        texts.push_back(to_text(values.back()));
    }
    if (values.empty()) {
        throw ParameterError(fmt::format("{}: {} is empty, expected {}", setting->where, key, axis.values));
    }
    Reader::refuse_duplicates(texts, key, setting->where);
    return values;
}

// A single score a token is compared with the reference: several sources need a read-out.
void check_readout(const GridBlock& block, const std::string& where) {
    const auto has = [&](const char* axis, const char* word) {
        const auto& values = block.axes.at(axis);
        return std::find(values.begin(), values.end(), ParameterValue(std::string(word))) != values.end();
    };
    if (has("source", "all") && has("readout", "row")) {
        throw ParameterError(
            fmt::format("{}: source \"all\" gives a row of scores for every position; choose "
                        "axes.readout = \"column_max\" or \"column_sum\"",
                        where));
    }
}

// Methods and axes of `base`, those given below `prefix` ("" or "matrix[1].") instead.
GridBlock take_block(Reader& reader, GridBlock base, const std::string& prefix) {
    if (auto methods = take_methods(reader, prefix + "methods")) base.methods = std::move(*methods);
    for (const AxisInfo& axis : axes()) {
        if (auto values = take_axis(reader, axis, prefix + "axes." + axis.name)) {
            base.axes[axis.name] = std::move(*values);
        }
    }
    return base;
}

void read_blocks(Reader& reader, Config& config, std::size_t matrices) {
    GridBlock base;
    for (const AxisInfo& axis : axes()) base.axes[axis.name] = {axis.fallback};
    base = take_block(reader, std::move(base), "");
    for (std::size_t m = 1; m <= matrices; ++m) {
        config.blocks.push_back(take_block(reader, base, fmt::format("matrix[{}].", m)));
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

void read_parameters(Reader& reader, Config& config) {
    for (const auto& entry : attribution_methods().entries()) {
        for (const ParameterSpec& spec : entry.info.parameters) {
            ParameterSpec qualified = spec;
            qualified.name = "parameters." + entry.info.name + "." + spec.name;
            if (const auto value = reader.take_value(qualified))
                config.parameters[entry.info.name][spec.name] = *value;
        }
    }
}

void read_evaluation(Reader& reader, Config& config) {
    config.references = {{Reference::Kind::scores, "blank_out", "blank_out"},
                         {Reference::Kind::scores, "grad_norm", "grad_norm"}};
    if (const auto names = reader.take_names("evaluation.references")) {
        Reader::refuse_empty(names->first, "evaluation.references", names->second, "blank_out or method(rollout)");
        config.references.clear();
        for (const std::string& text : names->first) {
            config.references.push_back(parse_reference(text, names->second));
        }
    }
    config.metrics = {metrics().canonical(metrics().names().front(), "evaluation.metrics")};
    if (const auto names = reader.take_names("evaluation.metrics")) {
        Reader::refuse_empty(names->first, "evaluation.metrics", names->second, metrics().names().front());
        config.metrics.clear();
        for (const std::string& text : names->first) {
            config.metrics.push_back(metrics().canonical(text, names->second + ": evaluation.metrics"));
        }
        Reader::refuse_duplicates(config.metrics, "evaluation.metrics", names->second);
    }
    if (const auto word = reader.take_as<std::string>({.name = "evaluation.undefined",
                                                       .summary = "",
                                                       .fallback = std::string("skip"),
                                                       .choices = {"skip", "zero"}})) {
        config.undefined_as_zero = *word == "zero";
    }
    if (const auto flag =
            reader.take_as<bool>({.name = "evaluation.cumulative_layer_mean", .summary = "", .fallback = false})) {
        config.cumulative_layer_mean = *flag;
    }
    if (const auto flag =
            reader.take_as<bool>({.name = "output.attributions", .summary = "", .fallback = false})) {
        config.write_attributions = *flag;
    }
}

// Keys of the table `statistics`, with their ranges and defaults.
const std::vector<ParameterSpec>& statistics_specs() {
    const StatisticsOptions defaults;
    static const std::vector<ParameterSpec> specs{
        {.name = "statistics.resamples",
         .summary = "resamples of a bootstrap, sign patterns of a permutation test",
         .fallback = static_cast<std::int64_t>(defaults.resamples),
         .minimum = 100,
         .maximum = 100'000},
        {.name = "statistics.seed",
         .summary = "names the resamples: the same seed gives the same intervals",
         .fallback = static_cast<std::int64_t>(defaults.seed),
         .minimum = 0},
        {.name = "statistics.level",
         .summary = "of confidence intervals; differences are significant below 1 - level",
         .fallback = defaults.level,
         .minimum = 0.5,
         .maximum = 0.9999},
        {.name = "statistics.interval",
         .summary = "bootstrap interval of a mean",
         .fallback = std::string("bca"),
         .choices = {"percentile", "bca"}},
        {.name = "statistics.test",
         .summary = "paired test between methods on the same examples",
         .fallback = std::string("permutation"),
         .choices = {"permutation", "bootstrap"}},
    };
    return specs;
}

void read_statistics(Reader& reader, Config& config) {
    std::map<std::string, ParameterValue> given;
    for (const ParameterSpec& spec : statistics_specs()) {
        if (const auto value = reader.take_value(spec)) given[spec.name] = *value;
    }
    const Parameters values(statistics_specs(), given, "statistics");
    config.statistics = {
        .resamples = static_cast<std::size_t>(values.get<std::int64_t>("statistics.resamples")),
        .seed = static_cast<std::uint64_t>(values.get<std::int64_t>("statistics.seed")),
        .level = values.get<double>("statistics.level"),
        .interval =
            values.get<std::string>("statistics.interval") == "bca" ? IntervalKind::bca : IntervalKind::percentile,
        .test = values.get<std::string>("statistics.test") == "permutation" ? PairedTest::permutation
                                                                            : PairedTest::bootstrap,
    };
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

}  // namespace

const std::vector<std::string>& default_special_tokens() {
    static const std::vector<std::string> tokens{"[CLS]", "[SEP]", "[PAD]", "<s>", "</s>"};
    return tokens;
}

std::vector<std::string> special_tokens(const std::vector<std::string>& given, const Dataset& dataset) {
    if (!given.empty()) return given;
    const auto named = dataset.special_tokens();
    return named.empty() ? default_special_tokens() : named;
}

std::vector<ConfigKey> config_keys() {
    std::vector<ConfigKey> keys{
        {"include", "config files whose settings lie below this one's, relative to it; later ones win",
         "a path or a list", ""},
        {"preset", "settings to start from", "a preset", ""},
        {"dataset.path", "safetensors, npz or npy file, relative to the config file", "text", ""},
        {"dataset.sentences",
         "instead of path: texts to run model.path on, a line each or .tsv with a column text", "text", ""},
        {"model.path", "Hugging Face directory of the model that reads the sentences", "text", ""},
        {"model.cache", "folder for the attention it gives", "text", "attnflow in the user's cache folder"},
        {"model.target", "what gradients and blank-out explain: predicted, label, output(X), difference(X, Y)",
         "text", "predicted for gradients; the label, if there is one, for blank-out"},
        {"dataset.attention",
         "name of the tensor with the attention, * standing for the number of a layer: \"attn\", \"layer_*\"",
         "text", "attentions"},
        {"dataset.limit", "use the first examples only; 0 = all", "integer >= 0", "0"},
        {"dataset.one_extra_example", "with a limit, one example more", "boolean", "false"},
        {"dataset.row_sum_tolerance", "how far from 1 an attention row may sum", "real >= 0",
         "by dtype: F64 and F32 1e-4, F16 2e-3, BF16 2e-2"},
        {"dataset.special_tokens",
         "tokens that positions = \"no_special\" and special_tokens = \"drop\" leave out, by exact text",
         "list of text", "the dataset's, else " + join(default_special_tokens(), " ")},
        {"methods", "attribution methods to run", "list of methods", ""},
    };
    for (const ParameterSpec& spec : model_specs()) {
        keys.push_back({spec.name, spec.summary, spec.range_text(), to_text(spec.fallback)});
    }
    for (const AxisInfo& axis : axes()) {
        keys.push_back({"axes." + axis.name, axis.summary, axis.values + "; or a list", to_text(axis.fallback)});
    }
    keys.push_back({"[[matrix]]",
                    "a part of the grid with methods and axes.* of its own over those above; the grid is the "
                    "union of the parts",
                    "tables", ""});
    keys.push_back({"evaluation.references",
                    "what scores are compared with: a reference of the dataset, abs(NAME), or method(NAME)",
                    "list of text", "[\"blank_out\", \"grad_norm\"]"});
    keys.push_back({"evaluation.metrics", "how they are compared", metrics().forms() + "; or a list",
                    metrics().names().front()});
    keys.push_back({"evaluation.undefined", "an undefined value is left out of the mean, or counts as 0",
                    "skip, zero", "skip"});
    keys.push_back({"evaluation.cumulative_layer_mean", "\"layer l\" averages the values of layers 1..l",
                    "boolean", "false"});
    for (const ParameterSpec& spec : statistics_specs()) {
        keys.push_back({spec.name, spec.summary, spec.range_text(), to_text(spec.fallback)});
    }
    keys.push_back(
        {"output.attributions", "also write every token's score to attributions.csv", "boolean", "false"});
    for (const auto& entry : attribution_methods().entries()) {
        for (const ParameterSpec& spec : entry.info.parameters) {
            keys.push_back({"parameters." + entry.info.name + "." + spec.name, spec.summary, spec.range_text(),
                            to_text(spec.fallback)});
        }
    }
    return keys;
}

Config config_from_settings(Settings given, const std::string& name, const std::string& path) {
    Config config;
    config.name = name;
    Settings settings;
    if (const auto found = given.find("preset"); found != given.end()) {
        config.preset =
            std::get<std::string>(ParameterSpec{.name = "preset", .summary = "", .fallback = std::string()}.check(
                found->second.values.empty() ? ParameterValue(false) : found->second.values.front(),
                found->second.where));
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
        config.given[key] = setting.text();
        config.places[key] = setting.where;
    }

    const std::size_t matrices = count_matrices(settings);
    Reader reader(std::move(settings));
    read_dataset(reader, config, path);
    read_blocks(reader, config, matrices);
    read_parameters(reader, config);
    read_evaluation(reader, config);
    read_statistics(reader, config);
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
    if (config.given.contains("axes.source")) return;
    const ParameterValue mask = std::string("mask");
    config.given["axes.source"] = Setting{.values = {mask}, .where = ""}.text();
    for (std::size_t b = 0; b < config.blocks.size(); ++b) {
        if (!config.given.contains(fmt::format("matrix[{}].axes.source", b + 1)))
            config.blocks[b].axes["source"] = {mask};
    }
}

Dataset open_dataset(Config& config) {
    const bool is_part = config.texts && !config.texts->part.empty();
    Dataset dataset =
        Dataset::open((is_part ? config.texts->part : config.dataset).string(), {.attention = config.attention});
    if (dataset.is_masked()) default_to_mask(config);
    return dataset;
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

namespace {

/// The path that a setting of a run names, if `key` is such a setting and it is given.
std::optional<std::filesystem::path> path_setting(const Config& config, const std::string& key) {
    if (key == "dataset.path") return config.texts ? std::nullopt : std::optional(config.dataset);
    if (!config.texts) return std::nullopt;
    if (key == "model.path") return config.texts->model;
    if (key == "dataset.sentences") return config.texts->sentences;
    if (key == "model.cache" && !config.texts->cache.empty()) return config.texts->cache;
    return std::nullopt;
}

}  // namespace

std::string config_toml(const Config& config) {
    std::string out = fmt::format("# {}: the resolved config of a run\n", escape_controls(config.name));
    if (!config.preset.empty()) out += fmt::format("# (preset {}, spelt out)\n", config.preset);
    for (const ConfigKey& key : config_keys()) {
        const auto given = config.given.find(key.name);
        if (const auto path = path_setting(config, key.name)) {
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

namespace {

// The values of an axis with layers as numbers, each once ("top" may name one that is listed).
std::vector<ParameterValue> resolved_values(const std::string& axis, const std::vector<ParameterValue>& values,
                                            std::size_t layers, const std::string& layer_place) {
    if (axis != "layer") return values;
    const auto top = static_cast<std::int64_t>(layers);
    std::vector<ParameterValue> resolved;
    const auto add = [&](std::int64_t layer) {
        if (layer > top) {
            throw ParameterError(fmt::format("{}: there is no layer {}, the attention has layers 1 to {}",
                                             layer_place, layer, layers));
        }
        const ParameterValue value = layer;
        if (std::find(resolved.begin(), resolved.end(), value) == resolved.end()) resolved.push_back(value);
    };
    for (const ParameterValue& value : values) {
        if (value == ParameterValue(std::string("all"))) {
            for (std::int64_t l = 1; l <= top; ++l) add(l);
        } else {
            add(value == ParameterValue(std::string("top")) ? top : std::get<std::int64_t>(value));
        }
    }
    return resolved;
}

std::vector<GridPoint> expand_method(const std::string& method, const GridBlock& block, std::size_t layers,
                                     const std::string& layer_place) {
    constexpr std::size_t most_points = 1'000'000;
    const EntryInfo& info = attribution_methods().at(method).info;
    std::vector<GridPoint> points{{method, {}}};
    for (const AxisInfo& axis : axes()) {
        if (!takes(info, axis)) continue;
        const auto values = resolved_values(axis.name, block.axes.at(axis.name), layers, layer_place);
        if (values.size() > most_points / points.size()) {
            throw ParameterError(
                fmt::format("{}: the axes span more than {} grid points; list fewer values, or "
                            "choose parts of the product with [[matrix]]",
                            method, most_points));
        }
        std::vector<GridPoint> extended;
        for (const GridPoint& point : points) {
            for (const ParameterValue& value : values) {
                extended.push_back(point);
                extended.back().values[axis.name] = value;
            }
        }
        points = std::move(extended);
    }
    return points;
}

}  // namespace

std::vector<GridPoint> expand_grid(const Config& config, std::size_t layers) {
    std::vector<GridPoint> grid;
    std::set<std::string> known;
    for (std::size_t b = 0; b < config.blocks.size(); ++b) {
        const GridBlock& block = config.blocks[b];
        std::string layer_place = "axes.layer";
        for (const std::string& key : {fmt::format("matrix[{}].axes.layer", b + 1), std::string("axes.layer")}) {
            const auto place = config.places.find(key);
            if (place == config.places.end()) continue;
            layer_place = place->second + ": axes.layer";
            break;
        }
        for (const std::string& method : block.methods) {
            for (GridPoint& point : expand_method(method, block, layers, layer_place)) {
                if (known.insert(point.key(AxisStage::reading)).second) grid.push_back(std::move(point));
            }
        }
    }
    return grid;
}

}  // namespace attnflow
