#include "algorithms/maxflow/engine/waves.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {
namespace {

constexpr std::size_t rows_at_once = 16;
constexpr std::size_t few_targets = 4;  // are visited one by one rather than by whole rows

}  // namespace

template <class T>
Pseudoflow<T>::Pseudoflow(const PackedNetwork<T>& network)
    : network_(network), flow_(network.layers() + 1), residual_(network), needs_(network.widest()) {
    const std::size_t widest = network.widest();
    balance_ = Panel<T>(network.layers() + 1, widest);
    intake_ = Panel<T>(network.layers() + 1, widest);
    label_ = Panel<T>(network.layers() + 1, widest);
    unlabelled_ = Panel<Word>(network.layers() + 1, words_of(widest));
    nearer_.resize(words_of(widest));
    reached_.resize(words_of(widest));
    stale_.resize(words_of(widest));
    rows_ = Panel<T>(rows_at_once, widest);
    feed_ = Panel<T>(3, widest);
    levels_.resize(feed_.stride());
    wanted_ = Panel<T>(1, widest);
    per_wanted_ = serving_room_ = Panel<Real<T>>(1, widest);
}

template <class T>
void Pseudoflow<T>::start(std::size_t lowest, std::size_t highest, std::size_t k) {
    lowest_ = lowest;
    highest_ = highest;
    k_ = k;
    window_ = everything;
    causal_ = false;
    built_.assign(network_.layers() + 1, 0);
    for (std::size_t l = lowest; l <= highest; ++l) {
        std::fill_n(balance_.row(l), balance_.stride(), T(0));
        if (l >= 2) residual_.change(l);
    }
}

// Mass that a vertex above layer k could not pass on.
template <class T>
void Pseudoflow<T>::set_upper_balance(std::size_t l) {
    const T* const mass = sources_->mass(l, upper_);
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        balance_(l, x) = static_cast<T>(std::max<std::int64_t>(0, mass[x] - network_.row_sum(l, x)));
    }
}

// Demand that a vertex below layer k could not have met.
template <class T>
void Pseudoflow<T>::set_lower_balance(std::size_t l) {
    const T* const demand = sinks_->mass(l, lower_);
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        balance_(l, x) = static_cast<T>(std::min<std::int64_t>(0, network_.column_sum(l + 1, x) - demand[x]));
    }
}

template <class T>
void Pseudoflow<T>::join(std::size_t top, std::size_t source, const Sweeps<T>& sources, std::size_t upper,
                         std::size_t sink, const Sweeps<T>& sinks, std::size_t lower, std::size_t k) {
    top_ = top;
    source_ = source;
    sources_ = &sources;
    upper_ = upper;
    sink_ = sink;
    sinks_ = &sinks;
    lower_ = lower;
    supply_ = network_.row_sum(top, source);
    start(1, top - 1, k);
    for (std::size_t l = 1; l < k; ++l) set_lower_balance(l);
    for (std::size_t l = k + 1; l < top; ++l) set_upper_balance(l);
    const T* const mass = sources.mass(k, upper);
    const T* const demand = sinks.mass(k, lower);
    for (std::size_t x = 0; x < network_.width(k); ++x) balance_(k, x) = mass[x] - demand[x];
}

template <class T>
void Pseudoflow<T>::join(LaneSweeps<T>& lanes) {
    top_ = lanes.top();
    source_ = lanes.source();
    sink_ = lanes.sink();
    start(1, top_ - 1, top_);
    window_ = lanes.window();
    causal_ = network_.causal();
    const T* const row = network_.down(top_).row(source_);
    supply_ = std::accumulate(row + window_.first, row + window_.last + 1, std::int64_t{0});
    for (std::size_t l = 2; l < top_; ++l) {
        built_[l] = 1;
        Panel<T>& flow = flow_[l];
        if (flow.empty()) flow = Panel<T>(network_.width(l), network_.width(l - 1));
        for (std::size_t x = window_.first; x <= window_.last; ++x) {
            std::fill(flow.row(x) + blocks_begin(), flow.row(x) + row_end(l, x), T(0));
        }
    }
    lanes.write(flow_, balance_);
}

