#include "algorithms/maxflow/engine/exact/pseudoflow.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {
namespace {

// Where masses are read that a sweep has not written, or multipliers that it does not have, anything would flow.
void require_joinable(const Half& half, std::size_t k) {
    if (half.can_join(k)) return;
    throw InternalError(
        fmt::format("flow engine: a sweep from position {} is joined at layer {}, which it has {}", half.end(), k,
                    half.sweeps->has_reached(half.index, k) ? "no multipliers for" : "not reached"));
}

}  // namespace

Pseudoflow::Pseudoflow(const PackedNetwork& network)
    : network_(network),
      flow_(network.layers() + 1),
      balance_(network.layers() + 1, network.widest()),
      residual_(network),
      demand_(network.widest()) {}

void Pseudoflow::start(Part part, std::size_t lowest, std::size_t highest, std::size_t k) {
    part_ = part;
    lowest_ = lowest;
    highest_ = highest;
    k_ = k;
    range_ = {};
    causal_ = false;
    built_.assign(network_.layers() + 1, 0);
    for (std::size_t l = lowest; l <= highest; ++l) {
        std::fill_n(balance_.row(l), balance_.stride(), Amount{0});
        if (l >= 2) residual_.change(l);
    }
}

// What the vertices of layer l could not pass on: mass stays as excess, demand is a deficit.
void Pseudoflow::set_balances(const Half& half, std::size_t l) {
    const Amount* const mass = half.sweeps->mass(l, half.index);
    const Direction direction = half.sweeps->direction();
    const Step step = network_.step(direction, l);
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        const Amount kept = std::max<Amount>(0, mass[x] - step.row_sum[x]);
        balance_(l, x) = direction == Direction::down ? kept : -kept;
    }
}

void Pseudoflow::join(std::size_t top, Half upper, Half lower, std::size_t k) {
    require_joinable(upper, k);
    require_joinable(lower, k);
    top_ = top;
    upper_ = upper;
    lower_ = lower;
    source_ = upper.end();
    sink_ = lower.end();
    supply_ = network_.row_sum(top, source_);
    start(Part::all, 1, top - 1, k);
    for (std::size_t l = 1; l < k; ++l) set_balances(lower, l);
    for (std::size_t l = k + 1; l < top; ++l) set_balances(upper, l);
    const Amount* const mass = upper.sweeps->mass(k, upper.index);
    const Amount* const demand = lower.sweeps->mass(k, lower.index);
    for (std::size_t x = 0; x < network_.width(k); ++x) balance_(k, x) = mass[x] - demand[x];
}

void Pseudoflow::join_upper(std::size_t top, Half upper, std::size_t k, const Amount* demand) {
    require_joinable(upper, k);
    top_ = top;
    upper_ = upper;
    source_ = upper.end();
    start(Part::upper, k, top - 1, k);
    outside_.assign(demand, demand + network_.width(k));
    for (std::size_t l = k + 1; l < top; ++l) set_balances(upper, l);
    const Amount* const mass = upper.sweeps->mass(k, upper.index);
    for (std::size_t x = 0; x < network_.width(k); ++x) balance_(k, x) = mass[x] - demand[x];
}

void Pseudoflow::join_lower(Half lower, std::size_t k, const Amount* supply) {
    require_joinable(lower, k);
    lower_ = lower;
    sink_ = lower.end();
    start(Part::lower, 1, k, k);
    outside_.assign(supply, supply + network_.width(k));
    ++lower_version_;
    for (std::size_t l = 1; l < k; ++l) set_balances(lower, l);
    const Amount* const demand = lower.sweeps->mass(k, lower.index);
    for (std::size_t x = 0; x < network_.width(k); ++x) balance_(k, x) = supply[x] - demand[x];
}

void Pseudoflow::clear(std::size_t top, std::size_t source, std::size_t sink, CausalRange range) {
    top_ = top;
    source_ = source;
    sink_ = sink;
    start(Part::all, 1, top - 1, top);
    range_ = range;
    causal_ = network_.causal();
    const Amount* const row = network_.down(top).row(source);
    supply_ = std::accumulate(row + range.first, row + end_of(top - 1), Amount{0});
    for (std::size_t l = 2; l < top; ++l) {
        built_[l] = 1;
        Panel<Amount>& flow = allocated(l);
        for (std::size_t x = range.first; x < end_of(l); ++x) {
            std::fill(flow.row(x) + blocks_begin(), flow.row(x) + row_end(l, x), Amount{0});
        }
    }
}

void Pseudoflow::begin_upper(std::size_t top, std::size_t source) {
    ATTNFLOW_ASSERT(part_ != Part::upper && k_ + 1 < top);
    part_ = Part::all;
    top_ = top;
    source_ = source;
    highest_ = top - 1;
    supply_ = network_.row_sum(top, source);
    for (std::size_t l = k_ + 1; l < top; ++l) {
        allocated(l);
        built_[l] = 1;
        residual_.change(l);
    }
}

