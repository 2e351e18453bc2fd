#include "algorithms/maxflow/engine/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "algorithms/maxflow/engine/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace attnflow::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A bound in floating point is taken this much smaller; rounding is far less.
template <class T>
constexpr auto safely = static_cast<Real<T>>(0.9999);

// As many lanes as a Panel pads for, or fewer.
template <class T>
using Tag = hn::CappedTag<T, 64 / sizeof(T)>;

// The largest float below the largest T: conversion to T never overflows.
template <class T>
constexpr Real<T> brim = sizeof(T) == 4 ? static_cast<Real<T>>(2147483520.0)
                                        : static_cast<Real<T>>(9223372036854774784.0);

template <class T>
std::int64_t min_sum(const T* a, const T* b, std::size_t n) {
    const Tag<T> d;
    auto sum = hn::Zero(d);
    for (std::size_t x = 0; x < n; x += hn::Lanes(d))
        sum = hn::Add(sum, hn::Min(hn::Load(d, a + x), hn::Load(d, b + x)));
    return hn::GetLane(hn::SumOfLanes(d, sum));
}

// The least capacity[x] * factor[x] where the factor is not 0.
template <class T>
Real<T> min_ratio(const T* capacity, const Real<T>* factor, std::size_t n) {
    const Tag<T> d;
    const hn::Rebind<Real<T>, Tag<T>> r;
    const auto infinite = hn::Set(r, std::numeric_limits<Real<T>>::infinity());
    auto least = infinite;
    for (std::size_t x = 0; x < n; x += hn::Lanes(d)) {
        const auto by = hn::Load(r, factor + x);
        const auto product = hn::Mul(hn::ConvertTo(r, hn::Load(d, capacity + x)), by);
        least = hn::Min(least, hn::IfThenElse(hn::Eq(by, hn::Zero(r)), infinite, product));
    }
    return hn::GetLane(hn::MinOfLanes(r, least));
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

// Two steps, or one from nearby, of Newton's method on the concave piecewise linear
// sum_j min(capacity_j, level need_j) = mass: from any start the first step lands at or below the root, from
// where the level rises to it. A step below 0 is cut off there: levels, and so amounts, are never negative. What
// the level misses by is left to settle_remainder().
template <class T>
Real<T> water_level(const T* capacity, const Real<T>* need, Real<T> floor, Real<T> mass, Real<T> level,
                    std::size_t n) {
    using R = Real<T>;
    const Tag<T> d;
    const hn::Rebind<R, Tag<T>> r;
    constexpr R full = std::numeric_limits<R>::max() / 4;
    constexpr auto nearby = static_cast<R>(3e-2);
    const auto least = hn::Set(r, floor);
    for (int step = 0; step < 2; ++step) {
        const auto height = hn::Set(r, level);
        auto sum = hn::Zero(r);
        auto slope = hn::Zero(r);
        for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
            const auto share = hn::Max(hn::Load(r, need + j), least);
            const auto water = hn::Mul(height, share);
            const auto room = hn::ConvertTo(r, hn::Load(d, capacity + j));
            sum = hn::Add(sum, hn::Min(water, room));
            slope = hn::Add(slope, hn::IfThenElseZero(hn::Lt(water, room), share));
        }
        const R missing = mass - hn::GetLane(hn::SumOfLanes(r, sum));
        const R rise = hn::GetLane(hn::SumOfLanes(r, slope));
        if (rise <= 0) return missing > 0 ? full : level;
        level = std::max(level + missing / rise, R(0));
        if (std::abs(missing) <= nearby * mass) break;
    }
    return std::min(level, full);
}

// Rounding and an unfinished level leave a small remainder: moves it into cells with room, first
// where something is needed (or out of cells, when negative), from the vertex's own lane onwards.
// Calls moved(j, change).
template <class T, class Moved>
void settle_remainder(const Panel<T>& matrix, std::size_t v, std::int64_t amount, Real<T>* need, T* cells,
                      const Moved& moved) {
    const T* const capacity = matrix.row(v);
    const std::size_t columns = matrix.columns();
    for (const bool needed : {true, false}) {
        for (std::size_t k = 0, j = v % columns; k < columns && amount != 0; ++k) {
            T change = static_cast<T>(amount > 0 ? std::min<std::int64_t>(amount, capacity[j] - cells[j])
                                                 : std::max<std::int64_t>(amount, -std::int64_t{cells[j]}));
            if (needed && amount > 0) {
                change = std::min(change, static_cast<T>(std::clamp(need[j], Real<T>(0), brim<T>)));
            }
            cells[j] += change;
            need[j] -= static_cast<Real<T>>(change);
            amount -= change;
            moved(j, change);
            if (++j == columns) j = 0;
        }
    }
}

