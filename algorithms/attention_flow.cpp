#include "algorithms/attention_flow.hpp"

#include <numeric>

#include "graph/certificate.hpp"

namespace attnflow {

EntryInfo AttentionFlow::describe() {
    return {.name = "attention_flow",
            .summary = "maximum flow with the attention weights as capacities, one problem a pair",
            .paper = "Abnar & Zuidema 2020, arXiv:2005.00928",
            .complexity = "n max flows a source, each on L n vertices and L n^2 edges",
            .parameters = {{.name = "solver",
                            .summary = "max-flow solver; all return the same values",
                            .fallback = max_flow_solvers().names().front(),
                            .more_choices = [] { return max_flow_solvers().names(); }},
                           {.name = "bits",
                            .summary = "fractional bits of the fixed-point capacities",
                            .fallback = std::int64_t{Quantiser::default_bits},
                            .minimum = Quantiser::min_bits,
                            .maximum = Quantiser::max_bits},
                           {.name = "certify",
                            .summary = "prove every flow maximum by an independent check",
                            .fallback = true},
                           {.name = "normalise_rows",
                            .summary = "divide the flows of a source by their sum, as the authors' program does",
                            .fallback = false}},
            .axes = {axis::heads, axis::skip_weight, axis::layer, axis::source},
            .promises = {promise::at_most_one, promise::at_most_column_sum, promise::at_least_rollout,
                         promise::monotone, promise::identity, promise::equivariant}};
}

AttentionFlow::AttentionFlow(const Parameters& parameters)
    : solver_name_(parameters.get<std::string>("solver")),
      solver_(max_flow_solvers().at(solver_name_).make()),
      quantiser_(static_cast<int>(parameters.get<std::int64_t>("bits"))),
      certify_(parameters.get<bool>("certify")),
      normalise_rows_(parameters.get<bool>("normalise_rows")) {}

Attribution AttentionFlow::attribute(const AttributionProblem& problem) {
    const auto [network, fixed_point] = quantiser_(problem.network);
    const std::size_t tokens = network.width(0);
    Attribution result{.scores = RowMajor<double>(problem.sources.size(), tokens),
                       .binding_cuts = RowMajor<BindingCut>(problem.sources.size(), tokens),
                       .fixed_point = fixed_point};
    CutClassifier classifier(network, problem.layer);
    for (std::size_t s = 0; s < problem.sources.size(); ++s) {
        const Vertex source = network.vertex(problem.layer, problem.sources[s]);
        for (std::size_t t = 0; t < tokens; ++t) {
            const Vertex sink = network.vertex(0, t);
            const std::int64_t value = solver_->solve(network, source, sink, state_);
            const BindingCut cut = classifier.classify(problem.sources[s], t, value);
            if (certify_ || cut.kind == CutKind::interior) {
                Certificate certificate = certify_max_flow(network, source, sink, value, state_.forward());
                if (!certificate.holds) {
                    throw InternalError(
                        fmt::format("{}: flow from layer {}, position {} to token {} fails its "
                                    "certificate: {}",
                                    solver_name_, problem.layer, problem.sources[s], t, certificate.failure));
                }
                if (cut.kind == CutKind::interior) {
                    result.interior_cuts.push_back({s, t, std::move(certificate.source_side)});
                }
            }
            result.scores(s, t) = static_cast<double>(value) * fixed_point.unit();
            result.binding_cuts(s, t) = cut;
        }
        if (normalise_rows_) {
            const auto row = result.scores.row(s);
            const double sum = std::accumulate(row.begin(), row.end(), 0.0);
            if (sum > 0.0) {
                for (double& score : row) score /= sum;
            }
        }
    }
    return result;
}

}  // namespace attnflow
