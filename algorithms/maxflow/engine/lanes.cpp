#include "algorithms/maxflow/engine/lanes.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "algorithms/maxflow/engine/lanes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#ifndef ATTNFLOW_LANE_STEP
#define ATTNFLOW_LANE_STEP
namespace attnflow::engine {

/// One step of a lane sweep: what vertices *pass on* is mass, one layer down, or demand, one
/// layer up. All vectors are 0 outside the window, as far as whole blocks reach.
template <class T>
struct LaneStep {
    const Panel<T>& capacity;  // a row for each vertex that passes on
    const Panel<T>& across;    // its transpose
    const T* lane;             // its diagonal
    const T* own;              // what vertices pass on
    const T* other;            // what the other side has at the same positions
    T* next;                   // out: what they pass on to
    T* excess;                 // out: what could not be passed on
    T* shortage;               // scratch
    T* used;                   // scratch
    T* rest_of_own;            // scratch, like the next four
    T* rest_of_other;
    T* rest_of_lane;
    T* rest_of_row;
    T* heavy;
    std::int64_t* limit;  // scratch
    std::size_t from;     // the position whose lane is heavy with what is passed on
    std::size_t to;       // the one that the other side is heavy at
    Window window;
    bool downwards;
    bool causal;
    bool heavy_first;
    std::size_t rest;  // steps of either side that follow
    Panel<T>* flow;    // where to write the layer's flow, or null
};

}  // namespace attnflow::engine
#endif

HWY_BEFORE_NAMESPACE();
namespace attnflow::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::CappedTag<T, 64 / sizeof(T)>;

// Measured on uneven and peaked attention, causal or not, 128 and 256 tokens, 6 and 12 layers.
constexpr double trust = 0.25;     // share of this step's success that later ones are trusted to repeat
constexpr double worth = 0.02;     // of all excess: less is not spread
constexpr std::size_t block = 64;  // bytes; capacities and vectors are padded to it

template <class T>
class Stepper {
public:
    explicit Stepper(const LaneStep<T>& step)
        : s_(step),
          begin_(step.window.first / per_block * per_block),
          end_(Panel<T>::padded(step.window.last + 1)),
          live_begin_(begin_),
          live_end_(end_),
          own_(step.own),
          other_(step.other),
          lane_(step.lane) {}

    void run() {
        if (s_.heavy_first) pass_heavy();
        keep_on_lanes();
        if (total_excess_ > 0) {
            // The vertices with the fewest places to send to come first.
            if (s_.downwards) {
                for (std::size_t x = s_.window.first; x <= s_.window.last && find_shortage(); ++x) pass_on(x);
            } else {
                for (std::size_t x = s_.window.last + 1; x-- > s_.window.first && find_shortage();) pass_on(x);
            }
            wait_on_lanes();
        }
        if (s_.flow != nullptr) write_lanes();
    }

private:
    static constexpr std::size_t per_block = block / sizeof(T);

    T kept(std::size_t x) const { return std::min({own_[x], other_[x], lane_[x]}); }

    // Before anything is kept on lanes: from the heavy position to all that take anything, then from
    // all others to the position that takes most. Everything after works with what is left of
    // masses, demands and capacities.
    void pass_heavy() {
        std::copy(s_.own + begin_, s_.own + end_, s_.rest_of_own + begin_);
        std::copy(s_.other + begin_, s_.other + end_, s_.rest_of_other + begin_);
        std::copy(s_.lane + begin_, s_.lane + end_, s_.rest_of_lane + begin_);
        std::copy(s_.capacity.row(s_.from) + begin_, s_.capacity.row(s_.from) + end_, s_.rest_of_row + begin_);
        std::fill(s_.heavy + begin_, s_.heavy + end_, T(0));
        own_ = s_.rest_of_own;
        other_ = s_.rest_of_other;
        lane_ = s_.rest_of_lane;
        const auto [first, last] = s_.window;
        T& mass = s_.rest_of_own[s_.from];
        if (mass > kept(s_.from)) {
            for (std::size_t y = first; y <= last; ++y) {
                const T amount = std::min({s_.rest_of_row[y], s_.rest_of_other[y], mass});
                mass -= amount;
                s_.rest_of_row[y] -= amount;
                s_.rest_of_other[y] -= amount;
                s_.heavy[y] = amount;
                if (s_.flow != nullptr) cell(s_.from, y) += amount;
            }
            s_.rest_of_lane[s_.from] -= s_.heavy[s_.from];
        }
        T& room = s_.rest_of_other[s_.to];
        const T* const capacity = s_.across.row(s_.to);
        for (std::size_t x = first; x <= last; ++x) {
            if (x == s_.from) continue;
            const T amount = std::min({capacity[x], s_.rest_of_own[x], room});
            room -= amount;
            s_.rest_of_own[x] -= amount;
            s_.heavy[s_.to] += amount;
            if (x == s_.to) s_.rest_of_lane[x] -= amount;
            if (s_.flow != nullptr) cell(x, s_.to) += amount;
        }
    }