template <class T>
std::size_t Pseudoflow<T>::blocks_begin() const {
    constexpr std::size_t block = Panel<T>::padded(1);
    return window_.first / block * block;
}

// Where the columns of row x of layer l's matrix end.
template <class T>
std::size_t Pseudoflow<T>::row_end(std::size_t l, std::size_t x) const {
    return causal_ ? Panel<T>::padded(x + 1) : blocks_end(l - 1);
}

template <class T>
void Pseudoflow<T>::join_upper(std::size_t top, std::size_t source, const Sweeps<T>& sources, std::size_t upper,
                               std::size_t k, const T* wanted) {
    top_ = top;
    source_ = source;
    sources_ = &sources;
    upper_ = upper;
    start(k, top - 1, k);
    for (std::size_t l = k + 1; l < top; ++l) set_upper_balance(l);
    const T* const mass = sources.mass(k, upper);
    for (std::size_t x = 0; x < network_.width(k); ++x) balance_(k, x) = mass[x] - wanted[x];
}

template <class T>
void Pseudoflow<T>::join_lower(std::size_t sink, const Sweeps<T>& sinks, std::size_t lower, std::size_t k,
                               const T* supply) {
    sink_ = sink;
    sinks_ = &sinks;
    lower_ = lower;
    start(1, k, k);
    lower_changed_ = true;
    for (std::size_t l = 1; l < k; ++l) set_lower_balance(l);
    const T* const demand = sinks.mass(k, lower);
    for (std::size_t x = 0; x < network_.width(k); ++x) balance_(k, x) = supply[x] - demand[x];
}

// The flow of layer l as its sweep left it: poured by rows above the meeting layer, pulled by
// columns below it.
template <class T>
void Pseudoflow<T>::build(std::size_t l) {
    if (built_[l]) return;
    built_[l] = 1;
    Panel<T>& flow = flow_[l];
    if (flow.empty()) flow = Panel<T>(network_.width(l), network_.width(l - 1));
    if (l > k_) {
        const T* const mass = sources_->mass(l, upper_);
        const Real<T>* const level = sources_->level(l, upper_);
        needs_.reset(network_.guide(l - 1), network_.width(l - 1), forward_total(network_, l, mass));
        const auto pour = [&](std::size_t i) {
            pour_row(network_.down(l), i, mass[i], level[i], needs_.floor(), needs_.data(), flow.row(i));
        };
        if (source_ < flow.rows()) pour(source_);
        for (std::size_t i = 0; i < flow.rows(); ++i) {
            if (i != source_) pour(i);
        }
        return;
    }
    const T* const demand = sinks_->mass(l - 1, lower_);
    const Real<T>* const level = sinks_->level(l - 1, lower_);
    needs_.reset(network_.guide(l), network_.width(l), backward_total(network_, l - 1, demand));
    const auto pull = [&](std::size_t j, T* column) {
        pour_row(network_.up(l), j, demand[j], level[j], needs_.floor(), needs_.data(), column);
    };
    if (sink_ < flow.columns()) {
        pull(sink_, rows_.row(0));
        for (std::size_t i = 0; i < flow.rows(); ++i) flow(i, sink_) = rows_(0, i);
    }
    for (std::size_t first = 0; first < flow.columns(); first += rows_at_once) {
        const std::size_t count = std::min(rows_at_once, flow.columns() - first);
        for (std::size_t c = 0; c < count; ++c) {
            if (first + c != sink_) pull(first + c, rows_.row(c));
        }
        for (std::size_t i = 0; i < flow.rows(); ++i) {
            for (std::size_t c = 0; c < count; ++c) {
                if (first + c != sink_) flow(i, first + c) = rows_(c, i);
            }
        }
    }
}

