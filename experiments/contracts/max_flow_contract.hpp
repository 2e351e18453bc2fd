#pragma once
/// The contract of a max-flow solver, as a function that names the first clause a solver breaks:
///
///   certificate   the flow left behind is proved maximum, with the value that is returned
///   value         it is the value of the other solvers
///   repeatable    a used solver with a used state gives the same flow as a fresh one
///   cut           the source-minimal minimum cut is the one of the other solvers; no closed-form
///                 cut is smaller than the flow
///   scaling       three times the capacities, three times the value
///   monotone      one capacity raised by d: the value grows by at most d and never falls
///   permutation   tokens renamed: the same value and the same kind of binding cut
///
/// A solver from outside the library is tested in the same way: give its factory.

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/binding_cut.hpp"
#include "graph/certificate.hpp"
#include "graph/generators/network_generator.hpp"
#include "graph/quantiser.hpp"

namespace attnflow {

using MakeSolver = std::function<std::unique_ptr<MaxFlowFamily::Interface>()>;

struct FlowInstance {
    std::string name;  ///< enough to make it again
    FixedNetwork network;
    Vertex source;
    Vertex sink;
};

/// What all solvers must agree on.
struct FlowAnswer {
    std::int64_t value = 0;
    std::vector<Vertex> source_side;  ///< of the source-minimal minimum cut
};

/// A network of `generator` with layers, tokens, fractional bits, source and sink drawn from
/// the seed. Half of the pairs run from top to bottom.
inline FlowInstance draw_instance(const GeneratorRegistry::Entry& generator, std::uint64_t seed,
                                  std::size_t most_layers, std::size_t most_tokens) {
    Random random(seed);
    const NetworkSize size{1 + random.below(most_layers), 1 + random.below(most_tokens)};
    const int bits = std::array{Quantiser::default_bits, Quantiser::min_bits, 20}[random.below(3)];
    FixedNetwork g = Quantiser(bits)(generator.make()->generate(size, seed)).network;
    const bool whole = random.below(2) == 0;
    const std::size_t high = whole ? g.layers() : 1 + random.below(g.layers());
    const std::size_t low = whole ? 0 : random.below(high);
    const Vertex source = g.vertex(high, random.below(g.width(high)));
    const Vertex sink = g.vertex(low, random.below(g.width(low)));
    auto name =
        fmt::format("{}, seed {}: {} layers, {} tokens, {} bits, from ({}, {}) to ({}, {})", generator.info.name,
                    seed, size.layers, size.tokens, bits, high, g.position_of(source), low, g.position_of(sink));
    return {std::move(name), std::move(g), source, sink};
}

class MaxFlowContract {
public:
    MaxFlowContract(MakeSolver make, const FlowInstance& instance, std::uint64_t seed)
        : make_(std::move(make)),
          g_(instance.network),
          source_(instance.source),
          sink_(instance.sink),
          seed_(seed) {}

    /// The first clause that is broken, with numbers, or "". `answer`, when empty, is filled
    /// with what the solver found, so that the next solver is held to it.
    std::string violation(std::optional<FlowAnswer>& answer) {
        solver_ = make_();
        for (const auto& clause :
             {&MaxFlowContract::certificate, &MaxFlowContract::repeatable, &MaxFlowContract::cut,
              &MaxFlowContract::scaling, &MaxFlowContract::monotone, &MaxFlowContract::permutation}) {
            if (std::string failure = (this->*clause)(); !failure.empty()) return failure;
        }
        if (!answer) answer = found_;
        if (answer->value != found_.value) {
            return fmt::format("value: {}, others find {}", found_.value, answer->value);
        }
        if (answer->source_side != found_.source_side)
            return "cut: the source-minimal cut differs from the others'";
        return "";
    }

private:
    std::int64_t value_in(const FixedNetwork& g, Vertex source, Vertex sink) {
        return solver_->solve(g, source, sink, state_);
    }

    std::string certificate() {
        found_.value = value_in(g_, source_, sink_);
        Certificate proof = certify_max_flow(g_, source_, sink_, found_.value, state_.forward());
        found_.source_side = std::move(proof.source_side);
        residual_.assign(state_.forward().begin(), state_.forward().end());
        return proof.failure;
    }

    std::string repeatable() {
        const auto fresh = make_();
        for (MaxFlowFamily::Interface* const solver : {solver_.get(), fresh.get()}) {
            const std::int64_t again = solver->solve(g_, source_, sink_, state_);
            if (again != found_.value) return fmt::format("repeatable: {}, then {}", found_.value, again);
            const std::size_t begin = g_.first_slot(g_.layer_of(sink_) + 1);
            const std::size_t end = g_.first_slot(g_.layer_of(source_) + 1);
            if (!std::equal(residual_.begin() + static_cast<std::ptrdiff_t>(begin),
                            residual_.begin() + static_cast<std::ptrdiff_t>(end), state_.data() + begin)) {
                return "repeatable: the flow on some edge differs";
            }
        }
        return "";
    }