    T& cell(std::size_t x, std::size_t y) const { return s_.downwards ? (*s_.flow)(x, y) : (*s_.flow)(y, x); }

    void keep_on_lanes() {
        const Tag<T> d;
        const hn::Rebind<Real<T>, Tag<T>> r;
        auto total = hn::Zero(r);
        for (std::size_t x = begin_; x < end_; x += hn::Lanes(d)) {
            const auto own = hn::Load(d, own_ + x);
            const auto other = hn::Load(d, other_ + x);
            const auto kept = hn::Min(hn::Min(own, other), hn::Load(d, lane_ + x));
            const auto excess = hn::Sub(own, kept);
            const auto heavy = s_.heavy_first ? hn::Load(d, s_.heavy + x) : hn::Zero(d);
            hn::Store(hn::Add(kept, heavy), d, s_.next + x);
            hn::Store(excess, d, s_.excess + x);
            hn::Store(hn::Sub(other, kept), d, s_.shortage + x);
            total = hn::Add(total, hn::ConvertTo(r, excess));
        }
        total_excess_ = static_cast<double>(hn::GetLane(hn::SumOfLanes(r, total)));
        if (s_.heavy_first) s_.shortage[s_.to] = 0;  // whoever could send there has done so
    }

    // Narrows [live_begin_, live_end_) to the blocks that still have shortages, from the end
    // where pushes start; false when there is none.
    bool find_shortage() {
        const Tag<T> d;
        const std::size_t lanes = hn::Lanes(d);
        const auto none = [&](std::size_t x) {
            return hn::AllTrue(d, hn::Eq(hn::Load(d, s_.shortage + x), hn::Zero(d)));
        };
        if (s_.downwards) {
            while (live_begin_ < live_end_ && none(live_begin_)) live_begin_ += lanes;
        } else {
            while (live_begin_ < live_end_ && none(live_end_ - lanes)) live_end_ -= lanes;
        }
        return live_begin_ < live_end_;
    }

    void pass_on(std::size_t x) {
        const T own_excess = s_.excess[x];
        if (own_excess == 0) return;
        const T* const capacity = s_.heavy_first && x == s_.from ? s_.rest_of_row : s_.capacity.row(x);
        // Under a causal mask the row ends, the column begins, at x.
        const std::size_t begin = s_.causal && !s_.downwards ? x / per_block * per_block : begin_;
        const std::size_t end = s_.causal && s_.downwards ? Panel<T>::padded(x + 1) : end_;
        if (s_.flow != nullptr) std::fill(s_.used + begin, s_.used + end, T(0));
        const T own_shortage = s_.shortage[x];  // where the lane is too narrow
        s_.shortage[x] = 0;
        const T left = send_to_shortages(capacity, begin, end, own_excess);
        s_.shortage[x] = own_shortage;
        s_.excess[x] = left;
        if (left > 0 && s_.rest > 0) {
            const auto placed = static_cast<double>(own_excess - left);
            const double lane_room = static_cast<double>(lane_[x] - kept(x));
            const double amount =
                std::max(static_cast<double>(left) - trust * placed * static_cast<double>(s_.rest),
                         static_cast<double>(left) - lane_room);
            if (amount > worth * total_excess_) {
                if (s_.flow == nullptr) {
                    std::fill(s_.used + begin, s_.used + std::max(begin, live_begin_), T(0));
                    std::fill(s_.used + std::min(end, live_end_), s_.used + end, T(0));
                }
                // Nothing is left of the cells into the other side's heavy position.
                const T to_heavy = s_.used[s_.to];
                const bool closed = s_.heavy_first && x != s_.from && x != s_.to;
                if (closed) s_.used[s_.to] = capacity[s_.to];
                s_.causal ? spread_in_window(capacity, x, amount) : spread(capacity, x, amount);
                if (closed) s_.used[s_.to] = to_heavy;
            }
        }
        if (s_.flow != nullptr) write_row(x, begin, end);
    }

    // To shortages, as far as capacities allow, from the end of the window to which the fewest
    // vertices can send. Returns what is left.
    T send_to_shortages(const T* capacity, std::size_t begin, std::size_t end, T excess) {
        const std::size_t lanes = hn::Lanes(Tag<T>());
        if (s_.downwards) {
            for (std::size_t y = live_begin_; y < end && excess > 0; y += lanes)
                excess = send_to_block(capacity, y, excess);
        } else {
            for (std::size_t y = live_end_; y > begin && excess > 0; y -= lanes)
                excess = send_to_block(capacity, y - lanes, excess);
        }
        return excess;
    }