template <class T>
std::int64_t Pseudoflow<T>::total_excess() const {
    std::int64_t sum = 0;
    for (std::size_t l = lowest_; l <= highest_; ++l)
        sum += signed_sums(balance_.row(l) + blocks_begin(), blocks_end(l) - blocks_begin()).positive;
    return sum;
}

template <class T>
std::int64_t Pseudoflow<T>::total_shortage() const {
    std::int64_t sum = 0;
    for (std::size_t l = lowest_; l <= highest_; ++l)
        sum += signed_sums(balance_.row(l) + blocks_begin(), blocks_end(l) - blocks_begin()).negative;
    return sum;
}

template <class T>
std::int64_t Pseudoflow<T>::lower_bound() const {
    return supply_ - total_excess();
}

template <class T>
std::int64_t Pseudoflow<T>::maximise(std::int64_t upper_bound) {
    run(supply_ - upper_bound);
    return lower_bound();
}

template <class T>
void Pseudoflow<T>::run(std::int64_t allowed, std::size_t most_waves) {
    for (std::size_t wave = 0; wave < most_waves && total_excess() > allowed; ++wave) {
        patient_ = wave < patience;
        if (!label_from_shortages()) break;
        push_excess();
        lower_changed_ = lower_changed_ || k_ > 1;
        ++counters_.waves;
    }
}

template <class T>
void Pseudoflow<T>::return_excess() {
    for (std::size_t l = lowest_; l < k_; ++l) return_excess_of(l);
}

// Takes excess of layer l back along the flow that brought it, to layer l + 1.
template <class T>
void Pseudoflow<T>::return_excess_of(std::size_t l) {
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        T excess = std::max<T>(0, balance_(l, x));
        if (excess == 0) continue;
        build(l + 1);
        lower_changed_ = true;
        balance_(l, x) = 0;
        for (std::size_t z = 0; z < network_.width(l + 1) && excess > 0; ++z) {
            const T amount = std::min(excess, flow_[l + 1](z, x));
            if (amount == 0) continue;
            flow_[l + 1](z, x) -= amount;
            residual_.change(l + 1, z);
            balance_(l + 1, z) += amount;
            excess -= amount;
        }
    }
}

// Breadth-first search against the direction of residual edges. Stops after the first level
// at which the labelled vertices hold enough excess to end all shortages.
template <class T>
bool Pseudoflow<T>::label_from_shortages() {
    const std::int64_t enough = std::min(total_excess(), total_shortage());
    order_.clear();
    begin_.clear();
    if (enough == 0) return false;
    for (std::size_t l = 0; l <= highest_; ++l) {
        begin_.push_back(order_.size());
        if (l < lowest_) continue;
        std::fill(label_.row(l) + blocks_begin(), label_.row(l) + blocks_end(l), unlabelled);
        std::fill_n(unlabelled_.row(l), unlabelled_.columns(), Word{0});
        for (std::size_t x = window_.first; x < end_of(l); ++x) {
            if (balance_(l, x) >= 0) {
                insert(unlabelled_.row(l), x);
                continue;
            }
            label_(l, x) = 0;
            intake_(l, x) = patient_ ? -balance_(l, x) : std::numeric_limits<T>::max();
            order_.push_back({static_cast<std::uint32_t>(l), static_cast<std::uint32_t>(x)});
        }
    }
    std::int64_t found = 0;
    for (T next = 1; found < enough; ++next) {
        const std::size_t first = order_.size();
        begin_.push_back(first);  // layer 0 is never labelled
        for (std::size_t m = lowest_; next > 1 && m <= highest_; ++m) find_intake(m, static_cast<T>(next - 1));
        for (std::size_t m = 1; m <= highest_; ++m) {
            begin_.push_back(order_.size());
            if (m >= lowest_) label_layer(m, next);
        }
        if (order_.size() == first) break;
        for (std::size_t v = first; v < order_.size(); ++v) {
            found += std::max<T>(0, balance_(order_[v].layer, order_[v].position));
        }
    }
    begin_.push_back(order_.size());
    return found > 0;
}

