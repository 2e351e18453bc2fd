#include "experiments/contracts/method_contract.hpp"

#include <numeric>
#include <optional>

#include "graph/generators/network_generator.hpp"
#include "graph/support/random.hpp"

namespace attnflow {
namespace {

using Network = LayeredNetwork<double>;
using Scores = RowMajor<double>;

/// A network and what is known of it.
struct Instance {
    std::string name;
    Network network;
    bool rows_sum_to_one;
    bool equal_widths;
    std::uint64_t seed;  ///< of the choices that the checks make
};

std::vector<std::size_t> widths(const Network& network) {
    return {network.widths().begin(), network.widths().end()};
}

/// `network` with every capacity of the layers first..last replaced by change(capacity).
template <class Change>
Network changed(const Network& network, std::size_t first, std::size_t last, Change change) {
    std::vector<double> capacities(network.capacities().begin(), network.capacities().end());
    for (std::size_t k = network.first_slot(first); k < network.first_slot(last + 1); ++k)
        capacities[k] = change(capacities[k]);
    return {widths(network), std::move(capacities)};
}

std::vector<std::size_t> every_source(const Network& network, std::size_t layer) {
    std::vector<std::size_t> sources(network.width(layer));
    std::iota(sources.begin(), sources.end(), std::size_t{0});
    return sources;
}

struct Near {
    double tolerance;
    bool operator()(double a, double b) const { return close(a, b, tolerance); }
};

class Checker {
public:
    Checker(const MethodContract& contract, Laws& laws)
        : contract_(contract), info_(contract.info), laws_(laws), method_(contract.make()) {
        if (contract.like) like_ = contract.like();
    }

    void known_answers() {
        const auto known = method_->known_answers();
        const AttributionProblem problem{tiny_, 1, {0}};
        laws_.at("known answers");
        laws_.require(!known.empty() || method_->definition(problem).has_value(), law::known);
        bool deep = known.empty() || !takes(axis::layer);
        for (std::size_t k = 0; k < known.size(); ++k) {
            const KnownAnswer& answer = known[k];
            laws_.at(fmt::format("known answer {}", k + 1));
            deep = deep || answer.layer > 1;
            const Scores scores = method_->attribute({answer.network, answer.layer, answer.sources}).scores;
            const bool has_shape = answer.scores.size() == scores.rows();
            laws_.require(has_shape, "known answers have one row a source, one column a token");
            for (std::size_t s = 0; has_shape && s < scores.rows(); ++s) {
                const auto row = scores.row(s);
                laws_.require(answer.scores[s].size() == row.size() &&
                                  std::equal(row.begin(), row.end(), answer.scores[s].begin(), near_),
                              law::right, [&] {
                                  return fmt::format("source {}: {}, expected {}", answer.sources.at(s),
                                                     fmt::join(row, " "), fmt::join(answer.scores[s], " "));
                              });
            }
        }
        laws_.require(deep, "a known answer is of a source above layer 1");
    }

    void instance(const Instance& instance) {
        const std::size_t layers = takes(axis::layer) ? instance.network.layers() : 1;
        for (std::size_t l = 1; l <= layers; ++l) {
            laws_.at(fmt::format("{}, layer {}", instance.name, l));
            if (refuses(instance, l)) continue;
            const Scores scores = attribute(instance.network, l);
            check_right(instance, l, scores);
            check_form(instance, l, scores);
            check_bounds(instance, l, scores);
            check_reach(instance, l, scores);
            check_scaling(instance, l, scores);
            check_variants(instance, l, scores);
        }
        laws_.at(instance.name);
        check_layers(instance);
        if (promises(info_, promise::identity))
            check_identity(instance.network.layers(), instance.network.width(0));
    }

