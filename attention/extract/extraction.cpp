#include "attention/extract/extraction.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attention/extract/text_run.hpp"
#include "attention/extract/unknown_words.hpp"
#include "attention/files/safetensors_writer.hpp"
#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"
#include "graph/support/parallel.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::ordered_json;

/// A text before and after it was run.
struct Job {
    std::string id;
    const LabelledText* text;
    Encoding encoding;
    std::size_t position;  ///< of the output
    std::vector<double> logits = {};

    std::size_t tokens() const { return encoding.ids.size(); }
    /// Whether the model saw token types that are not plain: also a template's separator may have type 1.
    bool has_types() const {
        return text->pair || std::any_of(encoding.type_ids.begin(), encoding.type_ids.end(),
                                         [](TokenId type) { return type != 0; });
    }
};

/// A part of LayerInternals that differs from text to text.
struct InternalPart {
    enum class Columns { none, hidden, values };  ///< [n], [n, d] or [n, G w]

    const char* name;
    Columns columns;
    bool norm_before_only;  ///< where norms come after, it is the part before it
    std::span<const float> (*of)(const LayerInternals& layer);

    std::vector<std::size_t> shape(const ModelShape& model, std::size_t n) const {
        if (columns == Columns::none) return {n};
        return {n, columns == Columns::hidden ? model.width : model.key_heads * model.head_width};
    }
};

/// Those of a model, in the order in which they are computed.
std::vector<InternalPart> internal_parts(const ModelShape& model) {
    using Layer = const LayerInternals&;
    using Columns = InternalPart::Columns;
    std::vector<InternalPart> parts{
        {"input", Columns::hidden, false, [](Layer layer) { return layer.input; }},
        {"normed_input", Columns::hidden, true, [](Layer layer) { return layer.normed_input; }},
        {"values", Columns::values, false, [](Layer layer) { return layer.values; }},
        {"attended", Columns::hidden, false, [](Layer layer) { return layer.attended; }},
        {"attention_norm_scale", Columns::none, false, [](Layer layer) { return layer.attention_norm.scale; }},
        {"middle", Columns::hidden, false, [](Layer layer) { return layer.middle; }},
        {"normed_middle", Columns::hidden, true, [](Layer layer) { return layer.normed_middle; }},
        {"fed_forward", Columns::hidden, false, [](Layer layer) { return layer.fed_forward; }},
        {"output_norm_scale", Columns::none, false, [](Layer layer) { return layer.output_norm.scale; }},
        {"output", Columns::hidden, false, [](Layer layer) { return layer.output; }},
    };
    if (!model.norm_before) std::erase_if(parts, [](const InternalPart& part) { return part.norm_before_only; });
    return parts;
}

class Extraction {
public:
    Extraction(const TextModel& model, std::span<const LabelledText> texts, const ExtractionOptions& options)
        : model_(model), shape_(model.model->shape()), options_(options), weighing_(options.weights) {
        if (texts.empty()) throw ParameterError("no texts to extract");
        if (options.has_gradients()) expect_outputs(model, "gradients");
        if (options.blank_out) expect_outputs(model, "blank-out");
        if (options.has_gradients()) expect_scale(options.scale, model);
        const bool has_target = options.target || options.has_gradients() || options.blank_out;
        const TargetSpec target = options.target.value_or(TargetSpec{});
        if (has_target && !target.needs_label()) check_target(target, std::nullopt);
        std::vector<std::string> problems;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            try {
                add(texts[i], options.first_number + i * options.number_step);
            } catch (const InputError& error) {
                problems.emplace_back(error.what());
            }
        }
        if (problems.empty()) return;
        constexpr std::size_t most = 10;
        const std::size_t more = problems.size() - std::min(most, problems.size());
        problems.resize(problems.size() - more);
        if (more > 0) problems.push_back(fmt::format("and {} like these", counted(more, "text")));
        throw InputError(join(problems, "\n"));
    }

    std::vector<std::size_t> token_counts() const {
        std::vector<std::size_t> counts;
        for (const Job& job : jobs_) counts.push_back(job.tokens());
        return counts;
    }

    void run(const std::string& path, const ExtractionProgress& progress) {
        SafetensorsWriter writer(path, declarations(), metadata_bound());
        std::mutex mutex;
        std::size_t done = 0;
        // A single text gets all threads; several are shared out among them.
        const std::size_t inner_jobs = jobs_.size() == 1 ? options_.jobs : 1;
        parallel_for(jobs_.size(), options_.jobs, [&](std::size_t i, std::size_t) {
            check_stop(options_.stop);
            try {
                run_one(jobs_[i], writer, inner_jobs);
            } catch (const InputError& error) {
                throw InputError(fmt::format(
                    "{}: {}", jobs_[i].text->where.empty() ? "text" : jobs_[i].text->where, error.what()));
            }
            const std::lock_guard lock(mutex);
            if (progress) progress(++done, jobs_.size());
        });
        if (options_.before_naming) options_.before_naming();
        writer.finish(metadata(false));
    }

