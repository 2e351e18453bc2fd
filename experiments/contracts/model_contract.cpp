#include "experiments/contracts/model_contract.hpp"

#include <numeric>

#include <nlohmann/json.hpp>

#include "attention/files/json.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "graph/support/random.hpp"

namespace attnflow {
namespace {

constexpr std::uint64_t weights_seed = 7;

/// One layer of one text, as an observer saw it.
struct Layer {
    std::vector<float> attention;
    std::vector<std::vector<float>> parts;  ///< of the internals

    bool operator==(const Layer&) const = default;
};

struct Run {
    std::vector<double> outputs;
    std::vector<Layer> layers;

    bool operator==(const Run&) const = default;
};

std::vector<std::vector<float>> parts_of(const LayerInternals& in) {
    std::vector<std::vector<float>> parts;
    for (const auto& part : {in.input, in.normed_input, in.values, in.attended, in.attention_norm.scale, in.middle,
                             in.normed_middle, in.fed_forward, in.output_norm.scale, in.output})
        parts.emplace_back(part.begin(), part.end());
    return parts;
}

std::vector<double> as_double(std::span<const float> values) { return {values.begin(), values.end()}; }

/// max |a - b| / max(1, max |b|), infinite for what is no number or has another size.
double deviation(std::span<const double> ours, std::span<const double> expected) {
    if (ours.size() != expected.size()) return INFINITY;
    double difference = 0.0;
    double scale = 1.0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        const double here = std::abs(ours[i] - expected[i]);
        if (!std::isfinite(here)) return INFINITY;
        difference = std::max(difference, here);
        scale = std::max(scale, std::abs(expected[i]));
    }
    return difference / scale;
}

constexpr double float_digits = 2e-5;  // of numbers that went through a layer in float

class Checker {
public:
    Checker(const ModelContract& contract, Laws& laws)
        : contract_(contract),
          laws_(laws),
          single_(contract.make(WeightFiles::invented(weights_seed), Precision::float32)),
          double_(contract.make(WeightFiles::invented(weights_seed), Precision::float64)),
          shape_(single_->shape()) {}

    void run() {
        // Less than the vocabulary has: tokens are different, and one of them is changed.
        const std::size_t longest = std::min({std::size_t{6}, shape_.positions, shape_.vocabulary - 1});
        for (std::size_t n = 1; n <= longest; n += n == 1 ? 3 : 2) {
            laws_.at(fmt::format("a text of {}", counted(n, "token")));
            answers(laws_, [&] { text(n); });
        }
    }

private:
    /// Different tokens.
    TokenBatch draw(std::size_t n, std::uint64_t seed) const {
        Random random(seed);
        TokenBatch batch{1, n, {}, {}};
        while (batch.ids.size() < n) {
            const auto id = static_cast<TokenId>(random.below(shape_.vocabulary));
            if (std::find(batch.ids.begin(), batch.ids.end(), id) == batch.ids.end()) batch.ids.push_back(id);
            batch.type_ids.resize(batch.ids.size(), 0);
        }
        return batch;
    }

    Run forward(const Model& model, const TokenBatch& batch, std::size_t jobs = 1) const {
        Run run;
        const auto keep = [&](const LayerCapture& layer) {
            run.layers.push_back({{layer.attention.begin(), layer.attention.end()}, parts_of(*layer.internals)});
        };
        const auto outputs = model.forward(batch, {.observer = keep, .internals = true, .jobs = jobs});
        run.outputs.assign(outputs.values().begin(), outputs.values().end());
        return run;
    }

    void text(std::size_t n) {
        const TokenBatch batch = draw(n, n);
        const Run run = forward(*single_, batch);
        sizes(run, n);
        if (laws_.broke(law::shapes)) return;
        laws_.require(forward(*single_, batch) == run, law::repeatable);
        laws_.require(forward(*single_, batch, 3) == run, law::jobs);
        const Run precise = forward(*double_, batch);
        for (std::size_t l = 0; l < run.layers.size(); ++l) {
            require_close(as_double(run.layers[l].attention), as_double(precise.layers[l].attention), float_digits,
                          law::precisions);
        }
        require_close(run.outputs, precise.outputs, float_digits, law::precisions);
        batches(batch, run, n);
        if (n > 1) changes(batch, run, n);
        internals(*single_, batch, n);
        internals(*double_, batch, n);
        if (has_outputs(shape_.task)) gradients(batch, n);
    }

