#include "algorithms/maxflow/engine/kernels/water_filling.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "algorithms/maxflow/engine/kernels/water_filling.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace attnflow::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A bound in floating point is taken this much smaller; rounding is far less, a few units of the last place.
constexpr double margin = 0.9999;
// The largest double below 2^63: its conversion never overflows.
constexpr double largest_double = 9223372036854774784.0;

// As many integers, and as many doubles, as a Panel pads for, or fewer.
using Integers = hn::CappedTag<Amount, per_block>;
using Reals = hn::Rebind<double, Integers>;

HWY_INLINE hn::Vec<Integers> integers_at(const Amount* from) { return hn::Load(Integers(), from); }
HWY_INLINE hn::Vec<Reals> reals_at(const double* from) { return hn::Load(Reals(), from); }
HWY_INLINE hn::Vec<Reals> reals_at(const Amount* from) {
    return hn::ConvertTo(Reals(), hn::Load(Integers(), from));
}
HWY_INLINE hn::Vec<Reals> all(double value) { return hn::Set(Reals(), value); }
HWY_INLINE double total(hn::Vec<Reals> sums) { return hn::GetLane(hn::SumOfLanes(Reals(), sums)); }
HWY_INLINE Amount total(hn::Vec<Integers> sums) { return hn::GetLane(hn::SumOfLanes(Integers(), sums)); }

double min_ratio(const Amount* capacity, const double* factor, std::size_t n) {
    const Reals r;
    const auto infinite = all(std::numeric_limits<double>::infinity());
    auto least = infinite;
    for (std::size_t x = 0; x < n; x += hn::Lanes(r)) {
        const auto by = reals_at(factor + x);
        const auto product = hn::Mul(reals_at(capacity + x), by);
        least = hn::Min(least, hn::IfThenElse(hn::Eq(by, hn::Zero(r)), infinite, product));
    }
    return hn::GetLane(hn::MinOfLanes(r, least));
}

// sum_j min(capacity_j, multiplier share_j), and by how much it grows with the multiplier; `share_at` loads
// shares.
struct Filled {
    double sum;
    double slope;
};
template <class ShareAt>
HWY_INLINE Filled fill(const Amount* capacity, double multiplier, std::size_t n, const ShareAt& share_at) {
    const Reals r;
    const auto lambda = all(multiplier);
    auto sum = hn::Zero(r);
    auto slope = hn::Zero(r);
    for (std::size_t j = 0; j < n; j += hn::Lanes(r)) {
        const auto share = share_at(j);
        const auto water = hn::Mul(lambda, share);
        const auto room = reals_at(capacity + j);
        sum = hn::Add(sum, hn::Min(water, room));
        slope = hn::Add(slope, hn::IfThenElseZero(hn::Lt(water, room), share));
    }
    return {total(sum), total(slope)};
}

// Two steps, or one from nearby, of Newton's method on the concave piecewise linear function above: from any start
// the first step lands at or below the root, from where it rises to it. A step below 0 is cut off there:
// multipliers, and so amounts, are never negative. What the multiplier misses by is left to settle_remainder().
double find_multiplier(const Pour& p, std::size_t v, double multiplier) {
    constexpr double full = std::numeric_limits<double>::max() / 4;
    constexpr double nearby = 3e-2;
    const auto mass = static_cast<double>(p.mass[v]);
    const auto least = all(p.least);
    for (int step = 0; step < 2; ++step) {
        const Filled filled = fill(p.capacity.row(v), multiplier, p.capacity.stride(),
                                   [&](std::size_t j) HWY_ATTR { return hn::Max(reals_at(p.demand + j), least); });
        const double missing = mass - filled.sum;
        if (filled.slope <= 0) return missing > 0 ? full : multiplier;
        multiplier = std::max(multiplier + missing / filled.slope, 0.0);
        if (std::abs(missing) <= nearby * mass) break;
    }
    return std::min(multiplier, full);
}

// Rounding and an unfinished multiplier leave a small remainder: moves it into cells with room, first
// where something is demanded (or out of cells, when negative), from the vertex's own column onwards.
// Calls moved(j, change).
template <class Moved>
void settle_remainder(const Panel<Amount>& matrix, std::size_t v, Amount amount, double* demand, Amount* cells,
                      const Moved& moved) {
    const Amount* const capacity = matrix.row(v);
    const std::size_t columns = matrix.columns();
    for (const bool demanded : {true, false}) {
        for (std::size_t k = 0, j = v % columns; k < columns && amount != 0; ++k) {
            Amount change = amount > 0 ? std::min(amount, capacity[j] - cells[j]) : std::max(amount, -cells[j]);
            if (demanded && amount > 0) {
                change = std::min(change, static_cast<Amount>(std::clamp(demand[j], 0.0, largest_double)));
            }
            cells[j] += change;
            demand[j] -= static_cast<double>(change);
            amount -= change;
            moved(j, change);
            if (++j == columns) j = 0;
        }
    }
}

