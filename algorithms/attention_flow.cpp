#include "algorithms/attention_flow.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "graph/causal_mask.hpp"
#include "graph/certificate.hpp"

namespace attnflow {
namespace {

// In windows and after pruning most pairs see a part of the network only, which pair-by-pair
// solvers use and the engine does not; it knows causal masks.
bool is_dense(const FixedNetwork& network) {
    std::size_t allowed = network.slots();
    if (is_causal(network)) {
        const std::size_t n = network.width(0);
        allowed = network.layers() * n * (n + 1) / 2;
    }
    return 10 * network.edges() >= 9 * allowed;
}

}  // namespace

EntryInfo AttentionFlow::describe() {
    return {.name = "attention_flow",
            .summary = "maximum flow with the attention weights as capacities, one problem a pair",
            .paper = "Abnar & Zuidema 2020, arXiv:2005.00928",
            .complexity =
                "auto, dense: O(l n^2) a source and a token, O(l n) a pair, more where bounds leave a "
                "pair open; else a max flow on l n vertices and l n^2 edges a pair",
            .parameters = {{.name = "solver",
                            .summary = "auto: for dense attention, causal or not, the engine, which shares work "
                                       "between pairs and proves every value itself; for windowed or pruned "
                                       "attention dinic, which sees only the positions between source and token. "
                                       "The others solve pair by pair, to check or to compare. All return the "
                                       "same values",
                            .fallback = std::string("auto"),
                            .choices = {"auto"},
                            .more_choices = [] { return max_flow_solvers().names(); }},
                           {.name = "bits",
                            .summary =
                                "fractional bits of the fixed-point capacities; one more halves the error bound",
                            .fallback = std::int64_t{Quantiser::default_bits},
                            .minimum = Quantiser::min_bits,
                            .maximum = Quantiser::max_bits},
                           {.name = "certify",
                            .summary = "check flows independently: every one of a pair-by-pair solver is proven "
                                       "maximum; of the engine, which proves its own, samples drawn by the "
                                       "statistics' seed are solved again by dinic and compared in value and cut",
                            .fallback = true},
                           {.name = "normalise_rows",
                            .summary = "divide the flows of a source by their sum, as the authors' program does",
                            .fallback = false}},
            .axes = {axis::heads, axis::skip_weight, axis::layer, axis::source},
            .promises = {promise::at_most_one, promise::at_most_column_sum, promise::at_least_rollout,
                         promise::homogeneous, promise::monotone, promise::identity, promise::equivariant,
                         promise::non_negative, promise::unreachable_is_zero, promise::uses_every_layer,
                         promise::independent_of_upper_layers},
            // Its bounds: a flow that ranks tokens as one of them does says no more than that.
            .compared_with = {"column_sum", "rollout"}};
}

AttentionFlow::AttentionFlow(const Parameters& parameters)
    : solver_name_(parameters.get<std::string>("solver")),
      quantiser_(static_cast<int>(parameters.get<std::int64_t>("bits"))),
      certify_(parameters.get<bool>("certify")),
      normalise_rows_(parameters.get<bool>("normalise_rows")) {
    // In auto the engine answers for dense networks, this solver for the others.
    solver_ = max_flow_solvers().at(solver_name_ == "auto" ? "dinic" : solver_name_).make();
}

Attribution AttentionFlow::attribute(const AttributionProblem& problem) {
    return std::move(
        attribute_layers({problem.network, {problem.layer}, problem.sources, problem.computing}).front());
}

std::vector<Attribution> AttentionFlow::attribute_layers(const LayersProblem& problem) {
    const auto [network, fixed_point] = quantiser_(problem.network);
    std::vector<Attribution> results(problem.layers.size());
    std::optional<FlowEngine> engine;
    std::optional<FlowAudit> audit;
    if (solver_name_ == "auto" && is_dense(network)) {
        engine.emplace(network, FlowOptions{.jobs = problem.computing.jobs});
        if (certify_) audit.emplace(network);
    }
    // The highest layer first: in the engine its backward sweeps serve all others.
    for (std::size_t k = problem.layers.size(); k-- > 0;) {
        const AttributionProblem layer{problem.network, problem.layers[k], problem.sources, false,
                                       problem.computing};
        results[k] = engine ? by_engine(*engine, audit ? &*audit : nullptr, layer, fixed_point)
                            : by_solver(network, layer, fixed_point);
        normalise(results[k].scores);
    }
    return results;
}

Attribution AttentionFlow::empty_result(const AttributionProblem& problem, const FixedPoint& fixed_point) {
    const std::size_t tokens = problem.network.width(0);
    return {.scores = RowMajor<double>(problem.sources.size(), tokens),
            .binding_cuts = RowMajor<BindingCut>(problem.sources.size(), tokens),
            .fixed_point = fixed_point};
}

Attribution AttentionFlow::by_engine(FlowEngine& engine, FlowAudit* audit, const AttributionProblem& problem,
                                     const FixedPoint& fixed_point) {
    FlowMatrix flows = engine.flows(problem.layer, problem.sources);
    Attribution result = empty_result(problem, fixed_point);
    if (audit != nullptr) result.checked = audit->sample(flows, problem.computing.seed);
    std::transform(flows.values.values().begin(), flows.values.values().end(), result.scores.values().begin(),
                   [&](std::int64_t value) { return static_cast<double>(value) * result.fixed_point->unit(); });
    if (problem.sources.size() == 1) {
        for (std::size_t t = 0; t < flows.cuts.columns(); ++t) {
            if (flows.cuts(0, t).kind != CutKind::interior) continue;
            result.interior_cuts.push_back({0, t, engine.source_side(problem.layer, problem.sources[0], t)});
        }
    }
    result.binding_cuts = std::move(flows.cuts);
    return result;
}

Attribution AttentionFlow::by_solver(const FixedNetwork& network, const AttributionProblem& problem,
                                     const FixedPoint& fixed_point) {
    Attribution result = empty_result(problem, fixed_point);
    CutClassifier classifier(network, problem.layer);
    for (std::size_t s = 0; s < problem.sources.size(); ++s) {
        const Vertex source = network.vertex(problem.layer, problem.sources[s]);
        for (std::size_t t = 0; t < network.width(0); ++t) {
            const Vertex sink = network.vertex(0, t);
            const std::int64_t value = solver_->solve(network, source, sink, state_);
            const BindingCut cut = classifier.classify(problem.sources[s], t, value);
            const bool list_cut = cut.kind == CutKind::interior && problem.sources.size() == 1;
            if (certify_ || list_cut) {
                Certificate certificate = certify_max_flow(network, source, sink, value, state_.forward());
                if (!certificate.holds) {
                    throw InternalError(
                        fmt::format("{}: flow from layer {}, position {} to token {} fails its "
                                    "certificate: {}",
                                    solver_name_, problem.layer, problem.sources[s], t, certificate.failure));
                }
                result.checked += certify_;
                if (list_cut) result.interior_cuts.push_back({s, t, std::move(certificate.source_side)});
            }
            result.scores(s, t) = static_cast<double>(value) * result.fixed_point->unit();
            result.binding_cuts(s, t) = cut;
        }
    }
    return result;
}

RowMajor<double> AttentionFlow::definition(const AttributionProblem& problem) const {
    const auto& network = problem.network;
    // least[set]: of all cuts whose source side in this layer is `set`, of the part above.
    const auto descend = [&](const std::vector<double>& above, std::size_t l, std::size_t below) {
        std::vector<double> least(std::size_t{1} << below, std::numeric_limits<double>::infinity());
        for (std::size_t from = 0; from < above.size(); ++from) {
            std::vector<double> into(below, 0.0);
            for (std::size_t i = 0; i < network.width(l); ++i) {
                for (std::size_t j = 0; j < below; ++j)
                    into[j] += (from >> i & 1) != 0 ? network.capacity(l, i, j) : 0.0;
            }
            for (std::size_t to = 0; to < least.size(); ++to) {
                double cut = above[from];
                for (std::size_t j = 0; j < below; ++j) cut += (to >> j & 1) == 0 ? into[j] : 0.0;
                least[to] = std::min(least[to], cut);
            }
        }
        return least;
    };
    RowMajor<double> scores(problem.sources.size(), network.width(0));
    for (std::size_t s = 0; s < problem.sources.size(); ++s) {
        std::vector<double> least(std::size_t{1} << network.width(problem.layer),
                                  std::numeric_limits<double>::infinity());
        least[std::size_t{1} << problem.sources[s]] = 0.0;
        for (std::size_t l = problem.layer; l > 0; --l) least = descend(least, l, network.width(l - 1));
        // Of the input the sink alone lies on the other side: nothing leaves the other tokens.
        for (std::size_t t = 0; t < network.width(0); ++t)
            scores(s, t) = least[(std::size_t{1} << network.width(0)) - 1 - (std::size_t{1} << t)];
    }
    normalise(scores);
    return scores;
}

void AttentionFlow::normalise(RowMajor<double>& scores) const {
    if (!normalise_rows_) return;
    for (std::size_t s = 0; s < scores.rows(); ++s) {
        const auto row = scores.row(s);
        const double sum = std::accumulate(row.begin(), row.end(), 0.0);
        if (sum <= 0.0) continue;
        for (double& score : row) score /= sum;
    }
}

}  // namespace attnflow
