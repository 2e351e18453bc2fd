#include "algorithms/maxflow/engine/accelerators/chain_sweep.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "algorithms/maxflow/engine/accelerators/chain_sweep.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

#ifndef ATTNFLOW_CHAIN_STEP
#define ATTNFLOW_CHAIN_STEP
namespace attnflow::engine {
namespace {

/// One step of a chain sweep: what vertices *pass on* is mass, one layer down, or demand, one
/// layer up. All vectors are 0 outside the range, as far as whole blocks reach.
struct ChainStep {
    const Panel<Amount>& capacity;  // a row for each vertex that passes on
    const Panel<Amount>& across;    // its transpose
    const Amount* chain;            // its diagonal
    const Amount* own;              // what vertices pass on
    const Amount* other;            // what the other side has at the same positions
    Amount* next;                   // out: what they pass on to
    Amount* excess;                 // out: what could not be passed on
    Amount* deficit;                // scratch, like all that follow
    Amount* used;
    Amount* rest_of_own;
    Amount* rest_of_other;
    Amount* rest_of_chain;
    Amount* rest_of_row;
    Amount* heavy;
    Amount* limit;
    std::size_t from;  // the position whose chain is heavy with what is passed on
    std::size_t to;    // the one that the other side is heavy at
    CausalRange range;
    bool downwards;
    bool causal;
    bool heavy_first;
    std::size_t rest;     // steps of either side that follow
    Panel<Amount>* flow;  // where to write the layer's flow, or null
};

}  // namespace
}  // namespace attnflow::engine
#endif

HWY_BEFORE_NAMESPACE();
namespace attnflow::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// As many integers, and as many doubles, as a Panel pads for, or fewer.
using Integers = hn::CappedTag<Amount, per_block>;
using Reals = hn::Rebind<double, Integers>;

// Measured on uneven and peaked attention, causal or not, 128 and 256 tokens, 6 and 12 layers.
constexpr double repeat_share = 0.25;  // of this step's success: what later ones are expected to repeat
constexpr double least_share = 0.02;   // of all excess: less is not spread

class Stepper {
public:
    explicit Stepper(const ChainStep& step)
        : s_(step),
          begin_(step.range.first / per_block * per_block),
          end_(padded(step.range.last + 1)),
          open_begin_(begin_),
          open_end_(end_),
          own_(step.own),
          other_(step.other),
          chain_(step.chain) {}

    void run() {
        if (s_.heavy_first) pass_heavy();
        keep_on_chains();
        if (total_excess_ > 0) {
            // The vertices with the fewest places to send to come first.
            if (s_.downwards) {
                for (std::size_t x = s_.range.first; x <= s_.range.last && find_deficit(); ++x) pass_on(x);
            } else {
                for (std::size_t x = s_.range.last + 1; x-- > s_.range.first && find_deficit();) pass_on(x);
            }
            wait_on_chains();
        }
        if (s_.flow != nullptr) write_chains();
    }

private:
    Amount kept(std::size_t x) const { return std::min({own_[x], other_[x], chain_[x]}); }

    // Before anything is kept on chains: from the heavy position to all that take anything, then from
    // all others to the position that takes most. Everything after works with what is left of
    // masses, demands and capacities.
    void pass_heavy() {
        std::copy(s_.own + begin_, s_.own + end_, s_.rest_of_own + begin_);
        std::copy(s_.other + begin_, s_.other + end_, s_.rest_of_other + begin_);
        std::copy(s_.chain + begin_, s_.chain + end_, s_.rest_of_chain + begin_);
        std::copy(s_.capacity.row(s_.from) + begin_, s_.capacity.row(s_.from) + end_, s_.rest_of_row + begin_);
        std::fill(s_.heavy + begin_, s_.heavy + end_, Amount(0));
        own_ = s_.rest_of_own;
        other_ = s_.rest_of_other;
        chain_ = s_.rest_of_chain;
        const auto [first, last] = s_.range;
        Amount& mass = s_.rest_of_own[s_.from];
        if (mass > kept(s_.from)) {
            for (std::size_t y = first; y <= last; ++y) {
                const Amount amount = std::min({s_.rest_of_row[y], s_.rest_of_other[y], mass});
                mass -= amount;
                s_.rest_of_row[y] -= amount;
                s_.rest_of_other[y] -= amount;
                s_.heavy[y] = amount;
                if (s_.flow != nullptr) cell(s_.from, y) += amount;
            }
            s_.rest_of_chain[s_.from] -= s_.heavy[s_.from];
        }
        Amount& room = s_.rest_of_other[s_.to];
        const Amount* const capacity = s_.across.row(s_.to);
        for (std::size_t x = first; x <= last; ++x) {
            if (x == s_.from) continue;
            const Amount amount = std::min({capacity[x], s_.rest_of_own[x], room});
            room -= amount;
            s_.rest_of_own[x] -= amount;
            s_.heavy[s_.to] += amount;
            if (x == s_.to) s_.rest_of_chain[x] -= amount;
            if (s_.flow != nullptr) cell(x, s_.to) += amount;
        }
    }

