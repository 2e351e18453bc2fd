/// Every model architecture of the registry against its contract, small models of other kinds, and mutants that
/// the contract must refuse.

#include "experiments/contracts/model_contract.hpp"

#include <catch2/catch.hpp>

#include "experiments/contracts/small_models.hpp"

using namespace attnflow;

namespace {

using Strings = std::vector<std::string>;

enum class Break {
    nothing,
    attention_of_keys,
    other_batch,
    threads,
    forgets_tokens,
    gradient_sign,
    gradient_scale,
    looks_ahead,
    attended,
    rest,
    reverse_internals,
    outputs,
};

/// A model that goes wrong in one way.
class Mutant final : public Model {
public:
    Mutant(std::unique_ptr<Model> model, Break broken) : model_(std::move(model)), broken_(broken) {}

    const ModelShape& shape() const override { return model_->shape(); }

    RowMajor<double> forward(const TokenBatch& batch, const ForwardOptions& options) const override {
        TokenBatch given = batch;
        if (broken_ == Break::forgets_tokens) std::fill(given.ids.begin(), given.ids.end(), 1);
        ForwardOptions with = options;
        const std::size_t n = batch.length;
        std::vector<float> memory, attended;
        const auto shift = static_cast<float>(batch.ids.back()) * 0.01f;
        with.observer = [&](const LayerCapture& layer) {
            if (!options.observer) return;
            LayerCapture shown = layer;
            LayerInternals internals = layer.internals != nullptr ? *layer.internals : LayerInternals{};
            if (shown.internals != nullptr) shown.internals = &internals;
            memory.assign(layer.attention.begin(), layer.attention.end());
            if (broken_ == Break::attention_of_keys) {
                for (std::size_t k = 0; k < memory.size(); ++k)
                    memory[k] = layer.attention[k / (n * n) * n * n + k % n * n + k / n % n];
            }
            if (broken_ == Break::looks_ahead && n > 1) memory[0] -= shift * memory[0];
            shown.attention = memory;
            attended.assign(internals.attended.begin(), internals.attended.end());
            if (broken_ == Break::attended) attended[0] += 0.25f;
            internals.attended = attended;
            if (broken_ == Break::rest)
                internals.finish = [&](std::span<const float>, std::span<float> output) {
                    std::ranges::copy(internals.output, output.begin());
                };
            options.observer(shown);
        };
        RowMajor<double> outputs = model_->forward(given, with);
        if (broken_ == Break::other_batch && batch.count > 1) outputs(1, 0) = outputs(0, 0);
        if (broken_ == Break::threads) outputs(0, 0) += 1e-12 * static_cast<double>(options.jobs);
        if (broken_ == Break::outputs) return RowMajor<double>(batch.count, 1);
        return outputs;
    }

    Gradients gradients(const TokenBatch& batch, const ForwardOptions& options, const OutputFunction& function,
                        const AttentionGradientObserver& observer) const override {
        Gradients found = model_->gradients(
            batch, options, function, [&](const LayerCapture& layer, std::span<const float> gradient) {
                LayerCapture shown = layer;
                LayerInternals internals = layer.internals != nullptr ? *layer.internals : LayerInternals{};
                if (broken_ == Break::reverse_internals) internals.middle = internals.attended;
                if (shown.internals != nullptr) shown.internals = &internals;
                observer(shown, gradient);
            });
        for (double& gradient : found.word.values()) {
            if (broken_ == Break::gradient_sign) gradient = -gradient;
            if (broken_ == Break::gradient_scale) gradient *= 1.01;
        }
        return found;
    }

private:
    std::unique_ptr<Model> model_;
    Break broken_;
};

/// The laws that a small model breaks; with norms before and a causal mask, or with norms after and none.
Strings broken_laws(Break broken, bool norm_before) {
    const auto models = small_models();
    const SmallModel& small = models[norm_before ? 1 : 0];
    Laws laws;
    const ModelContract contract{
        [&](const WeightFiles& files, Precision precision) -> std::unique_ptr<Model> {
            return std::make_unique<Mutant>(make_model(small.plan, files, precision), broken);
        },
        small.plan.names.words,
        {.name = small.name, .summary = "", .promises = {attention_promise::rows_sum_to_one}}};
    contract.check(laws);
    Strings names;
    for (const Complaint& complaint : laws.complaints()) {
        UNSCOPED_INFO(complaint.law << ": " << complaint.where);
        names.push_back(complaint.law);
    }
    return names;
}

}  // namespace

TEST_CASE("every model architecture keeps its contract", "[contract][model]") {
    for (const auto& entry : model_architectures().entries()) {
        INFO(entry.info.name);
        CHECK(model_complaints(entry) == Strings());
    }
}

TEST_CASE("a broken model is refused, and by the law that it breaks", "[contract][model]") {
    const bool norm_before = GENERATE(false, true);
    CAPTURE(norm_before);
    CHECK(broken_laws(Break::nothing, norm_before) == Strings());
    const auto has = [&](Break broken, const char* law) {
        const Strings laws = broken_laws(broken, norm_before);
        return std::find(laws.begin(), laws.end(), law) != laws.end();
    };
    CHECK(has(Break::attention_of_keys, attention_promise::rows_sum_to_one));
    CHECK(has(Break::other_batch, law::batches));
    CHECK(has(Break::threads, law::jobs));
    CHECK(has(Break::forgets_tokens, law::heeds_tokens));
    CHECK(has(Break::gradient_sign, law::word_gradients));
    CHECK(has(Break::gradient_scale, law::word_gradients));
    CHECK(has(Break::attended, law::internals_add_up));
    CHECK(has(Break::rest, law::rest_of_layer));
    CHECK(has(Break::reverse_internals, law::reverse_internals));
    CHECK(has(Break::outputs, law::shapes));
    if (norm_before) CHECK(has(Break::looks_ahead, law::no_look_ahead));
}

TEST_CASE("an architecture without a small model cannot be held to its contract", "[contract][model]") {
    struct Unknown {
        static EntryInfo describe() { return {.name = "Unknown", .summary = "nothing is known of it"}; }
        static ModelPlan plan(const JsonFields&, const WeightFiles&) { return {}; }
    };
    ModelRegistry registry;
    registry.add<Unknown>();
    CHECK(
        model_complaints(registry.entries().front()) ==
        Strings{"declares what is right: known answers, or its definition: Unknown: declares no small_config()"});
}
