#include "experiments/contracts/edge_weight_contract.hpp"

#include <numeric>

#include "attention/model/transformer_model.hpp"
#include "experiments/contracts/small_models.hpp"
#include "graph/support/random.hpp"

namespace attnflow {
namespace {

using Weights = std::vector<float>;
using Weight = EdgeWeightFamily::Interface;

struct Size {
    std::size_t tokens;
    std::size_t heads;
    std::size_t key_heads;
};
constexpr Size sizes[] = {{1, 1, 1}, {1, 4, 2}, {2, 2, 1}, {5, 1, 1}, {6, 4, 2}, {9, 3, 3}};

std::string text_of(const Size& size, bool norm_before, std::uint64_t seed) {
    return fmt::format("{} tokens, {} heads on {} key heads, norms {}, seed {}", size.tokens, size.heads,
                       size.key_heads, norm_before ? "before" : "after", seed);
}

Weights random_values(Random& random, std::size_t count) {
    Weights values(count);
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
}

LayerSample random_sample(const Size& size, bool norm_before, std::uint64_t seed) {
    constexpr std::size_t width = 6, head_width = 3;
    Random random(seed);
    const std::size_t n = size.tokens;
    LayerSample sample{.tokens = n,
                       .shape = {.layers = 1,
                                 .heads = size.heads,
                                 .key_heads = size.key_heads,
                                 .head_width = head_width,
                                 .width = width,
                                 .norm_before = norm_before}};
    sample.attention.resize(size.heads * n * n);
    for (std::size_t row = 0; row < size.heads * n; ++row) {
        const auto weights = std::span(sample.attention).subspan(row * n, n);
        double sum = 0.0;
        for (float& weight : weights)
            sum += static_cast<double>(weight = static_cast<float>(std::exp(random.normal())));
        for (float& weight : weights) weight = static_cast<float>(static_cast<double>(weight) / sum);
    }
    sample.attention_gradient = random_values(random, size.heads * n * n);
    sample.input = random_values(random, n * width);
    sample.values = random_values(random, n * size.key_heads * head_width);
    sample.output_weight = random_values(random, width * size.heads * head_width);
    sample.output_bias = random_values(random, width);
    sample.feed_forward = [](std::span<const double> in, std::span<double> out) {
        for (std::size_t c = 0; c < in.size(); ++c) out[c] = std::tanh(in[c] - 2.0 * in[(c + 1) % in.size()]);
    };
    return sample;
}

/// Row t of `matrix` becomes row order[t].
Weights with_rows(const Weights& matrix, const std::vector<std::size_t>& order) {
    Weights out(matrix.size());
    const std::size_t width = matrix.size() / order.size();
    for (std::size_t t = 0; t < order.size(); ++t)
        std::copy_n(matrix.begin() + static_cast<std::ptrdiff_t>(t * width), width,
                    out.begin() + static_cast<std::ptrdiff_t>(order[t] * width));
    return out;
}

/// Rows and columns of each of some square matrices.
Weights with_tokens(const Weights& matrices, const std::vector<std::size_t>& order) {
    Weights out(matrices.size());
    const std::size_t n = order.size();
    for (std::size_t k = 0; k < matrices.size(); ++k) {
        const std::size_t matrix = k / (n * n), i = k / n % n, j = k % n;
        out[(matrix * n + order[i]) * n + order[j]] = matrices[k];
    }
    return out;
}

/// The evidence of a layer, each part of it with other numbers behind its end.
class Followed {
public:
    Followed(const LayerEvidence& layer, float by) : by_(by), layer_(layer) {
        layer_.attention = copy(layer.attention);
        layer_.attention_gradient = copy(layer.attention_gradient);
        if (layer.internals == nullptr) return;
        internals_ = *layer.internals;
        for (auto* part :
             {&internals_.input, &internals_.normed_input, &internals_.values, &internals_.output_weight,
              &internals_.output_bias, &internals_.attended, &internals_.middle, &internals_.normed_middle,
              &internals_.fed_forward, &internals_.output}) {
            *part = copy(*part);
        }
        layer_.internals = &internals_;
    }
    Followed(const Followed&) = delete;
    Followed& operator=(const Followed&) = delete;

