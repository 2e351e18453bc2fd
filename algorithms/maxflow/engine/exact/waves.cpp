#include "algorithms/maxflow/engine/exact/waves.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {
namespace {

constexpr std::size_t few_targets = 4;  // are visited one by one rather than by whole rows
constexpr Amount unlimited = std::numeric_limits<Amount>::max();

}  // namespace

Waves::Waves(Pseudoflow& pseudoflow)
    : flow_(pseudoflow),
      network_(pseudoflow.network()),
      label_(network_.layers() + 1, network_.widest()),
      intake_(label_),
      unlabelled_(network_.layers() + 1, words_of(network_.widest())),
      nearer_(words_of(network_.widest())),
      reached_(nearer_.size()),
      stale_(nearer_.size()) {}

void Waves::run(Amount allowed, std::size_t most_waves) {
    blocked_ = false;
    ATTNFLOW_CHECK(check_balances(flow_));
    for (std::size_t wave = 0; wave < most_waves && flow_.total_excess() > allowed; ++wave) {
        limited_ = wave < limited_waves;
        if (!label_from_deficits()) break;
        push_excess();
        flow_.lower_has_changed();
        ++counters_.waves;
    }
    ATTNFLOW_CHECK(check_balances(flow_));
}

Amount Waves::maximise(Amount upper_bound) {
    run(flow_.supply() - upper_bound);
    ATTNFLOW_CHECK(if (has_cut()) check_own_cut());
    const Amount value = flow_.lower_bound();
    ATTNFLOW_CHECK(check_lower_bound(flow_, value));
    if (value >= upper_bound || blocked_) return value;
    // Else nothing is left to push, or nowhere to push it.
    const SignedSums left = flow_.imbalance();
    if (left.positive > 0 && left.negative > 0) {
        throw InternalError(
            fmt::format("flow engine: waves end at {} below a cut of {}, with an excess of {} and a deficit of {}",
                        value, upper_bound, left.positive, left.negative));
    }
    return value;
}

// What cannot reach a deficit any more is the source's side of a cut that the flow fills.
void Waves::check_own_cut() const {
    const auto contains = [&](std::size_t l, std::size_t x) {
        return l == 0 ? x != flow_.sink() : !on_sink_side(l, x);
    };
    check_cut(network_, {flow_.top(), flow_.source(), flow_.sink(), flow_.range(), contains}, flow_.lower_bound());
}

// Breadth-first search against the direction of residual edges. Stops after the first level
// at which the labelled vertices hold enough excess to end all deficits.
bool Waves::label_from_deficits() {
    const SignedSums imbalance = flow_.imbalance();
    const Amount enough = std::min(imbalance.positive, imbalance.negative);
    if (enough == 0) return false;
    label_deficits();
    Amount found = 0;
    for (Label next = 1; found < enough; ++next) {
        const std::size_t first = levels_.size();
        levels_.next_layer();  // layer 0, which is never labelled
        for (std::size_t m = flow_.lowest(); next > 1 && m <= flow_.highest(); ++m) find_intake(m, next - 1);
        for (std::size_t m = 1; m <= flow_.highest(); ++m) {
            levels_.next_layer();
            if (m >= flow_.lowest()) label_layer(m, next);
        }
        if (levels_.size() == first) break;
        for (const auto& [l, x] : levels_.from(first)) found += std::max<Amount>(0, flow_.balance(l)[x]);
    }
    levels_.next_layer();
    blocked_ = found == 0;
    return !blocked_;
}

void Waves::label_deficits() {
    levels_.clear(flow_.highest() + 1);
    const std::size_t blocks_begin = flow_.blocks_begin();
    for (std::size_t l = 0; l <= flow_.highest(); ++l) {
        levels_.next_layer();
        if (l < flow_.lowest()) continue;
        std::fill(label_.row(l) + blocks_begin, label_.row(l) + flow_.blocks_end(l), unlabelled);
        std::fill_n(unlabelled_.row(l), unlabelled_.columns(), Word{0});
        const Amount* const balance = flow_.balance(l);
        for (std::size_t x = flow_.range().first; x < flow_.end_of(l); ++x) {
            if (balance[x] >= 0) {
                insert(unlabelled_.row(l), x);
                continue;
            }
            label_(l, x) = 0;
            intake_(l, x) = limited_ ? -balance[x] : unlimited;
            levels_.add(l, x);
        }
    }
}

// The vertices of layer l with a label, from where rows of edges begin.
RowEnds Waves::ends(std::size_t l, Label label) {
    const std::size_t from = flow_.blocks_begin();
    return {label_.row(l) + from, label, intake_.row(l) + from, flow_.balance(l) + from};
}

