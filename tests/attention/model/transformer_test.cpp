/// Every option of a layer against the slow transformer: hidden states, attention, and derivatives by finite
/// differences of the slow one, so that forward and reverse pass share nothing with what they are compared with.

#include "attention/model/transformer.hpp"

#include <string>

#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/attention/model/random_transformer.hpp"
#include "tests/attention/model/slow_transformer.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

/// A small post-norm layer as BERT's: 4 heads of 3 components each.
TransformerSpec bert_like() {
    const NormSpec norm{NormKind::layer_norm, 1e-5};
    const LayerSpec layer{.norm_place = NormPlace::after,
                          .norm = norm,
                          .attention = {.heads = 4, .key_heads = 4, .head_width = 3, .score_scale = 0.6},
                          .feed_forward = {.inner = 7, .activation = Activation::gelu}};
    return {.width = 12,
            .positions = 9,
            .embedding = {.vocabulary = 11, .width = 12, .positions = 9, .types = 2, .norm = norm},
            .layers = {layer, layer}};
}

using Change = void (*)(TransformerSpec& spec);

/// Applies a change to every layer.
template <class Body>
void each_layer(TransformerSpec& spec, const Body& body) {
    for (LayerSpec& layer : spec.layers) body(layer);
}

void norm_before(TransformerSpec& spec) {
    each_layer(spec, [](LayerSpec& layer) { layer.norm_place = NormPlace::before; });
    spec.final_norm = spec.layers.front().norm;
}

void rms_norm(TransformerSpec& spec) {
    each_layer(spec, [](LayerSpec& layer) { layer.norm.kind = NormKind::rms_norm; });
    if (spec.final_norm) spec.final_norm->kind = NormKind::rms_norm;
}

void gated(TransformerSpec& spec) {
    each_layer(spec, [](LayerSpec& layer) {
        layer.feed_forward.gated = true;
        layer.feed_forward.activation = Activation::silu;
    });
}

void causal(TransformerSpec& spec) {
    each_layer(spec, [](LayerSpec& layer) { layer.attention.causal = true; });
}

void grouped(TransformerSpec& spec) {
    each_layer(spec, [](LayerSpec& layer) { layer.attention.key_heads = 2; });
}

void without_bias(TransformerSpec& spec) {
    each_layer(spec, [](LayerSpec& layer) {
        layer.attention.projection_bias = layer.attention.output_bias = layer.feed_forward.bias = false;
    });
}

void rotary(TransformerSpec& spec) {
    spec.embedding.positions = 0;
    each_layer(spec, [](LayerSpec& layer) {
        layer.attention.head_width = 4;
        layer.attention.rotary = RotarySpec::with_theta(100.0, 4);
    });
}

struct Option {
    const char* name;
    std::vector<Change> changes;
};