    void sizes(const Run& run, std::size_t n) {
        const auto expect = [&](std::size_t size, std::size_t expected, const char* what) {
            laws_.require(size == expected, law::shapes,
                          [&] { return fmt::format("{} {}, expected {}", size, what, expected); });
        };
        expect(run.layers.size(), shape_.layers, "layers");
        expect(run.outputs.size(), shape_.outputs, "outputs");
        const auto finite = [](double x) { return std::isfinite(x); };
        laws_.require(std::all_of(run.outputs.begin(), run.outputs.end(), finite), law::finite);
        for (const Layer& layer : run.layers) {
            expect(layer.attention.size(), shape_.heads * n * n, "attention weights");
            const auto good = [](float x) { return std::isfinite(x) && x >= 0.0f; };
            laws_.require(std::all_of(layer.attention.begin(), layer.attention.end(), good), law::finite);
            if (!promises(contract_.info, attention_promise::rows_sum_to_one)) continue;
            for (std::size_t row = 0; (row + 1) * n <= layer.attention.size(); ++row) {
                const auto begin = layer.attention.begin() + static_cast<std::ptrdiff_t>(row * n);
                const double sum = std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(n), 0.0);
                laws_.require(close(sum, 1.0, 1e-5), attention_promise::rows_sum_to_one,
                              [&] { return fmt::format("row {} sums to {}", row, sum); });
            }
        }
    }

    void batches(const TokenBatch& batch, const Run& run, std::size_t n) {
        const TokenBatch other = draw(n, n + 100);
        const Run others = forward(*single_, other);
        TokenBatch both{2, n, batch.ids, batch.type_ids};
        both.ids.insert(both.ids.end(), other.ids.begin(), other.ids.end());
        both.type_ids.insert(both.type_ids.end(), other.type_ids.begin(), other.type_ids.end());
        const Run together = forward(*single_, both);
        const auto joined = [](std::vector<double> a, const std::vector<double>& b) {
            a.insert(a.end(), b.begin(), b.end());
            return a;
        };
        require_close(together.outputs, joined(run.outputs, others.outputs), float_digits, law::batches);
        for (std::size_t l = 0; l < run.layers.size(); ++l) {
            require_close(as_double(together.layers[l].attention),
                          joined(as_double(run.layers[l].attention), as_double(others.layers[l].attention)),
                          float_digits, law::batches);
        }
    }

    /// Whether no query sees a key behind it.
    static bool is_causal(const Run& run, std::size_t n) {
        for (const Layer& layer : run.layers) {
            for (std::size_t k = 0; k < layer.attention.size(); ++k) {
                if (k % n > k / n % n && layer.attention[k] != 0.0f) return false;
            }
        }
        return true;
    }

    void changes(const TokenBatch& batch, const Run& run, std::size_t n) {
        TokenBatch changed = batch;
        changed.ids.back() =
            static_cast<TokenId>((static_cast<std::size_t>(batch.ids.back()) + 1) % shape_.vocabulary);
        const Run other = forward(*single_, changed);
        laws_.require(other.layers.back().parts != run.layers.back().parts, law::heeds_tokens);
        if (!is_causal(run, n)) return;
        laws_.require(is_causal(other, n), law::no_look_ahead);
        for (std::size_t l = 0; l < run.layers.size(); ++l) {
            for (std::size_t k = 0; k < run.layers[l].attention.size(); ++k) {
                if (k / n % n == n - 1) continue;
                laws_.require(close(static_cast<double>(other.layers[l].attention[k]),
                                    static_cast<double>(run.layers[l].attention[k]), float_digits),
                              law::no_look_ahead, [&] { return fmt::format("layer {}", l); });
            }
        }
    }

    /// A row of a norm's output by its kept scale, from what goes in.
    static std::vector<double> normed(const NormInternals& norm, std::vector<double> row, std::size_t t) {
        double mean = 0.0;
        for (const double x : row) mean += norm.centered ? x / static_cast<double>(row.size()) : 0.0;
        for (std::size_t c = 0; c < row.size(); ++c)
            row[c] = (row[c] - mean) * static_cast<double>(norm.scale[t]) * static_cast<double>(norm.gamma[c]) +
                     static_cast<double>(norm.beta[c]);
        return row;
    }

