#pragma once
/// Water-filling sweeps: feasible half-flows without any search.
///
/// *Forward*, from a source (top, s): the source fills all its edges; then the vertices of each
/// layer pour their mass into the layer below, one after the other, each cell up to a common
/// multiple of what its end still needs, min(capacity, level need). The need starts as the
/// total mass times the guide and shrinks by what arrives. *Backward*, from a sink (0, t): all
/// edges into the sink are full; every vertex pulls its demand from the layer above in the
/// same way.
///
/// So mass and demand become equal to the guide (times their total) after two or three
/// layers, whatever the source and the sink. A forward sweep's mass p at layer k and a
/// backward sweep's demand q there prove
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

    /// Whether all levels of the sweep are there, so that its flow can be built.
    bool has_levels(std::size_t index) const { return has_levels_[index] != 0; }
    void set_has_levels(std::size_t index, bool has) { has_levels_[index] = has; }

private:
    std::vector<Panel<T>> mass_;  // by layer, [0] unused
    std::vector<Panel<Real<T>>> level_;
    std::vector<char> has_levels_;  // by sweep
};

/// What a sweep is made for: masses for certificates, or the levels too, for pseudoflows.
enum class Detail : std::uint8_t { masses, levels };

/// What the vertices of one layer still need to receive, while those beside it pour or pull.
template <class T>
class Needs {
public:
    explicit Needs(std::size_t widest);
    /// `total` spread over `columns` vertices as the guide says.
    void reset(const Real<T>* guide, std::size_t columns, std::int64_t total);

    Real<T>* data() { return need_.data(); }
    Real<T> floor() const { return floor_; }  ///< at least this is needed everywhere
    T* cells() { return cells_.data(); }      ///< scratch, one row

private:
    std::vector<Real<T>, AlignedAllocator<Real<T>>> need_;
    std::vector<T, AlignedAllocator<T>> cells_;
    Real<T> floor_ = 0;
};

/// What the vertices of layer l can pass on of their mass downwards, or meet of their demand from
/// above, all together.
template <class T>
std::int64_t forward_total(const PackedNetwork<T>& network, std::size_t l, const T* mass);
template <class T>
std::int64_t backward_total(const PackedNetwork<T>& network, std::size_t l, const T* demand);

/// `needs` is scratch. Fills sweep `index` from (top, source) down to layer `lowest` >= 1, or goes on with it from
/// layer `from`, which it has reached.  O(n^2) a layer; for masses O(n), and O(n) for every vertex that is not
/// light.
template <class T>
void sweep_forward(const PackedNetwork<T>& network, Needs<T>& needs, std::size_t top, std::size_t source,
                   std::size_t lowest, Sweeps<T>& sweeps, std::size_t index, Detail detail, std::size_t from = 0);

/// Fills sweep `index` from (0, sink) up to layer `highest`, or goes on from layer `from`.  As costly.
template <class T>
void sweep_backward(const PackedNetwork<T>& network, Needs<T>& needs, std::size_t sink, std::size_t highest,
                    Sweeps<T>& sweeps, std::size_t index, Detail detail, std::size_t from = 0);

}  // namespace attnflow::engine
