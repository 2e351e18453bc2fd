#include "experiments/inputs/config_dataset.hpp"

#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>

#include "algorithms/attribution_method.hpp"
#include "attention/dataset.hpp"
#include "attention/extract/edge_weights/edge_weight.hpp"
#include "attention/extract/extraction.hpp"
#include "attention/model/checkpoint/config.hpp"
#include "attention/model/text_model.hpp"
#include "experiments/inputs/text_cache.hpp"
#include "experiments/run/environment.hpp"
#include "experiments/run/example_attributions.hpp"
#include "experiments/run/model_questions.hpp"
#include "experiments/study/axes/edge_weights.hpp"
#include "experiments/study/axes/source.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/method_call.hpp"
#include "experiments/study/plan.hpp"
#include "experiments/version.hpp"
#include "graph/support/error.hpp"
#include "graph/support/files/output_file.hpp"
#include "graph/support/sha256.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

namespace fs = std::filesystem;

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
        throw ParameterError(fmt::format("evaluation.references: a model gives no '{}'{}", excerpt(reference.name),
                                         name_hint(reference.name, known)));
    }
}

/// What methods of the grid that make a network are to make it of, besides attention.
std::vector<std::string> asked_weights(const Config& config) {
    std::set<std::string> names;
    for (const GridBlock& block : config.blocks) {
        const bool used = std::any_of(block.methods.begin(), block.methods.end(), [](const std::string& method) {
            return takes(method_entry(method).info, axes().at(EdgeWeightsAxis::name));
        });
        if (!used) continue;
        for (const ParameterValue& value : block.axes.at(EdgeWeightsAxis::name)) names.insert(to_text(value));
    }
    names.erase(attention_weights);
    for (const std::string& name : names) {
        if (find_edge_weight(name) != nullptr) continue;
        std::vector<std::string> known = edge_weights().names();
        known.insert(known.begin(), attention_weights);
        throw ParameterError(
            fmt::format("axes.edge_weights: a model gives no '{}'{}", excerpt(name), name_hint(name, known)));
    }
    return {names.begin(), names.end()};
}

std::vector<LabelledText> used_texts(const Config& config, const TextModel& model) {
    std::vector<LabelledText> texts = read_texts(config.texts->sentences.string(), model);
    texts.resize(config.used_examples(texts.size()));
    return texts;
}

ExtractionOptions extraction_options(const Config& config, const Texts& texts, std::size_t jobs) {
    check_references(config);
    ExtractionOptions options;
    if (!texts.target.empty()) options.target = TargetSpec::parse(texts.target);
    options.scale = target_scale_from_name(texts.target_scale);
    options.replacement = replacement_from_name(texts.replace);
    options.gradients = asks_for(config, gradient_scores);
    options.blank_out = asks_for(config, blank_out_scores);
    options.words = config.asks_for_words();
    options.weights = asked_weights(config);
    options.jobs = std::max<std::size_t>(1, jobs);
    return options;
}

/// Throws for references that a model without outputs cannot give, the default ones among them.
void expect_outputs_for_references(const Config& config, const TextModel& model) {
    if (has_outputs(model.model->shape().task)) return;
    for (const Reference& reference : config.references) {
        if (reference.kind == Reference::Kind::method) continue;
        throw ParameterError(
            fmt::format("evaluation.references: {} is of a model's output, but {} has no output layer; expected "
                        "references by methods, such as [\"method(raw_attention)\"]",
                        excerpt(reference.name), model.architecture));
    }
}

/// Throws what a run would throw of the texts, their targets and the grid, before any text is run.
TextOutline outline(Config& config, const TextModel& model, std::span<const LabelledText> texts,
                    const ExtractionOptions& options) {
    const ModelShape& shape = model.model->shape();
    expect_outputs_for_references(config, model);
    check_model_metrics(config, model);
    const std::vector<std::size_t> tokens = check_extraction(model, texts, options);
    if (has_positions(shape.task)) default_to_mask(config);
    // An example of one token with the layers, heads and weights of those to come.
    const std::vector<double> ones(shape.layers * shape.heads, 1.0);
    Example example{escape_controls(config.texts->sentences.string()),
                    {"?"},
                    AttentionStack::from_values(shape.layers, shape.heads, 1, ones),
                    {},
                    {}};
    if (has_positions(shape.task)) example.masked = 0;
    for (const std::string& name : options.weights) {
        const std::size_t heads = edge_weights().make(name, "axes.edge_weights")->has_heads() ? shape.heads : 1;
        example.weights[name] = {
            name, DType::f64, {shape.layers, heads, 1, 1}, std::as_bytes(std::span(ones)).data()};
    }
    MethodSet methods;
    ExampleAttributions attributions(example, methods, {}, {}, /*with_paths=*/false, Words({0}, 1));
    const Plan plan = make_plan(config, shape.layers);
    for (std::size_t p = 0; p < plan.points.size(); ++p) {
        const SourceChoice& source = plan.options[p].source;
        if (source.kind != SourceChoice::Kind::index) {
            attributions.check(plan.points[p]);
            continue;
        }
        for (std::size_t i = 0; i < tokens.size(); ++i) source.positions(tokens[i], std::nullopt, texts[i].where);
        const bool has_source = plan.points[p].has(SourceAxis::name);
        attributions.check(has_source ? plan.points[p].with(SourceAxis::name, std::int64_t{0}) : plan.points[p]);
    }
    return {shape.layers, shape.heads, tokens};
}