    void internals(const Model& model, const TokenBatch& batch, std::size_t n) {
        std::vector<float> below;
        model.forward(batch, {.observer =
                                  [&](const LayerCapture& layer) {
                                      const LayerInternals& in = *layer.internals;
                                      if (!below.empty())
                                          add_up(std::ranges::equal(below, in.input), layer.layer, "input");
                                      below.assign(in.output.begin(), in.output.end());
                                      for (std::size_t t = 0; t < n; ++t) add_up(layer, t);
                                      rest(in);
                                  },
                              .internals = true});
    }

    void add_up(bool holds, std::size_t layer, const char* what) {
        laws_.require(holds, law::internals_add_up, [&] { return fmt::format("{} of layer {}", what, layer); });
    }

    /// Token t of a layer.
    void add_up(const LayerCapture& layer, std::size_t t) {
        const LayerInternals& in = *layer.internals;
        const std::size_t d = shape_.width;
        const auto row = [&](std::span<const float> rows) { return as_double(rows.subspan(t * d, d)); };
        const auto sum = [&](std::span<const float> a, std::span<const float> b) {
            std::vector<double> out = row(a);
            const std::vector<double> other = row(b);
            for (std::size_t c = 0; c < d; ++c) out[c] += other[c];
            return out;
        };
        const auto is = [&](std::span<const float> rows, const std::vector<double>& expected, const char* what) {
            add_up(deviation(row(rows), expected) < float_digits, layer.layer, what);
        };
        is(in.attended, attended(layer, t), "attended");
        if (in.norm_before) {
            is(in.normed_input, normed(in.attention_norm, row(in.input), t), "normed_input");
            is(in.middle, sum(in.input, in.attended), "middle");
            is(in.normed_middle, normed(in.output_norm, row(in.middle), t), "normed_middle");
            is(in.output, sum(in.middle, in.fed_forward), "output");
        } else {
            is(in.normed_input, row(in.input), "normed_input");
            is(in.middle, normed(in.attention_norm, sum(in.input, in.attended), t), "middle");
            is(in.normed_middle, row(in.middle), "normed_middle");
            is(in.output, normed(in.output_norm, sum(in.middle, in.fed_forward), t), "output");
        }
        add_up(in.norm_before == shape_.norm_before, layer.layer, "norm_before");
    }

    std::vector<double> attended(const LayerCapture& layer, std::size_t t) const {
        const LayerInternals& in = *layer.internals;
        const std::size_t d = shape_.width, w = shape_.head_width;
        const std::size_t n = in.input.size() / d;
        const auto at = [](std::span<const float> values, std::size_t k) {
            return static_cast<double>(values[k]);
        };
        std::vector<double> out(d);
        for (std::size_t c = 0; c < d; ++c) {
            if (!in.output_bias.empty()) out[c] = at(in.output_bias, c);
            for (std::size_t h = 0; h < shape_.heads; ++h) {
                const std::size_t key_head = h / (shape_.heads / shape_.key_heads);
                for (std::size_t j = 0; j < n; ++j) {
                    for (std::size_t k = 0; k < w; ++k) {
                        out[c] += at(layer.attention, (h * n + t) * n + j) *
                                  at(in.values, (j * shape_.key_heads + key_head) * w + k) *
                                  at(in.output_weight, (c * shape_.heads + h) * w + k);
                    }
                }
            }
        }
        return out;
    }

    void rest(const LayerInternals& in) {
        std::vector<float> output(in.output.size());
        in.finish(in.attended, output);
        require_close(as_double(output), as_double(in.output), float_digits, law::rest_of_layer);
        in.finish_middle(in.middle, output);
        require_close(as_double(output), as_double(in.output), float_digits, law::rest_of_layer);
        std::vector<float> other(in.attended.begin(), in.attended.end());
        for (float& x : other) x += 1.0f + static_cast<float>(&x - other.data());
        in.finish(other, output);
        laws_.require(!std::ranges::equal(output, in.output), law::rest_of_layer,
                      [] { return std::string("other rows change nothing"); });
    }

