#include "experiments/catalogue.hpp"

#include <algorithm>

#include "algorithms/attribution_method.hpp"
#include "algorithms/maxflow/max_flow_solver.hpp"
#include "attention/attention_names.hpp"
#include "attention/extract/edge_weights/edge_weight.hpp"
#include "attention/extract/targets/target_kind.hpp"
#include "attention/files/file_kind.hpp"
#include "attention/model/checkpoint/config.hpp"
#include "attention/model/checkpoint/weight_files.hpp"
#include "attention/model/registry.hpp"
#include "attention/model/tokenizer/parts.hpp"
#include "attention/network/heads/head_aggregator.hpp"
#include "attention/network/pruning/edge_pruner.hpp"
#include "attention/padding.hpp"
#include "attention/row_diagnosis.hpp"
#include "attention/tensor_axes.hpp"
#include "attention/words.hpp"
#include "experiments/metrics/metric.hpp"
#include "experiments/model_metrics/model_metric.hpp"
#include "experiments/study/axis.hpp"
#include "experiments/study/config_keys.hpp"
#include "experiments/study/presets.hpp"
#include "graph/generators/network_generator.hpp"

namespace attnflow {
namespace {

struct Family {
    std::string title;
    std::string noun;
    std::vector<EntryInfo> entries;
};

template <class Registry>
Family family(const std::string& title, const std::string& noun, const Registry& registry) {
    Family out{title, noun, {}};
    for (const auto& entry : registry.entries()) out.entries.push_back(entry.info);
    return out;
}

/// With the direction of each in words.
Family family_of_model_metrics() {
    Family out = family("Model metrics", ModelMetricFamily::noun, model_metrics());
    for (EntryInfo& info : out.entries) {
        const Direction direction = model_metrics().at(info.name).make()->direction();
        info.summary += fmt::format("; {} is better", direction_name(direction));
    }
    return out;
}

std::vector<Family> families() {
    return {family("Attribution methods", AttributionFamily::noun, attribution_methods()),
            family("Max-flow solvers", MaxFlowFamily::noun, max_flow_solvers()),
            family("Network generators", GeneratorFamily::noun, network_generators()),
            family("Head strategies", HeadFamily::noun, head_strategies()),
            family("Model architectures", ModelFamily::noun, model_architectures()),
            family("Normalizers of tokenizer.json", Normalizer::noun, normalizers()),
            family("Pre-tokenizers of tokenizer.json", PreTokenizer::noun, pre_tokenizers()),
            family("Models of tokenizer.json", TokenModel::noun, token_models()),
            family("Post-processors of tokenizer.json", Template::noun, post_processors()),
            family("Edge weights from models", EdgeWeightFamily::noun, edge_weights()),
            family("Targets beside those with names of outputs", TargetFamily::noun, targets()),
            family("Pruners", PrunerFamily::noun, edge_pruners()),
            family("Metrics", MetricFamily::noun, metrics()),
            family_of_model_metrics()};
}

std::string or_dash(const std::string& text) { return text.empty() ? "–" : text; }

// Markdown table cell: a bar would end it.
std::string cell(const std::string& text) {
    std::string out;
    for (const char c : or_dash(text)) out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
}

std::string describe_entry(const Family& family, const EntryInfo& info) {
    std::string out = fmt::format("{} ({})\n  {}\n", info.name, family.noun, info.summary);
    if (!info.paper.empty()) out += fmt::format("  source: {}\n", info.paper);
    if (!info.complexity.empty()) out += fmt::format("  complexity: {}\n", info.complexity);
    if (!info.axes.empty()) out += fmt::format("  axes: {}\n", join(info.axes, ", "));
    if (!info.promises.empty()) out += fmt::format("  promises: {}\n", join(info.promises, ", "));
    if (!info.compared_with.empty()) out += fmt::format("  compared with: {}\n", join(info.compared_with, ", "));
    for (const Expectation& one : info.expects) {
        out += fmt::format("  expects {} = {}{}\n", one.axis, to_text(one.value),
                           one.why.empty() ? "" : ": " + one.why);
    }
    for (const DiagnosticSpec& spec : info.diagnostics)
        out += fmt::format("  diagnostic {}: {}\n", spec.name, spec.summary);
    for (const ParameterSpec& spec : info.parameters) {
        out += fmt::format("  parameter {}: {}\n    {}, default {}\n", spec.name, spec.summary, spec.range_text(),
                           to_text(spec.fallback));
    }
    return out;
}

std::string describe_axis(const AxisInfo& axis) {
    return fmt::format("{} (axis)\n  {}\n  values: {}; default {}\n  taken by: {}\n", axis.name, axis.summary,
                       axis.values, to_text(axis.fallback),
                       axis.taken_with.empty() ? "every method" : "methods with the axis " + axis.taken_with);
}

std::string describe_preset(const Preset& preset) {
    std::string out = fmt::format("{} (preset)\n  {}\n", preset.name, preset.summary);
    for (const PresetSetting& setting : preset.settings) {
        out += fmt::format("  {} = {}\n    {}\n", setting.key, setting.value, setting.why);
    }
    return out;
}

std::string describe_config() {
    std::string out = "Keys of a config file (TOML). An axis or list takes one value or a list of values.\n";
    for (const ConfigKey& key : config_keys()) {
        out += fmt::format("  {}\n    {}\n    {}{}\n", key.name, key.summary, key.values,
                           key.fallback.empty() ? "" : "; default " + key.fallback);
    }
    return out;
}

}  // namespace

std::string catalogue_text() {
    std::string out;
    const auto line = [&](const std::string& name, const std::string& summary) {
        out += fmt::format("  {:<22} {}\n", name, summary);
    };
    for (const Family& family : families()) {
        out += family.title + "\n";
        for (const EntryInfo& info : family.entries) line(info.name, info.summary);
        out += "\n";
    }
    out += "Axes\n";
    for (const AxisInfo& axis : axes()) line(axis.name, axis.summary);
    out += "\nPresets\n";
    for (const Preset& preset : presets()) line(preset.name, preset.summary);
    return out +
           "\n`attnflow describe NAME` tells more; `attnflow describe config` lists the keys of a config,\n"
           "`attnflow describe troubleshooting` what can be wrong with a file.\n";
}

std::string catalogue_markdown() {
    std::string out =
        "# Reference\n\nMade by `attnflow list --format markdown > docs/reference.md` from the registries.\n";
    for (const Family& family : families()) {
        out += fmt::format(
            "\n## {}\n\n| name | what it is | source | complexity | axes | promises |\n"
            "|---|---|---|---|---|---|\n",
            family.title);
        for (const EntryInfo& info : family.entries) {
            out +=
                fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", info.name, cell(info.summary), cell(info.paper),
                            cell(info.complexity), cell(join(info.axes, ", ")), cell(join(info.promises, ", ")));
        }
        bool first = true;
        for (const EntryInfo& info : family.entries) {
            for (const ParameterSpec& spec : info.parameters) {
                if (first) out += "\n| parameter | what it does | values | default |\n|---|---|---|---|\n";
                first = false;
                out += fmt::format("| `{}.{}` | {} | {} | {} |\n", info.name, spec.name, cell(spec.summary),
                                   cell(spec.range_text()), cell(to_text(spec.fallback)));
            }
        }
        first = true;
        for (const EntryInfo& info : family.entries) {
            for (const Expectation& one : info.expects) {
                if (first) out += "\n| expected by | axis | value | why |\n|---|---|---|---|\n";
                first = false;
                out += fmt::format("| `{}` | `{}` | {} | {} |\n", info.name, one.axis, cell(to_text(one.value)),
                                   cell(one.why));
            }
        }
        first = true;
        for (const EntryInfo& info : family.entries) {
            for (const DiagnosticSpec& spec : info.diagnostics) {
                if (first) out += "\n| diagnostic | what it says |\n|---|---|\n";
                first = false;
                out += fmt::format("| `{}.{}` | {} |\n", info.name, spec.name, cell(spec.summary));
            }
        }
    }
    out += "\n## Axes\n\n| name | what it is | values | default | taken by |\n|---|---|---|---|---|\n";
    for (const AxisInfo& axis : axes()) {
        out += fmt::format("| `{}` | {} | {} | {} | {} |\n", axis.name, cell(axis.summary), cell(axis.values),
                           cell(to_text(axis.fallback)),
                           axis.taken_with.empty() ? "every method" : "methods with `" + axis.taken_with + "`");
    }
    out += "\n## Presets\n\n| preset | setting | what it stands for |\n|---|---|---|\n";
    for (const Preset& preset : presets()) {
        for (const PresetSetting& setting : preset.settings) {
            out += fmt::format("| `{}` | `{} = {}` | {} |\n", preset.name, setting.key, cell(setting.value),
                               cell(setting.why));
        }
    }
    out += "\n## Config keys\n\n| key | what it is | values | default |\n|---|---|---|---|\n";
    for (const ConfigKey& key : config_keys()) {
        out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(key.summary), cell(key.values),
                           cell(key.fallback));
    }
    return out;
}

