#include "experiments/study/config_keys.hpp"

#include <algorithm>

#include "algorithms/attribution_method.hpp"
#include "attention/extract/perturbation.hpp"
#include "attention/extract/target.hpp"
#include "attention/model/text_model.hpp"
#include "experiments/metrics/metric.hpp"
#include "experiments/model_metrics/model_metric.hpp"
#include "experiments/study/axis.hpp"
#include "experiments/study/method_call.hpp"
#include "experiments/study/special_tokens.hpp"

namespace attnflow {
namespace {

namespace fs = std::filesystem;

ParameterSpec text_spec(const std::string& name) {
    return {.name = name, .summary = "", .fallback = std::string()};
}

void refuse_duplicates(std::vector<std::string> texts, const std::string& key, const std::string& where) {
    std::sort(texts.begin(), texts.end());
    const auto twice = std::adjacent_find(texts.begin(), texts.end());
    if (twice == texts.end()) return;
    throw ParameterError(fmt::format("{}: {} holds {} twice", where, key, excerpt(*twice)));
}

void refuse_empty(const Setting& setting, const std::string& key, const std::string& example) {
    if (!setting.values.empty()) return;
    throw ParameterError(
        fmt::format("{}: {} is empty, expected at least one, such as {}", setting.where, key, example));
}

/// One text or a list of texts, none twice.
std::vector<std::string> names_of(const Setting& setting, const std::string& key) {
    std::vector<std::string> names;
    for (const ParameterValue& value : setting.values) {
        names.push_back(std::get<std::string>(text_spec(key).check(value, setting.where)));
    }
    refuse_duplicates(names, key, setting.where);
    return names;
}

template <class T>
ConfigKey value_key(ParameterSpec spec, std::function<void(const T& value, Config& config)> set) {
    ConfigKey key{spec.name, spec.summary, spec.range_text(), to_text(spec.fallback)};
    key.read = [spec = std::move(spec), set = std::move(set)](const Setting& setting, Config& config) {
        set(std::get<T>(single_value(spec, setting)), config);
    };
    return key;
}

ConfigKey flag_key(const std::string& name, const std::string& summary, bool Config::*member) {
    return value_key<bool>({.name = name, .summary = summary, .fallback = false},
                           [member](bool value, Config& config) { config.*member = value; });
}

/// A relative path counts from the file that the setting stands in, from the command line from the current folder.
ConfigKey path_key(const std::string& name, const std::string& summary, const std::string& fallback,
                   std::function<fs::path&(Config& config)> place,
                   std::function<std::optional<fs::path>(const Config& config)> path) {
    ConfigKey key{name, summary, "text", fallback};
    key.read = [name, place = std::move(place)](const Setting& setting, Config& config) {
        fs::path file = std::get<std::string>(single_value(text_spec(name), setting));
        if (file.is_relative() && !setting.file.empty()) file = fs::path(setting.file).parent_path() / file;
        place(config) = file.lexically_normal();
    };
    key.path = std::move(path);
    return key;
}

Texts& texts_of(Config& config) {
    if (!config.texts) config.texts.emplace();
    return *config.texts;
}

ConfigKey texts_path_key(const std::string& name, const std::string& summary, const std::string& fallback,
                         fs::path Texts::*member) {
    return path_key(
        name, summary, fallback, [member](Config& config) -> fs::path& { return texts_of(config).*member; },
        [member](const Config& config) -> std::optional<fs::path> {
            if (!config.texts || ((*config.texts).*member).empty()) return std::nullopt;
            return (*config.texts).*member;
        });
}

ConfigKey texts_word_key(const std::string& name, const std::string& summary, std::vector<std::string> choices,
                         std::string Texts::*member) {
    return value_key<std::string>(
        {.name = name, .summary = summary, .fallback = Texts().*member, .choices = std::move(choices)},
        [member](const std::string& word, Config& config) { texts_of(config).*member = word; });
}

ConfigKey target_key() {
    ConfigKey key{"model.target",
                  "what gradients and blank-out explain: predicted, label, output(X), difference(X, Y), margin",
                  "text", "predicted for gradients; the label, if there is one, for blank-out"};
    key.read = [](const Setting& setting, Config& config) {
        const auto text = std::get<std::string>(single_value(text_spec("model.target"), setting));
        try {
            TargetSpec::parse(text);
            texts_of(config).target = text;
        } catch (const ParameterError& error) {
            throw ParameterError(fmt::format("{}: {}", setting.where, error.what()));
        }
    };
    return key;
}

void add_dataset_keys(std::vector<ConfigKey>& keys) {
    keys.push_back(path_key(
        "dataset.path", "safetensors, npz or npy file, relative to the config file", "",
        [](Config& config) -> fs::path& { return config.dataset; },
        [](const Config& config) -> std::optional<fs::path> {
            if (config.texts) return std::nullopt;  // one made of them is no setting
            return config.dataset;
        }));
    keys.push_back(texts_path_key("dataset.sentences",
                                  "instead of path: texts to run model.path on, a line each or .tsv with a column "
                                  "text, of pairs text_pair too",
                                  "", &Texts::sentences));
    keys.push_back(texts_path_key("model.path", "Hugging Face directory of the model that reads the sentences", "",
                                  &Texts::model));
    keys.push_back(texts_path_key("model.cache", "folder for the attention it gives",
                                  "attnflow in the user's cache folder", &Texts::cache));
    keys.push_back(target_key());

    ConfigKey attention =
        value_key<std::string>({.name = "dataset.attention",
                                .summary = "name of the tensor with the attention, * standing for the number of a "
                                           "layer: \"attn\", \"layer_*\"",
                                .fallback = std::string("attentions")},
                               [](const std::string& name, Config& config) { config.attention = name; });
    keys.push_back(std::move(attention));
    ConfigKey limit = value_key<std::int64_t>(
        {.name = "dataset.limit",
         .summary = "use the first examples only; 0 = all",
         .fallback = std::int64_t{0},
         .minimum = 0},
        [](std::int64_t value, Config& config) { config.limit = static_cast<std::size_t>(value); });
    keys.push_back(std::move(limit));
    keys.push_back(
        flag_key("dataset.one_extra_example", "with a limit, one example more", &Config::one_extra_example));
    ConfigKey tolerance =
        value_key<double>({.name = "dataset.row_sum_tolerance",
                           .summary = "how far from 1 an attention row may sum",
                           .fallback = 0.0,
                           .minimum = 0.0},
                          [](double value, Config& config) { config.row_sum_tolerance = value; });
    tolerance.fallback = "by dtype: F64 and F32 1e-4, F16 2e-3, BF16 2e-2";
    keys.push_back(std::move(tolerance));
    ConfigKey special{
        "dataset.special_tokens",
        "tokens that positions = \"no_special\" and special_tokens = \"drop\" leave out, by exact text",
        "list of text",
        "the dataset's, else " + join(usual_special_tokens(), " ") +
            ", these also as \"▁<pad>\", and languages as \"<|en|>\""};
    special.read = [](const Setting& setting, Config& config) {
        config.special_tokens = names_of(setting, "dataset.special_tokens");
    };
    keys.push_back(std::move(special));
}

void add_model_keys(std::vector<ConfigKey>& keys) {
    keys.push_back(
        texts_word_key("model.precision", "numbers to compute with", precision_names(), &Texts::precision));
    keys.push_back(texts_word_key("model.target_scale", "what of the target gradients derive",
                                  target_scale_names(), &Texts::target_scale));
    keys.push_back(texts_word_key("model.replace", "what blank-out puts in a token's place", replacement_names(),
                                  &Texts::replace));
}

ConfigKey methods_key() {
    ConfigKey methods{"methods", "attribution methods to run",
                      "list of methods, each a name or a call such as soft_widest_path(temperature=[0.01, 0.1])",
                      ""};
    methods.read_block = [](const Setting& setting, const std::string& key, GridBlock& block) {
        block.methods.clear();
        for (const std::string& text : names_of(setting, key)) {
            for (std::string& call : method_calls(text, fmt::format("{}: {}", setting.where, key)))
                block.methods.push_back(std::move(call));
        }
    };
    return methods;
}

void add_axis_keys(std::vector<ConfigKey>& keys) {
    for (const AxisInfo& axis : axes()) {
        ConfigKey key{"axes." + axis.name, axis.summary, axis.values + "; or a list", to_text(axis.fallback)};
        key.read_block = [&axis](const Setting& setting, const std::string& written, GridBlock& block) {
            std::vector<ParameterValue> values;
            std::vector<std::string> texts;
            for (const ParameterValue& value : setting.values) {
                values.push_back(axis.check(value, setting.where));
                texts.push_back(to_text(values.back()));
            }
            if (values.empty()) {
                throw ParameterError(
                    fmt::format("{}: {} is empty, expected {}", setting.where, written, axis.values));
            }
            refuse_duplicates(texts, written, setting.where);
            block.axes[axis.name] = std::move(values);
            block.unasked.erase(axis.name);
        };
        keys.push_back(std::move(key));
    }
}

void add_evaluation_keys(std::vector<ConfigKey>& keys) {
    ConfigKey references{
        "evaluation.references",
        "what scores are compared with: a reference of the dataset, abs(NAME), or method(NAME)", "list of text",
        Setting{.values = {default_references().begin(), default_references().end()}, .is_list = true, .where = ""}
            .text()};
    references.read = [](const Setting& setting, Config& config) {
        config.references.clear();  // a run with model metrics may have none
        for (const std::string& text : names_of(setting, "evaluation.references")) {
            config.references.push_back(Reference::parse(text, setting.where));
        }
    };
    keys.push_back(std::move(references));
    ConfigKey wanted{"evaluation.metrics", "how they are compared", metrics().forms() + "; or a list",
                     metrics().names().front()};
    wanted.read = [](const Setting& setting, Config& config) {
        refuse_empty(setting, "evaluation.metrics", metrics().names().front());
        config.metrics.clear();
        for (const std::string& text : names_of(setting, "evaluation.metrics")) {
            config.metrics.push_back(metrics().canonical(text, setting.where + ": evaluation.metrics"));
        }
        refuse_duplicates(config.metrics, "evaluation.metrics", setting.where);
    };
    keys.push_back(std::move(wanted));
    ConfigKey asked{"evaluation.model_metrics", "how scores are judged by asking the model that read the texts",
                    model_metrics().forms() + "; or a list", "none"};
    asked.read = [](const Setting& setting, Config& config) {
        const std::string where = setting.where + ": evaluation.model_metrics";
        config.model_metrics.clear();
        for (const std::string& text : names_of(setting, "evaluation.model_metrics")) {
            config.model_metrics.push_back(model_metrics().canonical(text, where));
            try {
                model_metrics().make(text, where);
            } catch (const ParameterError& error) {
                throw ParameterError(fmt::format("{}: {}", where, error.what()));
            }
        }
        refuse_duplicates(config.model_metrics, "evaluation.model_metrics", setting.where);
    };
    keys.push_back(std::move(asked));
    keys.push_back(value_key<std::string>(
        {.name = "evaluation.undefined",
         .summary = "an undefined value is left out of the mean, or counts as 0",
         .fallback = std::string("skip"),
         .choices = {"skip", "zero"}},
        [](const std::string& word, Config& config) { config.undefined_as_zero = word == "zero"; }));
    keys.push_back(flag_key("evaluation.cumulative_layer_mean", "\"layer l\" averages the values of layers 1..l",
                            &Config::cumulative_layer_mean));
}

void add_statistics_keys(std::vector<ConfigKey>& keys) {
    const StatisticsOptions defaults;
    keys.push_back(
        value_key<std::int64_t>({.name = "statistics.resamples",
                                 .summary = "resamples of a bootstrap, sign patterns of a permutation test",
                                 .fallback = static_cast<std::int64_t>(defaults.resamples),
                                 .minimum = 100,
                                 .maximum = most_resamples},
                                [](std::int64_t value, Config& config) {
                                    config.statistics.resamples = static_cast<std::size_t>(value);
                                }));
    keys.push_back(value_key<std::int64_t>(
        {.name = "statistics.seed",
         .summary = "names the resamples: the same seed gives the same intervals",
         .fallback = static_cast<std::int64_t>(defaults.seed),
         .minimum = 0},
        [](std::int64_t value, Config& config) { config.statistics.seed = static_cast<std::uint64_t>(value); }));
    keys.push_back(
        value_key<double>({.name = "statistics.level",
                           .summary = "of confidence intervals; differences are significant below 1 - level",
                           .fallback = defaults.level,
                           .minimum = 0.5,
                           .maximum = 0.9999},
                          [](double value, Config& config) { config.statistics.level = value; }));
    keys.push_back(value_key<std::string>(
        {.name = "statistics.interval",
         .summary = "bootstrap interval of a mean",
         .fallback = std::string(defaults.interval == IntervalKind::bca ? "bca" : "percentile"),
         .choices = {"percentile", "bca"}},
        [](const std::string& word, Config& config) {
            config.statistics.interval = word == "bca" ? IntervalKind::bca : IntervalKind::percentile;
        }));
    keys.push_back(value_key<std::string>(
        {.name = "statistics.test",
         .summary = "paired test between methods on the same examples",
         .fallback = std::string(defaults.test == PairedTest::permutation ? "permutation" : "bootstrap"),
         .choices = {"permutation", "bootstrap"}},
        [](const std::string& word, Config& config) {
            config.statistics.test = word == "permutation" ? PairedTest::permutation : PairedTest::bootstrap;
        }));
}

void add_parameter_keys(std::vector<ConfigKey>& keys) {
    for (const auto& entry : attribution_methods().entries()) {
        for (const ParameterSpec& spec : entry.info.parameters) {
            ParameterSpec qualified = spec;
            qualified.name = "parameters." + entry.info.name + "." + spec.name;
            ConfigKey key{qualified.name, spec.summary, spec.range_text(), to_text(spec.fallback)};
            key.read = [qualified, method = entry.info.name, name = spec.name](const Setting& setting,
                                                                               Config& config) {
                config.parameters[method][name] = single_value(qualified, setting);
            };
            keys.push_back(std::move(key));
        }
    }
}

}  // namespace

ParameterValue single_value(const ParameterSpec& spec, const Setting& setting) {
    if (!setting.is_list) return spec.check(setting.values.front(), setting.where);
    throw ParameterError(
        fmt::format("{}: {} is a list, but a run has one, expected {}; for several, run the config once for each, "
                    "for instance with --set {}=VALUE",
                    setting.where, spec.name, spec.range_text(), spec.name));
}

const std::vector<std::string>& default_references() {
    static const std::vector<std::string> names{"blank_out", "grad_norm"};
    return names;
}

std::vector<ConfigKey> config_keys() {
    // `include` and `preset` are settings below the others, [[matrix]] are parts of the grid: config.cpp.
    std::vector<ConfigKey> keys{
        {"include", "config files whose settings lie below this one's, relative to it; later ones win",
         "a path or a list", ""},
        {"preset", "settings to start from", "a preset", ""}};
    add_dataset_keys(keys);
    keys.push_back(methods_key());
    add_model_keys(keys);
    add_axis_keys(keys);
    keys.push_back({"[[matrix]]",
                    "a part of the grid with methods and axes.* of its own over those above; the grid is the "
                    "union of the parts",
                    "tables", ""});
    add_evaluation_keys(keys);
    add_statistics_keys(keys);
    keys.push_back(flag_key("output.attributions", "also write every token's score to attributions.csv",
                            &Config::write_attributions));
    add_parameter_keys(keys);
    return keys;
}

}  // namespace attnflow
