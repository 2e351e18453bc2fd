#pragma once
/// The inner loops of the engine, compiled for several instruction sets by Highway; the best one
/// that the processor has is chosen when the program runs. Rows are padded as in Panel, `n` is a
/// padded length. Water levels, and what is steered by them or shared out among light vertices, may differ in
/// the last bits from one instruction set to another: that decides how a flow is proven, never what it is.

#include <cstdint>

#include "algorithms/maxflow/engine/packed_network.hpp"

namespace attnflow::engine {

/// sum_x min(a[x], b[x]). The sum must fit a T.
template <class T>
std::int64_t min_sum(const T* a, const T* b, std::size_t n);

/// sum_x max(a[x], 0) and -sum_x min(a[x], 0).
struct SignedSums {
    std::int64_t positive = 0;
    std::int64_t negative = 0;
};
template <class T>
SignedSums signed_sums(const T* a, std::size_t n);

/// One layer of a sweep. The vertices v of `matrix`'s rows pour their mass into the columns one after
/// the other, `first` before the rest, each f_vj = min(capacity_vj, level_v max(need_j, floor)) with
/// the water level that makes its row sum to its mass (or fill all of it). What a column gets is
/// subtracted from its need, so that later vertices make up for what earlier ones could not do.
/// Writes level_v and the cells of row v, at cells + v cells_stride (0 where they are not wanted: then
/// `cells` is scratch), and adds the poured amounts to `into`. floor > 0. The level is sought from lift_v times
/// where it would be without capacities.
template <class T>
void sweep_layer(const Panel<T>& matrix, const T* mass, std::size_t first, const Real<T>* lift, Real<T> floor,
                 Real<T>* need, T* cells, std::size_t cells_stride, Real<T>* level, T* into);

/// As sweep_layer where only the masses below are wanted. Vertices that can pass on all they have in the
/// proportions of what is still needed, meeting no capacity, are *light*: no cell of theirs is looked at.
/// With integers m_v to send, s_j to receive and M in all, m_v s_j / M <= capacity_vj is a flow, so there is
/// one in integers. `room[v]` is the most that v can pass on in the guide's proportions, `per_guide` 1 / guide.
/// Where `matrix` lacks an edge that `room` counts on, nothing may be needed: light vertices send nothing there.
/// False where some vertices were light, which have no level (-1).  O(n) beside the others.
template <class T>
bool sweep_masses(const Panel<T>& matrix, const T* mass, std::size_t first, const Real<T>* room,
                  const Real<T>* per_guide, const Real<T>* lift, Real<T> floor, Real<T>* need, T* cells,
                  Real<T>* level, T* into);

/// The least capacity[x] factor[x] where factor[x] is not 0; infinite where it is 0 everywhere.
template <class T>
Real<T> min_ratio(const T* capacity, const Real<T>* factor, std::size_t n);

/// As sweep_layer, but a vertex sends no column more than it still needs and keeps what is left of
/// its mass, which `mass` holds afterwards as `need` holds what is still needed. Writes all of `flow`.
template <class T>
void serve_layer(const Panel<T>& matrix, T* mass, std::size_t first, T* need, Panel<T>& flow);

/// As serve_layer where only what is left of all masses together is wanted, which is returned; light vertices are
/// served together. `room[v]` is the part of what was needed at first, 1 / `per_need` (0 where nothing was), that
/// v can serve alone everywhere.  O(n) beside the vertices that are not light.
template <class T>
std::int64_t serve_masses(const Panel<T>& matrix, T* mass, std::size_t first, const Real<T>* room,
                          const Real<T>* per_need, T* need, T* cells, Real<T>* level);

/// Whether sum_x part[x] flow(x, y) >= demand[y] for all y, safely.
template <class T>
bool covers(const Panel<Real<T>>& flow, const Real<T>* part, const T* demand);

/// The cells of row v as sweep_layer poured them, given what was needed then; updates `need`.
template <class T>
void pour_row(const Panel<T>& matrix, std::size_t v, T mass, Real<T> level, Real<T> floor, Real<T>* need,
              T* cells);

/// Bits of the columns [from, end) of a row, whole blocks, in `words` words: bit x of `room` says whether
/// capacity[x] > flow[x], bit x of `carried` whether flow[x] > 0. Other bits become 0.
template <class T>
void residual_bits(const T* capacity, const T* flow, std::size_t from, std::size_t end, std::size_t words,
                   std::uint64_t* room, std::uint64_t* carried);

/// What a row can send to columns labelled `wanted`, sum of min(capacity - flow, intake).
template <class T>
T sendable(const T* capacity, const T* flow, const T* label, T wanted, const T* intake, std::size_t n);

/// What can be sent back along this row: adds min(flow, intake) to `sum` at columns labelled `wanted`.
template <class T>
void add_returnable(const T* flow, T intake, const T* label, T wanted, T* sum, std::size_t n);

/// Pushes up to `excess` along the row to columns labelled `wanted`, to none more than its
/// intake, which shrinks; returns what is left.
template <class T>
T push_row(const T* capacity, T* flow, const T* label, T wanted, T excess, T* intake, T* balance, std::size_t n);

/// Sends excess of columns labelled `wanted` (where `balance` is positive) back along the row, to its
/// vertex, which takes `intake`; returns what is left of that.
template <class T>
T pull_row(T* flow, const T* label, T wanted, T intake, T* balance, std::size_t n);

}  // namespace attnflow::engine
