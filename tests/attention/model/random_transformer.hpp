#pragma once
/// Transformers with random weights, of any spec.

#include "attention/model/transformer.hpp"
#include "tests/attention/model/finite_differences.hpp"

namespace attnflow::testing {

/// Makes the weights of a spec one after the other, each with numbers of its own.
class RandomWeights {
public:
    explicit RandomWeights(std::uint64_t seed) : seed_(1000 * seed) {}

    Vector values(std::size_t count, double deviation = 1.0) { return random_values(count, ++seed_, deviation); }

    Linear<double> linear(std::size_t out, std::size_t in, bool bias) {
        return {in, out, values(out * in, 1.2 / std::sqrt(static_cast<double>(in))),
                bias ? values(out, 0.3) : Vector{}};
    }

    Norm<double> norm(const NormSpec& spec, std::size_t width) {
        Norm<double> made{spec, values(width, 0.3), Vector(width)};
        for (double& gamma : made.gamma) gamma += 1.0;
        if (spec.kind == NormKind::layer_norm) made.beta = values(width, 0.3);
        return made;
    }

    LayerWeights<double> layer(const LayerSpec& spec, std::size_t width) {
        const AttentionSpec& attention = spec.attention;
        const FeedForwardSpec& step = spec.feed_forward;
        LayerWeights<double> made;
        made.attention.query_key_value = linear(attention.projected_width(), width, attention.projection_bias);
        made.attention.output = linear(width, attention.query_width(), attention.output_bias);
        made.attention_norm = norm(spec.norm, width);
        if (step.gated) made.feed_forward.gate = linear(step.inner, width, step.bias);
        made.feed_forward.up = linear(step.inner, width, step.bias);
        made.feed_forward.down = linear(width, step.inner, step.bias);
        made.output_norm = norm(spec.norm, width);
        return made;
    }

    TransformerWeights<double> transformer(const TransformerSpec& spec) {
        check(spec);
        const EmbeddingSpec& embedding = spec.embedding;
        const std::size_t e = embedding.width;
        TransformerWeights<double> made;
        made.spec = spec;
        made.embedding.words = values(embedding.vocabulary * e);
        made.embedding.positions = values(embedding.positions * e);
        made.embedding.types = values(embedding.types * e);
        if (embedding.norm) made.embedding.norm = norm(*embedding.norm, e);
        if (e != spec.width) made.embedding.projection = linear(spec.width, e, true);
        for (std::size_t l = 0; l < (spec.shared_layers ? 1 : spec.layers.size()); ++l)
            made.layers.push_back(layer(spec.layers[l], spec.width));
        if (spec.final_norm) made.final_norm = norm(*spec.final_norm, spec.width);
        return made;
    }

private:
    std::uint64_t seed_;
};

inline Linear<float> to_float(const Linear<double>& layer) {
    return {layer.in, layer.out, to_float(layer.weight), to_float(layer.bias)};
}
inline Norm<float> to_float(const Norm<double>& norm) {
    return {norm.spec, to_float(norm.gamma), to_float(norm.beta)};
}
inline TransformerWeights<float> to_float(const TransformerWeights<double>& weights) {
    TransformerWeights<float> made;
    made.spec = weights.spec;
    made.embedding.words = to_float(weights.embedding.words);
    made.embedding.positions = to_float(weights.embedding.positions);
    made.embedding.types = to_float(weights.embedding.types);
    if (weights.embedding.norm) made.embedding.norm = to_float(*weights.embedding.norm);
    if (weights.embedding.projection) made.embedding.projection = to_float(*weights.embedding.projection);
    for (const LayerWeights<double>& layer : weights.layers) {
        made.layers.push_back({{to_float(layer.attention.query_key_value), to_float(layer.attention.output)},
                               to_float(layer.attention_norm),
                               {to_float(layer.feed_forward.gate), to_float(layer.feed_forward.up),
                                to_float(layer.feed_forward.down)},
                               to_float(layer.output_norm)});
    }
    if (weights.final_norm) made.final_norm = to_float(*weights.final_norm);
    return made;
}

}  // namespace attnflow::testing
