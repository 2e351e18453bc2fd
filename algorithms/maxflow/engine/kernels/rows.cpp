#include "algorithms/maxflow/engine/kernels/rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "algorithms/maxflow/engine/kernels/rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>

HWY_BEFORE_NAMESPACE();
namespace attnflow::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// As many integers as a Panel pads for, or fewer.
using Integers = hn::CappedTag<Amount, per_block>;

HWY_INLINE hn::Vec<Integers> at(const Amount* from) { return hn::Load(Integers(), from); }
HWY_INLINE Amount total(hn::Vec<Integers> sums) { return hn::GetLane(hn::SumOfLanes(Integers(), sums)); }
HWY_INLINE hn::Mask<Integers> chosen(const RowEnds& ends, std::size_t x) {
    return hn::Eq(at(ends.label + x), hn::Set(Integers(), ends.nearer));
}

Amount min_sum(const Amount* a, const Amount* b, std::size_t n) {
    const Integers d;
    auto sum = hn::Zero(d);
    for (std::size_t x = 0; x < n; x += hn::Lanes(d)) sum = hn::Add(sum, hn::Min(at(a + x), at(b + x)));
    return total(sum);
}

SignedSums signed_sums(const Amount* a, std::size_t n) {
    const Integers d;
    const auto zero = hn::Zero(d);
    auto positive = zero;
    auto negative = zero;
    for (std::size_t x = 0; x < n; x += hn::Lanes(d)) {
        const auto value = at(a + x);
        positive = hn::Add(positive, hn::Max(value, zero));
        negative = hn::Sub(negative, hn::Min(value, zero));
    }
    return {total(positive), total(negative)};
}

// Stores a bit for each lane at bit x of `set`, whose bits from there on are 0.
HWY_INLINE void store_bits(hn::Mask<Integers> mask, Word* set, std::size_t x) {
    static_assert(std::endian::native == std::endian::little);
    const Integers d;
    auto* const byte = reinterpret_cast<std::uint8_t*>(set) + x / 8;
    if (hn::Lanes(d) >= 8) {
        hn::StoreMaskBits(d, mask, byte);
        return;
    }
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, mask, bits);
    *byte = static_cast<std::uint8_t>(*byte | bits[0] << (x % 8));
}

void residual_bits(const Amount* capacity, const Amount* flow, std::size_t from, std::size_t end,
                   std::size_t words, Word* residual, Word* carried) {
    const Integers d;
    std::fill_n(residual, words, Word{0});
    std::fill_n(carried, words, Word{0});
    for (std::size_t x = from; x < end; x += hn::Lanes(d)) {
        const auto amount = at(flow + x);
        store_bits(hn::Gt(at(capacity + x), amount), residual, x);
        store_bits(hn::Gt(amount, hn::Zero(d)), carried, x);
    }
}

Amount sendable(const FlowRow& row, const RowEnds& ends) {
    const Integers d;
    auto sum = hn::Zero(d);
    for (std::size_t x = 0; x < row.n; x += hn::Lanes(d)) {
        const auto room = hn::Min(hn::Sub(at(row.capacity + x), at(row.flow + x)), at(ends.intake + x));
        sum = hn::Add(sum, hn::IfThenElseZero(chosen(ends, x), room));
    }
    return total(sum);
}

void add_returnable(const FlowRow& row, const RowEnds& ends, Amount most) {
    const Integers d;
    const auto limit = hn::Set(d, most);
    for (std::size_t x = 0; x < row.n; x += hn::Lanes(d)) {
        const auto amount = hn::IfThenElseZero(chosen(ends, x), hn::Min(at(row.flow + x), limit));
        hn::Store(hn::Add(at(ends.intake + x), amount), d, ends.intake + x);
    }
}

Amount push(const FlowRow& row, const RowEnds& ends, Amount excess) {
    const Integers d;
    for (std::size_t x = 0; x < row.n && excess > 0; x += hn::Lanes(d)) {
        const auto takes = chosen(ends, x);
        if (hn::AllFalse(d, takes)) continue;
        const auto flow = at(row.flow + x);
        const auto limit = at(ends.intake + x);
        const auto room = hn::IfThenElseZero(takes, hn::Min(hn::Sub(at(row.capacity + x), flow), limit));
        const Amount sum = total(room);
        if (sum <= excess) {
            hn::Store(hn::Add(flow, room), d, row.flow + x);
            hn::Store(hn::Sub(limit, room), d, ends.intake + x);
            hn::Store(hn::Add(at(ends.balance + x), room), d, ends.balance + x);
            excess -= sum;
            continue;
        }
        for (std::size_t y = x; excess > 0; ++y) {
            if (ends.label[y] != ends.nearer) continue;
            const Amount amount = std::min({excess, row.capacity[y] - row.flow[y], ends.intake[y]});
            row.flow[y] += amount;
            ends.intake[y] -= amount;
            ends.balance[y] += amount;
            excess -= amount;
        }
    }
    return excess;
}

Amount pull(const FlowRow& row, const RowEnds& ends, Amount most) {
    const Integers d;
    const auto zero = hn::Zero(d);
    for (std::size_t x = 0; x < row.n && most > 0; x += hn::Lanes(d)) {
        const auto excess = at(ends.balance + x);
        const auto flow = at(row.flow + x);
        const auto gives = hn::And(chosen(ends, x), hn::Gt(hn::Min(excess, flow), zero));
        if (hn::AllFalse(d, gives)) continue;
        const auto amount = hn::IfThenElseZero(gives, hn::Min(excess, flow));
        const Amount sum = total(amount);
        if (sum <= most) {
            hn::Store(hn::Sub(flow, amount), d, row.flow + x);
            hn::Store(hn::Sub(excess, amount), d, ends.balance + x);
            most -= sum;
            continue;
        }
        for (std::size_t y = x; most > 0; ++y) {
            if (ends.label[y] != ends.nearer || ends.balance[y] <= 0) continue;
            const Amount some = std::min({most, row.flow[y], ends.balance[y]});
            row.flow[y] -= some;
            ends.balance[y] -= some;
            most -= some;
        }
    }
    return most;
}

const RowKernels* row_table() {
    static constexpr RowKernels functions{.min_sum = min_sum,
                                          .signed_sums = signed_sums,
                                          .residual_bits = residual_bits,
                                          .sendable = sendable,
                                          .add_returnable = add_returnable,
                                          .push = push,
                                          .pull = pull};
    return &functions;
}

}  // namespace attnflow::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attnflow::engine {

HWY_EXPORT(row_table);
const RowKernels& row_kernels() { return *HWY_DYNAMIC_DISPATCH(row_table)(); }

}  // namespace attnflow::engine
#endif  // HWY_ONCE