// mass minus the sum of all cells. Cells of a column together may be more than a T holds: `sum`, in
// T, has wrapped then, which `rough`, the same in floating point, tells apart.
template <class T>
std::int64_t remainder_of(T mass, T sum, Real<T> rough, const T* cells, std::size_t columns) {
    using Unsigned = std::make_unsigned_t<T>;
    if constexpr (sizeof(T) < sizeof(std::int64_t)) {
        // Far within the range in which mass - sum is right, whatever `rough` lost.
        if (std::abs(static_cast<Real<T>>(mass) - rough) > static_cast<Real<T>>(1 << 29)) {
            std::int64_t exact = mass;
            for (std::size_t j = 0; j < columns; ++j) exact -= cells[j];
            return exact;
        }
    }
    return static_cast<T>(static_cast<Unsigned>(mass) - static_cast<Unsigned>(sum));
}

// a + b where a sum on the way to its value may have wrapped.
template <class T>
T wrapping_add(T a, T b) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
}

// Calls poured(j, amounts) for each block of cells, moved(j, change) for single changes after.
template <class T, class Poured, class Moved>
void pour_cells(const Panel<T>& matrix, std::size_t v, T mass, Real<T> level, Real<T> floor, Real<T>* need,
                T* cells, const Poured& poured, const Moved& moved) {
    using R = Real<T>;
    const Tag<T> d;
    const hn::Rebind<R, Tag<T>> r;
    const T* const capacity = matrix.row(v);
    const auto height = hn::Set(r, level);
    const auto most = hn::Set(r, brim<T>);
    const auto least = hn::Set(r, floor);
    auto sum = hn::Zero(d);
    auto rough = hn::Zero(r);
    for (std::size_t j = 0; j < matrix.stride(); j += hn::Lanes(d)) {
        const auto share = hn::Load(r, need + j);
        const auto water = hn::Min(hn::Mul(height, hn::Max(share, least)), most);
        const auto amount = hn::Min(hn::ConvertTo(d, water), hn::Load(d, capacity + j));
        const auto real_amount = hn::ConvertTo(r, amount);
        hn::Store(amount, d, cells + j);
        hn::Store(hn::Sub(share, real_amount), r, need + j);
        sum = hn::Add(sum, amount);
        rough = hn::Add(rough, real_amount);
        poured(j, amount);
    }
    alignas(64) T lanes[64 / sizeof(T)];
    hn::Store(sum, d, lanes);
    T wrapped = 0;
    for (std::size_t k = 0; k < hn::Lanes(d); ++k) wrapped = wrapping_add(wrapped, lanes[k]);
    const std::int64_t left =
        remainder_of<T>(mass, wrapped, hn::GetLane(hn::SumOfLanes(r, rough)), cells, matrix.columns());
    settle_remainder(matrix, v, left, need, cells, moved);
}

template <class T>
void pour_row(const Panel<T>& matrix, std::size_t v, T mass, Real<T> level, Real<T> floor, Real<T>* need,
              T* cells) {
    pour_cells(
        matrix, v, mass, level, floor, need, cells, [](std::size_t, auto) {}, [](std::size_t, T) {});
}

// Pours vertex v, of `rest` that is to be poured in all, into `need` and `into`; returns its level.
template <class T>
Real<T> pour_vertex(const Panel<T>& matrix, std::size_t v, T mass, Real<T> rest, Real<T> lift, Real<T> floor,
                    Real<T>* need, T* cells, T* into) {
    const Tag<T> d;
    const auto amount = static_cast<Real<T>>(mass);
    const Real<T> level = water_level<T>(matrix.row(v), need, floor, amount,
                                         lift * amount / std::max(rest, Real<T>(1)), matrix.stride());
    pour_cells(
        matrix, v, mass, level, floor, need, cells,
        [&](std::size_t j, auto poured) { hn::Store(hn::Add(hn::Load(d, into + j), poured), d, into + j); },
        [&](std::size_t j, T change) { into[j] = wrapping_add(into[j], change); });
    return level;
}

template <class T>
Real<T> sum_of(const T* mass, std::size_t rows) {
    const Tag<T> d;
    const hn::Rebind<Real<T>, Tag<T>> r;
    auto sum = hn::Zero(r);
    for (std::size_t v = 0; v < rows; v += hn::Lanes(d))
        sum = hn::Add(sum, hn::ConvertTo(r, hn::Load(d, mass + v)));
    return hn::GetLane(hn::SumOfLanes(r, sum));
}