// What the vertices of layer m at distance h > 0 can pass on to distance h - 1, as far as
// that can be said one vertex at a time. A sum over the layer above and one over the layer below: it fits.
void Waves::find_intake(std::size_t m, Label h) {
    const auto here = levels_.at(h, m);
    if (here.empty()) return;
    const RowKernels& kernels = row_kernels();
    Amount* const intake = intake_.row(m);
    for (const auto& [l, x] : here) intake[x] = limited_ ? 0 : unlimited;
    if (!limited_) return;
    if (m < flow_.highest()) {
        for (const auto& [l, z] : levels_.at(h - 1, m + 1)) {
            const FlowRow edges = flow_.edges(m + 1, z);
            counters_.edges_scanned += edges.n;
            kernels.add_returnable(edges, ends(m, h), intake_(m + 1, z));
        }
    }
    if (m == flow_.lowest()) return;
    const auto below = levels_.at(h - 1, m - 1);
    if (below.empty()) return;
    const Panel<Amount>& capacity = network_.down(m);
    const Panel<Amount>& flow = flow_.flow(m);
    const bool few = below.size() <= few_targets;
    for (const auto& [l, x] : here) {
        if (few) {
            for (const auto& [k, y] : below) {
                if (!flow_.keeps(x, y)) break;
                intake[x] += std::min(capacity(x, y) - flow(x, y), intake_(m - 1, y));
            }
            counters_.edges_scanned += below.size();
            continue;
        }
        const FlowRow edges = flow_.edges(m, x);
        counters_.edges_scanned += edges.n;
        intake[x] += kernels.sendable(edges, ends(m - 1, h - 1));
    }
}

void Waves::look_at(std::size_t l, std::size_t x) {
    const std::size_t from = flow_.blocks_begin();
    const std::size_t n = flow_.row_end(l, x) - from;
    counters_.edges_scanned += n;
    flow_.residual().refresh(l, x, network_.down(l), flow_.flow(l), from, n);
}

// Labels `next` what can send to a vertex labelled next - 1: down an edge with residual capacity, or back
// up an edge that carries flow.
void Waves::label_layer(std::size_t m, Label next) {
    const std::size_t words = words_of(network_.width(m));
    Word* const unlabelled_here = unlabelled_.row(m);
    std::fill_n(reached_.data(), words, Word{0});
    if (m > flow_.lowest()) {
        const auto below = levels_.at(next - 1, m - 1);
        if (!below.empty()) {
            flow_.flow(m);
            std::fill_n(nearer_.data(), words_of(network_.width(m - 1)), Word{0});
            for (const auto& [l, y] : below) insert(nearer_.data(), y);
            const Word* const stale = flow_.residual().stale(m);
            for (std::size_t w = 0; w < words; ++w) stale_[w] = stale[w] & unlabelled_here[w];
            for_each(stale_.data(), words, [&](std::size_t x) { look_at(m, x); });
            flow_.residual().find_senders(m, unlabelled_here, nearer_.data(), reached_.data());
        }
    }
    if (m < flow_.highest()) {
        const auto above = levels_.at(next - 1, m + 1);
        if (!above.empty()) flow_.flow(m + 1);
        for (const auto& [l, z] : above) {
            if (contains(flow_.residual().stale(m + 1), z)) look_at(m + 1, z);
            const Word* const carried = flow_.residual().carried(m + 1, z);
            for (std::size_t w = 0; w < words; ++w) reached_[w] |= carried[w];
        }
    }
    for (std::size_t w = 0; w < words; ++w) {
        reached_[w] &= unlabelled_here[w];
        unlabelled_here[w] &= ~reached_[w];
    }
    for_each(reached_.data(), words, [&](std::size_t x) {
        label_(m, x) = next;
        levels_.add(m, x);
    });
}

// From the farthest level to the nearest; within a level layer by layer, first down, row by row
// of those that send, then back up, row by row of those that receive.
void Waves::push_excess() {
    const auto [farthest, position] = levels_.from(levels_.size() - 1).front();
    for (Label h = label_(farthest, position); h > 0; --h) {
        for (std::size_t l = flow_.highest(); l >= flow_.lowest(); --l) {
            const Amount* const balance = flow_.balance(l);
            std::size_t left = 0;  // vertices that still have excess
            for (const auto& [layer, x] : levels_.at(h, l)) {
                if (balance[x] > 0) push_down(l, x, h);
                left += balance[x] > 0;
            }
            if (left > 0) pull_up(l, h);
        }
    }
}

void Waves::push_down(std::size_t l, std::size_t x, Label h) {
    if (l == flow_.lowest()) return;
    const auto below = levels_.at(h - 1, l - 1);
    if (below.empty()) return;
    Amount& excess = flow_.balance(l)[x];
    flow_.residual().change(l, x);
    if (below.size() <= few_targets) {
        const Panel<Amount>& capacity = network_.down(l);
        Panel<Amount>& flow = flow_.flow(l);
        Amount* const balance_below = flow_.balance(l - 1);
        for (const auto& [layer, y] : below) {
            if (excess == 0 || !flow_.keeps(x, y)) break;
            const Amount amount = std::min({excess, capacity(x, y) - flow(x, y), intake_(l - 1, y)});
            flow(x, y) += amount;
            intake_(l - 1, y) -= amount;
            balance_below[y] += amount;
            excess -= amount;
        }
        counters_.edges_scanned += below.size();
        return;
    }
    const FlowRow edges = flow_.edges(l, x);
    counters_.edges_scanned += edges.n;
    excess = row_kernels().push(edges, ends(l - 1, h - 1), excess);
}

void Waves::pull_up(std::size_t l, Label h) {
    if (l == flow_.highest()) return;
    for (const auto& [layer, z] : levels_.at(h - 1, l + 1)) {
        const Amount intake = intake_(l + 1, z);
        if (intake == 0) continue;
        const FlowRow edges = flow_.edges(l + 1, z);
        counters_.edges_scanned += edges.n;
        flow_.residual().change(l + 1, z);
        const Amount left = row_kernels().pull(edges, ends(l, h), intake);
        intake_(l + 1, z) = left;
        flow_.balance(l + 1)[z] += intake - left;
    }
}

}  // namespace attnflow::engine