/// Every file and setting that decides what is extracted.
std::map<std::string, std::string> origin_of(const Texts& texts, const ExtractionOptions& options) {
    std::map<std::string, std::string> origin = extraction_settings(options);
    // As config.toml has them, so that a run of it records the same.
    origin["model.path"] = fs::absolute(texts.model).lexically_normal().string();
    origin["dataset.sentences"] = fs::absolute(texts.sentences).lexically_normal().string();
    return origin;
}

/// Equal for equal contents but for the edge weights, wherever the files are.
std::string content_key(const Config& config, ExtractionOptions options, std::size_t examples,
                        const Shard& shard) {
    options.weights.clear();
    std::map<std::string, std::string> parts = extraction_settings(options);
    // The suffix decides how the sentences are read.
    parts["dataset.sentences"] = config.texts->sentences.extension().string();
    // The first ones; whether by a limit or because there are no more makes no difference.
    parts["dataset.limit"] = std::to_string(examples);
    if (shard.count > 1) parts["shard"] = fmt::format("{}/{}", shard.index, shard.count);
    std::string key;
    for (const auto& [name, value] : parts) key += fmt::format("{} {}\n", name, value);
    return sha256_of_text(key).substr(0, 32);
}

}  // namespace

Dataset open_dataset(Config& config) {
    const bool is_part = config.texts && !config.texts->part.empty();
    Dataset dataset =
        Dataset::open((is_part ? config.texts->part : config.dataset).string(), {.attention = config.attention});
    if (dataset.is_masked()) default_to_mask(config);
    return dataset;
}

std::map<std::string, std::string> extraction_record(const fs::path& model, const std::string& precision,
                                                     const fs::path& sentences) {
    const std::string program = outside_program();
    std::map<std::string, std::string> record{
        {"extracted_by", fmt::format("attnflow {}, code {}, {}{}", version(), extraction_code(), instruction_set(),
                                     program.empty() ? "" : ", program " + program)},
        {"model.architecture", ModelConfig::read((model / "config.json").string()).architecture()},
        {"model.precision", precision}};
    record.merge(text_checksums(model, sentences));
    return record;
}

void refuse_other_inputs(const std::map<std::string, std::string>& record, const fs::path& model,
                         const fs::path& sentences) {
    for (const auto& [name, checksum] : text_checksums(model, sentences)) {
        const auto found = record.find(name);
        if (found != record.end() && found->second == checksum) continue;
        throw InputError(
            fmt::format("{}: changed while texts were run: {} is not what it was at the beginning; nothing was "
                        "written",
                        escape_controls((name == "dataset.sentences_sha256" ? sentences : model).string()),
                        escape_controls(name)));
    }
}

TextOutline outline_texts(Config& config) {
    const ExtractionOptions options = extraction_options(config, *config.texts, 1);
    const TextModel model = TextModel::open(config.texts->model.string(), config.texts->precision);
    return outline(config, model, used_texts(config, model), options);
}

namespace {

/// Everything that the name of an entry depends on.
struct CacheRequest {
    ExtractionOptions options;
    std::size_t examples;

    CacheRequest(const Config& config, std::size_t jobs)
        : options(extraction_options(config, *config.texts, jobs)),
          examples(config.used_examples(count_texts(config.texts->sentences.string()))) {
        options.record = extraction_record(config.texts->model, config.texts->precision, config.texts->sentences);
    }
    std::string key(const Config& config, const Shard& shard) const {
        return content_key(config, options, examples, shard);
    }
    fs::path find(const Config& config, const TextCache& cache, const Shard& shard) const {
        return cache.find(key(config, shard), options.weights);
    }
};

/// Makes `whole` of its parts, where all of some number are there.
bool join_from(const Config& config, const CacheRequest& request, const TextCache& cache, const fs::path& whole) {
    constexpr std::size_t most_parts = 1000;
    for (std::size_t count = 2; count <= std::min(request.examples, most_parts); ++count) {
        std::vector<fs::path> parts;
        while (parts.size() < count) {
            fs::path part = cache.place(request.key(config, {parts.size(), count}), request.options.weights);
            if (!TextCache::is_whole(part)) break;
            parts.push_back(std::move(part));
        }
        if (parts.size() < count) continue;
        TextCache::make_room(whole);
        join_parts(parts, whole);
        TextCache::seal(whole);
        return true;
    }
    return false;
}

}  // namespace

void provide_dataset(Config& config, std::size_t jobs,
                     const std::function<void(std::size_t done, std::size_t total)>& progress,
                     const std::atomic<bool>* stop, const Shard& shard) {
    if (!config.texts) return;
    Texts& texts = *config.texts;
    CacheRequest request(config, jobs);
    texts.origin = origin_of(texts, request.options);
    const TextCache cache(texts.cache);
    config.dataset = request.find(config, cache, {});
    texts.part = shard.count > 1 ? request.find(config, cache, shard) : fs::path();
    const fs::path file = shard.count > 1 ? texts.part : config.dataset;
    if (TextCache::is_whole(file)) return;
    const OutputFolder folder = cache.make();
    const Turn turn(folder, file.filename().string(), stop);
    if (TextCache::is_whole(file)) return;  // made by who had the turn before
    if (shard.count == 1 && join_from(config, request, cache, file)) return;
    TextCache::make_room(file);
    ExtractionOptions& options = request.options;
    options.stop = stop;
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
    options.before_naming = [&] { refuse_other_inputs(options.record, texts.model, texts.sentences); };
    extract(model, own, options, file.string(), progress);
    TextCache::seal(file);
}

bool join_dataset(const Config& config) {
    const CacheRequest request(config, 1);
    const TextCache cache(config.texts->cache);
    const fs::path whole = request.find(config, cache, {});
    return TextCache::is_whole(whole) || join_from(config, request, cache, whole);
}

}  // namespace attnflow
