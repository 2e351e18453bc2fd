#include "algorithms/maxflow/layered_flow.hpp"

#include "algorithms/maxflow/engine/closed_cuts.hpp"
#include "algorithms/maxflow/engine/waves.hpp"

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
          cuts_(packed_, top_),
          pseudoflow_(packed_),
          needs_(packed_.widest()),
          from_source_(packed_, top_, 1),
          from_sink_(packed_, top_, 1) {}

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
        const std::size_t k = (top_ + 1) / 2;
        engine::sweep_forward(packed_, needs_, top_, source, k, from_source_, 0, engine::Detail::levels);
        engine::sweep_backward(packed_, needs_, sink, k, from_sink_, 0, engine::Detail::levels);
        pseudoflow_.join(top_, source, from_source_, 0, sink, from_sink_, 0, k);
        const auto bound = cuts_.crossings(source, sink, cuts_.lanes(source, sink));
        const std::int64_t value = pseudoflow_.maximise(bound.value);
        pseudoflow_.cancel_imbalance();
        write_residuals(network, source, sink, state.data());
        return value;
    }

private:
    void write_residuals(const FixedNetwork& network, std::size_t source, std::size_t sink,
                         std::int64_t* residual) const {
        for (std::size_t l = 2; l < top_; ++l) {
            const auto& flow = pseudoflow_.flow(l);
            for (std::size_t i = 0; i < flow.rows(); ++i) {
                std::int64_t* const out = residual + network.slot(low_ + l, i, 0);
                for (std::size_t j = 0; j < flow.columns(); ++j) out[j] -= flow(i, j);
            }
        }
        for (std::size_t x = 0; x < packed_.width(top_ - 1); ++x) {
            residual[network.slot(low_ + top_, source, x)] -= pseudoflow_.source_flow()[x];
        }
        for (std::size_t x = 0; x < packed_.width(1); ++x) {
            residual[network.slot(low_ + 1, x, sink)] -= pseudoflow_.sink_flow()[x];
        }
    }

    std::size_t low_;
    std::size_t top_;
    engine::PackedNetwork<T> packed_;
    engine::ClosedCuts<T> cuts_;
    engine::Pseudoflow<T> pseudoflow_;
    engine::Needs<T> needs_;
    engine::Sweeps<T> from_source_;
    engine::Sweeps<T> from_sink_;
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
