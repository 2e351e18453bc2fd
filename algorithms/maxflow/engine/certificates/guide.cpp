#include "algorithms/maxflow/engine/certificates/guide.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/maxflow/engine/certificates/sweeps.hpp"

namespace attnflow::engine {

Guide::Guide(const PackedNetwork& network) {
    share_ = Panel<double>(network.layers() + 1, network.widest());
    per_share_ = slack_[0] = slack_[1] = start_[0] = start_[1] = share_;
    find_shares(network);
    find_slack(network);
    find_starts(network);
}

void Guide::find_shares(const PackedNetwork& network) {
    constexpr double trace = 1e-6;
    const std::size_t top = network.layers();
    std::vector<double> mass(network.width(top), 1.0 / static_cast<double>(network.width(top)));
    std::vector<double> below;
    for (std::size_t l = top;; --l) {
        for (std::size_t i = 0; i < mass.size(); ++i) {
            share_(l, i) = mass[i];
            per_share_(l, i) = 1 / mass[i];
        }
        if (l == 0) break;
        below.assign(network.width(l - 1), 0.0);
        for (std::size_t i = 0; i < mass.size(); ++i) {
            if (network.row_sum(l, i) == 0) continue;
            const double part = mass[i] / static_cast<double>(network.row_sum(l, i));
            const Amount* const row = network.down(l).row(i);
            for (std::size_t j = 0; j < below.size(); ++j) below[j] += part * static_cast<double>(row[j]);
        }
        const double total = std::accumulate(below.begin(), below.end(), 0.0);
        const double uniform = 1.0 / static_cast<double>(below.size());
        for (double& m : below) m = total > 0.0 ? (1.0 - trace) * m / total + trace * uniform : uniform;
        mass.swap(below);
    }
}

void Guide::find_slack(const PackedNetwork& network) {
    std::size_t with_slack = 0;
    std::size_t all = 0;
    const WaterFilling& water = water_filling();
    const auto find = [&](Direction direction, std::size_t from) {
        const Step step = network.step(direction, from);
        for (std::size_t v = 0; v < step.capacity.rows(); ++v) {
            slack_[index(direction)](from, v) =
                water.min_ratio(step.capacity.row(v), per_share(step.to), step.capacity.stride());
        }
    };
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        find(Direction::down, l);
        find(Direction::up, l - 1);
        for (std::size_t i = 0; i < network.width(l); ++i) {
            with_slack += slack(Direction::down, l)[i] > static_cast<double>(network.row_sum(l, i)) * share_(l, i);
            ++all;
        }
    }
    mostly_slack_ = 2 * with_slack > all;
}

void Guide::find_starts(const PackedNetwork& network) {
    for (Panel<double>& start : start_) {
        for (std::size_t l = 0; l < start.rows(); ++l) std::fill_n(start.row(l), start.stride(), 1.0);
    }
    if (network.causal()) return;  // nearly every pair has a sweep of its own, without multipliers
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        find_starts(network, Direction::down, l);
        find_starts(network, Direction::up, l - 1);
    }
}

// Passes on the guide's own mass, as much as the widest vertex above can have, or a little less.
void Guide::find_starts(const PackedNetwork& network, Direction direction, std::size_t from) {
    const Step step = network.step(direction, from);
    Amount total = 0;
    for (std::size_t i = 0; i < network.width(std::max(step.from, step.to)); ++i) {
        total = std::max(total, network.row_sum(std::max(step.from, step.to), i));
    }
    Panel<Amount> mass(2, std::max(step.capacity.rows(), step.capacity.columns()));
    Amount rest = 0;
    for (std::size_t v = 0; v < step.capacity.rows(); ++v) {
        mass(0, v) = static_cast<Amount>(static_cast<double>(total) * 0.999 * share_(from, v));
        rest += mass(0, v);
    }
    Demand demand(network.widest());
    demand.reset(share(step.to), step.capacity.columns(), rest);
    double* const start = start_[index(direction)].row(from);  // 1 so far
    Row<double> multiplier(padded(step.capacity.rows()));
    water_filling().pour({.capacity = step.capacity,
                          .mass = mass.row(0),
                          .first = step.capacity.rows(),
                          .start = start,
                          .least = demand.least(),
                          .demand = demand.data(),
                          .cells = demand.cells(),
                          .stride = 0,
                          .multiplier = multiplier.data(),
                          .into = mass.row(1)});
    for (std::size_t v = 0; v < step.capacity.rows(); ++v) {
        const double unlimited = static_cast<double>(mass(0, v)) / static_cast<double>(std::max<Amount>(rest, 1));
        if (unlimited > 0) start[v] = std::clamp(multiplier[v] / unlimited, 1.0, 1e6);
        rest -= mass(0, v);
    }
}

}  // namespace attnflow::engine
