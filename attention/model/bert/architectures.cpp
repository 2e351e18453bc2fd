#include "attention/model/bert/architectures.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "attention/model/bert/encoder.hpp"
#include "attention/model/bert/heads.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

/// Values as float: a view where they are float already, else a copy in `memory`.
template <class Real>
std::span<const float> as_float(const Real* values, std::size_t count, std::vector<float>& memory) {
    if constexpr (sizeof(Real) == sizeof(float)) {
        static_cast<void>(memory);
        return {values, count};
    } else {
        memory.assign(values, values + count);
        return memory;
    }
}

/// Turns an encoder's view of a layer into what observers are promised.
template <class Real>
class Capture {
public:
    Capture(const BertWeights<Real>& weights, const TokenBatch& batch, const ForwardOptions& options)
        : weights_(weights), options_(options), tokens_(batch.count * batch.length), length_(batch.length) {}

    BertLayerVisitor<Real> visitor() {
        if (!options_.observer) return {};
        return [this](const BertLayerView<Real>& view) { visit(view); };
    }

private:
    void visit(const BertLayerView<Real>& view) {
        LayerCapture capture{
            view.layer, as_float(view.attention, tokens_ * length_ * weights_.config.heads, attention_), nullptr};
        LayerInternals internals;
        if (options_.internals) {
            fill(view, internals);
            capture.internals = &internals;
        }
        options_.observer(capture);
    }

    void fill(const BertLayerView<Real>& view, LayerInternals& out) {
        const BertLayerWeights<Real>& w = weights_.layers[view.layer];
        const std::size_t d = weights_.config.width;
        used_ = 0;
        values_.resize(tokens_ * d);
        for (std::size_t t = 0; t < tokens_; ++t) {
            std::copy_n(view.query_key_value + t * 3 * d + 2 * d, d, values_.data() + t * d);
        }
        out.input = keep(view.input, tokens_ * d);
        out.values = keep(values_.data(), tokens_ * d);
        out.output_weight = keep(w.attention_output.weight.data(), d * d);
        out.output_bias = keep(w.attention_output.bias.data(), d);
        out.attended = keep(view.attended, tokens_ * d);
        out.attention_norm_scale = keep(view.attention_scale, tokens_);
        out.attention_norm_gamma = keep(w.attention_norm.gamma.data(), d);
        out.attention_norm_beta = keep(w.attention_norm.beta.data(), d);
        out.middle = keep(view.middle, tokens_ * d);
        out.fed_forward = keep(view.fed_forward, tokens_ * d);
        out.output_norm_scale = keep(view.output_scale, tokens_);
        out.output_norm_gamma = keep(w.output_norm.gamma.data(), d);
        out.output_norm_beta = keep(w.output_norm.beta.data(), d);
        out.output = keep(view.output, tokens_ * d);
    }

    std::span<const float> keep(const Real* values, std::size_t count) {
        if (used_ == memory_.size()) memory_.emplace_back();
        return as_float(values, count, memory_[used_++]);
    }

    const BertWeights<Real>& weights_;
    const ForwardOptions& options_;
    std::size_t tokens_;
    std::size_t length_;
    std::vector<float> attention_;
    std::vector<Real> values_;
    std::vector<std::vector<float>> memory_ = std::vector<std::vector<float>>(14);
    std::size_t used_ = 0;
};

template <class Real, template <class> class Head>
class Bert final : public Model {
public:
    Bert(const BertConfig& config, const WeightFiles& files)
        : weights_(load_bert<Real>(config, files)), head_(config, files) {
        shape_ = {.layers = config.layers,
                  .heads = config.heads,
                  .width = config.width,
                  .positions = config.positions,
                  .vocabulary = config.vocabulary,
                  .types = config.types,
                  .outputs = head_.outputs(),
                  .classifier = Head<Real>::classifier};
        if (shape_.classifier) shape_.labels = config.labels;
    }

    const ModelShape& shape() const override { return shape_; }

    RowMajor<double> forward(const TokenBatch& batch, const ForwardOptions& options) const override {
        check_batch(shape_, batch);
        const std::size_t position = output_position(batch, options);
        Capture<Real> capture(weights_, batch, options);
        Buffer<Real> hidden;
        bert_forward<Real>(weights_, batch, options.jobs, hidden, nullptr, capture.visitor());
        std::vector<Real> rows(batch.count * shape_.width);
        for (std::size_t b = 0; b < batch.count; ++b) {
            std::copy_n(hidden.data() + (b * batch.length + position) * shape_.width, shape_.width,
                        rows.data() + b * shape_.width);
        }
        typename Head<Real>::Trace trace;
        const auto logits = head_.forward(batch.count, rows.data(), options.jobs, trace);
        RowMajor<double> out(batch.count, shape_.outputs);
        std::copy(logits.begin(), logits.end(), out.values().begin());
        return out;
    }

