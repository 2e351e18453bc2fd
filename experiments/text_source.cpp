#include "experiments/text_source.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>
#include <span>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "algorithms/attribution_method.hpp"
#include "attention/model/config.hpp"
#include "attention/model/edge_weights/edge_weight.hpp"
#include "attention/model/extraction.hpp"
#include "attention/model/json_fields.hpp"
#include "experiments/config.hpp"
#include "experiments/environment.hpp"
#include "experiments/output/files.hpp"
#include "experiments/plan.hpp"
#include "experiments/runner.hpp"
#include "experiments/session.hpp"
#include "experiments/version.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

namespace fs = std::filesystem;

fs::path user_cache() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && *cache == '/') return fs::path(cache) / "attnflow";
    const char* home = std::getenv("HOME");
    if (home != nullptr && *home == '/') return fs::path(home) / ".cache" / "attnflow";
    throw InputError("model.cache: no folder to keep extracted attention in; set it, or HOME");
}

/// Whether a reference is one of `names`.
bool asks_for(const Config& config, std::span<const char* const> names) {
    return std::any_of(config.references.begin(), config.references.end(), [&](const Reference& reference) {
        return reference.kind != Reference::Kind::method &&
               std::find(names.begin(), names.end(), reference.name) != names.end();
    });
}

/// Before any text is run.
void check_references(const Config& config) {
    std::vector<std::string> known(std::begin(gradient_scores), std::end(gradient_scores));
    known.insert(known.end(), std::begin(blank_out_scores), std::end(blank_out_scores));
    for (const Reference& reference : config.references) {
        if (reference.kind == Reference::Kind::method) continue;
        if (std::find(known.begin(), known.end(), reference.name) != known.end()) continue;
        throw ParameterError(fmt::format("evaluation.references: a model gives no '{}', expected one of {}{}",
                                         excerpt(reference.name), join(known, ", "),
                                         name_hint(reference.name, known)));
    }
}

/// What methods of the grid that make a network are to make it of, besides attention.
std::vector<std::string> asked_weights(const Config& config) {
    std::set<std::string> names;
    for (const GridBlock& block : config.blocks) {
        const bool used = std::any_of(block.methods.begin(), block.methods.end(), [](const std::string& method) {
            return takes(attribution_methods().at(method).info, axis_info("edge_weights"));
        });
        if (!used) continue;
        for (const ParameterValue& value : block.axes.at("edge_weights")) names.insert(to_text(value));
    }
    names.erase("attention");
    for (const std::string& name : names) {
        if (edge_weights().find(name) != nullptr) continue;
        throw ParameterError(fmt::format(
            "axes.edge_weights: a model gives no '{}', expected attention or one of {}{}", excerpt(name),
            join(edge_weights().names(), ", "), name_hint(name, edge_weights().names())));
    }
    return {names.begin(), names.end()};
}

std::vector<LabelledText> used_texts(const Config& config, const TextModel& model) {
    std::vector<LabelledText> texts = read_texts(config.texts->sentences.string(), model);
    texts.resize(used_examples(config, texts.size()));
    return texts;
}

ExtractionOptions options_of(const Config& config, const TextSource& texts, std::size_t jobs) {
    check_references(config);
    ExtractionOptions options;
    if (!texts.target.empty()) options.target = TargetSpec::parse(texts.target);
    if (texts.target_scale == "probability") options.scale = TargetScale::probability;
    options.replacement = replacement_from_name(texts.replace);
    options.gradients = asks_for(config, gradient_scores);
    options.blank_out = asks_for(config, blank_out_scores);
    options.weights = asked_weights(config);
    options.jobs = std::max<std::size_t>(1, jobs);
    return options;
}

/// Throws what a run would throw of the texts, their targets and the grid, before any text is run.
TextOutline outline(Config& config, const TextModel& model, std::span<const LabelledText> texts,
                    const ExtractionOptions& options) {
    const ModelShape& shape = model.model->shape();
    const std::vector<std::size_t> tokens = check_extraction(model, texts, options);
    if (!shape.classifier) default_to_mask(config);
    // An example of one token with the layers, heads and weights of those to come.
    const std::vector<double> ones(shape.layers * shape.heads, 1.0);
    Example example{escape_controls(config.texts->sentences.string()),
                    {"?"},
                    AttentionStack::from_values(shape.layers, shape.heads, 1, ones),
                    {},
                    {}};
    if (!shape.classifier) example.masked = 0;
    for (const std::string& name : options.weights) {
        const std::size_t heads = edge_weights().at(name).make()->has_heads() ? shape.heads : 1;
        example.weights[name] = {
            name, DType::f64, {shape.layers, heads, 1, 1}, reinterpret_cast<const std::byte*>(ones.data())};
    }
    MethodSet methods;
    Session session(example, methods, {});
    for (GridPoint point : make_plan(config, shape.layers).points) {
        if (point.has("source")) {
            ParameterValue& source = point.values.at("source");
            if (std::holds_alternative<std::int64_t>(source)) {
                for (std::size_t i = 0; i < tokens.size(); ++i)
                    resolve_sources(source, tokens[i], std::nullopt, texts[i].where);
                source = std::int64_t{0};
            }
        }
        session.check(point);
    }
    return {shape.layers, texts.size()};
}

/// Every file and setting that decides what is extracted.
std::map<std::string, std::string> origin_of(const TextSource& texts, const ExtractionOptions& options) {
    std::map<std::string, std::string> origin = extraction_settings(options);
    origin["model.path"] = texts.model.string();
    origin["dataset.sentences"] = texts.sentences.string();
    return origin;
}