    // Of several networks, because one alone need not tell: a flow may be bound by a layer that did not change.
    void uses_every_layer() {
        if (!promises(info_, promise::uses_every_layer)) return;
        constexpr std::size_t layers = 3;
        std::vector<bool> used(layers + 1, false);
        for (std::uint64_t seed = 1; seed <= 8; ++seed) {
            Random random(seed);
            std::vector<double> capacities(layers * 16);
            for (double& capacity : capacities) capacity = 0.05 + random.uniform();
            const Network network({4, 4, 4, 4}, std::move(capacities));
            const Scores scores = attribute(network, layers);
            for (std::size_t l = 1; l <= layers; ++l) {
                const auto other =
                    changed(network, l, l, [&](double capacity) { return capacity * (0.5 + random.uniform()); });
                used[l] = used[l] || attribute(other, layers) != scores;
            }
        }
        for (std::size_t l = 1; l <= layers; ++l) {
            laws_.at(fmt::format("layer {} of 3, 8 networks of 4 tokens", l));
            laws_.require(used[l], promise::uses_every_layer);
        }
    }

private:
    bool takes(const char* name) const {
        return std::find(info_.axes.begin(), info_.axes.end(), name) != info_.axes.end();
    }
    /// holds(source, token, score) of every score.
    template <class Holds>
    void require_all(const Scores& scores, const char* law, Holds holds) {
        for (std::size_t s = 0; s < scores.rows(); ++s) {
            for (std::size_t t = 0; t < scores.columns(); ++t) {
                laws_.require(holds(s, t, scores(s, t)), law,
                              [&] { return fmt::format("source {}, token {} scores {}", s, t, scores(s, t)); });
            }
        }
    }
    void require_equal(const Scores& scores, const char* law, const Scores& expected) {
        for (std::size_t s = 0; s < scores.rows(); ++s) {
            for (std::size_t t = 0; t < scores.columns(); ++t) {
                laws_.require(near_(scores(s, t), expected(s, t)), law, [&] {
                    return fmt::format("source {}, token {} scores {}, expected {}", s, t, scores(s, t),
                                       expected(s, t));
                });
            }
        }
    }

    Scores attribute(const Network& network, std::size_t layer) {
        return method_->attribute({network, layer, every_source(network, layer)}).scores;
    }
    static Scores attribute_by(const char* name, const Network& network, std::size_t layer) {
        return attribution_methods()
            .at(name)
            .make()
            ->attribute({network, layer, every_source(network, layer)})
            .scores;
    }

    // A method that reads a layer as if it were the input may refuse one of another width.
    bool refuses(const Instance& instance, std::size_t layer) {
        const auto used = instance.network.widths().first(layer + 1);
        if (std::all_of(used.begin(), used.end(), [&](std::size_t width) { return width == used.front(); }))
            return false;
        try {
            attribute(instance.network, layer);
        } catch (const ParameterError&) {
            return true;
        }
        return false;
    }

    void check_right(const Instance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        if (const auto defined = method_->definition({network, layer, every_source(network, layer)}))
            require_equal(scores, law::defined, *defined);
        if (like_ == nullptr) return;
        const Scores other = like_->attribute({network, layer, every_source(network, layer)}).scores;
        laws_.require(other.rows() == scores.rows(), law::alike,
                      [&] { return fmt::format("{} rows, the reference has {}", scores.rows(), other.rows()); });
        if (other.rows() == scores.rows()) require_equal(scores, law::alike, other);
    }

    void check_form(const Instance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        laws_.require(attribute(network, layer) == scores, law::repeatable);
        laws_.require(contract_.make()->attribute({network, layer, every_source(network, layer)}).scores == scores,
                      law::fresh);
        if (!takes(axis::source)) return;
        const std::vector<std::size_t> chosen{network.width(layer) - 1, 0};
        const auto some = method_->attribute({network, layer, chosen}).scores;
        require_all(some, law::sources_apart, [&](std::size_t s, std::size_t t, double score) {
            return near_(score, scores(chosen[s], t));
        });
    }