// The vertices of distance h in a layer, as a range of order_.
template <class T>
std::pair<std::size_t, std::size_t> Pseudoflow<T>::places(std::size_t h, std::size_t layer) const {
    const std::size_t at = h * (highest_ + 1) + layer;
    return {begin_[at], begin_[at + 1]};
}

// What the vertices of layer m at distance h > 0 can pass on to distance h - 1, as far as
// that can be said one vertex at a time.
template <class T>
void Pseudoflow<T>::find_intake(std::size_t m, T h) {
    const auto [begin, end] = places(static_cast<std::size_t>(h), m);
    if (begin == end) return;
    const auto nearer = static_cast<T>(h - 1);
    const std::size_t from = blocks_begin();
    T* const intake = intake_.row(m);
    for (std::size_t v = begin; v < end; ++v) {
        intake[order_[v].position] = patient_ ? T(0) : std::numeric_limits<T>::max();
    }
    if (!patient_) return;
    if (m < highest_) {
        const auto [above, above_end] = places(static_cast<std::size_t>(nearer), m + 1);
        for (std::size_t v = above; v < above_end; ++v) {
            const std::size_t z = order_[v].position;
            const std::size_t n = row_end(m + 1, z) - from;
            counters_.edges_scanned += n;
            add_returnable(flow_[m + 1].row(z) + from, intake_(m + 1, z), label_.row(m) + from, h, intake + from,
                           n);
        }
    }
    if (m == lowest_) return;
    const auto [below, below_end] = places(static_cast<std::size_t>(nearer), m - 1);
    if (below == below_end) return;
    const Panel<T>& capacity = network_.down(m);
    const bool few = below_end - below <= few_targets;
    for (std::size_t v = begin; v < end; ++v) {
        const std::size_t x = order_[v].position;
        if (few) {
            std::int64_t sum = intake[x];
            for (std::size_t w = below; w < below_end; ++w) {
                const std::size_t y = order_[w].position;
                if (causal_ && y > x) break;  // where no flow is kept
                sum += std::min<T>(static_cast<T>(capacity(x, y) - flow_[m](x, y)), intake_(m - 1, y));
            }
            counters_.edges_scanned += below_end - below;
            intake[x] = static_cast<T>(std::min<std::int64_t>(sum, std::numeric_limits<T>::max()));
            continue;
        }
        const std::size_t n = row_end(m, x) - from;
        counters_.edges_scanned += n;
        const std::int64_t sum =
            std::int64_t{intake[x]} + sendable(capacity.row(x) + from, flow_[m].row(x) + from,
                                               label_.row(m - 1) + from, nearer, intake_.row(m - 1) + from, n);
        intake[x] = static_cast<T>(std::min<std::int64_t>(sum, std::numeric_limits<T>::max()));
    }
}

template <class T>
void Pseudoflow<T>::look_at(std::size_t l, std::size_t x) {
    const std::size_t from = blocks_begin();
    const std::size_t n = row_end(l, x) - from;
    counters_.edges_scanned += n;
    residual_.refresh(l, x, network_.down(l), flow_[l], from, n);
}