// Calls poured(j, amounts) for each block of cells, moved(j, change) for single changes after.
template <class Poured, class Moved>
HWY_INLINE void pour_cells(const Panel<Amount>& matrix, std::size_t v, Amount mass, double multiplier,
                           double at_least, double* demand, Amount* cells, const Poured& poured,
                           const Moved& moved) {
    const Integers d;
    const Reals r;
    const Amount* const capacity = matrix.row(v);
    const auto lambda = all(multiplier);
    const auto most = all(largest_double);
    const auto least = all(at_least);
    auto sum = hn::Zero(d);
    for (std::size_t j = 0; j < matrix.stride(); j += hn::Lanes(d)) {
        const auto share = reals_at(demand + j);
        const auto water = hn::Min(hn::Mul(lambda, hn::Max(share, least)), most);
        const auto amount = hn::Min(hn::ConvertTo(d, water), integers_at(capacity + j));
        hn::Store(amount, d, cells + j);
        hn::Store(hn::Sub(share, hn::ConvertTo(r, amount)), r, demand + j);
        sum = hn::Add(sum, amount);
        poured(j, amount);
    }
    settle_remainder(matrix, v, mass - total(sum), demand, cells, moved);
}

void pour_row(const Panel<Amount>& capacity, std::size_t v, Amount mass, double multiplier, double least,
              double* demand, Amount* cells) {
    pour_cells(
        capacity, v, mass, multiplier, least, demand, cells, [](std::size_t, auto) {}, [](std::size_t, Amount) {});
}

// Pours vertex v, of `rest` that is to be poured in all, which becomes less.
void pour_vertex(const Pour& p, std::size_t v, double& rest) {
    const Integers d;
    const auto mass = static_cast<double>(p.mass[v]);
    p.multiplier[v] = find_multiplier(p, v, p.start[v] * mass / std::max(rest, 1.0));
    pour_cells(
        p.capacity, v, p.mass[v], p.multiplier[v], p.least, p.demand, p.cells + v * p.stride,
        [&](std::size_t j, auto amount)
            HWY_ATTR { hn::Store(hn::Add(integers_at(p.into + j), amount), d, p.into + j); },
        [&](std::size_t j, Amount change) { p.into[j] += change; });
    rest -= mass;
}

double sum_of(const Amount* mass, std::size_t rows) {
    const Reals r;
    auto sum = hn::Zero(r);
    for (std::size_t v = 0; v < rows; v += hn::Lanes(r)) sum = hn::Add(sum, reals_at(mass + v));
    return total(sum);
}

void pour(const Pour& p) {
    const std::size_t rows = p.capacity.rows();
    double rest = sum_of(p.mass, rows);
    const auto pour_one = [&](std::size_t v) {
        if (p.mass[v] > 0) return pour_vertex(p, v, rest);
        p.multiplier[v] = 0;
        std::fill_n(p.cells + v * p.stride, p.capacity.stride(), Amount{0});
    };
    if (p.first < rows) pour_one(p.first);
    for (std::size_t v = 0; v < rows; ++v) {
        if (v != p.first) pour_one(v);
    }
}

// Shares `mass` out in the proportions of the demands above 0. Returns the largest multiple of the
// guide among the shares, or infinity where that cannot be done.
double share_out(Amount mass, const Pour& p, Amount* shares) {
    const Integers d;
    const Reals r;
    const std::size_t n = p.capacity.stride();
    constexpr double impossible = std::numeric_limits<double>::infinity();
    const auto zero = hn::Zero(r);
    auto sums = zero;
    std::size_t demanding = 0;
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto demand = reals_at(p.demand + j);
        sums = hn::Add(sums, hn::Max(demand, zero));
        demanding += hn::CountTrue(r, hn::Gt(demand, zero));
    }
    const double sum = total(sums);
    if (!(sum > 0)) return impossible;
    // A little less, so that rounding does not use up the mass.
    const auto scale = all(static_cast<double>(mass) / sum * 0.99999);
    auto shared = hn::Zero(d);
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto share = hn::ConvertTo(d, hn::Mul(hn::Max(reals_at(p.demand + j), zero), scale));
        hn::Store(share, d, shares + j);
        shared = hn::Add(shared, share);
    }
    const Amount rest = mass - total(shared);
    if (rest < 0) return impossible;
    const auto count = static_cast<Amount>(demanding);
    const auto each = hn::Set(d, rest / count);
    Amount left = rest % count;
    for (std::size_t j = 0; left > 0; ++j) {  // columns without demand may be out of reach
        if (!(p.demand[j] > 0)) continue;
        ++shares[j];
        --left;
    }
    auto multiple = zero;
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto demands = hn::RebindMask(d, hn::Gt(reals_at(p.demand + j), zero));
        const auto share = hn::Add(integers_at(shares + j), hn::IfThenElseZero(demands, each));
        hn::Store(share, d, shares + j);
        multiple = hn::Max(multiple, hn::Mul(hn::ConvertTo(r, share), reals_at(p.per_guide + j)));
    }
    return hn::GetLane(hn::MaxOfLanes(r, multiple));
}