/// Equal for equal contents but for the edge weights, wherever the files are.
std::string content_key(const Config& config, ExtractionOptions options, const Shard& shard) {
    options.weights.clear();
    std::map<std::string, std::string> parts = extraction_settings(options);
    // The suffix decides how the sentences are read.
    parts["dataset.sentences"] = config.texts->sentences.extension().string();
    // All texts, or the first ones.
    parts["dataset.limit"] = std::to_string(used_examples(config, std::numeric_limits<std::size_t>::max()));
    if (shard.count > 1) parts["shard"] = fmt::format("{}/{}", shard.index, shard.count);
    std::string key;
    for (const auto& [name, value] : parts) key += fmt::format("{} {}\n", name, value);
    return sha256_of_text(key).substr(0, 32);
}

/// Beside an entry of the cache lies its checksum: an entry without one, or with another, was damaged or
/// changed after it was written.
fs::path checksum_file(const fs::path& entry) { return fs::path(entry).replace_extension(".sha256"); }

bool is_whole(const fs::path& entry) {
    std::error_code error;
    if (!fs::is_regular_file(entry, error) || !fs::is_regular_file(checksum_file(entry), error)) return false;
    return read_text_file(checksum_file(entry).string(), 1000) == sha256_of_file(entry.string());
}

/// KEY.WEIGHTS.safetensors, whole or to be made; where there is none, one that has more weights serves too.
fs::path entry_in(const fs::path& folder, const std::string& key, const std::vector<std::string>& weights) {
    const std::string ending = ".safetensors";
    const fs::path exact = folder / (key + (weights.empty() ? "" : "." + join(weights, "+")) + ending);
    if (is_whole(exact)) return exact;
    std::set<std::string> larger;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(key + ".") || !name.ends_with(ending) || name.size() <= key.size() + ending.size())
            continue;
        const std::string has =
            "+" + name.substr(key.size() + 1, name.size() - key.size() - 1 - ending.size()) + "+";
        const bool serves = std::all_of(weights.begin(), weights.end(), [&](const std::string& weight) {
            return has.find("+" + weight + "+") != std::string::npos;
        });
        if (serves) larger.insert(name);
    }
    for (const std::string& name : larger) {
        if (is_whole(folder / name)) return folder / name;
    }
    return exact;
}

/// Under a name of this process until it is whole: another one may be writing the same.
void write_checksum(const fs::path& entry) {
    const fs::path own = fs::path(checksum_file(entry)).concat(fmt::format(".{}", ::getpid()));
    write_files(own.parent_path(), {{own.filename().string(), sha256_of_file(entry.string())}});
    std::error_code error;
    fs::rename(own, checksum_file(entry), error);
    if (!error) return;
    throw InputError(
        fmt::format("{}: cannot be written: {}", escape_controls(checksum_file(entry).string()), error.message()));
}

}  // namespace

std::map<std::string, std::string> extraction_record(const fs::path& model, const std::string& precision,
                                                     const fs::path& sentences) {
    std::map<std::string, std::string> record{
        {"extracted_by",
         fmt::format("attnflow {}, extraction {}, {}", version(), extraction_format, instruction_set())},
        {"model.architecture", architecture_of((model / "config.json").string())},
        {"model.precision", precision}};
    if (!sentences.empty()) record["dataset.sentences_sha256"] = sha256_of_file(sentences.string());
    for (const std::string& file : TextModel::files(model.string()))
        record["model.sha256." + fs::path(file).filename().string()] = sha256_of_file(file);
    return record;
}

TextOutline outline_texts(Config& config) {
    const ExtractionOptions options = options_of(config, *config.texts, 1);
    const TextModel model = TextModel::open(config.texts->model.string(), config.texts->precision);
    return outline(config, model, used_texts(config, model), options);
}

void provide_dataset(Config& config, std::size_t jobs,
                     const std::function<void(std::size_t done, std::size_t total)>& progress,
                     const std::atomic<bool>* stop, const Shard& shard) {
    if (!config.texts) return;
    TextSource& texts = *config.texts;
    ExtractionOptions options = options_of(config, texts, jobs);
    options.stop = stop;
    options.record = extraction_record(texts.model, texts.precision, texts.sentences);
    texts.origin = origin_of(texts, options);
    const fs::path folder = texts.cache.empty() ? user_cache() : texts.cache;
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw InputError(fmt::format("{}: cannot be made: {}", escape_controls(folder.string()), error.message()));
    }
    const auto entry = [&](const Shard& of) {
        return entry_in(folder, content_key(config, options, of), options.weights);
    };
    config.dataset = entry({});
    texts.part = shard.count > 1 ? entry(shard) : fs::path();
    const fs::path file = shard.count > 1 ? texts.part : config.dataset;
    if (is_whole(file)) return;
    const TextModel model = TextModel::open(texts.model.string(), texts.precision);
    const std::vector<LabelledText> all = used_texts(config, model);
    outline(config, model, all, options);
    options.record["dataset.examples"] = std::to_string(all.size());
    options.first_number = shard.index;
    options.number_step = shard.count;
    std::vector<LabelledText> own;
    for (std::size_t i = shard.index; i < all.size(); i += shard.count) own.push_back(all[i]);
    if (own.empty()) {
        throw InputError(fmt::format("{}: no example for part {} of {}, expected at most as many parts as the {}",
                                     escape_controls(texts.sentences.string()), shard.index + 1, shard.count,
                                     counted(all.size(), "example")));
    }
    extract(model, own, options, file.string(), progress);
    write_checksum(file);
}

}  // namespace attnflow