    // The kind of cut that binds, for flows to the input: the only ones that have names.
    std::optional<BindingCut> binding_cut(const FixedNetwork& g, Vertex source, Vertex sink, std::int64_t value) {
        if (g.layer_of(sink) != 0) return std::nullopt;
        return CutClassifier(g, g.layer_of(source)).classify(g.position_of(source), g.position_of(sink), value);
    }

    std::string cut() {
        const std::size_t high = g_.layer_of(source_);
        const std::size_t low = g_.layer_of(sink_);
        const auto row = g_.row(high, g_.position_of(source_));
        const std::int64_t leaves = std::accumulate(row.begin(), row.end(), std::int64_t{0});
        std::int64_t enters = 0;
        for (std::size_t i = 0; i < g_.width(low + 1); ++i)
            enters += g_.capacity(low + 1, i, g_.position_of(sink_));
        if (found_.value > leaves) return fmt::format("cut: {}, only {} leave the source", found_.value, leaves);
        if (found_.value > enters) return fmt::format("cut: {}, only {} enter the sink", found_.value, enters);
        const auto name = binding_cut(g_, source_, sink_, found_.value);
        if (!name) return "";
        if (found_.value == leaves && name->kind != CutKind::source_row) {
            return fmt::format("cut: named {}, {} leave the source", name->text(), leaves);
        }
        if (found_.value == enters && name->kind != CutKind::source_row && name->kind != CutKind::sink_column) {
            return fmt::format("cut: named {}, {} enter the sink", name->text(), enters);
        }
        return "";
    }

    FixedNetwork with_capacities(std::vector<std::int64_t> capacities) const {
        return {{g_.widths().begin(), g_.widths().end()}, std::move(capacities)};
    }

    std::string scaling() {
        std::vector<std::int64_t> capacities(g_.capacities().begin(), g_.capacities().end());
        for (std::int64_t& capacity : capacities) {
            if (capacity > (std::int64_t{1} << 48)) return "";  // no room above the fixed-point limit
            capacity *= 3;
        }
        const std::int64_t scaled = value_in(with_capacities(std::move(capacities)), source_, sink_);
        if (scaled == 3 * found_.value) return "";
        return fmt::format("scaling: {} becomes {} with three times the capacities", found_.value, scaled);
    }

    std::string monotone() {
        Random random(seed_ + 1);
        const std::int64_t raise = 1 + static_cast<std::int64_t>(random.below(std::uint64_t{1} << 30));
        std::vector<std::int64_t> capacities(g_.capacities().begin(), g_.capacities().end());
        if (*std::max_element(capacities.begin(), capacities.end()) > (std::int64_t{1} << 48)) return "";
        std::int64_t& capacity = capacities[random.below(g_.slots())];
        capacity += raise;
        const std::int64_t raised = value_in(with_capacities(std::move(capacities)), source_, sink_);
        if (raised >= found_.value && raised <= found_.value + raise) return "";
        return fmt::format("monotone: {} becomes {} when a capacity is raised by {}", found_.value, raised, raise);
    }

    std::string permutation() {
        // One renaming of tokens, cut down to the positions that a narrower layer has.
        Random random(seed_ + 2);
        std::vector<std::size_t> order(*std::max_element(g_.widths().begin(), g_.widths().end()));
        std::iota(order.begin(), order.end(), std::size_t{0});
        for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[random.below(k)]);
        std::vector<std::vector<std::size_t>> renamed;  // by layer and position
        for (const std::size_t width : g_.widths()) {
            std::vector<std::size_t> names(width);
            std::size_t next = 0;
            for (const std::size_t p : order) {
                if (p < width) names[p] = next++;
            }
            renamed.push_back(std::move(names));
        }
        std::vector<std::int64_t> capacities(g_.slots());
        for (std::size_t l = 1; l <= g_.layers(); ++l) {
            for (std::size_t i = 0; i < g_.width(l); ++i) {
                for (std::size_t j = 0; j < g_.width(l - 1); ++j) {
                    capacities[g_.slot(l, renamed[l][i], renamed[l - 1][j])] = g_.capacity(l, i, j);
                }
            }
        }
        const FixedNetwork other = with_capacities(std::move(capacities));
        const auto rename = [&](Vertex v) {
            const std::size_t l = g_.layer_of(v);
            return other.vertex(l, renamed[l][g_.position_of(v)]);
        };
        const std::int64_t value = value_in(other, rename(source_), rename(sink_));
        if (value != found_.value) return fmt::format("permutation: {} becomes {}", found_.value, value);
        const bool same_names = std::equal(g_.widths().begin() + 1, g_.widths().end(), g_.widths().begin());
        if (same_names &&
            binding_cut(g_, source_, sink_, value) != binding_cut(other, rename(source_), rename(sink_), value)) {
            return "permutation: another cut binds";
        }
        return "";
    }

    MakeSolver make_;
    const FixedNetwork& g_;
    Vertex source_;
    Vertex sink_;
    std::uint64_t seed_;
    std::unique_ptr<MaxFlowFamily::Interface> solver_;
    ResidualState<std::int64_t> state_;
    std::vector<std::int64_t> residual_;
    FlowAnswer found_;
};

}  // namespace attnflow
