#pragma once
/// What every attribution method must do, and what it promises: checks that return complaints,
/// so that a broken method can be shown to be caught.

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "algorithms/attribution_method.hpp"
#include "graph/support/random.hpp"

namespace attnflow::testing {

/// A network and what is known of it.
struct MethodInstance {
    LayeredNetwork<double> network;
    bool rows_sum_to_one;
    bool equal_widths;
    std::uint64_t seed;  ///< of the choices that the checks make
};

class MethodContract {
public:
    using Make = std::function<std::unique_ptr<AttributionFamily::Interface>()>;

    MethodContract(Make make, EntryInfo info) : make_(std::move(make)), info_(std::move(info)), method_(make_()) {}

    /// The laws that do not hold on this instance, none twice.
    std::vector<std::string> complaints(const MethodInstance& instance) {
        complaints_.clear();
        const std::size_t layers = takes(axis::layer) ? instance.network.layers() : 1;
        for (std::size_t l = 1; l <= layers; ++l) {
            if (refuses(instance, l)) continue;
            const auto scores = attribute(instance.network, l);
            if (!has_shape(instance, l, scores)) continue;
            check_form(instance, l, scores);
            check_bounds(instance, l, scores);
            check_scaling(instance, l, scores);
            check_variants(instance, l, scores);
        }
        check_layers(instance);
        if (promises(promise::identity)) check_identity(instance.network.layers(), instance.network.width(0));
        return complaints_;
    }

private:
    using Scores = RowMajor<double>;
    static constexpr double tolerance_ = 1e-9;  // flows are exact to 2^-40 an edge of a cut

    bool promises(const char* name) const {
        return std::find(info_.promises.begin(), info_.promises.end(), name) != info_.promises.end();
    }
    bool takes(const char* name) const {
        return std::find(info_.axes.begin(), info_.axes.end(), name) != info_.axes.end();
    }
    void require(bool holds, const std::string& law) {
        if (!holds && std::find(complaints_.begin(), complaints_.end(), law) == complaints_.end()) {
            complaints_.push_back(law);
        }
    }
    template <class Holds>
    void require_all(const Scores& scores, const std::string& law, Holds holds) {
        for (std::size_t s = 0; s < scores.rows(); ++s) {
            for (std::size_t t = 0; t < scores.columns(); ++t) require(holds(s, t, scores(s, t)), law);
        }
    }
    static bool close(double a, double b) { return std::abs(a - b) <= tolerance_; }

    static std::vector<std::size_t> every_source(const LayeredNetwork<double>& network, std::size_t layer) {
        std::vector<std::size_t> sources(network.width(layer));
        std::iota(sources.begin(), sources.end(), std::size_t{0});
        return sources;
    }
    Scores attribute(const LayeredNetwork<double>& network, std::size_t layer) {
        return method_->attribute({network, layer, every_source(network, layer)}).scores;
    }
    static Scores attribute_by(const char* name, const LayeredNetwork<double>& network, std::size_t layer) {
        return attribution_methods()
            .at(name)
            .make()
            ->attribute({network, layer, every_source(network, layer)})
            .scores;
    }

    // A method that reads a layer as if it were the input may refuse one of another width.
    bool refuses(const MethodInstance& instance, std::size_t layer) {
        if (instance.network.width(layer - 1) == instance.network.width(0)) return false;
        try {
            attribute(instance.network, layer);
        } catch (const ParameterError&) {
            return true;
        }
        return false;
    }

    bool has_shape(const MethodInstance& instance, std::size_t layer, const Scores& scores) {
        const std::size_t rows = takes(axis::source) ? instance.network.width(layer) : 1;
        const bool right = scores.rows() == rows && scores.columns() == instance.network.width(0);
        require(right, "one row a source, one column a token");
        return right;
    }

    void check_form(const MethodInstance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        require_all(scores, "finite", [](auto, auto, double score) { return std::isfinite(score); });
        require(attribute(network, layer) == scores, "the same when asked twice");
        require(make_()->attribute({network, layer, every_source(network, layer)}).scores == scores,
                "the same from a fresh object");
        if (!takes(axis::source)) return;
        const std::vector<std::size_t> chosen{network.width(layer) - 1, 0};
        const auto some = method_->attribute({network, layer, chosen}).scores;
        require_all(some, "sources do not influence each other", [&](std::size_t s, std::size_t t, double score) {
            return close(score, scores(chosen[s], t));
        });
    }

