#include "algorithms/maxflow/engine/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "algorithms/maxflow/engine/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace attnflow::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// As many lanes as a Panel pads for, or fewer.
template <class T>
using Tag = hn::CappedTag<T, 64 / sizeof(T)>;

// The largest float below the largest T: conversion to T never overflows.
template <class T>
constexpr Real<T> brim = sizeof(T) == 4 ? static_cast<Real<T>>(2147483520.0)
                                        : static_cast<Real<T>>(9223372036854774784.0);

template <class T>
T cell(T capacity, Real<T> water) {
    return std::min(capacity, static_cast<T>(std::min(water, brim<T>)));
}

template <class T>
std::int64_t min_sum(const T* a, const T* b, std::size_t n) {
    const Tag<T> d;
    auto sum = hn::Zero(d);
    for (std::size_t x = 0; x < n; x += hn::Lanes(d))
        sum = hn::Add(sum, hn::Min(hn::Load(d, a + x), hn::Load(d, b + x)));
    return hn::GetLane(hn::SumOfLanes(d, sum));
}

// In 64 bits: the shortages of a sink together may be its column sum.
template <class T>
SignedSums signed_sums(const T* a, std::size_t n) {
    const Tag<std::int64_t> d;
    const hn::Rebind<T, Tag<std::int64_t>> narrow;
    const auto zero = hn::Zero(d);
    auto positive = zero;
    auto negative = zero;
    for (std::size_t x = 0; x < n; x += hn::Lanes(d)) {
        auto value = zero;
        if constexpr (sizeof(T) == 8) {
            value = hn::Load(d, a + x);
        } else {
            value = hn::PromoteTo(d, hn::Load(narrow, a + x));
        }
        positive = hn::Add(positive, hn::Max(value, zero));
        negative = hn::Sub(negative, hn::Min(value, zero));
    }
    return {hn::GetLane(hn::SumOfLanes(d, positive)), hn::GetLane(hn::SumOfLanes(d, negative))};
}

// Newton's method on the concave piecewise linear sum_j min(capacity_j, level guide_j) = mass:
// after the first step the level rises monotonically to the root.
template <class T>
Real<T> water_level(const T* capacity, const Real<T>* guide, Real<T> mass, std::size_t n) {
    using R = Real<T>;
    const Tag<T> d;
    const hn::Rebind<R, Tag<T>> r;
    constexpr int most_steps = 16;
    constexpr R full = std::numeric_limits<R>::max() / 4;
    const R tolerance = mass * static_cast<R>(1e-5);
    R level = mass;
    for (int step = 0; step < most_steps; ++step) {
        const auto height = hn::Set(r, level);
        auto sum = hn::Zero(r);
        auto slope = hn::Zero(r);
        for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
            const auto share = hn::Load(r, guide + j);
            const auto water = hn::Mul(height, share);
            const auto room = hn::ConvertTo(r, hn::Load(d, capacity + j));
            sum = hn::Add(sum, hn::Min(water, room));
            slope = hn::Add(slope, hn::IfThenElseZero(hn::Lt(water, room), share));
        }
        const R missing = mass - hn::GetLane(hn::SumOfLanes(r, sum));
        if (std::abs(missing) <= tolerance) break;
        const R rise = hn::GetLane(hn::SumOfLanes(r, slope));
        if (rise <= 0) return missing > 0 ? full : level;
        level += missing / rise;
    }
    return std::min(level, full);
}

// Calls pour(j, amounts) for each block of cells; returns the sum of all cells.
template <class T, class Pour>
T pour_cells(const T* capacity, const Real<T>* guide, Real<T> level, std::size_t n, const Pour& pour) {
    using R = Real<T>;
    const Tag<T> d;
    const hn::Rebind<R, Tag<T>> r;
    const auto height = hn::Set(r, level);
    const auto most = hn::Set(r, brim<T>);
    auto sum = hn::Zero(d);
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto water = hn::Min(hn::Mul(height, hn::Load(r, guide + j)), most);
        const auto amount = hn::Min(hn::ConvertTo(d, water), hn::Load(d, capacity + j));
        sum = hn::Add(sum, amount);
        pour(j, amount);
    }
    return hn::GetLane(hn::SumOfLanes(d, sum));
}