    Amount& cell(std::size_t x, std::size_t y) const { return s_.downwards ? (*s_.flow)(x, y) : (*s_.flow)(y, x); }

    void keep_on_chains() {
        const Integers d;
        const Reals r;
        auto total = hn::Zero(r);
        for (std::size_t x = begin_; x < end_; x += hn::Lanes(d)) {
            const auto own = hn::Load(d, own_ + x);
            const auto other = hn::Load(d, other_ + x);
            const auto kept = hn::Min(hn::Min(own, other), hn::Load(d, chain_ + x));
            const auto excess = hn::Sub(own, kept);
            const auto heavy = s_.heavy_first ? hn::Load(d, s_.heavy + x) : hn::Zero(d);
            hn::Store(hn::Add(kept, heavy), d, s_.next + x);
            hn::Store(excess, d, s_.excess + x);
            hn::Store(hn::Sub(other, kept), d, s_.deficit + x);
            total = hn::Add(total, hn::ConvertTo(r, excess));
        }
        total_excess_ = hn::GetLane(hn::SumOfLanes(r, total));
        if (s_.heavy_first) s_.deficit[s_.to] = 0;  // whoever could send there has done so
    }

    // Narrows [open_begin_, open_end_) to the blocks that still have deficits, from the end
    // where pushes start; false when there is none.
    bool find_deficit() {
        const Integers d;
        const std::size_t lanes = hn::Lanes(d);
        const auto none = [&](std::size_t x) {
            return hn::AllTrue(d, hn::Eq(hn::Load(d, s_.deficit + x), hn::Zero(d)));
        };
        if (s_.downwards) {
            while (open_begin_ < open_end_ && none(open_begin_)) open_begin_ += lanes;
        } else {
            while (open_begin_ < open_end_ && none(open_end_ - lanes)) open_end_ -= lanes;
        }
        return open_begin_ < open_end_;
    }

    // Where vertex x can send to: `capacity` of the positions from `begin` to `end`, whole blocks.
    struct Ends {
        const Amount* capacity;
        std::size_t begin;
        std::size_t end;
    };
    Ends ends_of(std::size_t x) const {
        // Under a causal mask the row ends, the column begins, at x.
        return {.capacity = s_.heavy_first && x == s_.from ? s_.rest_of_row : s_.capacity.row(x),
                .begin = s_.causal && !s_.downwards ? x / per_block * per_block : begin_,
                .end = s_.causal && s_.downwards ? padded(x + 1) : end_};
    }

    // What vertex x has too much: to where something is missing, and, if the layers to come will not place the
    // rest, to everybody. `used` is what each of its cells carries.
    void pass_on(std::size_t x) {
        if (s_.excess[x] == 0) return;
        const Ends ends = ends_of(x);
        if (s_.flow != nullptr) std::fill(s_.used + ends.begin, s_.used + ends.end, Amount(0));
        const Amount placed = send(x, ends);
        const double amount = to_spread(x, placed);
        if (amount > least_share * total_excess_) {
            if (s_.flow == nullptr) {  // send() has written the blocks that it has visited
                std::fill(s_.used + ends.begin, s_.used + std::max(ends.begin, open_begin_), Amount(0));
                std::fill(s_.used + std::min(ends.end, open_end_), s_.used + ends.end, Amount(0));
            }
            spread_beside_heavy(ends.capacity, x, amount);
        }
        if (s_.flow != nullptr) write_row(x, ends.begin, ends.end);
    }