    void check_bounds(const Instance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        const double slack = info_.tolerance;
        const auto compare = [&](const char* law, const char* other, bool above) {
            if (!promises(info_, law)) return;
            const Scores bound = attribute_by(other, network, layer);
            require_all(scores, law, [&](std::size_t s, std::size_t t, double score) {
                const double least = std::max(1.0, std::abs(bound(s, t))) * slack;
                return above ? score >= bound(s, t) - least : score <= bound(s, t) + least;
            });
        };
        compare(promise::at_most_widest_path, "widest_path", false);
        compare(promise::at_least_widest_path, "widest_path", true);
        if (promises(info_, promise::non_negative)) {
            require_all(scores, promise::non_negative, [&](auto, auto, double score) { return score >= -slack; });
        }
        if (!instance.rows_sum_to_one) return;
        compare(promise::at_least_rollout, "rollout", true);
        compare(promise::at_most_rollout, "rollout", false);
        compare(promise::at_most_flow, "attention_flow", false);
        if (promises(info_, promise::at_most_one)) {
            require_all(scores, promise::at_most_one,
                        [&](auto, auto, double score) { return score <= 1 + slack; });
        }
        if (promises(info_, promise::rows_sum_to_one)) {
            for (std::size_t s = 0; s < scores.rows(); ++s) {
                const auto row = scores.row(s);
                const double sum = std::accumulate(row.begin(), row.end(), 0.0);
                laws_.require(near_(sum, 1.0), promise::rows_sum_to_one,
                              [&] { return fmt::format("scores of source {} sum to {}", s, sum); });
            }
        }
        if (promises(info_, promise::at_most_column_sum)) {
            require_all(scores, promise::at_most_column_sum, [&](std::size_t, std::size_t t, double score) {
                double sum = 0.0;
                for (std::size_t i = 0; i < network.width(1); ++i) sum += network.capacity(1, i, t);
                return score <= sum + slack;
            });
        }
    }

    void check_reach(const Instance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        if (promises(info_, promise::unreachable_is_zero) && takes(axis::source)) {
            for (std::size_t s = 0; s < scores.rows(); ++s) {
                std::vector<bool> reached(network.width(layer), false);
                reached[s] = true;
                for (std::size_t l = layer; l > 0; --l) {
                    std::vector<bool> below(network.width(l - 1), false);
                    for (std::size_t i = 0; i < reached.size(); ++i) {
                        for (std::size_t j = 0; j < below.size(); ++j)
                            below[j] = below[j] || (reached[i] && network.capacity(l, i, j) > 0.0);
                    }
                    reached = std::move(below);
                }
                for (std::size_t t = 0; t < scores.columns(); ++t) {
                    laws_.require(reached[t] || scores(s, t) == 0.0, promise::unreachable_is_zero, [&] {
                        return fmt::format("source {}, token {} scores {}", s, t, scores(s, t));
                    });
                }
            }
        }
        if (promises(info_, promise::independent_of_upper_layers) && layer < network.layers()) {
            Random random(instance.seed);
            const auto other = changed(network, layer + 1, network.layers(),
                                       [&](double capacity) { return capacity * random.uniform(); });
            laws_.require(attribute(other, layer) == scores, promise::independent_of_upper_layers);
        }
    }

    void check_scaling(const Instance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        constexpr double factor = 0.5;
        const auto require_factor = [&](const char* law, std::size_t first, std::size_t last) {
            const Scores other =
                attribute(changed(network, first, last, [](double capacity) { return factor * capacity; }), layer);
            require_all(scores, law, [&](std::size_t s, std::size_t t, double score) {
                return near_(other(s, t), factor * score);
            });
        };
        if (promises(info_, promise::homogeneous)) require_factor(promise::homogeneous, 1, network.layers());
        if (promises(info_, promise::multilinear)) {
            for (std::size_t l = 1; l <= layer; ++l) require_factor(promise::multilinear, l, l);
        }
        if (promises(info_, promise::affine)) {
            for (std::size_t l = 1; l <= layer; ++l) {
                const auto step = [&](double size) {
                    Random random(instance.seed);
                    return attribute(changed(network, l, l,
                                             [&](double capacity) { return capacity + size * random.uniform(); }),
                                     layer);
                };
                const Scores once = step(0.25);
                const Scores twice = step(0.5);
                require_all(scores, promise::affine, [&](std::size_t s, std::size_t t, double score) {
                    return near_(twice(s, t) + score, 2.0 * once(s, t));
                });
            }
        }
    }

