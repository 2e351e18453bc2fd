#include "algorithms/maxflow/flow_audit.hpp"

#include "graph/certificate.hpp"

namespace attnflow {

std::uint64_t fingerprint(const FixedNetwork& network) {
    std::uint64_t hash = 14695981039346656037u;  // FNV-1a, a word at a time
    const auto add = [&](std::uint64_t word) { hash = (hash ^ word) * 1099511628211u; };
    for (const std::size_t width : network.widths()) add(width);
    for (const std::int64_t capacity : network.capacities()) add(static_cast<std::uint64_t>(capacity));
    return hash ^ hash >> 32;
}

void FlowAudit::check(const FlowMatrix& flows, std::size_t s, std::size_t t) {
    const std::size_t position = flows.sources[s];
    const Vertex source = network_.vertex(flows.layer, position);
    const Vertex sink = network_.vertex(0, t);
    ++pairs_;
    const std::int64_t value = dinic_.solve(network_, source, sink, state_);
    const Certificate certificate = certify_max_flow(network_, source, sink, value, state_.forward());
    if (!certificate.holds) {
        fail(flows, s, t, fmt::format("the flow of dinic fails its certificate: {}", certificate.failure));
    }
    if (flows.values(s, t) != value) {
        fail(flows, s, t,
             fmt::format("the engine finds {}, by {}, dinic {}", flows.values(s, t),
                         to_string(flows.settled_by(s, t)), value));
    }
    const BindingCut cut = CutClassifier(network_, flows.layer).classify(position, t, value);
    if (flows.cuts(s, t) != cut) {
        fail(flows, s, t,
             fmt::format("of a flow of {} the engine says that {} binds it, it is {}", value,
                         flows.cuts(s, t).text(), cut.text()));
    }
}

void FlowAudit::fail(const FlowMatrix& flows, std::size_t s, std::size_t t, const std::string& what) const {
    std::string widths;
    for (const std::size_t width : network_.widths())
        widths += fmt::format("{}{}", widths.empty() ? "" : " ", width);
    throw InternalError(
        fmt::format("flow engine: network {:016x} of widths {}, from layer {}, position {} to token {}: {}",
                    fingerprint(network_), widths, flows.layer, flows.sources[s], t, what));
}

}  // namespace attnflow