    T send_to_block(const T* capacity, std::size_t y, T excess) {
        const Tag<T> d;
        const auto shortage = hn::Load(d, s_.shortage + y);
        const auto next = hn::Load(d, s_.next + y);
        auto amount = hn::Min(hn::Load(d, capacity + y), shortage);
        // A sum over a row is at most its row sum, over a column at most the mass that is short.
        const T sum = hn::GetLane(hn::SumOfLanes(d, amount));
        if (sum > excess) {
            hn::Store(amount, d, s_.used + y);
            T left = excess;
            for (std::size_t k = 0; k < hn::Lanes(d); ++k) {
                s_.used[y + k] = std::min(s_.used[y + k], left);
                left -= s_.used[y + k];
            }
            amount = hn::Load(d, s_.used + y);
        }
        hn::Store(amount, d, s_.used + y);
        hn::Store(hn::Sub(shortage, amount), d, s_.shortage + y);
        hn::Store(hn::Add(next, amount), d, s_.next + y);
        return static_cast<T>(excess - std::min(sum, excess));
    }

    static T share(T room, Real<T> part) {
        return part >= 1 ? room : std::min(room, static_cast<T>(static_cast<Real<T>>(room) * part));
    }

    static Real<T> part(double amount, double room) {
        // A little less, so that rounding does not use up the amount before the row's end.
        return room <= amount ? Real<T>(1) : static_cast<Real<T>>(amount / room * 0.99999);
    }

    void move(std::size_t x, std::size_t y, T amount) {
        s_.used[y] += amount;
        s_.next[y] += amount;
        s_.excess[x] -= amount;
    }

    // In proportion to what capacities are left.
    void spread(const T* capacity, std::size_t x, double amount) {
        const Tag<T> d;
        const hn::Rebind<Real<T>, Tag<T>> r;
        const T on_lane = s_.used[x];
        s_.used[x] = capacity[x];  // no room
        auto total = hn::Zero(r);
        for (std::size_t y = begin_; y < end_; y += hn::Lanes(d)) {
            const auto room = hn::Sub(hn::Load(d, capacity + y), hn::Load(d, s_.used + y));
            total = hn::Add(total, hn::ConvertTo(r, room));
        }
        const Real<T> q = part(amount, static_cast<double>(hn::GetLane(hn::SumOfLanes(r, total))));
        for (std::size_t y = begin_; y < end_ && s_.excess[x] > 0; ++y) {
            move(x, y, std::min(s_.excess[x], share(static_cast<T>(capacity[y] - s_.used[y]), q)));
        }
        s_.used[x] = on_lane;
    }

