#include "experiments/contracts/head_contract.hpp"

#include <numeric>

#include "graph/support/random.hpp"

namespace attnflow {
namespace {

/// Weights [layers, heads, tokens, tokens] with what the checks need to make variants.
struct Instance {
    std::size_t layers;
    std::size_t heads;
    std::size_t tokens;
    std::vector<double> weights;

    /// Rows of exponentials raised to a power that differs by head, so that heads differ in sharpness; rows sum
    /// to 1.
    static Instance random(std::size_t layers, std::size_t heads, std::size_t tokens, std::uint64_t seed) {
        Random random(seed);
        Instance out{layers, heads, tokens, std::vector<double>(layers * heads * tokens * tokens)};
        for (std::size_t row = 0; row < layers * heads * tokens; ++row) {
            const auto weights = std::span(out.weights).subspan(row * tokens, tokens);
            const double power = 0.5 + static_cast<double>(row / tokens % heads);
            for (double& weight : weights) weight = std::pow(-std::log(1.0 - random.uniform()), power);
            const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
            for (double& weight : weights) weight /= sum;
        }
        return out;
    }

    AttentionStack stack() const { return AttentionStack::from_values(layers, heads, tokens, weights); }
    std::size_t place(std::size_t layer, std::size_t head, std::size_t query, std::size_t key) const {
        return ((layer * heads + head) * tokens + query) * tokens + key;
    }
    double at(std::size_t layer, std::size_t head, std::size_t query, std::size_t key) const {
        return weights[place(layer, head, query, key)];
    }
    /// The weight of (layer, head, query, key) moved to where `to` says.
    template <class To>
    Instance moved(To to) const {
        Instance out = *this;
        for (std::size_t l = 0; l < layers; ++l) {
            for (std::size_t h = 0; h < heads; ++h) {
                for (std::size_t i = 0; i < tokens; ++i) {
                    for (std::size_t j = 0; j < tokens; ++j) out.weights[to(l, h, i, j)] = at(l, h, i, j);
                }
            }
        }
        return out;
    }
};

class Checker {
public:
    Checker(const HeadContract& contract, Laws& laws)
        : contract_(contract), info_(contract.info), laws_(laws), strategy_(contract.make()) {}

    void run() {
        const bool combines = !strategy_->passes(Instance::random(1, 2, 2, 1).stack()).empty();
        if (combines) {
            combination();
            return;
        }
        known_fusions();
        constexpr std::pair<std::size_t, std::size_t> sizes[] = {{1, 1}, {1, 5}, {2, 3}, {3, 8}, {8, 13}};
        for (const auto& [heads, tokens] : sizes) {
            for (std::uint64_t seed = 1; seed <= contract_.seeds; ++seed) {
                const Instance instance = Instance::random(2, heads, tokens, seed);
                for (const bool at_source : {false, true}) {
                    for (std::size_t layer = 0; layer < instance.layers; ++layer) {
                        laws_.at(fmt::format("{} heads of {} tokens, seed {}, layer {}{}", heads, tokens, seed,
                                             layer + 1, at_source ? ", that of the source" : ""));
                        check_layer(instance, layer, at_source);
                    }
                }
            }
        }
    }

private:
    std::vector<double> fuse(HeadFamily::Interface& strategy, const Instance& instance, std::size_t layer,
                             bool at_source) {
        std::vector<double> out(instance.tokens * instance.tokens);
        if (at_source) {
            strategy.fuse_source_layer(instance.stack(), layer, out);
        } else {
            strategy.fuse(instance.stack(), layer, out);
        }
        return out;
    }
    bool near(double a, double b) const { return close(a, b, info_.tolerance); }
    template <class Holds>
    void require_all(std::size_t n, const char* law, const std::vector<double>& fused, Holds holds) {
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                laws_.require(holds(i, j), law,
                              [&] { return fmt::format("query {}, key {} has {}", i, j, fused[i * n + j]); });
            }
        }
    }

    void known_fusions() {
        const auto known = strategy_->known_fusions();
        laws_.at("known answers");
        laws_.require(!known.empty(), law::known);
        for (std::size_t k = 0; k < known.size(); ++k) {
            const KnownFusion& answer = known[k];
            const Instance instance{1, answer.heads, answer.tokens, answer.weights};
            for (const bool at_source : {false, true}) {
                laws_.at(fmt::format("known answer {}{}", k + 1, at_source ? ", in the layer of the source" : ""));
                const auto& expected = at_source && !answer.at_source.empty() ? answer.at_source : answer.fused;
                const auto fused = fuse(*strategy_, instance, 0, at_source);
                const auto same = [&](double a, double b) { return near(a, b); };
                laws_.require(std::equal(fused.begin(), fused.end(), expected.begin(), expected.end(), same),
                              law::right, [&] {
                                  return fmt::format("{}, expected {}", fmt::join(fused, " "),
                                                     fmt::join(expected, " "));
                              });
            }
        }
    }