// Moves `amount` into cells with room (or out of cells, when negative), from the vertex's
// own lane onwards: rounding and an unfinished level leave a small remainder.
template <class T>
void settle_remainder(const Panel<T>& matrix, std::size_t v, const Real<T>* guide, Real<T> level, T amount,
                      T* out) {
    const T* const capacity = matrix.row(v);
    const std::size_t columns = matrix.columns();
    for (std::size_t k = 0, j = v % columns; k < columns && amount != 0; ++k) {
        const T poured = cell(capacity[j], level * guide[j]);
        const T change = amount > 0 ? std::min<T>(amount, capacity[j] - poured) : std::max<T>(amount, -poured);
        out[j] += change;
        amount -= change;
        if (++j == columns) j = 0;
    }
}

template <class T>
void pour_row(const Panel<T>& matrix, std::size_t v, T mass, const Real<T>* guide, Real<T> level, T* out) {
    const Tag<T> d;
    const T sum = pour_cells(matrix.row(v), guide, level, matrix.stride(),
                             [&](std::size_t j, auto amount) { hn::Store(amount, d, out + j); });
    settle_remainder(matrix, v, guide, level, static_cast<T>(mass - sum), out);
}

template <class T>
void sweep_layer(const Panel<T>& matrix, const T* mass, const Real<T>* guide, Real<T>* level, T* into) {
    const Tag<T> d;
    for (std::size_t v = 0; v < matrix.rows(); ++v) {
        if (mass[v] == 0) {
            level[v] = 0;
            continue;
        }
        level[v] = water_level<T>(matrix.row(v), guide, static_cast<Real<T>>(mass[v]), matrix.stride());
        const T sum = pour_cells(matrix.row(v), guide, level[v], matrix.stride(), [&](std::size_t j, auto amount) {
            hn::Store(hn::Add(hn::Load(d, into + j), amount), d, into + j);
        });
        settle_remainder(matrix, v, guide, level[v], static_cast<T>(mass[v] - sum), into);
    }
}

template <class T>
bool has_room_to(const T* capacity, const T* flow, const T* label, T wanted, std::size_t n) {
    const Tag<T> d;
    const auto target = hn::Set(d, wanted);
    for (std::size_t x = 0; x < n; x += hn::Lanes(d)) {
        const auto room = hn::And(hn::Gt(hn::Load(d, capacity + x), hn::Load(d, flow + x)),
                                  hn::Eq(hn::Load(d, label + x), target));
        if (!hn::AllFalse(d, room)) return true;
    }
    return false;
}

template <class T>
std::size_t label_senders(const Panel<T>& capacity, const Panel<T>& flow, const T* column_label, T wanted,
                          T* row_label, T next) {
    std::size_t looked_at = 0;
    for (std::size_t x = 0; x < capacity.rows(); ++x) {
        if (row_label[x] >= 0) continue;
        ++looked_at;
        if (has_room_to(capacity.row(x), flow.row(x), column_label, wanted, capacity.stride()))
            row_label[x] = next;
    }
    return looked_at;
}

template <class T>
void label_receivers(const T* flow, T* label, T next, std::size_t n) {
    const Tag<T> d;
    const auto zero = hn::Zero(d);
    const auto reached = hn::Set(d, next);
    for (std::size_t x = 0; x < n; x += hn::Lanes(d)) {
        const auto old = hn::Load(d, label + x);
        const auto fresh = hn::And(hn::Gt(hn::Load(d, flow + x), zero), hn::Lt(old, zero));
        hn::Store(hn::IfThenElse(fresh, reached, old), d, label + x);
    }
}

template <class T>
T sendable(const T* capacity, const T* flow, const T* label, T wanted, const T* intake, std::size_t n) {
    const Tag<T> d;
    const auto target = hn::Set(d, wanted);
    auto sum = hn::Zero(d);
    for (std::size_t x = 0; x < n; x += hn::Lanes(d)) {
        const auto room =
            hn::Min(hn::Sub(hn::Load(d, capacity + x), hn::Load(d, flow + x)), hn::Load(d, intake + x));
        sum = hn::Add(sum, hn::IfThenElseZero(hn::Eq(hn::Load(d, label + x), target), room));
    }
    return hn::GetLane(hn::SumOfLanes(d, sum));
}