    // To deficits other than its own, which stays where the chain is too narrow. Returns how much.
    Amount send(std::size_t x, const Ends& ends) {
        const Amount excess = s_.excess[x];
        const Amount own_deficit = std::exchange(s_.deficit[x], Amount(0));
        s_.excess[x] = send_to_deficits(ends.capacity, ends.begin, ends.end, excess);
        s_.deficit[x] = own_deficit;
        return excess - s_.excess[x];
    }

    // What is left at x beyond what later layers can be expected to place, or beyond what its chain holds.
    double to_spread(std::size_t x, Amount placed) const {
        if (s_.excess[x] == 0 || s_.rest == 0) return 0;
        const auto left = static_cast<double>(s_.excess[x]);
        const auto chain_room = static_cast<double>(chain_[x] - kept(x));
        return std::max(left - repeat_share * static_cast<double>(placed) * static_cast<double>(s_.rest),
                        left - chain_room);
    }

    // Nothing is left of the cells into the other side's heavy position, which pass_heavy() has filled.
    void spread_beside_heavy(const Amount* capacity, std::size_t x, double amount) {
        const bool closed = s_.heavy_first && x != s_.from && x != s_.to;
        const Amount to_heavy = s_.used[s_.to];
        if (closed) s_.used[s_.to] = capacity[s_.to];
        s_.causal ? spread_in_range(capacity, x, amount) : spread(capacity, x, amount);
        if (closed) s_.used[s_.to] = to_heavy;
    }

    // To deficits, as far as capacities allow, from the end of the range to which the fewest
    // vertices can send. Returns what is left.
    Amount send_to_deficits(const Amount* capacity, std::size_t begin, std::size_t end, Amount excess) {
        const std::size_t lanes = hn::Lanes(Integers());
        if (s_.downwards) {
            for (std::size_t y = open_begin_; y < end && excess > 0; y += lanes)
                excess = send_to_block(capacity, y, excess);
        } else {
            for (std::size_t y = open_end_; y > begin && excess > 0; y -= lanes)
                excess = send_to_block(capacity, y - lanes, excess);
        }
        return excess;
    }

    Amount send_to_block(const Amount* capacity, std::size_t y, Amount excess) {
        const Integers d;
        const auto deficit = hn::Load(d, s_.deficit + y);
        const auto next = hn::Load(d, s_.next + y);
        auto amount = hn::Min(hn::Load(d, capacity + y), deficit);
        // A sum over a row is at most its row sum, over a column at most the mass that is short.
        const Amount sum = hn::GetLane(hn::SumOfLanes(d, amount));
        if (sum > excess) {
            hn::Store(amount, d, s_.used + y);
            Amount left = excess;
            for (std::size_t k = 0; k < hn::Lanes(d); ++k) {
                s_.used[y + k] = std::min(s_.used[y + k], left);
                left -= s_.used[y + k];
            }
            amount = hn::Load(d, s_.used + y);
        }
        hn::Store(amount, d, s_.used + y);
        hn::Store(hn::Sub(deficit, amount), d, s_.deficit + y);
        hn::Store(hn::Add(next, amount), d, s_.next + y);
        return excess - std::min(sum, excess);
    }

    static Amount share(Amount room, double part) {
        return part >= 1 ? room : std::min(room, static_cast<Amount>(static_cast<double>(room) * part));
    }

    static double part(double amount, double room) {
        // A little less, so that rounding does not use up the amount before the row's end.
        return room <= amount ? 1.0 : amount / room * 0.99999;
    }

    void move(std::size_t x, std::size_t y, Amount amount) {
        s_.used[y] += amount;
        s_.next[y] += amount;
        s_.excess[x] -= amount;
    }