Panel<Amount>& Pseudoflow::allocated(std::size_t l) {
    if (flow_[l].empty()) flow_[l] = Panel<Amount>(network_.width(l), network_.width(l - 1));
    return flow_[l];
}

Panel<Amount>& Pseudoflow::flow(std::size_t l) {
    if (!built_[l]) build(l);
    return flow_[l];
}

// The flow of layer l as its sweep left it: poured by rows above the meeting layer, drawn by columns below it.
void Pseudoflow::build(std::size_t l) {
    built_[l] = 1;
    Panel<Amount>& flow = allocated(l);
    if (l > k_) return upper_.sweeps->cells(l, upper_.index, demand_, flow);
    if (drawn_.rows() != flow.columns() || drawn_.columns() != flow.rows()) {
        drawn_ = Panel<Amount>(flow.columns(), flow.rows());
    }
    lower_.sweeps->cells(l - 1, lower_.index, demand_, drawn_);
    transpose(drawn_, flow);
}

Amount Pseudoflow::lower_bound() const {
    ATTNFLOW_ASSERT(part_ == Part::all);
    return supply_ - total_excess();
}

SignedSums Pseudoflow::imbalance() const {
    const RowKernels& kernels = row_kernels();
    SignedSums sums;
    for (std::size_t l = lowest_; l <= highest_; ++l) {
        const SignedSums layer =
            kernels.signed_sums(balance_.row(l) + blocks_begin(), blocks_end(l) - blocks_begin());
        sums.positive += layer.positive;
        sums.negative += layer.negative;
    }
    return sums;
}

Amount Pseudoflow::outflow(std::size_t x) const {
    ATTNFLOW_ASSERT(part_ != Part::upper && k_ <= highest_);  // after clear() k is the source's layer
    if (k_ == 1) return network_.up(1)(sink_, x);
    if (!built_[k_]) return lower_.sweeps->mass(k_, lower_.index)[x];
    const Amount* const row = flow_[k_].row(x);
    return std::accumulate(row, row + flow_[k_].columns(), Amount{0});
}

void Pseudoflow::return_excess() {
    ATTNFLOW_ASSERT(k_ <= highest_);  // as in outflow()
    for (std::size_t l = lowest_; l < k_; ++l) return_excess_of(l);
    ATTNFLOW_CHECK(check_balances(*this));
}

void Pseudoflow::return_excess_of(std::size_t l) {
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        Amount excess = std::max<Amount>(0, balance_(l, x));
        if (excess == 0) continue;
        Panel<Amount>& above = flow(l + 1);
        lower_has_changed();
        balance_(l, x) = 0;
        for (std::size_t z = 0; z < network_.width(l + 1) && excess > 0; ++z) {
            const Amount amount = std::min(excess, above(z, x));
            if (amount == 0) continue;
            above(z, x) -= amount;
            residual_.change(l + 1, z);
            balance_(l + 1, z) += amount;
            excess -= amount;
        }
    }
}

void Pseudoflow::add_supply(std::size_t x, Amount amount) {
    // All excess may come to lie at one vertex. What does not fit is left out: less is offered, nothing wrong is
    // accepted.
    ATTNFLOW_ASSERT(part_ == Part::lower && amount >= 0);
    const Amount fits = std::min(amount, std::numeric_limits<Amount>::max() - total_excess());
    balance_(k_, x) += fits;
    outside_[x] += fits;
}

void Pseudoflow::cancel_imbalance() {
    ATTNFLOW_ASSERT(part_ == Part::all && k_ <= highest_);
    const Amount* const row = network_.down(top_).row(source_);
    const Amount* const column = network_.up(1).row(sink_);
    source_flow_.assign(row, row + network_.width(top_ - 1));
    sink_flow_.assign(column, column + network_.width(1));
    for (std::size_t l = 2; l < top_; ++l) flow(l);
    for (std::size_t l = 1; l + 1 < top_; ++l) return_excess_of(l);
    for (std::size_t x = 0; x < network_.width(top_ - 1); ++x) {
        const Amount excess = std::max<Amount>(0, balance_(top_ - 1, x));
        source_flow_[x] -= excess;
        balance_(top_ - 1, x) -= excess;
    }
    for (std::size_t l = top_ - 1; l >= 1; --l) {
        for (std::size_t x = 0; x < network_.width(l); ++x) {
            Amount deficit = -balance_(l, x);
            balance_(l, x) = 0;
            if (l == 1) {
                sink_flow_[x] -= deficit;
                continue;
            }
            for (std::size_t j = 0; j < network_.width(l - 1) && deficit > 0; ++j) {
                const Amount amount = std::min(deficit, flow_[l](x, j));
                flow_[l](x, j) -= amount;
                balance_(l - 1, j) -= amount;
                deficit -= amount;
            }
        }
    }
}

}  // namespace attnflow::engine