// Rows that are `together` so far.
struct Together {
    Amount mass = 0;
    std::size_t rows = 0;
};

// Marks the vertices whose mass is positive and at most `most` times their slack, but not `first`, as `together`,
// the others with 0.
Together mark_together(const Amount* mass, const double* slack, double most, std::size_t first, std::size_t rows,
                       double* mark) {
    const Integers d;
    const Reals r;
    const auto factor = all(most);
    for (std::size_t v = 0; v < rows; v += hn::Lanes(d)) {
        const auto own = integers_at(mass + v);
        const auto fits = hn::Le(hn::ConvertTo(r, own), hn::Mul(reals_at(slack + v), factor));
        const auto chosen = hn::And(fits, hn::RebindMask(r, hn::Gt(own, hn::Zero(d))));
        hn::Store(hn::IfThenElseZero(chosen, all(together)), r, mark + v);
    }
    if (first < rows) mark[first] = 0;
    std::fill(mark + rows, mark + padded(rows), 0.0);
    Together found;
    for (std::size_t v = 0; v < rows; ++v) {
        if (mark[v] != together) continue;
        found.mass += mass[v];
        ++found.rows;
    }
    return found;
}

// Calls take_out(v) for the vertices together of which `unit` per mass is more than their slack. False where there
// are some.
template <class TakeOut>
bool all_fit(const Amount* mass, const double* slack, double unit, std::size_t rows, const double* mark,
             const TakeOut& take_out) {
    const Reals r;
    const auto per_mass = all(unit);
    const auto most = all(margin);
    bool fits = true;
    for (std::size_t block = 0; block < rows; block += hn::Lanes(r)) {
        const auto is_together = hn::Eq(reals_at(mark + block), all(together));
        const auto used = hn::Mul(reals_at(mass + block), per_mass);
        const auto available = hn::Mul(reals_at(slack + block), most);
        if (hn::AllFalse(r, hn::AndNot(hn::Le(used, available), is_together))) continue;
        for (std::size_t v = block; v < std::min(rows, block + hn::Lanes(r)); ++v) {
            if (mark[v] != together || static_cast<double>(mass[v]) * unit <= slack[v] * margin) continue;
            fits = false;
            take_out(v);
        }
    }
    return fits;
}

bool pour_together(const Pour& p) {
    const std::size_t rows = p.capacity.rows();
    Together rest_together = mark_together(p.mass, p.slack, margin, p.first, rows, p.multiplier);
    if (rest_together.rows * 4 < rows) {  // little to gain
        HWY_NAMESPACE::pour(p);
        return true;
    }
    double rest = sum_of(p.mass, rows);
    const auto pour_one = [&](std::size_t v) {
        p.multiplier[v] = 0;
        if (p.mass[v] > 0) pour_vertex(p, v, rest);
    };
    if (p.first < rows) pour_one(p.first);
    for (std::size_t v = 0; v < rows; ++v) {
        if (v != p.first && p.multiplier[v] != together) pour_one(v);
    }
    Amount* const shares = p.cells + rows * p.stride;  // of none of the rows
    // Shares out what is left for those together; who meets a capacity at that pours by itself.
    const auto all_fit_after_sharing = [&] {
        const double unit = share_out(rest_together.mass, p, shares) / static_cast<double>(rest_together.mass);
        return all_fit(p.mass, p.slack, unit, rows, p.multiplier, [&](std::size_t v) {
            rest_together.mass -= p.mass[v];
            pour_one(v);
        });
    };
    while (rest_together.mass > 0 && !all_fit_after_sharing()) {
    }
    if (rest_together.mass == 0) return false;  // nobody is left
    for (std::size_t j = 0; j < p.capacity.stride(); ++j) p.into[j] += shares[j];
    return false;
}

// As find_multiplier() in one step, for integer demands and a multiplier of at most 1.
double find_part(const Amount* capacity, const Amount* demand, double mass, double part, std::size_t n) {
    part = std::min(part, 1.0);
    const Filled filled = fill(capacity, part, n, [&](std::size_t j) HWY_ATTR { return reals_at(demand + j); });
    const double missing = mass - filled.sum;
    if (filled.slope <= 0) return missing > 0 ? 1.0 : part;
    return std::clamp(part + missing / filled.slope, 0.0, 1.0);
}