// Labels `next` what can send to a vertex labelled next - 1: down an edge with room, or back
// up an edge that carries flow.
template <class T>
void Pseudoflow<T>::label_layer(std::size_t m, T next) {
    const std::size_t h = static_cast<std::size_t>(next) - 1;
    const std::size_t words = words_of(network_.width(m));
    Word* const unlabelled_here = unlabelled_.row(m);
    std::fill_n(reached_.data(), words, Word{0});
    if (m > lowest_) {
        const auto [begin, end] = places(h, m - 1);
        if (begin != end) {
            build(m);
            const std::size_t words_below = words_of(network_.width(m - 1));
            std::fill_n(nearer_.data(), words_below, Word{0});
            for (std::size_t v = begin; v < end; ++v) insert(nearer_.data(), order_[v].position);
            const Word* const stale = residual_.stale(m);
            for (std::size_t w = 0; w < words; ++w) stale_[w] = stale[w] & unlabelled_here[w];
            for_each(stale_.data(), words, [&](std::size_t x) { look_at(m, x); });
            residual_.find_senders(m, unlabelled_here, nearer_.data(), reached_.data());
        }
    }
    if (m < highest_) {
        const auto [begin, end] = places(h, m + 1);
        if (begin != end) build(m + 1);
        for (std::size_t v = begin; v < end; ++v) {
            const std::size_t z = order_[v].position;
            if (contains(residual_.stale(m + 1), z)) look_at(m + 1, z);
            for (std::size_t w = 0; w < words; ++w) reached_[w] |= residual_.carried(m + 1, z)[w];
        }
    }
    for (std::size_t w = 0; w < words; ++w) {
        reached_[w] &= unlabelled_here[w];
        unlabelled_here[w] &= ~reached_[w];
    }
    for_each(reached_.data(), words, [&](std::size_t x) {
        label_(m, x) = next;
        order_.push_back({static_cast<std::uint32_t>(m), static_cast<std::uint32_t>(x)});
    });
}

// From the farthest level to the nearest; within a level layer by layer, first down, row by row
// of those that send, then back up, row by row of those that receive.
template <class T>
void Pseudoflow<T>::push_excess() {
    for (std::size_t h = order_.empty() ? 0 : static_cast<std::size_t>(label_of(order_.back())); h > 0; --h) {
        for (std::size_t l = highest_; l >= lowest_; --l) {
            const auto [begin, end] = places(h, l);
            std::size_t left = 0;  // vertices that still have excess
            for (std::size_t v = begin; v < end; ++v) {
                const std::size_t x = order_[v].position;
                if (balance_(l, x) > 0) push_down(l, x, static_cast<T>(h));
                left += balance_(l, x) > 0;
            }
            if (left > 0) pull_up(l, static_cast<T>(h));
        }
    }
}

template <class T>
void Pseudoflow<T>::push_down(std::size_t l, std::size_t x, T h) {
    if (l == lowest_) return;
    const auto [below, below_end] = places(static_cast<std::size_t>(h) - 1, l - 1);
    if (below == below_end) return;
    const Panel<T>& capacity = network_.down(l);
    residual_.change(l, x);
    if (below_end - below <= few_targets) {
        T excess = balance_(l, x);
        for (std::size_t w = below; w < below_end && excess > 0; ++w) {
            const std::size_t y = order_[w].position;
            if (causal_ && y > x) break;
            const T amount =
                std::min({excess, static_cast<T>(capacity(x, y) - flow_[l](x, y)), intake_(l - 1, y)});
            flow_[l](x, y) += amount;
            intake_(l - 1, y) -= amount;
            balance_(l - 1, y) += amount;
            excess -= amount;
        }
        counters_.edges_scanned += below_end - below;
        balance_(l, x) = excess;
        return;
    }
    const std::size_t from = blocks_begin();
    const std::size_t n = row_end(l, x) - from;
    counters_.edges_scanned += n;
    balance_(l, x) =
        push_row(capacity.row(x) + from, flow_[l].row(x) + from, label_.row(l - 1) + from, static_cast<T>(h - 1),
                 balance_(l, x), intake_.row(l - 1) + from, balance_.row(l - 1) + from, n);
}

template <class T>
void Pseudoflow<T>::pull_up(std::size_t l, T h) {
    if (l == highest_) return;
    const auto [above, above_end] = places(static_cast<std::size_t>(h) - 1, l + 1);
    for (std::size_t v = above; v < above_end; ++v) {
        const std::size_t z = order_[v].position;
        const T intake = intake_(l + 1, z);
        if (intake == 0) continue;
        const std::size_t from = blocks_begin();
        const std::size_t n = row_end(l + 1, z) - from;
        counters_.edges_scanned += n;
        residual_.change(l + 1, z);
        const T left =
            pull_row(flow_[l + 1].row(z) + from, label_.row(l) + from, h, intake, balance_.row(l) + from, n);
        intake_(l + 1, z) = left;
        balance_(l + 1, z) += intake - left;
    }
}