    void check_bounds(const MethodInstance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        const auto compare = [&](const char* law, const char* other, bool above) {
            if (!promises(law)) return;
            const Scores bound = attribute_by(other, network, layer);
            require_all(scores, law, [&](std::size_t s, std::size_t t, double score) {
                return above ? score >= bound(s, t) - tolerance_ : score <= bound(s, t) + tolerance_;
            });
        };
        compare(promise::at_most_widest_path, "widest_path", false);
        compare(promise::at_least_widest_path, "widest_path", true);
        if (!instance.rows_sum_to_one) return;
        compare(promise::at_least_rollout, "rollout", true);
        compare(promise::at_most_rollout, "rollout", false);
        compare(promise::at_most_flow, "attention_flow", false);
        if (promises(promise::at_most_one)) {
            require_all(scores, promise::at_most_one,
                        [](auto, auto, double score) { return score <= 1 + tolerance_; });
        }
        if (promises(promise::rows_sum_to_one)) {
            for (std::size_t s = 0; s < scores.rows(); ++s) {
                const auto row = scores.row(s);
                require(close(std::accumulate(row.begin(), row.end(), 0.0), 1.0), promise::rows_sum_to_one);
            }
        }
        if (promises(promise::at_most_column_sum)) {
            require_all(scores, promise::at_most_column_sum, [&](std::size_t, std::size_t t, double score) {
                double sum = 0.0;
                for (std::size_t i = 0; i < network.width(1); ++i) sum += network.capacity(1, i, t);
                return score <= sum + tolerance_;
            });
        }
    }

    void check_scaling(const MethodInstance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        constexpr double factor = 0.5;
        const auto scaled = [&](std::size_t first, std::size_t last) {
            std::vector<double> capacities(network.capacities().begin(), network.capacities().end());
            for (std::size_t k = network.first_slot(first); k < network.first_slot(last + 1); ++k) {
                capacities[k] *= factor;
            }
            return attribute({widths(network), std::move(capacities)}, layer);
        };
        const auto require_factor = [&](const char* law, const Scores& other) {
            require_all(scores, law, [&](std::size_t s, std::size_t t, double score) {
                return close(other(s, t), factor * score);
            });
        };
        if (promises(promise::homogeneous)) {
            require_factor(promise::homogeneous, scaled(1, network.layers()));
        }
        if (promises(promise::multilinear)) {
            for (std::size_t l = 1; l <= layer; ++l) require_factor(promise::multilinear, scaled(l, l));
        }
    }

    void check_variants(const MethodInstance& instance, std::size_t layer, const Scores& scores) {
        const auto& network = instance.network;
        Random random(instance.seed);
        if (promises(promise::monotone)) {
            std::vector<double> capacities(network.capacities().begin(), network.capacities().end());
            capacities[random.below(capacities.size())] += 0.125;
            const Scores raised = attribute({widths(network), std::move(capacities)}, layer);
            require_all(scores, promise::monotone, [&](std::size_t s, std::size_t t, double score) {
                return raised(s, t) >= score - tolerance_;
            });
        }
        if (promises(promise::equivariant) && instance.equal_widths) {
            const std::size_t n = network.width(0);
            const std::size_t shift = 1 + random.below(n);
            const auto renamed = [&](std::size_t i) { return (i + shift) % n; };
            std::vector<double> capacities(network.slots());
            for (std::size_t l = 1; l <= network.layers(); ++l) {
                for (std::size_t i = 0; i < n; ++i) {
                    for (std::size_t j = 0; j < n; ++j) {
                        capacities[network.slot(l, renamed(i), renamed(j))] = network.capacity(l, i, j);
                    }
                }
            }
            const Scores other = attribute({widths(network), std::move(capacities)}, layer);
            const bool by_source = takes(axis::source);
            require_all(scores, promise::equivariant, [&](std::size_t s, std::size_t t, double score) {
                return close(other(by_source ? renamed(s) : s, renamed(t)), score);
            });
        }
    }

    // Sources 0 exist in every layer.
    void check_layers(const MethodInstance& instance) {
        if (!takes(axis::layer)) return;
        std::vector<std::size_t> layers;
        for (std::size_t l = 1; l <= instance.network.layers(); ++l) {
            if (!refuses(instance, l)) layers.push_back(l);
        }
        if (layers.empty()) return;
        const auto together = method_->attribute_layers({instance.network, layers, {0}});
        require(together.size() == layers.size(), "one result a layer");
        for (std::size_t k = 0; k < std::min(together.size(), layers.size()); ++k) {
            require(together[k].scores == method_->attribute({instance.network, layers[k], {0}}).scores,
                    "layers together are the layers one by one");
        }
    }

    void check_identity(std::size_t layers, std::size_t n) {
        std::vector<double> capacities(layers * n * n, 0.0);
        for (std::size_t k = 0; k < layers * n; ++k) capacities[k * n + k % n] = 1.0;
        const LayeredNetwork<double> network(std::vector<std::size_t>(layers + 1, n), std::move(capacities));
        require_all(attribute(network, layers), promise::identity,
                    [](std::size_t s, std::size_t t, double score) { return close(score, s == t ? 1.0 : 0.0); });
    }

    static std::vector<std::size_t> widths(const LayeredNetwork<double>& network) {
        return {network.widths().begin(), network.widths().end()};
    }

    Make make_;
    EntryInfo info_;
    std::unique_ptr<AttributionFamily::Interface> method_;
    std::vector<std::string> complaints_;
};

}  // namespace attnflow::testing