template <class T>
void sweep_layer(const Panel<T>& matrix, const T* mass, std::size_t first, const Real<T>* lift, Real<T> floor,
                 Real<T>* need, T* cells, std::size_t cells_stride, Real<T>* level, T* into) {
    Real<T> rest = sum_of(mass, matrix.rows());
    const auto pour = [&](std::size_t v) {
        T* const row = cells + v * cells_stride;
        level[v] = 0;
        if (mass[v] == 0) {
            std::fill_n(row, matrix.stride(), T(0));
            return;
        }
        level[v] = pour_vertex(matrix, v, mass[v], rest, lift[v], floor, need, row, into);
        rest -= static_cast<Real<T>>(mass[v]);
    };
    if (first < matrix.rows()) pour(first);
    for (std::size_t v = 0; v < matrix.rows(); ++v) {
        if (v != first) pour(v);
    }
}

// Shares `total` out in the proportions of the needs above 0. Returns the largest multiple of the
// guide among the shares, or infinity where that cannot be done in a T.
template <class T>
Real<T> share_out(std::int64_t total, const Real<T>* need, const Real<T>* per_guide, std::size_t n, T* shares) {
    using R = Real<T>;
    const Tag<T> d;
    const hn::Rebind<R, Tag<T>> r;
    constexpr R impossible = std::numeric_limits<R>::infinity();
    constexpr T most = std::numeric_limits<T>::max() / 4;
    const auto zero = hn::Zero(r);
    auto sums = zero;
    std::size_t needy = 0;
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto needs = hn::Load(r, need + j);
        sums = hn::Add(sums, hn::Max(needs, zero));
        needy += hn::CountTrue(r, hn::Gt(needs, zero));
    }
    const R sum = hn::GetLane(hn::SumOfLanes(r, sums));
    if (!(sum > 0) || total > std::numeric_limits<T>::max() / 4 * 3) return impossible;
    // A little less, so that rounding does not use up the total.
    const auto scale = hn::Set(r, static_cast<R>(total) / sum * static_cast<R>(0.99999));
    const auto limit = hn::Set(r, static_cast<R>(most));
    auto shared = hn::Zero(d);
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto share = hn::Min(hn::Mul(hn::Max(hn::Load(r, need + j), zero), scale), limit);
        const auto whole = hn::ConvertTo(d, share);
        hn::Store(whole, d, shares + j);
        shared = hn::Add(shared, whole);
    }
    const std::int64_t rest = total - hn::GetLane(hn::SumOfLanes(d, shared));
    const auto count = static_cast<std::int64_t>(needy);
    if (rest < 0 || rest / count > most) return impossible;
    const auto each = hn::Set(d, static_cast<T>(rest / count));
    std::int64_t left = rest % count;
    for (std::size_t j = 0; left > 0; ++j) {  // columns without needs may be out of reach
        if (!(need[j] > 0)) continue;
        ++shares[j];
        --left;
    }
    auto multiple = zero;
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto is_needy = hn::RebindMask(d, hn::Gt(hn::Load(r, need + j), zero));
        const auto share = hn::Add(hn::Load(d, shares + j), hn::IfThenElseZero(is_needy, each));
        hn::Store(share, d, shares + j);
        multiple = hn::Max(multiple, hn::Mul(hn::ConvertTo(r, share), hn::Load(r, per_guide + j)));
    }
    return hn::GetLane(hn::MaxOfLanes(r, multiple));
}

// Rows of sweep_masses and serve_masses that are not poured yet have this level.
template <class T>
constexpr Real<T> is_light = -1;

// Marks the vertices whose mass is positive and at most `most` times their room, but not `first`, as light, the
// others with level 0.
struct Light {
    std::int64_t mass = 0;
    std::size_t rows = 0;
};
template <class T>
Light mark_light(const T* mass, const Real<T>* room, Real<T> most, std::size_t first, std::size_t rows,
                 Real<T>* level) {
    const Tag<T> d;
    const hn::Rebind<Real<T>, Tag<T>> r;
    const auto factor = hn::Set(r, most);
    const auto light_level = hn::Set(r, is_light<T>);
    Light light;
    for (std::size_t v = 0; v < rows; v += hn::Lanes(d)) {
        const auto own = hn::Load(d, mass + v);
        const auto fits = hn::RebindMask(d, hn::Le(hn::ConvertTo(r, own), hn::Mul(hn::Load(r, room + v), factor)));
        const auto chosen = hn::And(fits, hn::Gt(own, hn::Zero(d)));
        hn::Store(hn::IfThenElseZero(hn::RebindMask(r, chosen), light_level), r, level + v);
    }
    if (first < rows) level[first] = 0;
    std::fill(level + rows, level + Panel<T>::padded(rows), Real<T>(0));
    for (std::size_t v = 0; v < rows; ++v) {
        if (level[v] != is_light<T>) continue;
        light.mass += mass[v];
        ++light.rows;
    }
    return light;
}