    void combination() {
        laws_.at("known answers");
        const auto known = strategy_->known_combinations();
        laws_.require(!known.empty(), law::known);
        for (const KnownCombination& answer : known) {
            std::vector<double> scores = answer.scores;
            const double combined = strategy_->combine(scores);
            laws_.require(near(combined, answer.combined), law::right,
                          [&] { return fmt::format("{}, expected {}", combined, answer.combined); });
        }
        const AttentionStack attention = Instance::random(2, 5, 4, 3).stack();
        const auto passes = strategy_->passes(attention);
        for (const std::string& pass : passes) {
            laws_.at("pass " + pass);
            const auto single = head_strategies().make(pass, "pass");
            single->check(attention);
            laws_.require(single->passes(attention).empty(), law::passes_fuse);
        }
        Random random(7);
        for (int round = 0; round < 100; ++round) {
            laws_.at(fmt::format("random scores, round {}", round));
            std::vector<double> scores(passes.size());
            for (double& score : scores) score = random.normal();
            const auto [least, largest] = std::minmax_element(scores.begin(), scores.end());
            const double low = *least - info_.tolerance;
            const double high = *largest + info_.tolerance;
            std::vector<double> again = scores;
            const double combined = strategy_->combine(scores);
            laws_.require(combined >= low && combined <= high, law::combines_within,
                          [&] { return fmt::format("{} of {} to {}", combined, low, high); });
            laws_.require(strategy_->combine(again) == combined, law::repeatable);
        }
    }

    void check_layer(const Instance& instance, std::size_t layer, bool at_source) {
        const std::size_t n = instance.tokens;
        const auto fused = fuse(*strategy_, instance, layer, at_source);
        laws_.require(fuse(*strategy_, instance, layer, at_source) == fused, law::repeatable);
        laws_.require(fuse(*contract_.make(), instance, layer, at_source) == fused, law::fresh);
        if (promises(info_, head_promise::between_heads)) {
            require_all(n, head_promise::between_heads, fused, [&](std::size_t i, std::size_t j) {
                double least = instance.at(layer, 0, i, j);
                double largest = least;
                for (std::size_t h = 1; h < instance.heads; ++h) {
                    least = std::min(least, instance.at(layer, h, i, j));
                    largest = std::max(largest, instance.at(layer, h, i, j));
                }
                return fused[i * n + j] >= least - info_.tolerance &&
                       fused[i * n + j] <= largest + info_.tolerance;
            });
        }
        if (promises(info_, head_promise::rows_sum_to_one)) {
            for (std::size_t i = 0; i < n; ++i) {
                const double sum = std::accumulate(fused.begin() + static_cast<std::ptrdiff_t>(i * n),
                                                   fused.begin() + static_cast<std::ptrdiff_t>((i + 1) * n), 0.0);
                laws_.require(near(sum, 1.0), head_promise::rows_sum_to_one,
                              [&] { return fmt::format("row {} sums to {}", i, sum); });
            }
        }
        if (promises(info_, head_promise::homogeneous)) {
            Instance scaled = instance;
            for (double& weight : scaled.weights) weight *= 0.25;
            const auto other = fuse(*strategy_, scaled, layer, at_source);
            require_all(n, head_promise::homogeneous, fused, [&](std::size_t i, std::size_t j) {
                return near(other[i * n + j], 0.25 * fused[i * n + j]);
            });
        }
        if (promises(info_, head_promise::monotone)) {
            Instance raised = instance;
            for (std::size_t h = 0; h < instance.heads; ++h)
                raised.weights[raised.place(layer, h, n - 1, 0)] += 0.125;
            const auto other = fuse(*strategy_, raised, layer, at_source);
            require_all(n, head_promise::monotone, fused, [&](std::size_t i, std::size_t j) {
                return other[i * n + j] >= fused[i * n + j] - info_.tolerance;
            });
        }
        if (promises(info_, head_promise::order_free)) {
            const auto other = fuse(*strategy_, instance.moved([&](auto l, auto h, auto i, auto j) {
                return instance.place(l, (h + 1) % instance.heads, i, j);
            }),
                                    layer, at_source);
            require_all(n, head_promise::order_free, fused,
                        [&](std::size_t i, std::size_t j) { return near(other[i * n + j], fused[i * n + j]); });
        }
        if (promises(info_, head_promise::equivariant)) {
            const auto renamed = [&](std::size_t i) { return (i + n / 2 + 1) % n; };
            const auto other = fuse(*strategy_, instance.moved([&](auto l, auto h, auto i, auto j) {
                return instance.place(l, h, renamed(i), renamed(j));
            }),
                                    layer, at_source);
            require_all(n, head_promise::equivariant, fused, [&](std::size_t i, std::size_t j) {
                return near(other[renamed(i) * n + renamed(j)], fused[i * n + j]);
            });
        }
    }

    const HeadContract& contract_;
    const EntryInfo& info_;
    Laws& laws_;
    std::unique_ptr<HeadFamily::Interface> strategy_;
};

}  // namespace

void HeadContract::check(Laws& laws) const {
    answers(laws, [&] { Checker(*this, laws).run(); });
}

}  // namespace attnflow
