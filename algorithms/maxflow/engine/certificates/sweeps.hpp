#pragma once
/// Water-filling sweeps: feasible half-flows without any search.
///
/// *Down*, from a source (top, s): the source fills all its edges; then the vertices of each layer pour their mass
/// into the layer below, one after the other, each cell up to a common multiple of what its end should still get
/// (kernels/water_filling.hpp). That demand starts as the total mass times the guide and shrinks by what arrives.
/// *Up*, from a sink (0, t): all edges into the sink are full; every vertex draws its demand from the layer above
/// in the same way, so that in an upward sweep "mass" is demand and "into" is from.
///
/// So mass from above and demand from below become equal to the guide (times their total) after two or three
/// layers, whatever the source and the sink. The mass p of a downward sweep at layer k and the demand q of an
/// upward one there prove
///
///     max flow(s, t) >= sum_x min(p(x), q(x))                    (the meeting certificate)
///
/// because both decompose into paths, which can be joined at each x. One sweep gives the vectors of every layer.
/// What a vertex cannot pass on stays there: as excess (down) or as deficit (up, where it is what the vertex sends
/// without having received it). Neither weakens the certificate.
///
/// Two things have to be true of every step, and are checked (check.hpp) where expensive assertions are on: there
/// is an integer flow within the capacities that takes from each vertex min(mass, row sum) and brings what was
/// written down as mass to the next layer; and where multipliers are kept, cells() pours that flow once more.

#include "algorithms/maxflow/engine/certificates/packed_network.hpp"
#include "algorithms/maxflow/engine/kernels/water_filling.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {

/// What a sweep is made for: masses for certificates, or the multipliers too, for pseudoflows.
enum class Detail : std::uint8_t { masses, multipliers };

/// What the vertices of one layer should still receive, while those beside it pour.
class Demand {
public:
    explicit Demand(std::size_t widest);
    /// `total` spread over `columns` vertices as the guide says.
    void reset(const double* guide, std::size_t columns, Amount total);

    double* data() { return demand_.data(); }
    double least() const { return least_; }    ///< at least this is demanded everywhere
    Amount* cells() { return cells_.data(); }  ///< scratch, one row

private:
    Row<double> demand_;
    Row<Amount> cells_;
    double least_ = 0;
};

/// What the vertices that a step leaves can pass on of their mass, all together.
Amount passable(const Step& step, const Amount* mass);

/// Pours one by one, or, for masses, those that are unconstrained together; false where there were such. In builds
/// that check, pours the same once more with cells for every row, and looks at those.
bool pour_step(const Pour& step, Detail detail);

/// The sweeps of several sources of layer `top`, or of several sinks. Keeps a reference. Different sweeps may be
/// made by several threads at once.
class Sweeps {
public:
    /// `ends`: positions of the sources, or of the sinks.  Memory O(top x ends x width).
    Sweeps(const PackedNetwork& network, Direction direction, std::size_t top, std::vector<std::size_t> ends);

    Direction direction() const { return direction_; }
    std::size_t end(std::size_t index) const { return ends_[index]; }
    /// Sweep `index` has another end, and begins anew.
    void restart(std::size_t index, std::size_t end) {
        ends_[index] = end;
        reached_[index] = 0;
    }

    /// Takes sweep `index` on to layer `far`, in 1..top-1, with `detail` all the way: from where it was left, or
    /// anew where multipliers are wanted that it does not have. One that is made anew has other masses too, so it
    /// goes as far as the one before: layer by layer they belong together. O(n^2) a layer; for masses O(n), and
    /// O(n) for every vertex that is not unconstrained.
    void reach(std::size_t index, std::size_t far, Detail detail, Demand& scratch);

    /// Mass, or demand, of every vertex of layer l in sweep `index`, which has reached it. Padded.
    const Amount* mass(std::size_t l, std::size_t index) const {
        ATTNFLOW_ASSERT(has_reached(index, l));
        return mass_[l].row(index);
    }
    /// Of the layers that the sweep has left, where it has multipliers.
    const double* multiplier(std::size_t l, std::size_t index) const { return multiplier_[l].row(index); }
    bool has_multipliers(std::size_t index) const { return has_multipliers_[index] != 0; }
    bool has_reached(std::size_t index, std::size_t l) const {
        return reached_[index] != 0 && !is_before(reached_[index], l);
    }

    /// The flow of the step that left layer `from`, of a sweep that has multipliers: row v is what vertex v passes
    /// on. O(n^2).
    void cells(std::size_t from, std::size_t index, Demand& scratch, Panel<Amount>& flow) const;

private:
    std::size_t nearest() const { return direction_ == Direction::down ? top_ - 1 : 1; }
    bool is_before(std::size_t l, std::size_t far) const {
        return direction_ == Direction::down ? l > far : l < far;
    }
    void begin(std::size_t index);
    void pass_on(std::size_t index, Detail detail, Demand& scratch);
    void check_cells(std::size_t from, std::size_t index) const;

    const PackedNetwork* network_;
    Direction direction_;
    std::size_t top_;
    std::vector<std::size_t> ends_;
    std::vector<std::size_t> reached_;  // layer, by sweep; 0 before it begins
    std::vector<char> has_multipliers_;
    std::vector<Panel<Amount>> mass_;  // by layer, [0] unused
    std::vector<Panel<double>> multiplier_;
};

}  // namespace attnflow::engine
