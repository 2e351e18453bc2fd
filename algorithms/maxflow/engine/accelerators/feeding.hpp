#pragma once
/// Upper halves that *feed the sink's chain*: made for one pair, on top of a lower half of the sink.
///
/// At each layer l > k the edges into the chain's vertex (l-1, t) come first, as far as the lower half takes mass
/// at (k, t); what the chain holds too much on its way it passes on. The rest pours towards what the lower half
/// takes at layer k: above layer k + 1 it is aimed at those who can send into the chain further down, and else at
/// the guide.
///
/// Every step leaves capacities intact and all edges out of the source and into the sink full, so that the result
/// is a pseudoflow and its lower bound holds. What goes into the chain is cut off in integers at what is taken
/// there: with masses alone nobody would count what is too much as excess.

#include "algorithms/maxflow/engine/certificates/found_cuts.hpp"
#include "algorithms/maxflow/engine/exact/pseudoflow.hpp"

namespace attnflow::engine {

/// In two layers a crossing cut and the sweeps that meet at its layer settle every pair.
inline constexpr std::size_t least_layers_to_feed = 3;

class Feeding {
public:
    /// For flows from layer `top` >= least_layers_to_feed onto lower halves from layer k < top - 1. Keeps a
    /// reference. With `detail` masses bound() pours unconstrained vertices together.  O(n^2) for each layer
    /// between.
    Feeding(Pseudoflow& pseudoflow, std::size_t top, std::size_t k, Detail detail);

    bool is_for(std::size_t top, std::size_t k, Detail detail) const {
        return top_ == top && k_ == k && detail_ == detail;
    }

    /// The pseudoflow has a lower half for this sink, from layer k; waves and feed() may change it.  O(n) a layer.
    void enter(std::size_t sink);

    /// What an upper half for the source would prove, from masses alone: a lower bound of the flow.
    /// O(n) a layer where most vertices are unconstrained.
    Amount bound(std::size_t source);
    /// Puts an upper half for the source on the pseudoflow, in place of the one before, and returns the lower
    /// bound. A cut that was found for another source guides it: in a maximum flow every edge across is full.
    /// O(n^2) a layer.
    Amount feed(std::size_t source, const FoundCut* cut);

private:
    Amount run(std::size_t source, bool write, const FoundCut* cut);
    void see_lower_half();
    Amount fill_chain(std::size_t l);
    void aim(std::size_t l, Amount total, Amount wanted, const FoundCut* cut);
    Amount pour(std::size_t l, std::size_t source, bool write, const FoundCut* cut);
    Amount serve(std::size_t source, bool write, const FoundCut* cut);
    void fill_beyond(std::size_t l, std::size_t source, const FoundCut& cut);
    void write_served(std::size_t l, const FoundCut* cut);
    void write_chain(std::size_t l, Amount* arrived, bool write);
    bool has_chain(std::size_t l) const { return sink_ < network_.width(l); }

    Pseudoflow& pseudoflow_;
    const PackedNetwork& network_;
    std::size_t top_;
    std::size_t k_;
    Detail detail_;  // of what bound() pours
    std::size_t sink_;
    std::vector<Panel<Amount>> beside_;  // by layer above k: its matrix without the sink's column

    // Of the lower half, as long as it is at this version.
    std::size_t seen_version_ = 0;
    Amount chain_takes_ = 0;  // at layer k
    Row<Amount> others_take_;
    Row<double> per_take_;  // 1 / others_take_, 0 where nothing is taken
    Row<double> slack_;     // what part of others_take_ each vertex above can serve by itself

    // Scratch of one run.
    Demand demand_;
    Row<double> multiplier_;
    Row<Amount> mass_;        // of the layer that has been reached
    Row<Amount> below_;       // what comes to the next
    Row<Amount> into_chain_;  // from each vertex
    Panel<Amount> beyond_;    // by vertex beyond a cut: what it gets from each vertex
};

}  // namespace attnflow::engine
