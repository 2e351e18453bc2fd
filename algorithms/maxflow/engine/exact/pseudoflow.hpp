#pragma once
/// Two half-flows joined: capacities hold, but a vertex may receive more than it sends (*excess*) or less
/// (*deficit*).
///
/// As in Hochbaum ("The Pseudoflow Algorithm", Operations Research 56, 2008) all edges out of the source and into
/// the sink are full throughout, and what remains is to bring excess to deficits; waves.hpp does that. Unlike
/// there, no forest of branches is kept: distances are found anew for each wave.
///
/// *Balances equal the flow.* balance(l)[x] is what vertex (l, x) receives minus what it sends, at any time.
/// Layers of flow are poured from the sweeps only when somebody asks for them; until then the balances stand for
/// them. *Lower bound.* With R what leaves the source, R minus the sum of all excess is at most the maximum flow,
/// at any time: decompose into paths; those from the source that end in an excess are the only ones lost.
/// *Balances fit.* All excess together is at most what the source sends (a lower half: what its layer is supplied
/// with), a sum over one layer, and only moves or ends; deficits are never made. So no balance leaves the range of
/// Amount.

#include <limits>
#include <vector>

#include "algorithms/maxflow/engine/causal_range.hpp"
#include "algorithms/maxflow/engine/certificates/sweeps.hpp"
#include "algorithms/maxflow/engine/exact/residual_bits.hpp"

namespace attnflow::engine {

/// A sweep with multipliers, as far as the layer where it is joined.
struct Half {
    const Sweeps* sweeps = nullptr;
    std::size_t index = 0;

    std::size_t end() const { return sweeps->end(index); }
    bool can_join(std::size_t k) const { return sweeps->has_multipliers(index) && sweeps->has_reached(index, k); }
};

/// For one pair after the other: O(L n^2), allocated once. Keeps a reference.
class Pseudoflow {
public:
    explicit Pseudoflow(const PackedNetwork& network);

    // Makes it. Halves are referred to until the next time.

    /// From a source of layer `top` to a sink, joined at layer k in [1, top - 1].
    void join(std::size_t top, Half upper, Half lower, std::size_t k);
    /// The upper half alone: to layer k, where vertex x wants demand[x].
    void join_upper(std::size_t top, Half upper, std::size_t k, const Amount* demand);
    /// The lower half alone: from layer k, where vertex x has supply[x].
    void join_lower(Half lower, std::size_t k, const Amount* supply);
    /// No flow in the range and no balances: the caller writes flow(l), l = 2..top-1, and balance(l), l
    /// = 1..top-1. The edges of the source into the range are full, and those out of it into the sink. For equal
    /// widths.
    void clear(std::size_t top, std::size_t source, std::size_t sink, CausalRange range);
    /// Another source for the lower half, as join_lower() and what came after have left it: the caller writes
    /// flow(l) and balance(l) for l = k+1..top-1 and the balance of layer k. Until then lower_bound() means
    /// nothing.
    void begin_upper(std::size_t top, std::size_t source);

    // What it is.

    /// What leaves the source minus all excess: at most the maximum flow. Not of a half.
    Amount lower_bound() const;
    Amount supply() const { return supply_; }
    Amount total_excess() const { return imbalance().positive; }
    /// All excess, all deficits.
    SignedSums imbalance() const;
    std::size_t top() const { return top_; }
    std::size_t source() const { return source_; }
    std::size_t sink() const { return sink_; }
    std::size_t k() const { return k_; }
    /// What vertex x of the highest layer receives from above, what vertex x of the lowest sends on below.
    Amount enters(std::size_t x) const {
        return part_ == Part::lower ? outside_[x] : network_.down(top_)(source_, x);
    }
    Amount leaves(std::size_t x) const { return part_ == Part::upper ? outside_[x] : network_.up(1)(sink_, x); }
    /// What vertex x of layer k sends in the lower half. Not after clear().
    Amount outflow(std::size_t x) const;
    /// Grows with every change of the lower half that may change outflow().
    std::size_t lower_version() const { return lower_version_; }

