#pragma once
/// A transformer of plain loops in double, written from the formulas and not from the program: the oracle of
/// transformer.hpp. It uses the program's specs and weights, and nothing else of it.

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <tuple>
#include <vector>

#include "attention/model/transformer.hpp"
#include "tests/attention/model/defined_activation.hpp"

namespace attnflow::testing {

class SlowTransformer {
public:
    using Row = std::vector<double>;
    using Rows = std::vector<Row>;
    using Place = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;  ///< layer, head, query, key

    explicit SlowTransformer(const TransformerWeights<double>& weights) : weights_(weights), spec_(weights.spec) {}

    /// What is added to an attention weight after the softmax.
    std::map<Place, double> shifts = {};
    /// Of the last run, [layer][head][query][key].
    std::vector<std::vector<Rows>> attention = {};

    /// The embeddings of words, [n, e].
    Rows words(const std::vector<TokenId>& ids) const {
        const std::size_t e = spec_.embedding.width;
        Rows rows;
        for (const TokenId id : ids) {
            const auto first = weights_.embedding.words.begin() +
                               static_cast<std::ptrdiff_t>(id) * static_cast<std::ptrdiff_t>(e);
            rows.emplace_back(first, first + static_cast<std::ptrdiff_t>(e));
        }
        return rows;
    }

    /// The hidden states of one input, [n, d], from the embeddings of its words.
    Rows run(const Rows& word_rows, const std::vector<TokenId>& types) {
        Rows x = word_rows;
        const std::size_t e = spec_.embedding.width;
        for (std::size_t t = 0; t < x.size(); ++t) {
            for (std::size_t j = 0; j < e; ++j) {
                if (spec_.embedding.positions > 0) x[t][j] += weights_.embedding.positions[t * e + j];
                if (spec_.embedding.types > 0)
                    x[t][j] += weights_.embedding.types[static_cast<std::size_t>(types[t]) * e + j];
            }
        }
        if (weights_.embedding.norm) x = normed(*weights_.embedding.norm, x);
        if (weights_.embedding.projection) x = applied(*weights_.embedding.projection, x);
        attention.clear();
        for (std::size_t l = 0; l < spec_.layers.size(); ++l) {
            const LayerSpec& layer = spec_.layers[l];
            const LayerWeights<double>& w = weights_.layers[spec_.shared_layers ? 0 : l];
            if (layer.norm_place == NormPlace::before) {
                x = sum(x, attended(l, layer.attention, w.attention, normed(w.attention_norm, x)));
                x = sum(x, fed_forward(layer.feed_forward, w.feed_forward, normed(w.output_norm, x)));
            } else {
                x = normed(w.attention_norm, sum(x, attended(l, layer.attention, w.attention, x)));
                x = normed(w.output_norm, sum(x, fed_forward(layer.feed_forward, w.feed_forward, x)));
            }
        }
        return weights_.final_norm ? normed(*weights_.final_norm, x) : x;
    }

private:
    static Rows sum(Rows a, const Rows& b) {
        for (std::size_t t = 0; t < a.size(); ++t)
            for (std::size_t j = 0; j < a[t].size(); ++j) a[t][j] += b[t][j];
        return a;
    }

    static Rows applied(const Linear<double>& layer, const Rows& x) {
        Rows y(x.size(), Row(layer.out));
        for (std::size_t t = 0; t < x.size(); ++t) {
            for (std::size_t o = 0; o < layer.out; ++o) {
                if (!layer.bias.empty()) y[t][o] = layer.bias[o];
                for (std::size_t i = 0; i < layer.in; ++i) y[t][o] += layer.weight[o * layer.in + i] * x[t][i];
            }
        }
        return y;
    }

    static Rows normed(const Norm<double>& norm, Rows x) {
        for (Row& row : x) {
            const double d = static_cast<double>(row.size());
            double mean = 0.0;
            double square = 0.0;
            if (norm.spec.kind == NormKind::layer_norm)
                for (const double value : row) mean += value / d;
            for (const double value : row) square += (value - mean) * (value - mean) / d;
            for (std::size_t j = 0; j < row.size(); ++j)
                row[j] = (row[j] - mean) / std::sqrt(square + norm.spec.epsilon) * norm.gamma[j] + norm.beta[j];
        }
        return x;
    }