    Gradients gradients(const TokenBatch& batch, const ForwardOptions& options, const OutputFunction& function,
                        const AttentionGradientObserver& attention_gradients) const override {
        check_batch(shape_, batch);
        if (batch.count != 1) throw ParameterError("gradients: expected a batch of one input");
        const std::size_t position = output_position(batch, options);
        const std::size_t d = shape_.width;
        Capture<Real> capture(weights_, batch, options);
        Buffer<Real> hidden;
        BertTrace<Real> trace;
        bert_forward<Real>(weights_, batch, options.jobs, hidden, &trace, capture.visitor());
        typename Head<Real>::Trace head_trace;
        const auto logits = head_.forward(1, hidden.data() + position * d, options.jobs, head_trace);

        Gradients out{{logits.begin(), logits.end()},
                      0.0,
                      RowMajor<double>(batch.length, d),
                      RowMajor<double>(batch.length, d)};
        std::vector<double> logits_gradient(out.logits.size());
        out.value = function(out.logits, logits_gradient);
        const auto row = head_.backward({logits_gradient.begin(), logits_gradient.end()}, head_trace);
        std::vector<Real> gradient(batch.length * d);
        std::copy(row.begin(), row.end(), gradient.begin() + static_cast<std::ptrdiff_t>(position * d));

        BertGradientVisitor<Real> visit;
        std::vector<float> attention_memory, gradient_memory;
        if (attention_gradients) {
            visit = [&](std::size_t layer, const Real* attention, const Real* attention_gradient) {
                const std::size_t size = shape_.heads * batch.length * batch.length;
                attention_gradients(layer, as_float(attention, size, attention_memory),
                                    as_float(attention_gradient, size, gradient_memory));
            };
        }
        bert_backward<Real>(weights_, batch, options.jobs, trace, gradient.data(), visit);
        embedding_backward<Real>(weights_, batch, gradient.data(), out.word.values().data());
        for (std::size_t t = 0; t < batch.length; ++t) {
            const Real* word = weights_.words.data() + static_cast<std::size_t>(batch.ids[t]) * d;
            std::copy_n(word, d, out.embedding.row(t).begin());
        }
        return out;
    }

private:
    std::size_t output_position(const TokenBatch& batch, const ForwardOptions& options) const {
        if (shape_.classifier) return 0;
        if (options.position >= batch.length) {
            throw ParameterError(fmt::format("output position {} does not exist, the {} positions count from 0",
                                             options.position, batch.length));
        }
        return options.position;
    }

    BertWeights<Real> weights_;
    Head<Real> head_;
    ModelShape shape_;
};

template <template <class> class Head>
std::unique_ptr<Model> load(const std::string& folder, bool in_double) {
    const std::string file = (std::filesystem::path(folder) / "config.json").string();
    const BertConfig config = BertConfig::read(file);
    if (Head<double>::classifier && config.labels.size() < 2) {
        throw InputError(
            fmt::format("{}: one class, expected at least 2: regression is not supported", escape_controls(file)));
    }
    const WeightFiles files = WeightFiles::open(folder);
    if (in_double) return std::make_unique<Bert<double, Head>>(config, files);
    return std::make_unique<Bert<float, Head>>(config, files);
}

EntryInfo describe_bert(const std::string& name, const std::string& summary) {
    return {.name = name,
            .summary = summary,
            .paper = "Devlin et al. 2019, arXiv:1810.04805",
            .complexity = "O(L n d (d + f) + L n^2 d) a pass, d the width, f the inner width",
            .parameters = {{.name = "precision",
                            .summary = "numbers to compute with; float64 is for checks, at half the speed",
                            .fallback = std::string("float32"),
                            .choices = {"float32", "float64"}}},
            .promises = {"rows_sum_to_one"}};
}

bool wants_double(const Parameters& parameters) { return parameters.get<std::string>("precision") == "float64"; }

}  // namespace

EntryInfo BertForSequenceClassification::describe() {
    return describe_bert("BertForSequenceClassification", "BERT with a classifier on the first position");
}
BertForSequenceClassification::BertForSequenceClassification(const Parameters& parameters)
    : in_double_(wants_double(parameters)) {}
std::unique_ptr<Model> BertForSequenceClassification::load(const std::string& folder) const {
    return attnflow::load<ClassificationHead>(folder, in_double_);
}

EntryInfo BertForMaskedLM::describe() {
    return describe_bert("BertForMaskedLM", "BERT that predicts the vocabulary entry of any position");
}
BertForMaskedLM::BertForMaskedLM(const Parameters& parameters) : in_double_(wants_double(parameters)) {}
std::unique_ptr<Model> BertForMaskedLM::load(const std::string& folder) const {
    return attnflow::load<MaskedLanguageHead>(folder, in_double_);
}

}  // namespace attnflow
