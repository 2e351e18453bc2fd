#pragma once
/// Water-filling sweeps: feasible half-flows without any search.
///
/// *Forward*, from a source (top, s): the source fills all its edges; from then on every
/// vertex pours its mass into the layer below, each cell up to a common multiple of the
/// guide, min(capacity, level guide). *Backward*, from a sink (0, t): all edges into the
/// sink are full; every vertex pulls its demand from the layer above in the same way.
///
/// Steered by the guide, mass and demand become nearly proportional to it after two or three
/// layers, whatever the source and the sink. A forward sweep's mass p at layer k and a backward
/// sweep's demand q there prove
///
///     max flow(s, t) >= sum_x min(p(x), q(x))                    (the meeting certificate)
///
/// because both decompose into paths, which can be joined at each x. One sweep gives the
/// vectors of every layer, and its flow is implied by one water level per vertex. What a
/// vertex cannot pass on stays there: as excess (forward) or as shortage (backward, where it
/// is what the vertex sends without having received it). Neither weakens the certificate.

#include "algorithms/maxflow/engine/packed_network.hpp"

namespace attnflow::engine {

/// The sweeps of several sources, or of several sinks.
template <class T>
class Sweeps {
public:
    Sweeps() = default;
    /// Room for `count` sweeps over layers 1..top-1.
    Sweeps(const PackedNetwork<T>& network, std::size_t top, std::size_t count);

    /// Mass or demand of every vertex of layer l in sweep `index`.
    T* mass(std::size_t l, std::size_t index) { return mass_[l].row(index); }
    const T* mass(std::size_t l, std::size_t index) const { return mass_[l].row(index); }
    /// Water level at which each vertex of layer l poured or pulled.
    Real<T>* level(std::size_t l, std::size_t index) { return level_[l].row(index); }
    const Real<T>* level(std::size_t l, std::size_t index) const { return level_[l].row(index); }

private:
    std::vector<Panel<T>> mass_;  // by layer, [0] unused
    std::vector<Panel<Real<T>>> level_;
};

/// Fills sweep `index` from (top, source) down to layer `lowest` >= 1.  O((top - lowest) n^2).
template <class T>
void sweep_forward(const PackedNetwork<T>& network, std::size_t top, std::size_t source, std::size_t lowest,
                   Sweeps<T>& sweeps, std::size_t index);

/// Fills sweep `index` from (0, sink) up to layer `highest`.  O(highest n^2).
template <class T>
void sweep_backward(const PackedNetwork<T>& network, std::size_t sink, std::size_t highest, Sweeps<T>& sweeps,
                    std::size_t index);

}  // namespace attnflow::engine