template <class T>
void add_returnable(const T* flow, T intake, const T* label, T wanted, T* sum, std::size_t n) {
    const Tag<T> d;
    const auto target = hn::Set(d, wanted);
    const auto most = hn::Set(d, intake);
    for (std::size_t x = 0; x < n; x += hn::Lanes(d)) {
        const auto amount =
            hn::IfThenElseZero(hn::Eq(hn::Load(d, label + x), target), hn::Min(hn::Load(d, flow + x), most));
        hn::Store(hn::Add(hn::Load(d, sum + x), amount), d, sum + x);
    }
}

template <class T>
T push_row(const T* capacity, T* flow, const T* label, T wanted, T excess, T* intake, T* balance, std::size_t n) {
    const Tag<T> d;
    const auto target = hn::Set(d, wanted);
    for (std::size_t x = 0; x < n && excess > 0; x += hn::Lanes(d)) {
        const auto chosen = hn::Eq(hn::Load(d, label + x), target);
        if (hn::AllFalse(d, chosen)) continue;
        const auto old = hn::Load(d, flow + x);
        const auto limit = hn::Load(d, intake + x);
        const auto room = hn::IfThenElseZero(chosen, hn::Min(hn::Sub(hn::Load(d, capacity + x), old), limit));
        // Rooms of one row may be added: together they are at most its row sum.
        const T sum = hn::GetLane(hn::SumOfLanes(d, room));
        if (sum <= excess) {
            hn::Store(hn::Add(old, room), d, flow + x);
            hn::Store(hn::Sub(limit, room), d, intake + x);
            hn::Store(hn::Add(hn::Load(d, balance + x), room), d, balance + x);
            excess = static_cast<T>(excess - sum);
            continue;
        }
        for (std::size_t y = x; excess > 0; ++y) {
            if (label[y] != wanted) continue;
            const T amount = std::min<T>({excess, static_cast<T>(capacity[y] - flow[y]), intake[y]});
            flow[y] += amount;
            intake[y] -= amount;
            balance[y] += amount;
            excess -= amount;
        }
    }
    return excess;
}

// One function per type, since Highway's dispatch table takes no templates.
#define ATTNFLOW_DEFINE(T, bits)                                                                                 \
    std::int64_t MinSum##bits(const T* a, const T* b, std::size_t n) { return HWY_NAMESPACE::min_sum(a, b, n); } \
    SignedSums SignedSums##bits(const T* a, std::size_t n) { return HWY_NAMESPACE::signed_sums(a, n); }          \
    void SweepLayer##bits(const Panel<T>& m, const T* mass, const Real<T>* guide, Real<T>* level, T* into) {     \
        HWY_NAMESPACE::sweep_layer(m, mass, guide, level, into);                                                 \
    }                                                                                                            \
    void PourRow##bits(const Panel<T>& m, std::size_t v, T mass, const Real<T>* guide, Real<T> level, T* out) {  \
        HWY_NAMESPACE::pour_row(m, v, mass, guide, level, out);                                                  \
    }                                                                                                            \
    std::size_t LabelSenders##bits(const Panel<T>& capacity, const Panel<T>& flow, const T* column_label,        \
                                   T wanted, T* row_label, T next) {                                             \
        return HWY_NAMESPACE::label_senders(capacity, flow, column_label, wanted, row_label, next);              \
    }                                                                                                            \
    void LabelReceivers##bits(const T* flow, T* label, T next, std::size_t n) {                                  \
        HWY_NAMESPACE::label_receivers(flow, label, next, n);                                                    \
    }                                                                                                            \
    T Sendable##bits(const T* capacity, const T* flow, const T* label, T wanted, const T* intake,                \
                     std::size_t n) {                                                                            \
        return HWY_NAMESPACE::sendable(capacity, flow, label, wanted, intake, n);                                \
    }                                                                                                            \
    void AddReturnable##bits(const T* flow, T intake, const T* label, T wanted, T* sum, std::size_t n) {         \
        HWY_NAMESPACE::add_returnable(flow, intake, label, wanted, sum, n);                                      \
    }                                                                                                            \
    T PushRow##bits(const T* capacity, T* flow, const T* label, T wanted, T excess, T* intake, T* balance,       \
                    std::size_t n) {                                                                             \
        return HWY_NAMESPACE::push_row(capacity, flow, label, wanted, excess, intake, balance, n);               \
    }
