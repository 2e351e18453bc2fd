#include "algorithms/maxflow/layered_flow.hpp"

#include "algorithms/maxflow/engine/single_pair.hpp"

namespace attnflow {

/// Layers low..high of one network, packed.
class LayeredFlow::Kernel {
public:
    virtual ~Kernel() = default;
    virtual bool holds(const FixedNetwork& network, std::size_t low, std::size_t high) const = 0;
    virtual std::int64_t solve(const FixedNetwork& network, std::size_t source, std::size_t sink,
                               ResidualState<std::int64_t>& state) = 0;
};

template <class T>
class LayeredFlow::KernelOf final : public LayeredFlow::Kernel {
public:
    KernelOf(const FixedNetwork& network, std::size_t low, std::size_t high)
        : low_(low),
          top_(high - low),
          packed_(network, low, high),
          scratch_(packed_),
          pair_(packed_, scratch_, top_) {}

    bool holds(const FixedNetwork& network, std::size_t low, std::size_t high) const override {
        return low == low_ && high - low == top_ && packed_.equals(network, low);
    }

    std::int64_t solve(const FixedNetwork& network, std::size_t source, std::size_t sink,
                       ResidualState<std::int64_t>& state) override {
        state.reset(network, low_, low_ + top_);
        if (top_ == 1) {
            const std::int64_t value = packed_.down(1)(source, sink);
            state.data()[network.slot(low_ + 1, source, sink)] = 0;
            return value;
        }
        const std::int64_t value = pair_.solve_by_sweeps(source, sink).value;
        scratch_.pseudoflow().cancel_imbalance();
        write_residuals(network, scratch_.pseudoflow(), source, sink, state.data());
        return value;
    }

private:
    void write_residuals(const FixedNetwork& network, const engine::Pseudoflow<T>& pseudoflow, std::size_t source,
                         std::size_t sink, std::int64_t* residual) const {
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
    engine::PackedNetwork<T> packed_;
    engine::Scratch<T> scratch_;
    engine::SinglePair<T> pair_;
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
    if (kernel_ == nullptr || !kernel_->holds(network, low, high)) {
        kernel_.reset();
        if (engine::PackedNetwork<std::int32_t>::fits(network, low, high)) {
            kernel_ = std::make_unique<KernelOf<std::int32_t>>(network, low, high);
        } else {
            kernel_ = std::make_unique<KernelOf<std::int64_t>>(network, low, high);
        }
    }
    return kernel_->solve(network, network.position_of(source), network.position_of(sink), state);
}

}  // namespace attnflow
