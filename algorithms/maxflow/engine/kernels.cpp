#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {
namespace {

template <class T>
T cell(T capacity, Real<T> water) {
    return water < static_cast<Real<T>>(capacity) ? static_cast<T>(water) : capacity;
}

// Newton's method on the concave piecewise linear sum_j min(capacity_j, level guide_j) = mass:
// after the first step the level rises monotonically to the root.
template <class T>
Real<T> water_level(const T* capacity, const Real<T>* guide, Real<T> mass, std::size_t n) {
    constexpr int steps = 16;
    constexpr Real<T> full = std::numeric_limits<Real<T>>::max();
    const Real<T> tolerance = mass * static_cast<Real<T>>(1e-5);
    Real<T> level = mass;
    for (int step = 0; step < steps; ++step) {
        Real<T> sum = 0;
        Real<T> slope = 0;
        for (std::size_t j = 0; j < n; ++j) {
            const Real<T> water = level * guide[j];
            const Real<T> room = static_cast<Real<T>>(capacity[j]);
            sum += std::min(water, room);
            slope += water < room ? guide[j] : 0;
        }
        const Real<T> missing = mass - sum;
        if (std::abs(missing) <= tolerance) break;
        if (slope <= 0) return missing > 0 ? full : level;
        level += missing / slope;
    }
    return level;
}

// Moves `amount` into cells with room (or out of cells, when negative), from the vertex's
// own lane onwards: rounding and an unfinished level leave a small remainder.
template <class T>
void settle_remainder(const T* capacity, T* out, std::size_t columns, std::size_t lane, T amount) {
    for (std::size_t k = 0, j = lane; k < columns && amount != 0; ++k) {
        const T change = amount > 0 ? std::min<T>(amount, capacity[j] - out[j]) : std::max<T>(amount, -out[j]);
        out[j] += change;
        amount -= change;
        if (++j == columns) j = 0;
    }
}

}  // namespace

template <class T>
std::int64_t min_sum(const T* a, const T* b, std::size_t n) {
    T sum = 0;
    for (std::size_t x = 0; x < n; ++x) sum += std::min(a[x], b[x]);
    return sum;
}

template <class T>
void pour_row(const Panel<T>& matrix, std::size_t v, T mass, const Real<T>* guide, Real<T> level, T* out) {
    const T* const capacity = matrix.row(v);
    std::int64_t sum = 0;
    for (std::size_t j = 0; j < matrix.stride(); ++j) {
        out[j] = cell(capacity[j], level * guide[j]);
        sum += out[j];
    }
    settle_remainder(capacity, out, matrix.columns(), v % matrix.columns(), static_cast<T>(mass - sum));
}

template <class T>
void sweep_layer(const Panel<T>& matrix, const T* mass, const Real<T>* guide, Real<T>* level, T* into) {
    thread_local std::vector<T> row;
    row.resize(matrix.stride());
    for (std::size_t v = 0; v < matrix.rows(); ++v) {
        if (mass[v] == 0) {
            level[v] = 0;
            continue;
        }
        level[v] = water_level<T>(matrix.row(v), guide, static_cast<Real<T>>(mass[v]), matrix.stride());
        pour_row(matrix, v, mass[v], guide, level[v], row.data());
        for (std::size_t j = 0; j < matrix.stride(); ++j) into[j] += row[j];
    }
}

template <class T>
bool has_room_to(const T* capacity, const T* flow, const T* label, T wanted, std::size_t n) {
    for (std::size_t x = 0; x < n; ++x) {
        if (label[x] == wanted && capacity[x] > flow[x]) return true;
    }
    return false;
}

template <class T>
void label_receivers(const T* flow, T* label, T unlabelled, T next, std::size_t n) {
    for (std::size_t x = 0; x < n; ++x) label[x] = flow[x] > 0 && label[x] == unlabelled ? next : label[x];
}

template <class T>
T push_row(const T* capacity, T* flow, const T* label, T wanted, T excess, T* balance, std::size_t n) {
    for (std::size_t x = 0; x < n && excess > 0; ++x) {
        if (label[x] != wanted) continue;
        const T amount = std::min<T>(excess, capacity[x] - flow[x]);
        flow[x] += amount;
        balance[x] += amount;
        excess -= amount;
    }
    return excess;
}

#define ATTNFLOW_INSTANTIATE(T)                                                           \
    template std::int64_t min_sum(const T*, const T*, std::size_t);                       \
    template void sweep_layer(const Panel<T>&, const T*, const Real<T>*, Real<T>*, T*);   \
    template void pour_row(const Panel<T>&, std::size_t, T, const Real<T>*, Real<T>, T*); \
    template bool has_room_to(const T*, const T*, const T*, T, std::size_t);              \
    template void label_receivers(const T*, T*, T, T, std::size_t);                       \
    template T push_row(const T*, T*, const T*, T, T, T*, std::size_t);
ATTNFLOW_INSTANTIATE(std::int32_t)
ATTNFLOW_INSTANTIATE(std::int64_t)
#undef ATTNFLOW_INSTANTIATE

}  // namespace attnflow::engine