    // Changes that keep lower bounds and balances true.

    /// Takes excess that is stuck below layer k back along the flow that brought it, up to layer k. Not after
    /// clear(): whole layers are looked at, not a range.
    void return_excess();
    /// More supply for vertex x of layer k of a lower half, as far as balances can hold it.
    void add_supply(std::size_t x, Amount amount);
    /// Turns the pseudoflow into a flow by sending excess back to the source and deficits on
    /// to the sink. Not after clear(). Afterwards flow(l) holds it, l = 2..top-1, and source_flow / sink_flow the
    /// flow on the source's and the sink's edges.
    void cancel_imbalance();
    const std::vector<Amount>& source_flow() const { return source_flow_; }
    const std::vector<Amount>& sink_flow() const { return sink_flow_; }

    // What waves, and those who write halves, work on.

    const PackedNetwork& network() const { return network_; }
    /// Layers whose vertices have balances.
    std::size_t lowest() const { return lowest_; }
    std::size_t highest() const { return highest_; }
    /// Received minus sent of the vertices of layer l. Padded.
    Amount* balance(std::size_t l) { return balance_.row(l); }
    const Amount* balance(std::size_t l) const { return balance_.row(l); }
    /// The flow out of layer l, poured if nobody has asked for it yet. Whoever changes it tells residual().
    Panel<Amount>& flow(std::size_t l);
    ResidualBits& residual() { return residual_; }
    void lower_has_changed() { lower_version_ += k_ > 1; }

    const CausalRange& range() const { return range_; }
    /// Of layer l: one beyond the last position in the range, whole blocks around the range.
    std::size_t end_of(std::size_t l) const { return std::min(range_.last + 1, network_.width(l)); }
    std::size_t blocks_begin() const { return range_.first / per_block * per_block; }
    std::size_t blocks_end(std::size_t l) const { return padded(end_of(l)); }
    /// Edges out of vertex x of layer l end at positions below this, whole blocks.
    std::size_t row_end(std::size_t l, std::size_t x) const { return causal_ ? padded(x + 1) : blocks_end(l - 1); }
    /// Whether a flow is kept for the edge from position x to position y.
    bool keeps(std::size_t x, std::size_t y) const { return !causal_ || y <= x; }
    /// Edges out of vertex x of layer l, whose flow has been asked for, from position blocks_begin() on.
    FlowRow edges(std::size_t l, std::size_t x) {
        const std::size_t from = blocks_begin();
        return {network_.down(l).row(x) + from, flow_[l].row(x) + from, row_end(l, x) - from};
    }

private:
    enum class Part : std::uint8_t { all, upper, lower };

    void start(Part part, std::size_t lowest, std::size_t highest, std::size_t k);
    void set_balances(const Half& half, std::size_t l);
    Panel<Amount>& allocated(std::size_t l);
    void build(std::size_t l);
    void return_excess_of(std::size_t l);

    const PackedNetwork& network_;
    Part part_ = Part::all;
    std::size_t lowest_ = 1;
    std::size_t highest_ = 0;
    std::size_t top_ = 0;
    std::size_t source_ = 0;
    std::size_t sink_ = 0;
    std::size_t k_ = 0;
    Half upper_;
    Half lower_;
    CausalRange range_;
    bool causal_ = false;  // rows end at their own position
    Amount supply_ = 0;    // what leaves the source
    std::size_t lower_version_ = 0;

    std::vector<Panel<Amount>> flow_;  // by layer; layers 2..top-1, valid where built_
    std::vector<char> built_;
    Panel<Amount> balance_;  // [layer][position]
    Row<Amount> outside_;    // of a half: what its layer k is supplied with, or what is demanded there
    ResidualBits residual_;  // of flow_
    Demand demand_;          // scratch of build()
    Panel<Amount> drawn_;    // likewise
    std::vector<Amount> source_flow_;
    std::vector<Amount> sink_flow_;
};

}  // namespace attnflow::engine
