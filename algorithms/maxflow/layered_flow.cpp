#include "algorithms/maxflow/layered_flow.hpp"

#include "algorithms/maxflow/engine/single_pair.hpp"

namespace attnflow {

/// Layers low..high of one network, packed.
class LayeredFlow::Impl {
public:
    Impl(const FixedNetwork& network, std::size_t low, std::size_t high)
        : low_(low),
          top_(high - low),
          packed_(network, low, high),
          scratch_(packed_),
          pair_(packed_, scratch_, top_, engine::Switches({})) {}

    bool holds(const FixedNetwork& network, std::size_t low, std::size_t high) const {
        return low == low_ && high - low == top_ && packed_.equals(network, low);
    }

    std::int64_t solve(const FixedNetwork& network, std::size_t source, std::size_t sink,
                       ResidualState<std::int64_t>& state) {
        state.reset(network, low_, low_ + top_);
        if (top_ == 1) {
            const std::int64_t value = packed_.down(1)(source, sink);
            state.data()[network.slot(low_ + 1, source, sink)] = 0;
            return value;
        }
        const std::int64_t value = engine::checked(pair_.solve_by_sweeps(source, sink)).value;
        scratch_.pseudoflow().cancel_imbalance();
        write_residuals(network, source, sink, state.data());
        return value;
    }

private:
    void write_residuals(const FixedNetwork& network, std::size_t source, std::size_t sink,
                         std::int64_t* residual) {
        engine::Pseudoflow& pseudoflow = scratch_.pseudoflow();
        for (std::size_t l = 2; l < top_; ++l) {
            const auto& flow = pseudoflow.flow(l);
            for (std::size_t i = 0; i < flow.rows(); ++i) {
                std::int64_t* const out = residual + network.slot(low_ + l, i, 0);
                for (std::size_t j = 0; j < flow.columns(); ++j) out[j] -= flow(i, j);
            }
        }
        for (std::size_t x = 0; x < packed_.width(top_ - 1); ++x) {
            residual[network.slot(low_ + top_, source, x)] -= pseudoflow.source_flow()[x];
        }
        for (std::size_t x = 0; x < packed_.width(1); ++x) {
            residual[network.slot(low_ + 1, x, sink)] -= pseudoflow.sink_flow()[x];
        }
    }

    std::size_t low_;
    std::size_t top_;
    engine::PackedNetwork packed_;
    engine::Scratch scratch_;
    engine::SinglePair pair_;
};

LayeredFlow::LayeredFlow() = default;
LayeredFlow::~LayeredFlow() = default;
LayeredFlow::LayeredFlow(LayeredFlow&&) noexcept = default;
LayeredFlow& LayeredFlow::operator=(LayeredFlow&&) noexcept = default;

EntryInfo LayeredFlow::describe() {
    return {.name = "layered_flow",
            .summary = "water-filling sweeps from both ends, corrected by waves; made for dense layers",
            .paper = "docs/engine.md",
            .complexity = "O(L n^2) a sweep or wave, few waves on attention; memory four capacities a slot"};
}

std::int64_t LayeredFlow::solve(const FixedNetwork& network, Vertex source, Vertex sink,
                                ResidualState<std::int64_t>& state) {
    const std::size_t low = network.layer_of(sink);
    const std::size_t high = network.layer_of(source);
    if (low >= high) {
        throw ParameterError(
            fmt::format("max flow: the source (layer {}) must lie above the sink (layer {})", high, low));
    }
    if (impl_ == nullptr || !impl_->holds(network, low, high)) {
        impl_.reset();  // its memory first
        impl_ = std::make_unique<Impl>(network, low, high);
    }
    return impl_->solve(network, network.position_of(source), network.position_of(sink), state);
}

}  // namespace attnflow
