#include "algorithms/maxflow/engine/certificates/sweeps.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {

Demand::Demand(std::size_t widest) : demand_(padded(widest)), cells_(demand_.size()) {}

void Demand::reset(const double* guide, std::size_t columns, Amount total) {
    constexpr double trace = 1e-6;
    const auto scale = static_cast<double>(total);
    for (std::size_t j = 0; j < demand_.size(); ++j) demand_[j] = j < columns ? scale * guide[j] : 0.0;
    least_ = trace * std::max(scale, 1.0) / static_cast<double>(columns);
}

Amount passable(const Step& step, const Amount* mass) {
    Amount total = 0;
    for (std::size_t v = 0; v < step.capacity.rows(); ++v) total += std::min(mass[v], step.row_sum[v]);
    return total;
}

bool pour_step(const Pour& step, Detail detail) {
    const auto pour = [&](const Pour& one) {
        if (detail == Detail::masses) return water_filling().pour_together(one);
        water_filling().pour(one);
        return true;
    };
    ATTNFLOW_CHECK(const KeptPour kept(step));
    ATTNFLOW_CHECK(pour(kept.step()));
    const bool one_by_one = pour(step);
    ATTNFLOW_CHECK(kept.check(step));
    ATTNFLOW_CHECK(if (step.stride > 0) check_half(step));
    return one_by_one;
}

Sweeps::Sweeps(const PackedNetwork& network, Direction direction, std::size_t top, std::vector<std::size_t> ends)
    : network_(&network),
      direction_(direction),
      top_(top),
      ends_(std::move(ends)),
      reached_(ends_.size(), 0),
      has_multipliers_(ends_.size(), 0) {
    for (std::size_t l = 0; l < top; ++l) {
        mass_.emplace_back(l == 0 ? 0 : ends_.size(), network.width(l));
        multiplier_.emplace_back(l == 0 ? 0 : ends_.size(), network.width(l));
    }
}

void Sweeps::reach(std::size_t index, std::size_t far, Detail detail, Demand& scratch) {
    const std::size_t reached = reached_[index];
    if (reached == 0 || (detail == Detail::multipliers && !has_multipliers(index))) {
        if (reached != 0 && is_before(far, reached)) far = reached;
        begin(index);
    }
    while (is_before(reached_[index], far)) pass_on(index, detail, scratch);
}

void Sweeps::begin(std::size_t index) {
    const Panel<Amount>& edges = direction_ == Direction::down ? network_->down(top_) : network_->up(1);
    std::copy_n(edges.row(ends_[index]), edges.stride(), mass_[nearest()].row(index));
    reached_[index] = nearest();
    has_multipliers_[index] = 1;
}

void Sweeps::pass_on(std::size_t index, Detail detail, Demand& scratch) {
    const Step step = network_->step(direction_, reached_[index]);
    const Guide& guide = network_->guide();
    const Amount* const mass = mass_[step.from].row(index);
    Amount* const into = mass_[step.to].row(index);
    std::fill_n(into, step.capacity.stride(), Amount{0});
    scratch.reset(guide.share(step.to), step.capacity.columns(), passable(step, mass));
    const Pour pour{.capacity = step.capacity,
                    .mass = mass,
                    .first = ends_[index],
                    .start = guide.start(direction_, step.from),
                    .least = scratch.least(),
                    .demand = scratch.data(),
                    .cells = scratch.cells(),
                    .stride = 0,
                    .multiplier = multiplier_[step.from].row(index),
                    .into = into,
                    .slack = guide.slack(direction_, step.from),
                    .per_guide = guide.per_share(step.to)};
    if (!pour_step(pour, detail)) has_multipliers_[index] = 0;
    reached_[index] = step.to;
    ATTNFLOW_CHECK(if (detail == Detail::multipliers) check_cells(step.from, index));
}

// That what was poured can be poured again.
void Sweeps::check_cells(std::size_t from, std::size_t index) const {
    const Step step = network_->step(direction_, from);
    Demand demand(network_->widest());
    Panel<Amount> again(step.capacity.rows(), step.capacity.columns());
    cells(from, index, demand, again);
    for (std::size_t j = 0; j < step.capacity.columns(); ++j) {
        Amount sum = 0;
        for (std::size_t v = 0; v < step.capacity.rows(); ++v) sum += again(v, j);
        if (sum != mass(step.to, index)[j]) {
            throw InternalError(fmt::format("flow engine: position {} of layer {} received {}, poured again {}", j,
                                            step.to, mass(step.to, index)[j], sum));
        }
    }
}

void Sweeps::cells(std::size_t from, std::size_t index, Demand& scratch, Panel<Amount>& flow) const {
    const Step step = network_->step(direction_, from);
    const Amount* const mass = mass_[from].row(index);
    const double* const multiplier = multiplier_[from].row(index);
    scratch.reset(network_->guide().share(step.to), step.capacity.columns(), passable(step, mass));
    const auto pour = [&](std::size_t v) {
        water_filling().pour_row(step.capacity, v, mass[v], multiplier[v], scratch.least(), scratch.data(),
                                 flow.row(v));
    };
    if (ends_[index] < step.capacity.rows()) pour(ends_[index]);
    for (std::size_t v = 0; v < step.capacity.rows(); ++v) {
        if (v != ends_[index]) pour(v);
    }
}

}  // namespace attnflow::engine