    const LayerEvidence& evidence() const { return layer_; }

private:
    std::span<const float> copy(std::span<const float> values) {
        Weights& kept = memory_.emplace_back(values.begin(), values.end());
        kept.insert(kept.end(), 64 + values.size(), by_);
        return std::span<const float>(kept).first(values.size());
    }

    float by_;
    LayerInternals internals_;
    LayerEvidence layer_;
    std::vector<Weights> memory_;
};

Weights weigh(const Weight& weight, const LayerEvidence& layer) {
    const std::size_t n = layer.tokens;
    Weights out((weight.has_heads() ? layer.shape.heads : 1) * n * n);
    weight.weigh(layer, out);
    return out;
}

/// With zeros behind the evidence.
Weights weigh(const Weight& weight, const LayerSample& sample) {
    const SampledLayer layer(sample);
    return weigh(weight, Followed(layer.evidence(), 0.0f).evidence());
}

class Checker {
public:
    Checker(const EdgeWeightRegistry::Entry& entry, Laws& laws)
        : entry_(entry), info_(entry.info), laws_(laws), weight_(entry.make()) {}

    void run() {
        known_answers();
        for (const Size& size : sizes) {
            for (const bool norm_before : {false, true}) {
                for (std::uint64_t seed = 1; seed <= 3; ++seed) {
                    laws_.at(text_of(size, norm_before, seed));
                    answers(laws_, [&] { sample(size, norm_before, seed); });
                }
            }
        }
        for (const SmallModel& small : small_models()) {
            laws_.at(small.name);
            answers(laws_, [&] { model(*small.model); });
        }
    }

private:
    void known_answers() {
        const std::vector<KnownWeights> known = weight_->known_answers();
        laws_.at(info_.name);
        laws_.require(!known.empty(), law::known, [] { return std::string("declares no known answer"); });
        for (const KnownWeights& answer : known) {
            laws_.at(answer.what);
            answers(laws_, [&] {
                const Weights ours = weigh(*entry_.make(answer.parameters), answer.layer);
                require_equal(ours, answer.expected, law::right);
            });
        }
    }

    void sample(const Size& size, bool norm_before, std::uint64_t seed) {
        const LayerSample sample = random_sample(size, norm_before, seed);
        const LayerSample other = random_sample(size, norm_before, seed + 1000);
        const Weights weights = weigh(*weight_, sample);
        laws_.require(weigh(*weight_, sample) == weights, law::repeatable);
        const auto fresh = entry_.make();
        const Weights others = weigh(*fresh, other);
        laws_.require(weigh(*fresh, sample) == weights, law::no_past);
        laws_.require(weigh(*entry_.make(), sample) == weights, law::fresh);
        if (size.tokens > 1) laws_.require(others != weights, law::heeds_evidence);

        const SampledLayer layer(sample);
        for (const float by : {100.0f, -100.0f}) {
            const Followed followed(layer.evidence(), by);
            laws_.require(weigh(*weight_, followed.evidence()) == weights, law::memory);
        }
        // A few gradients may all be negative, which some members leave out.
        if (weight_->needs_gradient() && size.tokens > 2) {
            LayerSample without = sample;
            std::fill(without.attention_gradient.begin(), without.attention_gradient.end(), 0.0f);
            laws_.require(weigh(*weight_, without) != weights, law::heeds_gradient);
        }
        if (promises(info_, attention_promise::rows_sum_to_one)) rows(weights, size.tokens);
        if (promises(info_, edge_weight_promise::equivariant)) tokens(sample, weights);
        if (promises(info_, edge_weight_promise::heads_independent)) heads(sample, weights);
    }

    void rows(const Weights& weights, std::size_t n) {
        for (std::size_t row = 0; row < weights.size() / n; ++row) {
            const double sum = std::accumulate(weights.begin() + static_cast<std::ptrdiff_t>(row * n),
                                               weights.begin() + static_cast<std::ptrdiff_t>((row + 1) * n), 0.0);
            laws_.require(close(sum, 1.0, std::max(info_.tolerance, 1e-5)), attention_promise::rows_sum_to_one,
                          [&] { return fmt::format("row {} sums to {}", row, sum); });
        }
    }