// Calls pour(v) for the light vertices of which `unit` per mass is more than their room. False where there are
// some.
template <class T, class Pour>
bool all_fit(const T* mass, const Real<T>* room, Real<T> unit, std::size_t rows, const Real<T>* level,
             const Pour& pour) {
    const Tag<T> d;
    const hn::Rebind<Real<T>, Tag<T>> r;
    const auto per_mass = hn::Set(r, unit);
    const auto most = hn::Set(r, safely<T>);
    const auto light_level = hn::Set(r, is_light<T>);
    bool fits = true;
    for (std::size_t block = 0; block < rows; block += hn::Lanes(d)) {
        const auto light = hn::Eq(hn::Load(r, level + block), light_level);
        const auto used = hn::Mul(hn::ConvertTo(r, hn::Load(d, mass + block)), per_mass);
        const auto room_of = hn::Mul(hn::Load(r, room + block), most);
        if (hn::AllFalse(r, hn::AndNot(hn::Le(used, room_of), light))) continue;
        for (std::size_t v = block; v < std::min(rows, block + hn::Lanes(d)); ++v) {
            if (level[v] != is_light<T> || static_cast<Real<T>>(mass[v]) * unit <= room[v] * safely<T>) continue;
            fits = false;
            pour(v);
        }
    }
    return fits;
}

template <class T>
bool sweep_masses(const Panel<T>& matrix, const T* mass, std::size_t first, const Real<T>* room,
                  const Real<T>* per_guide, const Real<T>* lift, Real<T> floor, Real<T>* need, T* cells,
                  Real<T>* level, T* into) {
    const std::size_t rows = matrix.rows();
    Light light = mark_light(mass, room, safely<T>, first, rows, level);
    if (light.rows * 4 < rows) {  // little to gain
        HWY_NAMESPACE::sweep_layer(matrix, mass, first, lift, floor, need, cells, 0, level, into);
        return true;
    }
    Real<T> rest = sum_of(mass, rows);
    const auto pour = [&](std::size_t v) {
        level[v] = 0;
        if (mass[v] == 0) return;
        level[v] = pour_vertex(matrix, v, mass[v], rest, lift[v], floor, need, cells, into);
        rest -= static_cast<Real<T>>(mass[v]);
    };
    if (first < rows) pour(first);
    for (std::size_t v = 0; v < rows; ++v) {
        if (v != first && level[v] != is_light<T>) pour(v);
    }
    while (light.mass > 0) {
        const Real<T> unit =
            share_out(light.mass, need, per_guide, matrix.stride(), cells) / static_cast<Real<T>>(light.mass);
        if (all_fit(mass, room, unit, rows, level, [&](std::size_t v) {
                light.mass -= mass[v];
                pour(v);
            })) {
            for (std::size_t j = 0; j < matrix.stride(); ++j) into[j] += cells[j];
            break;
        }
    }
    return false;
}

// As water_level in one step, for integer needs and with a level of at most 1.
template <class T>
Real<T> share_level(const T* capacity, const T* need, Real<T> mass, Real<T> level, std::size_t n) {
    using R = Real<T>;
    const Tag<T> d;
    const hn::Rebind<R, Tag<T>> r;
    level = std::min(level, R(1));
    const auto height = hn::Set(r, level);
    auto sum = hn::Zero(r);
    auto slope = hn::Zero(r);
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto share = hn::ConvertTo(r, hn::Load(d, need + j));
        const auto water = hn::Mul(height, share);
        const auto room = hn::ConvertTo(r, hn::Load(d, capacity + j));
        sum = hn::Add(sum, hn::Min(water, room));
        slope = hn::Add(slope, hn::IfThenElseZero(hn::Lt(water, room), share));
    }
    const R missing = mass - hn::GetLane(hn::SumOfLanes(r, sum));
    const R rise = hn::GetLane(hn::SumOfLanes(r, slope));
    if (rise <= 0) return missing > 0 ? R(1) : level;
    return std::clamp(level + missing / rise, R(0), R(1));
}

template <class T>
T serve_row(const T* capacity, std::size_t v, T mass, Real<T> level, T* need, T* cells, std::size_t columns,
            std::size_t n) {
    using R = Real<T>;
    const Tag<T> d;
    const hn::Rebind<R, Tag<T>> r;
    const auto height = hn::Set(r, level);
    auto sum = hn::Zero(d);
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto share = hn::Load(d, need + j);
        const auto most = hn::Min(share, hn::Load(d, capacity + j));
        const auto amount = hn::Min(hn::ConvertTo(d, hn::Mul(height, hn::ConvertTo(r, share))), most);
        hn::Store(amount, d, cells + j);
        hn::Store(hn::Sub(share, amount), d, need + j);
        sum = hn::Add(sum, amount);
    }
    // What is served is at most what the vertex may pass on, which a T holds.
    T left = static_cast<T>(mass - hn::GetLane(hn::SumOfLanes(d, sum)));
    if (level >= 1 && left >= 0) return left;
    for (std::size_t k = 0, j = v % columns; k < columns && left != 0; ++k) {
        const T change = left > 0 ? std::min<T>({left, static_cast<T>(capacity[j] - cells[j]), need[j]})
                                  : std::max<T>(left, -cells[j]);
        cells[j] += change;
        need[j] -= change;
        left -= change;
        if (++j == columns) j = 0;
    }
    return left;
}

