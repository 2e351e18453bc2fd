#pragma once
/// The inner loops of the engine. Rows are padded as in Panel; `n` is a padded length.

#include "algorithms/maxflow/engine/packed_network.hpp"

namespace attnflow::engine {

/// sum_x min(a[x], b[x]). The sum must fit a T.
template <class T>
std::int64_t min_sum(const T* a, const T* b, std::size_t n);

/// One layer of a sweep: each vertex v of `matrix`'s rows pours its mass into the columns,
/// f_vj = min(capacity_vj, level_v guide_j) with the water level that makes the row sum to
/// the mass (or fill all of it). Writes level_v, adds the poured amounts to `into`.
template <class T>
void sweep_layer(const Panel<T>& matrix, const T* mass, const Real<T>* guide, Real<T>* level, T* into);

/// The cells of row v as sweep_layer poured them, in `out` (n entries).
template <class T>
void pour_row(const Panel<T>& matrix, std::size_t v, T mass, const Real<T>* guide, Real<T> level, T* out);

/// Whether some column x with label[x] == wanted has room: capacity[x] > flow[x].
template <class T>
bool has_room_to(const T* capacity, const T* flow, const T* label, T wanted, std::size_t n);

/// Labels `next` every unlabelled column that receives flow from this row.
template <class T>
void label_receivers(const T* flow, T* label, T unlabelled, T next, std::size_t n);

/// Pushes up to `excess` along the row to columns with label == wanted; returns what is left.
template <class T>
T push_row(const T* capacity, T* flow, const T* label, T wanted, T excess, T* balance, std::size_t n);

}  // namespace attnflow::engine