    /// Of one output, whose word is not in the text: a tied matrix of outputs changes with the words.
    void gradients(const TokenBatch& batch, std::size_t n) {
        std::size_t output = 0;
        while (output + 1 < shape_.outputs &&
               std::find(batch.ids.begin(), batch.ids.end(), static_cast<TokenId>(output)) != batch.ids.end())
            ++output;
        const OutputFunction of_output = [&](std::span<const double> logits, std::span<double> gradient) {
            gradient[output] = 2.0 * logits[output];
            return logits[output] * logits[output];
        };
        const Run run = forward(*double_, batch);
        std::vector<Layer> reverse(shape_.layers);
        const auto derive = [&](const Model& model, std::size_t jobs, bool keep) {
            return model.gradients(
                batch, {.gradient_internals = true, .jobs = jobs}, of_output,
                [&](const LayerCapture& layer, std::span<const float> gradient) {
                    laws_.require(gradient.size() == layer.attention.size(), law::shapes);
                    for (std::size_t k = 0; k < std::min(gradient.size(), layer.attention.size()); ++k) {
                        laws_.require(std::isfinite(gradient[k]), law::finite);
                        laws_.require(layer.attention[k] != 0.0f || gradient[k] == 0.0f, law::masked_gradients);
                    }
                    if (keep)
                        reverse.at(layer.layer) = {{layer.attention.begin(), layer.attention.end()},
                                                   parts_of(*layer.internals)};
                });
        };
        const Gradients ours = derive(*double_, 1, true);
        laws_.require(reverse == run.layers, law::reverse_internals);
        const Gradients threads = derive(*double_, 3, false);
        laws_.require(threads.word == ours.word && threads.logits == ours.logits && threads.value == ours.value,
                      law::jobs);
        const std::size_t e = shape_.embedding_width;
        laws_.require(ours.word.rows() == n && ours.word.columns() == e && ours.logits.size() == shape_.outputs,
                      law::shapes);
        if (laws_.broke(law::shapes)) return;
        const Gradients single = derive(*single_, 1, false);
        const std::vector<double> words(ours.word.values().begin(), ours.word.values().end());
        require_close({single.word.values().begin(), single.word.values().end()}, words, 10 * float_digits,
                      law::precisions);
        std::vector<double> differences;
        for (std::size_t t = 0; t < n; ++t) {
            for (std::size_t c = 0; c < e; ++c) {
                const std::size_t element = static_cast<std::size_t>(batch.ids[t]) * e + c;
                constexpr double step = 1e-6;
                differences.push_back(
                    (value_with(element, step, batch, output) - value_with(element, -step, batch, output)) /
                    (2.0 * step));
            }
        }
        require_close(words, differences, 1e-5, law::word_gradients);
    }

    double value_with(std::size_t element, double by, const TokenBatch& batch, std::size_t output) const {
        const auto files = WeightFiles::invented(weights_seed, WeightFiles::Change{contract_.words, element, by});
        const double logit = contract_.make(files, Precision::float64)->forward(batch, {})(0, output);
        return logit * logit;
    }

    void require_close(const std::vector<double>& ours, const std::vector<double>& expected, double tolerance,
                       const char* law) {
        const double found = deviation(ours, expected);
        laws_.require(found <= tolerance, law,
                      [&] { return fmt::format("off by {:.2g}, expected at most {:.2g}", found, tolerance); });
    }

    const ModelContract& contract_;
    Laws& laws_;
    std::unique_ptr<Model> single_, double_;
    const ModelShape& shape_;
};

}  // namespace

void ModelContract::check(Laws& laws) const {
    laws.at(info.name);
    answers(laws, [&] { Checker(*this, laws).run(); });
}

void check_architecture(const ModelRegistry::Entry& entry, Laws& laws) {
    laws.at(entry.info.name);
    const auto architecture = entry.make();
    const std::string text = architecture->small_config();
    laws.require(!text.empty(), law::known, [] { return std::string("declares no small_config()"); });
    if (text.empty()) return;
    answers(laws, [&] {
        const std::string where = entry.info.name + "::small_config()";
        const nlohmann::json json = parse_json(text, where);
        const JsonFields config(json, where);
        const ModelContract contract{[&](const WeightFiles& files, Precision precision) {
                                         return make_model(architecture->plan(config, files), files, precision);
                                     },
                                     architecture->plan(config, WeightFiles::invented(weights_seed)).names.words,
                                     entry.info};
        contract.check(laws);
    });
}

std::vector<std::string> model_complaints(const ModelRegistry::Entry& entry) {
    Laws laws;
    check_architecture(entry, laws);
    std::vector<std::string> texts;
    for (const Complaint& complaint : laws.complaints()) texts.push_back(complaint.law + ": " + complaint.where);
    return texts;
}

}  // namespace attnflow