// Serves vertex v, of which `wanted` is needed in all; its mass becomes what is left of it.
template <class T>
void serve_vertex(const Panel<T>& matrix, std::size_t v, T* mass, std::int64_t& wanted, T* need, T* cells) {
    const T own = mass[v];
    const auto amount = static_cast<Real<T>>(own);
    const Real<T> level =
        share_level<T>(matrix.row(v), need, amount, amount / static_cast<Real<T>>(wanted), matrix.stride());
    mass[v] = serve_row(matrix.row(v), v, own, level, need, cells, matrix.columns(), matrix.stride());
    wanted -= own - mass[v];
}

template <class T>
std::int64_t sum_of_needs(const T* need, std::size_t columns) {
    std::int64_t sum = 0;
    for (std::size_t j = 0; j < columns; ++j) sum += need[j];
    return sum;
}

template <class T>
void serve_layer(const Panel<T>& matrix, T* mass, std::size_t first, T* need, Panel<T>& flow) {
    std::int64_t wanted = sum_of_needs(need, matrix.columns());
    const auto serve = [&](std::size_t v) {
        if (mass[v] == 0 || wanted == 0) {
            std::fill_n(flow.row(v), flow.stride(), T(0));
            return;
        }
        serve_vertex(matrix, v, mass, wanted, need, flow.row(v));
    };
    if (first < matrix.rows()) serve(first);
    for (std::size_t v = 0; v < matrix.rows(); ++v) {
        if (v != first) serve(v);
    }
}

template <class T>
std::int64_t serve_masses(const Panel<T>& matrix, T* mass, std::size_t first, const Real<T>* room,
                          const Real<T>* per_need, T* need, T* cells, Real<T>* level) {
    const Tag<T> d;
    const hn::Rebind<Real<T>, Tag<T>> r;
    const std::size_t rows = matrix.rows();
    std::int64_t wanted = sum_of_needs(need, matrix.columns());
    Light light = mark_light(mass, room, safely<T> * static_cast<Real<T>>(wanted), first, rows, level);
    std::int64_t left = 0;
    const auto serve = [&](std::size_t v) {
        level[v] = 0;
        if (mass[v] > 0 && wanted > 0) serve_vertex(matrix, v, mass, wanted, need, cells);
        left += mass[v];
    };
    if (first < rows) serve(first);
    for (std::size_t v = 0; v < rows; ++v) {
        if (v != first && level[v] != is_light<T>) serve(v);
    }
    // All together send f_vj = mass_v need_j / max(light, wanted).
    while (light.mass > 0 && wanted > 0) {
        auto part = hn::Zero(r);
        for (std::size_t j = 0; j < matrix.stride(); j += hn::Lanes(d)) {
            part = hn::Max(part, hn::Mul(hn::ConvertTo(r, hn::Load(d, need + j)), hn::Load(r, per_need + j)));
        }
        const Real<T> unit =
            hn::GetLane(hn::MaxOfLanes(r, part)) / static_cast<Real<T>>(std::max(light.mass, wanted));
        if (all_fit(mass, room, unit, rows, level, [&](std::size_t v) {
                light.mass -= mass[v];
                serve(v);
            })) {
            return left + std::max<std::int64_t>(0, light.mass - wanted);
        }
    }
    return left + light.mass;
}

template <class T>
bool covers(const Panel<Real<T>>& flow, const Real<T>* part, const T* demand) {
    const Tag<T> d;
    const hn::Rebind<Real<T>, Tag<T>> r;
    // Twice what the sums of positive terms, the parts and the conversions may be wrong by.
    const auto errors = static_cast<Real<T>>(flow.rows() + 16) * std::numeric_limits<Real<T>>::epsilon();
    const auto margin = hn::Set(r, std::max(Real<T>(0), 1 - errors));
    for (std::size_t y = 0; y < flow.stride(); y += hn::Lanes(d)) {
        auto even = hn::Zero(r);
        auto odd = hn::Zero(r);
        std::size_t x = 0;
        for (; x + 1 < flow.rows(); x += 2) {
            even = hn::MulAdd(hn::Set(r, part[x]), hn::Load(r, flow.row(x) + y), even);
            odd = hn::MulAdd(hn::Set(r, part[x + 1]), hn::Load(r, flow.row(x + 1) + y), odd);
        }
        if (x < flow.rows()) even = hn::MulAdd(hn::Set(r, part[x]), hn::Load(r, flow.row(x) + y), even);
        const auto wanted = hn::ConvertTo(r, hn::Load(d, demand + y));
        if (!hn::AllTrue(r, hn::Ge(hn::Mul(hn::Add(even, odd), margin), wanted))) return false;
    }
    return true;
}