private:
    /// Whether a text has one set of outputs, few enough to be kept.
    bool keeps_logits() const { return has_outputs(shape_.task) && !has_positions(shape_.task); }

    void add(const LabelledText& text, std::size_t number) {
        const std::string where = text.where.empty() ? "text" : text.where;
        if (options_.target && options_.target->needs_label()) {
            try {
                check_target(*options_.target, text.label);
            } catch (const InputError& error) {
                throw InputError(fmt::format("{}: {}", where, error.what()));
            }
        }
        Encoding encoding = model_.encode(text.text, text.pair, where);
        const std::size_t position = output_position(model_, encoding, where);
        jobs_.push_back({fmt::format("ex{:05}", number), &text, std::move(encoding), position});
    }

    /// Throws what resolve() does for outputs that do not exist, before any text is run.
    void check_target(const TargetSpec& spec, std::optional<std::int64_t> label) const {
        resolve(spec, model_, std::vector<double>(shape_.outputs), label);
    }

    std::vector<TensorDeclaration> declarations() const {
        std::vector<TensorDeclaration> tensors;
        for (const Job& job : jobs_) {
            const std::size_t n = job.tokens();
            const auto add = [&](const std::string& name, std::vector<std::size_t> shape,
                                 DType dtype = DType::f32) {
                tensors.push_back({job.id + "." + name, dtype, std::move(shape)});
            };
            add("attentions", {shape_.layers, shape_.heads, n, n});
            add("input_ids", {n}, DType::i64);
            if (job.has_types()) add("token_type_ids", {n}, DType::i64);
            if (keeps_logits()) add("logits", {shape_.outputs});
            if (options_.gradients) {
                for (const char* name : gradient_scores) add(name, {n});
            }
            if (options_.attention_gradients) add("attention_gradients", {shape_.layers, shape_.heads, n, n});
            if (options_.blank_out) {
                for (const char* name : blank_out_scores) add(name, {n});
            }
            for (const auto& [name, weight] : weighing_.made()) {
                add(name, weight->has_heads() ? std::vector{shape_.layers, shape_.heads, n, n}
                                              : std::vector{shape_.layers, n, n});
            }
            if (!options_.internals) continue;
            for (std::size_t l = 0; l < shape_.layers; ++l) {
                for (const InternalPart& part : internal_parts(shape_))
                    add(fmt::format("internals.{}.{}", l, part.name), part.shape(shape_, n));
            }
        }
        return tensors;
    }

    void run_one(Job& job, SafetensorsWriter& writer, std::size_t jobs) const {
        const std::size_t n = job.tokens();
        const std::size_t layer_size = shape_.heads * n * n;
        TextRun run{.position = job.position,
                    .jobs = jobs,
                    .internals = options_.internals,
                    .gradients = options_.gradients,
                    .target = options_.target.value_or(TargetSpec{}),
                    .scale = options_.scale,
                    .label = job.text->label,
                    .stop = options_.stop};
        run.on_layer = [&](const LayerCapture& layer) {
            writer.write(job.id + ".attentions", layer.layer * layer_size, layer.attention);
            if (options_.internals) write_internals(job, layer, writer);
        };
        run.on_weights = [&](const std::string& name, std::size_t layer, std::span<const float> weights) {
            writer.write(job.id + "." + name, layer * weights.size(), weights);
        };
        if (options_.attention_gradients) {
            run.on_gradient = [&](const LayerCapture& layer, std::span<const float> gradient) {
                writer.write(job.id + ".attention_gradients", layer.layer * layer_size, gradient);
            };
        }
        const Gradients gradients = run_text(model_, job.encoding, weighing_, run);
        job.logits = gradients.logits;
        if (options_.gradients) write_gradients(job, gradients, writer);
        finish_one(job, writer, jobs);
    }

    void finish_one(Job& job, SafetensorsWriter& writer, std::size_t jobs) const {
        const auto write_ids = [&](const char* name, const std::vector<TokenId>& ids) {
            writer.write(job.id + name, 0, std::vector<std::int64_t>(ids.begin(), ids.end()));
        };
        write_ids(".input_ids", job.encoding.ids);
        if (job.has_types()) write_ids(".token_type_ids", job.encoding.type_ids);
        if (keeps_logits()) write_values(job.id + ".logits", job.logits, writer);
        if (!options_.blank_out) return;
        TargetSpec spec = options_.target.value_or(TargetSpec{});
        if (!options_.target && job.text->label) spec.kind = TargetSpec::Kind::label;
        const Target target = resolve(spec, model_, job.logits, job.text->label);
        const BlankOut scores = blank_out(model_, job.encoding, job.position, options_.replacement, target,
                                          job.logits, jobs, options_.stop);
        write_values(job.id + ".blank_out", scores.probability, writer);
        write_values(job.id + ".blank_out_margin", scores.margin, writer);
    }

    void write_gradients(const Job& job, const Gradients& gradients, SafetensorsWriter& writer) const {
        const std::size_t n = job.tokens();
        std::vector<double> norm(n), dot(n), sum(n), absolute(n);
        for (std::size_t t = 0; t < n; ++t) {
            for (std::size_t j = 0; j < gradients.word.columns(); ++j) {
                const double g = gradients.word(t, j);
                norm[t] += g * g;
                dot[t] += g * gradients.embedding(t, j);
                sum[t] += g;
                absolute[t] += std::abs(g);
            }
            norm[t] = std::sqrt(norm[t]);
        }
        write_values(job.id + ".grad_norm", norm, writer);
        write_values(job.id + ".grad_dot_input", dot, writer);
        write_values(job.id + ".grad_sum", sum, writer);
        write_values(job.id + ".grad_abs_sum", absolute, writer);
    }

    void write_internals(const Job& job, const LayerCapture& layer, SafetensorsWriter& writer) const {
        for (const InternalPart& part : internal_parts(shape_)) {
            write(writer, fmt::format("{}.internals.{}.{}", job.id, layer.layer, part.name),
                  part.of(*layer.internals));
        }
    }

    static void write(SafetensorsWriter& writer, const std::string& name, std::span<const float> values) {
        expect_finite(name.substr(name.find('.') + 1), values);
        writer.write(name, 0, values);
    }

    static void write_values(const std::string& name, const std::vector<double>& values,
                             SafetensorsWriter& writer) {
        write(writer, name, std::vector<float>(values.begin(), values.end()));
    }

    /// With `widest`, before the texts are run: every number as long as it can become.
    std::map<std::string, std::string> metadata(bool widest) const {
        constexpr double long_number = -1.2345678901234567e-300;
        Json examples = Json::array();
        std::string unknown_token;
        for (const Job& job : jobs_) {
            Json entry{{"id", job.id}, {"text", job.text->text}, {"tokens", job.encoding.tokens}};
            if (job.text->pair) entry["text_pair"] = *job.text->pair;
            if (model_.misreads_separators(job.encoding, job.text->pair.has_value()))
                entry["separators_inside"] = job.encoding.separators_inside;
            const UnknownWords unknown = unknown_words(model_, job.encoding);
            entry["unknown"] = unknown.positions;
            unknown_token = unknown.token;
            if (options_.words) {
                entry["word_ids"] = Json::array();
                for (const auto& word : job.encoding.words)
                    entry["word_ids"].push_back(word ? Json(*word) : Json(nullptr));
            }
            entry["label"] = job.text->label ? Json(*job.text->label) : Json(nullptr);
            if (has_probabilities(shape_.task))
                entry["predicted"] = widest ? shape_.outputs : predicted_output(job.logits);
            if (has_classes(shape_.task)) {
                entry["probabilities"] = widest ? std::vector<double>(shape_.outputs, long_number)
                                                : probabilities(job.logits, shape_.task);
            }
            if (has_positions(shape_.task)) entry["position"] = job.position;
            examples.push_back(std::move(entry));
        }
        std::map<std::string, std::string> out{
            {"examples", examples.dump()},
            {"axes", "attentions: layer,head,query,key"},
            {"model", std::filesystem::path(model_.folder).lexically_normal().filename().string()},
            {"architecture", model_.architecture},
            {"special_tokens", Json(model_.tokenizer.wordless_tokens()).dump()},
            {"extraction",
             Json(extraction_settings(options_)).dump(-1, ' ', false, Json::error_handler_t::replace)}};
        if (out["model"].empty() || !is_utf8(out["model"])) out.erase("model");
        if (!unknown_token.empty()) out["unknown_token"] = unknown_token;
        if (const auto separator = model_.tokenizer.separator())
            out["separator_token"] = model_.tokenizer.vocabulary().text(*separator);
        if (has_outputs(shape_.task)) out["task"] = task_name(shape_.task);
        if (keeps_logits()) out["label_names"] = Json(shape_.labels).dump();
        return out;
    }

    std::size_t metadata_bound() const { return nlohmann::json(metadata(true)).dump().size(); }

    const TextModel& model_;
    const ModelShape& shape_;
    const ExtractionOptions& options_;
    Weighing weighing_;
    std::vector<Job> jobs_;
};

}  // namespace