const std::vector<Option> options{
    {"post-norm, as BERT", {}},
    {"pre-norm", {norm_before}},
    {"RMSNorm after", {rms_norm}},
    {"RMSNorm before", {norm_before, rms_norm}},
    {"gated, silu", {gated}},
    {"gated, pre-norm", {gated, norm_before}},
    {"causal", {causal}},
    {"key heads shared by two heads each", {grouped}},
    {"one key head",
     {[](TransformerSpec& spec) { each_layer(spec, [](LayerSpec& layer) { layer.attention.key_heads = 1; }); }}},
    {"no biases", {without_bias}},
    {"biases of projections only", {[](TransformerSpec& spec) {
         each_layer(spec, [](LayerSpec& layer) { layer.attention.output_bias = layer.feed_forward.bias = false; });
     }}},
    {"rotary", {rotary}},
    {"rotary on a part of each head, with a magnitude",
     {rotary,
      [](TransformerSpec& spec) {
          each_layer(spec, [](LayerSpec& layer) { layer.attention.rotary = RotarySpec{{0.7}, 1.25}; });
      }}},
    {"rotary that differ by layer",
     {rotary, [](TransformerSpec& spec) { spec.layers[1].attention.rotary = RotarySpec::with_theta(10.0, 4); }}},
    {"a window on both sides",
     {[](TransformerSpec& spec) { each_layer(spec, [](LayerSpec& layer) { layer.attention.window = 2; }); }}},
    {"a causal window, in one layer",
     {causal, [](TransformerSpec& spec) { spec.layers[0].attention.window = 3; }}},
    {"a window wider than the text", {[](TransformerSpec& spec) { spec.layers[0].attention.window = 100; }}},
    {"heads wider than the layer",
     {[](TransformerSpec& spec) { each_layer(spec, [](LayerSpec& layer) { layer.attention.head_width = 5; }); }}},
    {"embeddings narrower than the layers", {[](TransformerSpec& spec) { spec.embedding.width = 5; }}},
    {"words only", {[](TransformerSpec& spec) {
         spec.embedding.positions = spec.embedding.types = 0;
         spec.embedding.norm.reset();
     }}},
    {"layers of shared weights", {[](TransformerSpec& spec) { spec.shared_layers = true; }}},
    {"layers of shared weights, with scales, masks and activations of their own", {[](TransformerSpec& spec) {
         spec.shared_layers = true;
         spec.layers[1].attention.score_scale = 0.3;
         spec.layers[1].attention.causal = true;
         spec.layers[1].feed_forward.activation = Activation::relu;
     }}},
    {"the usual scale of scores", {[](TransformerSpec& spec) {
         each_layer(spec, [](LayerSpec& layer) { layer.attention.score_scale.reset(); });
     }}},
    {"as GPT-2",
     {norm_before, causal,
      [](TransformerSpec& spec) {
          spec.embedding.types = 0;
          spec.embedding.norm.reset();
          each_layer(spec, [](LayerSpec& layer) { layer.feed_forward.activation = Activation::gelu_tanh; });
      }}},
    {"as Llama",
     {norm_before, rms_norm, gated, causal, grouped, without_bias, rotary,
      [](TransformerSpec& spec) {
          spec.embedding.types = 0;
          spec.embedding.norm.reset();
      }}},
};

struct Input {
    std::vector<TokenId> ids{3, 7, 0, 3, 10};
    std::vector<TokenId> types{0, 1, 1, 0, 1};

    TokenBatch batch() const { return {1, ids.size(), ids, types}; }
};

Vector flat(const SlowTransformer::Rows& rows) {
    Vector values;
    for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
    return values;
}

Vector flat(const std::vector<SlowTransformer::Rows>& matrices) {
    Vector values;
    for (const auto& matrix : matrices) {
        const Vector more = flat(matrix);
        values.insert(values.end(), more.begin(), more.end());
    }
    return values;
}

/// What the transformer gives for an input: all in double, whatever it computes with.
struct Run {
    Vector hidden;
    std::vector<Vector> attention;           ///< by layer
    std::vector<Vector> attention_gradient;  ///< by layer
    Vector word_gradient;

    bool operator==(const Run&) const = default;
};

template <class Real>
Run run(const TransformerWeights<Real>& weights, const TokenBatch& batch, const Vector& hidden_gradient,
        std::size_t jobs) {
    const TransformerSpec& spec = weights.spec;
    const std::size_t size = batch.count * spec.attention().heads * batch.length * batch.length;
    Run result;
    Buffer<Real> hidden;
    TransformerTrace<Real> trace;
    transformer_forward<Real>(weights, batch, jobs, hidden, &trace, [&](const LayerView<Real>& view) {
        result.attention.emplace_back(view.attention, view.attention + size);
    });
    result.hidden.assign(hidden.data(), hidden.data() + batch.tokens() * spec.width);
    std::vector<Real> gradient(hidden_gradient.begin(), hidden_gradient.end());
    result.attention_gradient.resize(spec.layers.size());
    transformer_backward<Real>(weights, batch, jobs, trace, gradient.data(),
                               [&](std::size_t l, const Real* attention, const Real* by) {
                                   CHECK(Vector(attention, attention + size) == result.attention[l]);
                                   result.attention_gradient[l].assign(by, by + size);
                               });
    result.word_gradient.resize(batch.tokens() * spec.embedding.width);
    embed_backward<Real>(spec.embedding, weights.embedding, batch, gradient.data(), result.word_gradient.data());
    return result;
}

