#pragma once
/// The family of max-flow solvers. A solver knows graph/ only.
///
/// Maximum flow from a source in a higher layer to a sink in a lower one of a layered
/// network with integer capacities. The value is unique, the flow on an edge is not.

#include <concepts>

#include "graph/layered_network.hpp"
#include "graph/residual_state.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

/// What a solver must provide besides `static EntryInfo describe()`. solve() returns the
/// value and leaves the forward residual capacities of a maximum flow in `state`. It may
/// keep scratch memory between calls; one solver serves one thread. Throws ParameterError
/// unless the source lies above the sink.
template <class S>
concept MaxFlowSolver = requires(S solver, const FixedNetwork& network, Vertex v,
                                 ResidualState<std::int64_t>& state) {
    { S::describe() } -> std::same_as<EntryInfo>;
    { solver.solve(network, v, v, state) } -> std::same_as<std::int64_t>;
};

struct MaxFlowFamily {
    static constexpr const char* noun = "max-flow solver";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual std::int64_t solve(const FixedNetwork& network, Vertex source, Vertex sink,
                                   ResidualState<std::int64_t>& state) = 0;
    };

    template <MaxFlowSolver Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        std::int64_t solve(const FixedNetwork& network, Vertex source, Vertex sink,
                           ResidualState<std::int64_t>& state) override {
            return member_.solve(network, source, sink, state);
        }

    private:
        Member member_;
    };
};

using MaxFlowRegistry = Registry<MaxFlowFamily>;

/// The solvers of this build; the list is in registry.cpp.
MaxFlowRegistry& max_flow_solvers();

}  // namespace attnflow