std::string troubleshooting_markdown() {
    std::string out =
        "# Troubleshooting\n\nMade by `attnflow describe troubleshooting > docs/troubleshooting.md` from the "
        "program's own messages: what is seen,\nwhy, and the line that mends it. Words in capitals stand for what "
        "the "
        "message says.\n";
    for (const Diagnoses& chapter :
         {file_diagnoses(), name_diagnoses(), axes_diagnoses(), row_diagnoses(), padding_diagnoses(),
          word_diagnoses(), config_diagnoses(), weight_diagnoses()}) {
        out += markdown(chapter);
    }
    return out;
}

std::string describe_name(const std::string& name) {
    if (name == "config") return describe_config();
    if (name == "troubleshooting") return troubleshooting_markdown();
    std::string out;
    std::vector<std::string> known{"config", "troubleshooting"};
    for (const Family& family : families()) {
        for (const EntryInfo& info : family.entries) {
            known.push_back(info.name);
            if (info.name == name) out += describe_entry(family, info);
        }
    }
    for (const AxisInfo& axis : axes()) {
        known.push_back(axis.name);
        if (axis.name == name) out += describe_axis(axis);
    }
    for (const Preset& preset : presets()) {
        known.push_back(preset.name);
        if (preset.name == name) out += describe_preset(preset);
    }
    if (out.empty())
        throw ParameterError(fmt::format("nothing is called '{}'{}", excerpt(name), name_hint(name, known)));
    return out;
}

}  // namespace attnflow