/// Derivatives of <hidden_gradient, hidden states> by each attention weight of a layer that is not masked.
Vector slow_attention_gradient(SlowTransformer& slow, std::size_t layer, const Input& input,
                               const Vector& hidden_gradient) {
    const auto words = slow.words(input.ids);
    constexpr double step = 1e-6;
    slow.run(words, input.types);
    const auto unchanged = slow.attention[layer];
    Vector gradient;
    for (std::size_t h = 0; h < unchanged.size(); ++h) {
        for (std::size_t q = 0; q < input.ids.size(); ++q) {
            for (std::size_t k = 0; k < input.ids.size(); ++k) {
                const auto at = [&](double shift) {
                    slow.shifts = {{{layer, h, q, k}, shift}};
                    return dot(hidden_gradient, flat(slow.run(words, input.types)));
                };
                const bool masked = unchanged[h][q][k] == 0.0;
                gradient.push_back(masked ? 0.0 : (at(step) - at(-step)) / (2.0 * step));
            }
        }
    }
    slow.shifts.clear();
    return gradient;
}

Vector slow_word_gradient(SlowTransformer& slow, const Input& input, const Vector& hidden_gradient) {
    const auto words = slow.words(input.ids);
    const std::size_t e = words.front().size();
    return finite_differences(
        [&](const Vector& flat_words) {
            auto rows = words;
            for (std::size_t i = 0; i < flat_words.size(); ++i) rows[i / e][i % e] = flat_words[i];
            return flat(slow.run(rows, input.types));
        },
        flat(words), hidden_gradient);
}

TransformerSpec spec_of(const Option& option) {
    TransformerSpec spec = bert_like();
    for (const Change change : option.changes) change(spec);
    return spec;
}

}  // namespace

TEST_CASE("a transformer of any option is the slow one, forwards and backwards", "[model]") {
    for (const Option& option : options) {
        INFO(option.name);
        const TransformerSpec spec = spec_of(option);
        const TransformerWeights<double> weights = RandomWeights(1).transformer(spec);
        SlowTransformer slow(weights);
        Input input;
        if (spec.embedding.types == 0) input.types.assign(input.ids.size(), 0);
        const Vector hidden_gradient = random_values(input.ids.size() * spec.width, 2);
        const Vector hidden = flat(slow.run(slow.words(input.ids), input.types));
        const auto attention = slow.attention;

        const Run ours = run(weights, input.batch(), hidden_gradient, 1);
        CHECK(deviation(ours.hidden, hidden) < 1e-12);
        CHECK(run(weights, input.batch(), hidden_gradient, 3) == ours);
        const Run single = run(to_float(weights), input.batch(), hidden_gradient, 2);
        CHECK(deviation(single.hidden, hidden) < 1e-5);
        for (std::size_t l = 0; l < spec.layers.size(); ++l) {
            INFO("layer " << l);
            CHECK(deviation(ours.attention[l], flat(attention[l])) < 1e-12);
            const Vector expected = slow_attention_gradient(slow, l, input, hidden_gradient);
            CHECK(deviation(ours.attention_gradient[l], expected) < 1e-7);
            CHECK(deviation(single.attention_gradient[l], ours.attention_gradient[l]) < 2e-5);
        }
        CHECK(deviation(ours.word_gradient, slow_word_gradient(slow, input, hidden_gradient)) < 1e-7);
        CHECK(deviation(single.word_gradient, ours.word_gradient) < 2e-5);
    }
}