    void tokens(const LayerSample& sample, const Weights& weights) {
        std::vector<std::size_t> order(sample.tokens);
        for (std::size_t t = 0; t < order.size(); ++t) order[t] = (t + order.size() / 2 + 1) % order.size();
        LayerSample renamed = sample;
        renamed.attention = with_tokens(sample.attention, order);
        renamed.attention_gradient = with_tokens(sample.attention_gradient, order);
        renamed.input = with_rows(sample.input, order);
        renamed.values = with_rows(sample.values, order);
        require_equal(weigh(*weight_, renamed), with_tokens(weights, order), edge_weight_promise::equivariant);
    }

    /// All heads but one get the numbers of another layer.
    void heads(const LayerSample& sample, const Weights& weights) {
        const std::size_t count = sample.shape.heads;
        const std::size_t size = sample.tokens * sample.tokens;
        if (!weight_->has_heads()) {
            laws_.require(false, edge_weight_promise::heads_independent,
                          [] { return std::string("it has no heads"); });
            return;
        }
        Random random(count);
        const Weights others = random_values(random, count * size);
        for (std::size_t kept = 0; kept < count; ++kept) {
            LayerSample changed = sample;
            for (std::size_t k = 0; k < count * size; ++k) {
                if (k / size == kept) continue;
                changed.attention[k] = std::abs(others[k]);
                changed.attention_gradient[k] = others[k];
            }
            const Weights made = weigh(*weight_, changed);
            const auto head = [&](const Weights& all) {
                const auto begin = all.begin() + static_cast<std::ptrdiff_t>(kept * size);
                return Weights(begin, begin + static_cast<std::ptrdiff_t>(size));
            };
            require_equal(head(made), head(weights), edge_weight_promise::heads_independent);
        }
    }

    void require_equal(const Weights& ours, const Weights& expected, const char* law) {
        laws_.require(ours.size() == expected.size(), law,
                      [&] { return fmt::format("{} weights, expected {}", ours.size(), expected.size()); });
        for (std::size_t k = 0; k < std::min(ours.size(), expected.size()); ++k) {
            laws_.require(close(static_cast<double>(ours[k]), static_cast<double>(expected[k]), info_.tolerance),
                          law,
                          [&] { return fmt::format("weight {} is {}, expected {}", k, ours[k], expected[k]); });
        }
    }

    void model(const Model& model) {
        const auto run = [&](std::size_t jobs) {
            constexpr std::size_t n = 5;
            const ModelShape& shape = model.shape();
            Weights all;
            const auto keep = [&](const LayerCapture& layer, std::span<const float> gradient) {
                const Weights made =
                    weigh(*weight_, {n, shape, layer.attention, gradient, layer.internals, layer.layer});
                if (promises(info_, attention_promise::rows_sum_to_one)) rows(made, n);
                all.insert(all.end(), made.begin(), made.end());
            };
            const TokenBatch batch{1, n, {3, 1, 4, 1, 5}, std::vector<TokenId>(n, 0)};
            if (weight_->needs_gradient()) {
                model.gradients(
                    batch, {.gradient_internals = weight_->needs_internals(), .jobs = jobs},
                    [](std::span<const double> logits, std::span<double> gradient) {
                        gradient[0] = 1.0;
                        return logits[0];
                    },
                    keep);
            } else {
                model.forward(batch, {.observer = [&](const LayerCapture& layer) { keep(layer, {}); },
                                      .internals = weight_->needs_internals(),
                                      .jobs = jobs});
            }
            return all;
        };
        laws_.require(run(1) == run(3), law::threads);
    }

    const EdgeWeightRegistry::Entry& entry_;
    const EntryInfo& info_;
    Laws& laws_;
    std::unique_ptr<Weight> weight_;
};

}  // namespace

void check_edge_weight(const EdgeWeightRegistry::Entry& entry, Laws& laws) {
    laws.at(entry.info.name);
    answers(laws, [&] { Checker(entry, laws).run(); });
}

std::vector<std::string> edge_weight_complaints(const EdgeWeightRegistry::Entry& entry) {
    Laws laws;
    check_edge_weight(entry, laws);
    std::vector<std::string> texts;
    for (const Complaint& complaint : laws.complaints()) texts.push_back(complaint.law + ": " + complaint.where);
    return texts;
}

}  // namespace attnflow
