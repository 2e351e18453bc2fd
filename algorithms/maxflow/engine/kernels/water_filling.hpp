#pragma once
/// Water-filling, the inner loop of sweeps: a vertex with mass m fills the edges of its row, each up to its
/// capacity or to a common *multiplier* of what the vertex at its other end should still get, whichever is less:
///
///     f_j = min(capacity_j, multiplier demand_j),   with the multiplier for which sum_j f_j = m.
///
/// (The name is that of the allocation of power to channels, Cover & Thomas, "Elements of Information
/// Theory", 9.4.) The multiplier is a double and only steers: amounts are rounded down, cut off at the capacity,
/// and what is missing is put where there is room, so that cells and masses are exact in integers.
///
/// Compiled for several instruction sets by Highway; the best one that the processor has is chosen when the
/// program runs. Multipliers, and how integers are shared out, may differ from one to another in the last bits:
/// that decides how a flow is proven, never what it is. Rows are padded as in Panel, `n` is a padded length.

#include "algorithms/maxflow/engine/panel.hpp"

namespace attnflow::engine {

/// One layer of a sweep. The vertices of `capacity`'s rows pour their mass into the columns one after the other.
/// What a column gets is subtracted from its demand, so that later vertices make up for what earlier ones could
/// not do.
struct Pour {
    const Panel<Amount>& capacity;
    const Amount* mass;   ///< of each row
    std::size_t first;    ///< pours before the others; capacity.rows() for none
    const double* start;  ///< where the multiplier of each row is sought, times where it is without capacities
    double least;         ///< > 0: a column's demand counts as this where it is less
    double* demand;       ///< of each column
    /// Out: of row v at cells + v stride; with stride 0 all are one row of scratch. pour_together() needs one row
    /// more than there are vertices where stride > 0.
    Amount* cells;
    std::size_t stride;
    double* multiplier;  ///< out: of each row, 0 without mass
    Amount* into;        ///< what each column gets is added (check_half() wants it to be 0 before)
    // For pour_together() alone:
    const double* slack = nullptr;      ///< of each row: the most it can pass on as the guide shares it out
    const double* per_guide = nullptr;  ///< of each column: 1 / guide, 0 where the guide has nothing
};

/// As Pour, but a vertex sends no column more than is demanded there and keeps what is left of its mass.
struct Serve {
    const Panel<Amount>& capacity;
    Amount* mass;  ///< in and out: what is left
    std::size_t first;
    Amount* demand;  ///< in and out: what is still demanded
    Amount* cells;
    std::size_t stride;
    // For serve_together() alone:
    const double* slack = nullptr;       ///< of each row: what part of all that is demanded it can serve by itself
    const double* per_demand = nullptr;  ///< of each column: 1 / demand at first, 0 where there is none
    double* mark = nullptr;              ///< scratch, a row's length
};

/// What pour_together() writes for the multiplier of a row that was poured with others.
inline constexpr double together = -1;

struct WaterFilling {
    void (*pour)(const Pour&);

    /// As pour() where only the masses below are wanted. *Unconstrained* vertices, which can pass on all they have
    /// in the proportions of what is still demanded without meeting a capacity, are poured together: no cell of
    /// theirs is looked at. With integers m_v to send, s_j to receive and M in all, m_v s_j / M <= capacity_vj is
    /// a flow with whole sums within whole capacities, so there is one in integers (a transport problem). Where
    /// `capacity` lacks an edge that `slack` counts on, nothing may be demanded. False where some rows were poured
    /// together; cells are written for the others.  O(n) beside those.
    bool (*pour_together)(const Pour&);

    /// The cells of row v as pour() made them, given the demand it found then; updates `demand`.
    void (*pour_row)(const Panel<Amount>& capacity, std::size_t v, Amount mass, double multiplier, double least,
                     double* demand, Amount* cells);

    void (*serve)(const Serve&);

    /// As serve() where only what is left of all masses together is wanted, which is returned. Unconstrained
    /// vertices are served together.  O(n) beside those that are not.
    Amount (*serve_together)(const Serve&);

    /// The least capacity[x] factor[x] where factor[x] is not 0; infinite where it is 0 everywhere.
    double (*min_ratio)(const Amount* capacity, const double* factor, std::size_t n);
};

/// For the processor at hand. Keep the reference for a loop, not for longer: tests change the instruction set.
const WaterFilling& water_filling();

}  // namespace attnflow::engine