std::map<std::string, std::string> extraction_settings(const ExtractionOptions& options) {
    std::vector<std::string> parts{"attention"};
    if (options.gradients) parts.emplace_back("gradients");
    if (options.attention_gradients) parts.emplace_back("attention_gradients");
    if (options.blank_out) parts.emplace_back("blank_out");
    if (options.internals) parts.emplace_back("internals");
    if (options.words) parts.emplace_back("word_ids");
    const Weighing weighing(options.weights);
    for (const Weighing::Made& made : weighing.made()) parts.push_back(made.name);
    std::map<std::string, std::string> record = options.record;
    record["model.target"] = options.target ? options.target->text() : "default";
    record["model.target_scale"] = target_scale_name(options.scale);
    record["model.replace"] = replacement_name(options.replacement);
    record["model.extracted"] = join(parts, ", ");
    return record;
}

bool ExtractionOptions::has_gradients() const {
    return gradients || attention_gradients || Weighing(weights).needs_gradient();
}

std::vector<std::size_t> check_extraction(const TextModel& model, std::span<const LabelledText> texts,
                                          const ExtractionOptions& options) {
    return Extraction(model, texts, options).token_counts();
}

void extract(const TextModel& model, std::span<const LabelledText> texts, const ExtractionOptions& options,
             const std::string& path, const ExtractionProgress& progress) {
    Extraction(model, texts, options).run(path, progress);
}

}  // namespace attnflow
