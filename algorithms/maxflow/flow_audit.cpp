#include "algorithms/maxflow/flow_audit.hpp"

#include <array>

#include "graph/certificate.hpp"
#include "graph/support/random.hpp"

namespace attnflow {
namespace {

// FNV-1a, a word at a time.
class Hash {
public:
    template <class Integers>
    Hash& add(const Integers& integers) {
        for (const auto integer : integers)
            value_ = (value_ ^ static_cast<std::uint64_t>(integer)) * 1099511628211u;
        return *this;
    }
    std::uint64_t value() const { return value_ ^ value_ >> 32; }

private:
    std::uint64_t value_ = 14695981039346656037u;
};

// A pair costs Dinic's method and the certificate about 8 ns a slot, and a run a third of a millisecond and more
// an answer, so that one in 1 + slots / 1000 takes 2 % of it. Beyond 8000 slots an answer of the engine costs far
// more than an eighth of a pair.
constexpr std::size_t slots_of_one = 1000;
constexpr std::size_t most_answers = 8;

}  // namespace

std::uint64_t fingerprint(const FixedNetwork& network) {
    return Hash().add(network.widths()).add(network.capacities()).value();
}

std::size_t FlowAudit::sample(const FlowMatrix& flows, std::uint64_t seed) {
    if (flows.values.values().empty()) return 0;
    const std::size_t one_in = std::min(most_answers, 1 + network_.slots() / slots_of_one);
    Random random(Hash().add(std::array{seed, std::uint64_t{flows.layer}}).add(flows.values.values()).value());
    if (random.below(one_in) > 0) return 0;
    std::vector<std::size_t> rarer;  // pairs that took more than the sweeps of their ends
    if (random.below(2) > 0) {
        const auto by = flows.settled_by.values();
        for (std::size_t pair = 0; pair < by.size(); ++pair) {
            if (by[pair] > SettledBy::sweeps) rarer.push_back(pair);
        }
    }
    const std::size_t pairs = flows.values.values().size();
    const std::size_t pair = rarer.empty() ? random.below(pairs) : rarer[random.below(rarer.size())];
    check(flows, pair / flows.values.columns(), pair % flows.values.columns());
    return 1;
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