// Stores a bit for each lane at bit x of `set`, whose bits from there on are 0.
template <class D, class Mask>
void store_bits(D d, Mask mask, std::uint64_t* set, std::size_t x) {
    static_assert(std::endian::native == std::endian::little);
    auto* const byte = reinterpret_cast<std::uint8_t*>(set) + x / 8;
    if (hn::Lanes(d) >= 8) {
        hn::StoreMaskBits(d, mask, byte);
        return;
    }
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, mask, bits);
    *byte = static_cast<std::uint8_t>(*byte | bits[0] << (x % 8));
}

template <class T>
void residual_bits(const T* capacity, const T* flow, std::size_t from, std::size_t end, std::size_t words,
                   std::uint64_t* room, std::uint64_t* carried) {
    const Tag<T> d;
    const auto zero = hn::Zero(d);
    std::fill_n(room, words, 0);
    std::fill_n(carried, words, 0);
    for (std::size_t x = from; x < end; x += hn::Lanes(d)) {
        const auto amount = hn::Load(d, flow + x);
        store_bits(d, hn::Gt(hn::Load(d, capacity + x), amount), room, x);
        store_bits(d, hn::Gt(amount, zero), carried, x);
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
    // Flows into one vertex: several rows. A limit above any excess is none; below it, two can be added.
    const auto brimful = hn::Set(d, std::numeric_limits<T>::max() / 2);
    for (std::size_t x = 0; x < n; x += hn::Lanes(d)) {
        const auto amount =
            hn::IfThenElseZero(hn::Eq(hn::Load(d, label + x), target), hn::Min(hn::Load(d, flow + x), most));
        hn::Store(hn::Add(hn::Min(hn::Load(d, sum + x), brimful), amount), d, sum + x);
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

template <class T>
T pull_row(T* flow, const T* label, T wanted, T intake, T* balance, std::size_t n) {
    const Tag<T> d;
    const auto target = hn::Set(d, wanted);
    const auto zero = hn::Zero(d);
    for (std::size_t x = 0; x < n && intake > 0; x += hn::Lanes(d)) {
        const auto excess = hn::Load(d, balance + x);
        const auto old = hn::Load(d, flow + x);
        const auto chosen = hn::And(hn::Eq(hn::Load(d, label + x), target), hn::Gt(hn::Min(excess, old), zero));
        if (hn::AllFalse(d, chosen)) continue;
        const auto amount = hn::IfThenElseZero(chosen, hn::Min(excess, old));
        const T sum = hn::GetLane(hn::SumOfLanes(d, amount));
        if (sum <= intake) {
            hn::Store(hn::Sub(old, amount), d, flow + x);
            hn::Store(hn::Sub(excess, amount), d, balance + x);
            intake = static_cast<T>(intake - sum);
            continue;
        }
        for (std::size_t y = x; intake > 0; ++y) {
            if (label[y] != wanted || balance[y] <= 0) continue;
            const T some = std::min<T>({intake, flow[y], balance[y]});
            flow[y] -= some;
            balance[y] -= some;
            intake -= some;
        }
    }
    return intake;
}

// One function per type, since Highway's dispatch table takes no templates.
#define ATTNFLOW_DEFINE(T, bits)                                                                                  \
    std::int64_t MinSum##bits(const T* a, const T* b, std::size_t n) { return HWY_NAMESPACE::min_sum(a, b, n); }  \
    SignedSums SignedSums##bits(const T* a, std::size_t n) { return HWY_NAMESPACE::signed_sums(a, n); }           \
    void SweepLayer##bits(const Panel<T>& m, const T* mass, std::size_t first, const Real<T>* lift,               \
                          Real<T> floor, Real<T>* need, T* cells, std::size_t cells_stride, Real<T>* level,       \
                          T* into) {                                                                              \
        HWY_NAMESPACE::sweep_layer(m, mass, first, lift, floor, need, cells, cells_stride, level, into);          \
    }                                                                                                             \
    bool SweepMasses##bits(const Panel<T>& m, const T* mass, std::size_t first, const Real<T>* room,              \
                           const Real<T>* per_guide, const Real<T>* lift, Real<T> floor, Real<T>* need, T* cells, \
                           Real<T>* level, T* into) {                                                             \
        return HWY_NAMESPACE::sweep_masses(m, mass, first, room, per_guide, lift, floor, need, cells, level,      \
                                           into);                                                                 \
    }                                                                                                             \
    Real<T> MinRatio##bits(const T* capacity, const Real<T>* factor, std::size_t n) {                             \
        return HWY_NAMESPACE::min_ratio(capacity, factor, n);                                                     \
    }                                                                                                             \
    void PourRow##bits(const Panel<T>& m, std::size_t v, T mass, Real<T> level, Real<T> floor, Real<T>* need,     \
                       T* cells) {                                                                                \
        HWY_NAMESPACE::pour_row(m, v, mass, level, floor, need, cells);                                           \
    }                                                                                                             \
    void ServeLayer##bits(const Panel<T>& m, T* mass, std::size_t first, T* need, Panel<T>& flow) {               \
        HWY_NAMESPACE::serve_layer(m, mass, first, need, flow);                                                   \
    }                                                                                                             \
    std::int64_t ServeMasses##bits(const Panel<T>& m, T* mass, std::size_t first, const Real<T>* room,            \
                                   const Real<T>* per_need, T* need, T* cells, Real<T>* mark) {                   \
        return HWY_NAMESPACE::serve_masses(m, mass, first, room, per_need, need, cells, mark);                    \
    }                                                                                                             \
    bool Covers##bits(const Panel<Real<T>>& flow, const Real<T>* part, const T* demand) {                         \
        return HWY_NAMESPACE::covers<T>(flow, part, demand);                                                      \
    }                                                                                                             \
    void ResidualBits##bits(const T* capacity, const T* flow, std::size_t from, std::size_t end,                  \
                            std::size_t words, std::uint64_t* room, std::uint64_t* carried) {                     \
        HWY_NAMESPACE::residual_bits(capacity, flow, from, end, words, room, carried);                            \
    }                                                                                                             \
    T Sendable##bits(const T* capacity, const T* flow, const T* label, T wanted, const T* intake,                 \
                     std::size_t n) {                                                                             \
        return HWY_NAMESPACE::sendable(capacity, flow, label, wanted, intake, n);                                 \
    }                                                                                                             \
    void AddReturnable##bits(const T* flow, T intake, const T* label, T wanted, T* sum, std::size_t n) {          \
        HWY_NAMESPACE::add_returnable(flow, intake, label, wanted, sum, n);                                       \
    }                                                                                                             \
    T PushRow##bits(const T* capacity, T* flow, const T* label, T wanted, T excess, T* intake, T* balance,        \
                    std::size_t n) {                                                                              \
        return HWY_NAMESPACE::push_row(capacity, flow, label, wanted, excess, intake, balance, n);                \
    }                                                                                                             \
    T PullRow##bits(T* flow, const T* label, T wanted, T intake, T* balance, std::size_t n) {                     \
        return HWY_NAMESPACE::pull_row(flow, label, wanted, intake, balance, n);                                  \
    }