    void check_variants(const Instance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        Random random(instance.seed);
        if (promises(info_, promise::monotone)) {
            std::vector<double> capacities(network.capacities().begin(), network.capacities().end());
            capacities[random.below(capacities.size())] += 0.125;
            const Scores raised = attribute({widths(network), std::move(capacities)}, layer);
            require_all(scores, promise::monotone, [&](std::size_t s, std::size_t t, double score) {
                return raised(s, t) >= score - info_.tolerance * std::max(1.0, std::abs(score));
            });
        }
        if (promises(info_, promise::equivariant) && instance.equal_widths) {
            const std::size_t n = network.width(0);
            const std::size_t shift = 1 + random.below(n);
            const auto renamed = [&](std::size_t i) { return (i + shift) % n; };
            std::vector<double> capacities(network.slots());
            for (std::size_t l = 1; l <= network.layers(); ++l) {
                for (std::size_t i = 0; i < n; ++i) {
                    for (std::size_t j = 0; j < n; ++j)
                        capacities[network.slot(l, renamed(i), renamed(j))] = network.capacity(l, i, j);
                }
            }
            const Scores other = attribute({widths(network), std::move(capacities)}, layer);
            const bool by_source = takes(axis::source);
            require_all(scores, promise::equivariant, [&](std::size_t s, std::size_t t, double score) {
                return near_(other(by_source ? renamed(s) : s, renamed(t)), score);
            });
        }
    }

    // Sources 0 exist in every layer.
    void check_layers(const Instance& instance) {
        if (!takes(axis::layer)) return;
        std::vector<std::size_t> layers;
        for (std::size_t l = 1; l <= instance.network.layers(); ++l) {
            if (!refuses(instance, l)) layers.push_back(l);
        }
        if (layers.empty()) return;
        const auto together = method_->attribute_layers({instance.network, layers, {0}});
        for (std::size_t k = 0; k < layers.size(); ++k) {
            laws_.require(together[k].scores == method_->attribute({instance.network, layers[k], {0}}).scores,
                          law::layers_together, [&] { return fmt::format("layer {}", layers[k]); });
        }
    }

    void check_identity(std::size_t layers, std::size_t n) {
        std::vector<double> capacities(layers * n * n, 0.0);
        for (std::size_t k = 0; k < layers * n; ++k) capacities[k * n + k % n] = 1.0;
        const Network network(std::vector<std::size_t>(layers + 1, n), std::move(capacities));
        require_all(attribute(network, layers), promise::identity,
                    [&](std::size_t s, std::size_t t, double score) { return near_(score, s == t ? 1.0 : 0.0); });
    }

    const MethodContract& contract_;
    const EntryInfo& info_;
    Laws& laws_;
    const Near near_{info_.tolerance};
    std::unique_ptr<AttributionFamily::Interface> method_;
    std::unique_ptr<AttributionFamily::Interface> like_;
    const Network tiny_{{1, 1}, {1.0}};
};

void check_generated(Checker& checker, const GeneratorRegistry::Entry& generator, const NetworkSize& size,
                     std::uint64_t seed) {
    const std::string name =
        fmt::format("{}, {} layers of {} tokens, seed {}", generator.info.name, size.layers, size.tokens, seed);
    Instance instance{name, generator.make()->generate(size, seed),
                      promises(generator.info, network_promise::rows_sum_to_one),
                      promises(generator.info, network_promise::equal_widths), seed};
    checker.instance(instance);
    instance.rows_sum_to_one = false;
    Random random(seed);
    const Network whole = instance.network;
    instance.name = name + ", other row sums";
    instance.network =
        changed(whole, 1, whole.layers(), [&](double capacity) { return 2.0 * random.uniform() * capacity; });
    checker.instance(instance);
    instance.name = name + ", a third of the edges missing";
    instance.network =
        changed(whole, 1, whole.layers(), [&](double capacity) { return random.below(3) == 0 ? 0.0 : capacity; });
    checker.instance(instance);
}

}  // namespace

void MethodContract::check(Laws& laws) const {
    constexpr NetworkSize sizes[] = {{1, 1}, {1, 4}, {2, 3}, {3, 6}, {5, 4}};
    answers(laws, [&] {
        Checker checker(*this, laws);
        checker.known_answers();
        checker.uses_every_layer();
        for (const auto& generator : network_generators().entries()) {
            for (const NetworkSize& size : sizes) {
                for (std::uint64_t seed = 1; seed <= seeds; ++seed)
                    check_generated(checker, generator, size, seed);
            }
        }
    });
}

}  // namespace attnflow