    // In proportion to what capacities are left.
    void spread(const Amount* capacity, std::size_t x, double amount) {
        const Integers d;
        const Reals r;
        const Amount on_chain = s_.used[x];
        s_.used[x] = capacity[x];  // no room
        auto total = hn::Zero(r);
        for (std::size_t y = begin_; y < end_; y += hn::Lanes(d)) {
            const auto room = hn::Sub(hn::Load(d, capacity + y), hn::Load(d, s_.used + y));
            total = hn::Add(total, hn::ConvertTo(r, room));
        }
        const double q = part(amount, hn::GetLane(hn::SumOfLanes(r, total)));
        for (std::size_t y = begin_; y < end_ && s_.excess[x] > 0; ++y) {
            move(x, y, std::min(s_.excess[x], share(capacity[y] - s_.used[y], q)));
        }
        s_.used[x] = on_chain;
    }

    // The same under a causal mask. Let b(z) be mass minus demand at z and everything later. Mass
    // that is taken past z towards earlier positions lowers b(z), and so does demand that is
    // taken past z towards later ones. While b(z) >= min(0, b(first)), what is short at z and
    // later can be supplied.
    void spread_in_range(const Amount* capacity, std::size_t x, double amount) {
        const auto [first, last] = s_.range;
        const auto surplus = [&](std::size_t y) {
            const Amount own = s_.next[y] + s_.excess[y];
            const Amount other = other_[y] + (s_.heavy_first ? s_.heavy[y] : 0);
            return s_.downwards ? own - other : other - own;
        };
        Amount all = 0;
        for (std::size_t y = first; y <= last; ++y) all += surplus(y);
        Amount b = -std::min<Amount>(0, all);
        double room = 0;
        if (s_.downwards) {
            for (std::size_t y = last; y > x; --y) b += surplus(y);
            Amount limit = std::numeric_limits<Amount>::max();
            for (std::size_t y = x; y-- > first;) {
                b += surplus(y + 1);
                limit = std::min(limit, b);
                s_.limit[y] = limit;
                room += static_cast<double>(capacity[y] - s_.used[y]);
            }
        } else {
            for (std::size_t y = last; y > x; --y) {
                b += surplus(y);
                s_.limit[y] = b;
                room += static_cast<double>(capacity[y] - s_.used[y]);
            }
            for (std::size_t y = x + 2; y <= last; ++y) s_.limit[y] = std::min(s_.limit[y], s_.limit[y - 1]);
        }
        const double q = part(amount, room);
        Amount moved = 0;
        const auto move_some = [&](std::size_t y) {
            const Amount most = std::min<Amount>(s_.excess[x], std::max<Amount>(0, s_.limit[y] - moved));
            const Amount some = std::min(most, share(capacity[y] - s_.used[y], q));
            move(x, y, some);
            moved += some;
        };
        if (s_.downwards) {
            for (std::size_t y = first; y < x; ++y) move_some(y);
        } else {
            for (std::size_t y = last; y > x; --y) move_some(y);
        }
    }

    void wait_on_chains() {
        const Integers d;
        for (std::size_t x = begin_; x < end_; x += hn::Lanes(d)) {
            const auto chain = hn::Load(d, chain_ + x);
            const auto kept = hn::Min(hn::Min(hn::Load(d, own_ + x), hn::Load(d, other_ + x)), chain);
            const auto excess = hn::Load(d, s_.excess + x);
            const auto waits = hn::Min(excess, hn::Sub(chain, kept));
            hn::Store(hn::Add(hn::Load(d, s_.next + x), waits), d, s_.next + x);
            hn::Store(hn::Sub(excess, waits), d, s_.excess + x);
            if (s_.flow != nullptr) hn::Store(waits, d, s_.used + x);
        }
    }

    void write_row(std::size_t x, std::size_t begin, std::size_t end) {
        for (std::size_t y = begin; y < end; ++y) {
            if (s_.used[y] != 0) cell(x, y) += s_.used[y];
        }
    }

    void write_chains() {
        for (std::size_t x = s_.range.first; x <= s_.range.last; ++x) {
            cell(x, x) += (kept(x) + (total_excess_ > 0 ? s_.used[x] : Amount(0)));
        }
    }