ATTNFLOW_DEFINE(std::int32_t, 32)
ATTNFLOW_DEFINE(std::int64_t, 64)
#undef ATTNFLOW_DEFINE

}  // namespace attnflow::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attnflow::engine {

#define ATTNFLOW_DISPATCH(T, bits)                                                                                \
    HWY_EXPORT(MinSum##bits);                                                                                     \
    HWY_EXPORT(SignedSums##bits);                                                                                 \
    HWY_EXPORT(SweepLayer##bits);                                                                                 \
    HWY_EXPORT(SweepMasses##bits);                                                                                \
    HWY_EXPORT(MinRatio##bits);                                                                                   \
    HWY_EXPORT(PourRow##bits);                                                                                    \
    HWY_EXPORT(ServeLayer##bits);                                                                                 \
    HWY_EXPORT(ServeMasses##bits);                                                                                \
    HWY_EXPORT(Covers##bits);                                                                                     \
    HWY_EXPORT(ResidualBits##bits);                                                                               \
    HWY_EXPORT(Sendable##bits);                                                                                   \
    HWY_EXPORT(AddReturnable##bits);                                                                              \
    HWY_EXPORT(PushRow##bits);                                                                                    \
    HWY_EXPORT(PullRow##bits);                                                                                    \
    template <>                                                                                                   \
    std::int64_t min_sum(const T* a, const T* b, std::size_t n) {                                                 \
        return HWY_DYNAMIC_DISPATCH(MinSum##bits)(a, b, n);                                                       \
    }                                                                                                             \
    template <>                                                                                                   \
    SignedSums signed_sums(const T* a, std::size_t n) {                                                           \
        return HWY_DYNAMIC_DISPATCH(SignedSums##bits)(a, n);                                                      \
    }                                                                                                             \
    template <>                                                                                                   \
    void sweep_layer(const Panel<T>& m, const T* mass, std::size_t first, const Real<T>* lift, Real<T> floor,     \
                     Real<T>* need, T* cells, std::size_t cells_stride, Real<T>* level, T* into) {                \
        HWY_DYNAMIC_DISPATCH(SweepLayer##bits)                                                                    \
        (m, mass, first, lift, floor, need, cells, cells_stride, level, into);                                    \
    }                                                                                                             \
    template <>                                                                                                   \
    bool sweep_masses(const Panel<T>& m, const T* mass, std::size_t first, const Real<T>* room,                   \
                      const Real<T>* per_guide, const Real<T>* lift, Real<T> floor, Real<T>* need, T* cells,      \
                      Real<T>* level, T* into) {                                                                  \
        return HWY_DYNAMIC_DISPATCH(SweepMasses##bits)(m, mass, first, room, per_guide, lift, floor, need, cells, \
                                                       level, into);                                              \
    }                                                                                                             \
    template <>                                                                                                   \
    Real<T> min_ratio(const T* capacity, const Real<T>* factor, std::size_t n) {                                  \
        return HWY_DYNAMIC_DISPATCH(MinRatio##bits)(capacity, factor, n);                                         \
    }                                                                                                             \
    template <>                                                                                                   \
    void pour_row(const Panel<T>& m, std::size_t v, T mass, Real<T> level, Real<T> floor, Real<T>* need,          \
                  T* cells) {                                                                                     \
        HWY_DYNAMIC_DISPATCH(PourRow##bits)(m, v, mass, level, floor, need, cells);                               \
    }                                                                                                             \
    template <>                                                                                                   \
    void serve_layer(const Panel<T>& m, T* mass, std::size_t first, T* need, Panel<T>& flow) {                    \
        HWY_DYNAMIC_DISPATCH(ServeLayer##bits)(m, mass, first, need, flow);                                       \
    }                                                                                                             \
    template <>                                                                                                   \
    std::int64_t serve_masses(const Panel<T>& m, T* mass, std::size_t first, const Real<T>* room,                 \
                              const Real<T>* per_need, T* need, T* cells, Real<T>* mark) {                        \
        return HWY_DYNAMIC_DISPATCH(ServeMasses##bits)(m, mass, first, room, per_need, need, cells, mark);        \
    }                                                                                                             \
    template <>                                                                                                   \
    bool covers<T>(const Panel<Real<T>>& flow, const Real<T>* part, const T* demand) {                            \
        return HWY_DYNAMIC_DISPATCH(Covers##bits)(flow, part, demand);                                            \
    }                                                                                                             \
    template <>                                                                                                   \
    void residual_bits(const T* capacity, const T* flow, std::size_t from, std::size_t end, std::size_t words,    \
                       std::uint64_t* room, std::uint64_t* carried) {                                             \
        HWY_DYNAMIC_DISPATCH(ResidualBits##bits)(capacity, flow, from, end, words, room, carried);                \
    }                                                                                                             \
    template <>                                                                                                   \
    T sendable(const T* capacity, const T* flow, const T* label, T wanted, const T* intake, std::size_t n) {      \
        return HWY_DYNAMIC_DISPATCH(Sendable##bits)(capacity, flow, label, wanted, intake, n);                    \
    }                                                                                                             \
    template <>                                                                                                   \
    void add_returnable(const T* flow, T intake, const T* label, T wanted, T* sum, std::size_t n) {               \
        HWY_DYNAMIC_DISPATCH(AddReturnable##bits)(flow, intake, label, wanted, sum, n);                           \
    }                                                                                                             \
    template <>                                                                                                   \
    T push_row(const T* capacity, T* flow, const T* label, T wanted, T excess, T* intake, T* balance,             \
               std::size_t n) {                                                                                   \
        return HWY_DYNAMIC_DISPATCH(PushRow##bits)(capacity, flow, label, wanted, excess, intake, balance, n);    \
    }                                                                                                             \
    template <>                                                                                                   \
    T pull_row(T* flow, const T* label, T wanted, T intake, T* balance, std::size_t n) {                          \
        return HWY_DYNAMIC_DISPATCH(PullRow##bits)(flow, label, wanted, intake, balance, n);                      \
    }
ATTNFLOW_DISPATCH(std::int32_t, 32)
ATTNFLOW_DISPATCH(std::int64_t, 64)
#undef ATTNFLOW_DISPATCH

}  // namespace attnflow::engine
#endif  // HWY_ONCE