TEST_CASE("inputs of a batch do not see each other, whatever the layer", "[model]") {
    for (const Option& option : options) {
        INFO(option.name);
        const TransformerSpec spec = spec_of(option);
        const TransformerWeights<double> weights = RandomWeights(3).transformer(spec);
        TokenBatch both{2, 3, {1, 2, 3, 4, 5, 6}, {0, 1, 0, 1, 0, 0}};
        if (spec.embedding.types == 0) both.type_ids.assign(6, 0);
        const Vector gradient = random_values(6 * spec.width, 4);
        const Run together = run(weights, both, gradient, 2);
        Vector hidden, word_gradient;
        for (std::ptrdiff_t b = 0; b < 2; ++b) {
            const auto part = [&](const auto& all, std::ptrdiff_t count) {
                return std::decay_t<decltype(all)>(all.begin() + b * count, all.begin() + (b + 1) * count);
            };
            const auto width = static_cast<std::ptrdiff_t>(spec.width);
            const Run alone =
                run(weights, {1, 3, part(both.ids, 3), part(both.type_ids, 3)}, part(gradient, 3 * width), 1);
            hidden.insert(hidden.end(), alone.hidden.begin(), alone.hidden.end());
            word_gradient.insert(word_gradient.end(), alone.word_gradient.begin(), alone.word_gradient.end());
        }
        CHECK(deviation(together.hidden, hidden) < 1e-12);
        CHECK(deviation(together.word_gradient, word_gradient) < 1e-12);
    }
}

TEST_CASE("a spec that is no transformer is an error of the family", "[model]") {
    const std::vector<Change> wrong{
        [](TransformerSpec& spec) { spec.width = 0; },
        [](TransformerSpec& spec) { spec.layers.clear(); },
        [](TransformerSpec& spec) { spec.embedding.positions = 8; },
        [](TransformerSpec& spec) { spec.embedding.positions = 11; },
        [](TransformerSpec& spec) { spec.embedding.width = 0; },
        [](TransformerSpec& spec) { spec.layers[1].attention.key_heads = 3; },
        [](TransformerSpec& spec) { spec.layers[1].attention.key_heads = 2; },
        [](TransformerSpec& spec) { spec.layers[1].norm_place = NormPlace::before; },
        [](TransformerSpec& spec) { spec.layers[0].attention.rotary = RotarySpec::with_theta(10.0, 4); },
        [](TransformerSpec& spec) { spec.layers[0].feed_forward.inner = 0; },
        [](TransformerSpec& spec) { spec.layers[1].attention.score_scale = std::nan(""); },
    };
    CHECK_NOTHROW(check(bert_like()));
    for (const Change change : wrong) {
        TransformerSpec spec = bert_like();
        change(spec);
        CHECK_THROWS_AS(check(spec), InternalError);
    }
}

TEST_CASE("layers that share their weights differ in nothing that weights decide", "[model]") {
    const std::vector<Change> allowed{
        [](TransformerSpec& spec) { spec.layers[1].attention.score_scale = 0.5; },
        [](TransformerSpec& spec) { spec.layers[1].attention.causal = true; },
        [](TransformerSpec& spec) { spec.layers[1].attention.window = 2; },
        [](TransformerSpec& spec) {
            spec.layers[1].attention.rotary = RotarySpec{{0.7}, 1.25};
        },
        [](TransformerSpec& spec) { spec.layers[1].feed_forward.activation = Activation::relu; },
    };
    const std::vector<Change> wrong{
        [](TransformerSpec& spec) { spec.layers[1].norm.epsilon = 1e-6; },
        [](TransformerSpec& spec) { spec.layers[1].norm.kind = NormKind::rms_norm; },
        [](TransformerSpec& spec) { spec.layers[1].attention.projection_bias = false; },
        [](TransformerSpec& spec) { spec.layers[1].attention.output_bias = false; },
        [](TransformerSpec& spec) { spec.layers[1].feed_forward.inner = 8; },
        [](TransformerSpec& spec) { spec.layers[1].feed_forward.gated = true; },
        [](TransformerSpec& spec) { spec.layers[1].feed_forward.bias = false; },
    };
    for (const bool shared : {false, true}) {
        const auto check_changed = [&](Change change) {
            TransformerSpec spec = bert_like();
            spec.shared_layers = shared;
            change(spec);
            check(spec);
        };
        for (const Change change : allowed) CHECK_NOTHROW(check_changed(change));
        for (const Change change : wrong) {
            if (!shared) {
                CHECK_NOTHROW(check_changed(change));
            } else {
                CHECK_THAT(message_of<InternalError>([&] { check_changed(change); }),
                           Catch::Contains("layers that share their weights and differ in more than scale"));
            }
        }
    }
}