// Serves vertex v, of `demanded` in all, which becomes less; its mass becomes what is left of it.
void serve_vertex(const Serve& s, std::size_t v, Amount& demanded) {
    const Integers d;
    const Amount* const capacity = s.capacity.row(v);
    Amount* const cells = s.cells + v * s.stride;
    const std::size_t n = s.capacity.stride();
    const auto mass = static_cast<double>(s.mass[v]);
    const double part = find_part(capacity, s.demand, mass, mass / static_cast<double>(demanded), n);
    auto sum = hn::Zero(d);
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
        const auto demand = integers_at(s.demand + j);
        const auto most = hn::Min(demand, integers_at(capacity + j));
        const auto water = hn::ConvertTo(d, hn::Mul(all(part), hn::ConvertTo(Reals(), demand)));
        const auto amount = hn::Min(water, most);
        hn::Store(amount, d, cells + j);
        hn::Store(hn::Sub(demand, amount), d, s.demand + j);
        sum = hn::Add(sum, amount);
    }
    Amount left = s.mass[v] - total(sum);
    const bool all_is_served = part >= 1 && left >= 0;
    const std::size_t columns = s.capacity.columns();
    for (std::size_t k = 0, j = v % columns; !all_is_served && k < columns && left != 0; ++k) {
        const Amount change =
            left > 0 ? std::min({left, capacity[j] - cells[j], s.demand[j]}) : std::max(left, -cells[j]);
        cells[j] += change;
        s.demand[j] -= change;
        left -= change;
        if (++j == columns) j = 0;
    }
    demanded -= s.mass[v] - left;
    s.mass[v] = left;
}

Amount sum_of_demand(const Serve& s) {
    Amount sum = 0;
    for (std::size_t j = 0; j < s.capacity.columns(); ++j) sum += s.demand[j];
    return sum;
}

void serve(const Serve& s) {
    Amount demanded = sum_of_demand(s);
    const auto serve_one = [&](std::size_t v) {
        if (s.mass[v] > 0 && demanded > 0) return serve_vertex(s, v, demanded);
        std::fill_n(s.cells + v * s.stride, s.capacity.stride(), Amount{0});
    };
    if (s.first < s.capacity.rows()) serve_one(s.first);
    for (std::size_t v = 0; v < s.capacity.rows(); ++v) {
        if (v != s.first) serve_one(v);
    }
}

Amount serve_together(const Serve& s) {
    const Reals r;
    const std::size_t rows = s.capacity.rows();
    Amount demanded = sum_of_demand(s);
    const double most = margin * static_cast<double>(demanded);
    Amount mass = mark_together(s.mass, s.slack, most, s.first, rows, s.mark).mass;
    Amount left = 0;
    const auto serve_one = [&](std::size_t v) {
        s.mark[v] = 0;
        if (s.mass[v] > 0 && demanded > 0) serve_vertex(s, v, demanded);
        left += s.mass[v];
    };
    if (s.first < rows) serve_one(s.first);
    for (std::size_t v = 0; v < rows; ++v) {
        if (v != s.first && s.mark[v] != together) serve_one(v);
    }
    // All together send f_vj = mass_v demand_j / max(mass, demanded).
    while (mass > 0 && demanded > 0) {
        auto part = hn::Zero(r);
        for (std::size_t j = 0; j < s.capacity.stride(); j += hn::Lanes(r)) {
            part = hn::Max(part, hn::Mul(reals_at(s.demand + j), reals_at(s.per_demand + j)));
        }
        const double unit = hn::GetLane(hn::MaxOfLanes(r, part)) / static_cast<double>(std::max(mass, demanded));
        const bool fit = all_fit(s.mass, s.slack, unit, rows, s.mark, [&](std::size_t v) {
            mass -= s.mass[v];
            serve_one(v);
        });
        if (fit) return left + std::max<Amount>(0, mass - demanded);
    }
    return left + mass;
}

const WaterFilling* table() {
    static constexpr WaterFilling functions{.pour = pour,
                                            .pour_together = pour_together,
                                            .pour_row = pour_row,
                                            .serve = serve,
                                            .serve_together = serve_together,
                                            .min_ratio = min_ratio};
    return &functions;
}

}  // namespace attnflow::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attnflow::engine {

HWY_EXPORT(table);
const WaterFilling& water_filling() { return *HWY_DYNAMIC_DISPATCH(table)(); }

}  // namespace attnflow::engine
#endif  // HWY_ONCE