    static Rows fed_forward(const FeedForwardSpec& spec, const FeedForwardWeights<double>& w, const Rows& x) {
        Rows inner = applied(spec.gated ? w.gate : w.up, x);
        const Rows up = applied(w.up, x);
        for (std::size_t t = 0; t < x.size(); ++t)
            for (std::size_t j = 0; j < spec.inner; ++j)
                inner[t][j] = defined_activation(spec.activation, inner[t][j]) * (spec.gated ? up[t][j] : 1.0);
        return applied(w.down, inner);
    }

    /// One head's part of a row of the projections, turned by the position as a complex number would be.
    static Row head_of(const AttentionSpec& spec, const Row& projected, std::size_t first, std::size_t position,
                       bool turned) {
        Row head(projected.begin() + static_cast<std::ptrdiff_t>(first),
                 projected.begin() + static_cast<std::ptrdiff_t>(first + spec.head_width));
        if (!spec.rotary || !turned) return head;
        const std::size_t pairs = spec.rotary->frequencies.size();
        for (std::size_t j = 0; j < pairs; ++j) {
            const double angle = static_cast<double>(position) * spec.rotary->frequencies[j];
            const double length = std::hypot(head[j], head[j + pairs]) * spec.rotary->magnitude;
            const double old = std::atan2(head[j + pairs], head[j]);
            head[j] = length * std::cos(old + angle);
            head[j + pairs] = length * std::sin(old + angle);
        }
        return head;
    }

    static bool sees(const AttentionSpec& spec, std::size_t query, std::size_t key) {
        if (spec.causal && key > query) return false;
        const std::size_t distance = query > key ? query - key : key - query;
        return spec.window == 0 || distance < spec.window;
    }

    Rows attended(std::size_t l, const AttentionSpec& spec, const AttentionWeights<double>& w, const Rows& x) {
        const std::size_t n = x.size();
        const Rows projected = applied(w.query_key_value, x);
        Rows context(n, Row(spec.heads * spec.head_width));
        attention.emplace_back(spec.heads, Rows(n, Row(n)));
        const double scale = spec.score_scale ? *spec.score_scale : std::pow(spec.head_width, -0.5);
        for (std::size_t h = 0; h < spec.heads; ++h) {
            // Each key head serves as many heads, in order.
            std::size_t group = 0;
            while ((group + 1) * spec.heads <= h * spec.key_heads) ++group;
            const std::size_t key_first = (spec.heads + group) * spec.head_width;
            const std::size_t value_first = (spec.heads + spec.key_heads + group) * spec.head_width;
            for (std::size_t q = 0; q < n; ++q) {
                const Row query = head_of(spec, projected[q], h * spec.head_width, q, true);
                Row& weights = attention[l][h][q];
                double total = 0.0;
                for (std::size_t k = 0; k < n; ++k) {
                    if (!sees(spec, q, k)) continue;
                    const Row key = head_of(spec, projected[k], key_first, k, true);
                    double score = 0.0;
                    for (std::size_t c = 0; c < spec.head_width; ++c) score += query[c] * key[c];
                    total += weights[k] = std::exp(score * scale);
                }
                for (std::size_t k = 0; k < n; ++k) {
                    weights[k] /= total;
                    const auto shift = shifts.find({l, h, q, k});
                    if (shift != shifts.end()) weights[k] += shift->second;
                    const Row value = head_of(spec, projected[k], value_first, k, false);
                    for (std::size_t c = 0; c < spec.head_width; ++c)
                        context[q][h * spec.head_width + c] += weights[k] * value[c];
                }
            }
        }
        return applied(w.output, context);
    }

    const TransformerWeights<double>& weights_;
    const TransformerSpec& spec_;
};

}  // namespace attnflow::testing