    // The same under a causal mask. Let b(z) be mass minus demand at z and everything later. Mass
    // that is taken past z towards earlier positions lowers b(z), and so does demand that is
    // taken past z towards later ones. While b(z) >= min(0, b(first)), what is short at z and
    // later can be supplied.
    void spread_in_window(const T* capacity, std::size_t x, double amount) {
        const auto [first, last] = s_.window;
        const auto surplus = [&](std::size_t y) {
            const std::int64_t own = std::int64_t{s_.next[y]} + s_.excess[y];
            const std::int64_t other = std::int64_t{other_[y]} + (s_.heavy_first ? s_.heavy[y] : T(0));
            return s_.downwards ? own - other : other - own;
        };
        std::int64_t all = 0;
        for (std::size_t y = first; y <= last; ++y) all += surplus(y);
        std::int64_t b = -std::min<std::int64_t>(0, all);
        double room = 0;
        if (s_.downwards) {
            for (std::size_t y = last; y > x; --y) b += surplus(y);
            std::int64_t limit = std::numeric_limits<std::int64_t>::max();
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
        const Real<T> q = part(amount, room);
        std::int64_t moved = 0;
        const auto move_some = [&](std::size_t y) {
            const std::int64_t most =
                std::min<std::int64_t>(s_.excess[x], std::max<std::int64_t>(0, s_.limit[y] - moved));
            const T some =
                static_cast<T>(std::min<std::int64_t>(most, share(static_cast<T>(capacity[y] - s_.used[y]), q)));
            move(x, y, some);
            moved += some;
        };
        if (s_.downwards) {
            for (std::size_t y = first; y < x; ++y) move_some(y);
        } else {
            for (std::size_t y = last; y > x; --y) move_some(y);
        }
    }

    void wait_on_lanes() {
        const Tag<T> d;
        for (std::size_t x = begin_; x < end_; x += hn::Lanes(d)) {
            const auto lane = hn::Load(d, lane_ + x);
            const auto kept = hn::Min(hn::Min(hn::Load(d, own_ + x), hn::Load(d, other_ + x)), lane);
            const auto excess = hn::Load(d, s_.excess + x);
            const auto waits = hn::Min(excess, hn::Sub(lane, kept));
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

    void write_lanes() {
        for (std::size_t x = s_.window.first; x <= s_.window.last; ++x) {
            cell(x, x) += static_cast<T>(kept(x) + (total_excess_ > 0 ? s_.used[x] : T(0)));
        }
    }

    const LaneStep<T>& s_;
    std::size_t begin_;  // whole blocks around the window
    std::size_t end_;
    std::size_t live_begin_;
    std::size_t live_end_;
    const T* own_;  // what is left of them
    const T* other_;
    const T* lane_;
    double total_excess_ = 0;
};

void LaneStep32(const LaneStep<std::int32_t>& step) { Stepper<std::int32_t>(step).run(); }
void LaneStep64(const LaneStep<std::int64_t>& step) { Stepper<std::int64_t>(step).run(); }

}  // namespace attnflow::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {

HWY_EXPORT(LaneStep32);
HWY_EXPORT(LaneStep64);

template <class T>
LaneSweeps<T>::LaneSweeps(const PackedNetwork<T>& network)
    : network_(network), rows_(rows, network.width(0)), limit_(network.width(0)) {}

template <class T>
std::int64_t LaneSweeps<T>::run(std::size_t top, std::size_t source, std::size_t sink) {
    top_ = top;
    source_ = source;
    sink_ = sink;
    window_ = network_.causal() ? Window{sink, source} : Window{0, network_.width(0) - 1};
    return sweep(nullptr, nullptr);
}

template <class T>
void LaneSweeps<T>::write(std::vector<Panel<T>>& flow, Panel<T>& balance) {
    sweep(&flow, &balance);
}

template <class T>
std::int64_t LaneSweeps<T>::sweep(std::vector<Panel<T>>* flow, Panel<T>* balance) {
    constexpr std::size_t per_block = 64 / sizeof(T);
    const std::size_t first = window_.first;  // names of their own: clang 14 captures no structured bindings
    const std::size_t last = window_.last;
    const std::size_t begin = first / per_block * per_block;
    const std::size_t end = Panel<T>::padded(last + 1);
    const auto enter = [&](const T* from, T* to) {
        std::fill(to + begin, to + first, T(0));
        std::copy(from + first, from + last + 1, to + first);
        std::fill(to + last + 1, to + end, T(0));
    };
    T* p = rows_.row(mass);
    T* q = rows_.row(demand);
    T* free = rows_.row(next);
    enter(network_.down(top_).row(source_), p);
    enter(network_.up(1).row(sink_), q);
    const bool causal = network_.causal();
    // In few layers there is no time to dissolve what is heavy by and by.
    const bool heavy_first = top_ <= (causal ? 4 : 6);
    std::size_t upper = top_ - 1;
    std::size_t lower = 1;
    for (bool downwards = true; upper > lower; downwards = !downwards) {
        const std::size_t layer = downwards ? upper : lower + 1;
        const LaneStep<T> step{.capacity = downwards ? network_.down(layer) : network_.up(layer),
                               .across = downwards ? network_.up(layer) : network_.down(layer),
                               .lane = network_.lane(layer),
                               .own = downwards ? p : q,
                               .other = downwards ? q : p,
                               .next = free,
                               .excess = rows_.row(excess),
                               .shortage = rows_.row(shortage),
                               .used = rows_.row(used),
                               .rest_of_own = rows_.row(rest_of_own),
                               .rest_of_other = rows_.row(rest_of_other),
                               .rest_of_lane = rows_.row(rest_of_lane),
                               .rest_of_row = rows_.row(rest_of_row),
                               .heavy = rows_.row(heavy),
                               .limit = limit_.data(),
                               .from = downwards ? source_ : sink_,
                               .to = downwards ? sink_ : source_,
                               .window = window_,
                               .downwards = downwards,
                               .causal = causal,
                               .heavy_first = heavy_first,
                               .rest = upper - lower - 1,
                               .flow = flow == nullptr ? nullptr : &(*flow)[layer]};
        if constexpr (sizeof(T) == 4) {
            HWY_DYNAMIC_DISPATCH(LaneStep32)(step);
        } else {
            HWY_DYNAMIC_DISPATCH(LaneStep64)(step);
        }
        if (balance != nullptr) {
            T* const out = balance->row(downwards ? upper : lower);
            for (std::size_t x = first; x <= last; ++x) {
                out[x] = downwards ? step.excess[x] : static_cast<T>(-step.excess[x]);
            }
        }
        std::swap(downwards ? p : q, free);
        downwards ? --upper : ++lower;
    }
    if (balance != nullptr) {
        for (std::size_t x = first; x <= last; ++x) (*balance)(upper, x) = p[x] - q[x];
    }
    return min_sum(p + begin, q + begin, end - begin);
}

template class LaneSweeps<std::int32_t>;
template class LaneSweeps<std::int64_t>;

}  // namespace attnflow::engine
#endif  // HWY_ONCE