template <class T>
std::vector<std::pair<std::size_t, std::size_t>> Pseudoflow<T>::source_side() {
    maximise(std::numeric_limits<std::int64_t>::max());
    for (std::size_t l = 2; l < top_; ++l) build(l);
    std::vector<std::vector<char>> reached(top_ + 1);
    for (std::size_t l = 0; l <= top_; ++l) reached[l].assign(network_.width(l), 0);
    std::vector<std::pair<std::size_t, std::size_t>> side;
    const auto reach = [&](std::size_t l, std::size_t x) {
        if (reached[l][x]) return;
        reached[l][x] = 1;
        side.emplace_back(l, x);
    };
    const auto inside = [&](std::size_t x) { return x >= window_.first && x <= window_.last; };
    reach(top_, source_);
    for (std::size_t j = 0; j < network_.width(top_ - 1); ++j) {
        if (!inside(j) && network_.down(top_)(source_, j) > 0) reach(top_ - 1, j);
    }
    for (std::size_t l = 1; l < top_; ++l) {
        for (std::size_t x = 0; x < network_.width(l); ++x) {
            if (balance_(l, x) > 0) reach(l, x);
        }
    }
    for (std::size_t next = 0; next < side.size(); ++next) {
        const auto [l, x] = side[next];
        if (l == 0) continue;
        // The edges of the source and those into the sink are full, other edges of layer 1 and all
        // that leave the window empty.
        for (std::size_t j = 0; j < network_.width(l - 1); ++j) {
            const T capacity = network_.down(l)(x, j);
            const T flow = l == top_ ? capacity
                           : l == 1  ? (j == sink_ ? capacity : T(0))
                                     : (inside(x) && inside(j) ? flow_[l](x, j) : T(0));
            if (capacity > flow) reach(l - 1, j);
        }
        if (l + 1 < top_ && inside(x)) {
            for (std::size_t z = 0; z < network_.width(l + 1); ++z) {
                if (inside(z) && flow_[l + 1](z, x) > 0) reach(l + 1, z);
            }
        }
    }
    std::sort(side.begin(), side.end());
    return side;
}

template <class T>
void Pseudoflow<T>::cancel_imbalance() {
    for (std::size_t l = 2; l < top_; ++l) build(l);
    const T* const row = network_.down(top_).row(source_);
    const T* const column = network_.up(1).row(sink_);
    source_flow_.assign(row, row + network_.width(top_ - 1));
    sink_flow_.assign(column, column + network_.width(1));
    for (std::size_t l = 1; l + 1 < top_; ++l) return_excess_of(l);
    for (std::size_t x = 0; x < network_.width(top_ - 1); ++x) {
        const T excess = std::max<T>(0, balance_(top_ - 1, x));
        source_flow_[x] -= excess;
        balance_(top_ - 1, x) -= excess;
    }
    for (std::size_t l = top_ - 1; l >= 1; --l) {
        for (std::size_t x = 0; x < network_.width(l); ++x) {
            T shortage = -balance_(l, x);
            balance_(l, x) = 0;
            if (l == 1) {
                sink_flow_[x] -= shortage;
                continue;
            }
            for (std::size_t j = 0; j < network_.width(l - 1) && shortage > 0; ++j) {
                const T amount = std::min(shortage, flow_[l](x, j));
                flow_[l](x, j) -= amount;
                balance_(l - 1, j) -= amount;
                shortage -= amount;
            }
        }
    }
}

template class Pseudoflow<std::int32_t>;
template class Pseudoflow<std::int64_t>;

}  // namespace attnflow::engine