    const ChainStep& s_;
    std::size_t begin_;  // whole blocks around the range
    std::size_t end_;
    std::size_t open_begin_;
    std::size_t open_end_;
    const Amount* own_;  // what is left of them
    const Amount* other_;
    const Amount* chain_;
    double total_excess_ = 0;
};

void chain_step(const ChainStep& step) { Stepper(step).run(); }

}  // namespace attnflow::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attnflow::engine {

HWY_EXPORT(chain_step);

ChainSweep::ChainSweep(const PackedNetwork& network) : network_(network), vectors_(vectors, network.width(0)) {}

Amount ChainSweep::run(std::size_t top, std::size_t source, std::size_t sink) {
    top_ = top;
    source_ = source;
    sink_ = sink;
    range_ = network_.causal() ? CausalRange{sink, source} : CausalRange{0, network_.width(0) - 1};
    return sweep(nullptr);
}

void ChainSweep::write(Pseudoflow& flow) {
    flow.clear(top_, source_, sink_, range_);
    sweep(&flow);
}

// What lies in the range, and 0 in the whole blocks around it.
void ChainSweep::enter(const Amount* from, Amount* to) const {
    const auto [first, last] = range_;
    std::fill(to + first / per_block * per_block, to + first, Amount{0});
    std::copy(from + first, from + last + 1, to + first);
    std::fill(to + last + 1, to + padded(last + 1), Amount{0});
}

Amount ChainSweep::sweep(Pseudoflow* flow) {
    const auto vector = [&](Vector which) { return vectors_.row(which); };
    Amount* p = vector(mass);
    Amount* q = vector(demand);
    Amount* free = vector(next);
    enter(network_.down(top_).row(source_), p);
    enter(network_.up(1).row(sink_), q);
    const bool causal = network_.causal();
    // In few layers there is no time to dissolve what is heavy little by little.
    const bool heavy_first = top_ <= (causal ? 4 : 6);
    std::size_t upper = top_ - 1;
    std::size_t lower = 1;
    for (bool downwards = true; upper > lower; downwards = !downwards) {
        const std::size_t layer = downwards ? upper : lower + 1;
        const ChainStep step{.capacity = downwards ? network_.down(layer) : network_.up(layer),
                             .across = downwards ? network_.up(layer) : network_.down(layer),
                             .chain = network_.chain(layer),
                             .own = downwards ? p : q,
                             .other = downwards ? q : p,
                             .next = free,
                             .excess = vector(excess),
                             .deficit = vector(deficit),
                             .used = vector(used),
                             .rest_of_own = vector(rest_of_own),
                             .rest_of_other = vector(rest_of_other),
                             .rest_of_chain = vector(rest_of_chain),
                             .rest_of_row = vector(rest_of_row),
                             .heavy = vector(heavy),
                             .limit = vector(limit),
                             .from = downwards ? source_ : sink_,
                             .to = downwards ? sink_ : source_,
                             .range = range_,
                             .downwards = downwards,
                             .causal = causal,
                             .heavy_first = heavy_first,
                             .rest = upper - lower - 1,
                             .flow = flow == nullptr ? nullptr : &flow->flow(layer)};
        HWY_DYNAMIC_DISPATCH(chain_step)(step);
        if (flow != nullptr) {
            Amount* const balance = flow->balance(downwards ? upper : lower);
            for (std::size_t x = range_.first; x <= range_.last; ++x) {
                balance[x] = downwards ? step.excess[x] : -step.excess[x];
            }
        }
        std::swap(downwards ? p : q, free);
        downwards ? --upper : ++lower;
    }
    if (flow != nullptr) {
        for (std::size_t x = range_.first; x <= range_.last; ++x) flow->balance(upper)[x] = p[x] - q[x];
    }
    const std::size_t begin = range_.first / per_block * per_block;
    return row_kernels().min_sum(p + begin, q + begin, padded(range_.last + 1) - begin);
}

}  // namespace attnflow::engine
#endif  // HWY_ONCE