ATTNFLOW_DEFINE(std::int32_t, 32)
ATTNFLOW_DEFINE(std::int64_t, 64)
#undef ATTNFLOW_DEFINE

}  // namespace attnflow::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attnflow::engine {

#define ATTNFLOW_DISPATCH(T, bits)                                                                              \
    HWY_EXPORT(MinSum##bits);                                                                                   \
    HWY_EXPORT(SignedSums##bits);                                                                               \
    HWY_EXPORT(SweepLayer##bits);                                                                               \
    HWY_EXPORT(PourRow##bits);                                                                                  \
    HWY_EXPORT(LabelSenders##bits);                                                                             \
    HWY_EXPORT(LabelReceivers##bits);                                                                           \
    HWY_EXPORT(Sendable##bits);                                                                                 \
    HWY_EXPORT(AddReturnable##bits);                                                                            \
    HWY_EXPORT(PushRow##bits);                                                                                  \
    template <>                                                                                                 \
    std::int64_t min_sum(const T* a, const T* b, std::size_t n) {                                               \
        return HWY_DYNAMIC_DISPATCH(MinSum##bits)(a, b, n);                                                     \
    }                                                                                                           \
    template <>                                                                                                 \
    SignedSums signed_sums(const T* a, std::size_t n) {                                                         \
        return HWY_DYNAMIC_DISPATCH(SignedSums##bits)(a, n);                                                    \
    }                                                                                                           \
    template <>                                                                                                 \
    void sweep_layer(const Panel<T>& m, const T* mass, const Real<T>* guide, Real<T>* level, T* into) {         \
        HWY_DYNAMIC_DISPATCH(SweepLayer##bits)(m, mass, guide, level, into);                                    \
    }                                                                                                           \
    template <>                                                                                                 \
    void pour_row(const Panel<T>& m, std::size_t v, T mass, const Real<T>* guide, Real<T> level, T* out) {      \
        HWY_DYNAMIC_DISPATCH(PourRow##bits)(m, v, mass, guide, level, out);                                     \
    }                                                                                                           \
    template <>                                                                                                 \
    std::size_t label_senders(const Panel<T>& capacity, const Panel<T>& flow, const T* column_label, T wanted,  \
                              T* row_label, T next) {                                                           \
        return HWY_DYNAMIC_DISPATCH(LabelSenders##bits)(capacity, flow, column_label, wanted, row_label, next); \
    }                                                                                                           \
    template <>                                                                                                 \
    void label_receivers(const T* flow, T* label, T next, std::size_t n) {                                      \
        HWY_DYNAMIC_DISPATCH(LabelReceivers##bits)(flow, label, next, n);                                       \
    }                                                                                                           \
    template <>                                                                                                 \
    T sendable(const T* capacity, const T* flow, const T* label, T wanted, const T* intake, std::size_t n) {    \
        return HWY_DYNAMIC_DISPATCH(Sendable##bits)(capacity, flow, label, wanted, intake, n);                  \
    }                                                                                                           \
    template <>                                                                                                 \
    void add_returnable(const T* flow, T intake, const T* label, T wanted, T* sum, std::size_t n) {             \
        HWY_DYNAMIC_DISPATCH(AddReturnable##bits)(flow, intake, label, wanted, sum, n);                         \
    }                                                                                                           \
    template <>                                                                                                 \
    T push_row(const T* capacity, T* flow, const T* label, T wanted, T excess, T* intake, T* balance,           \
               std::size_t n) {                                                                                 \
        return HWY_DYNAMIC_DISPATCH(PushRow##bits)(capacity, flow, label, wanted, excess, intake, balance, n);  \
    }
ATTNFLOW_DISPATCH(std::int32_t, 32)
ATTNFLOW_DISPATCH(std::int64_t, 64)
#undef ATTNFLOW_DISPATCH

}  // namespace attnflow::engine
#endif  // HWY_ONCE
