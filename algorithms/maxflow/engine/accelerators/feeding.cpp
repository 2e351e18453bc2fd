#include "algorithms/maxflow/engine/accelerators/feeding.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {

namespace {

Amount sum_of(const Row<Amount>& amounts, std::size_t count) {
    return std::accumulate(amounts.begin(), amounts.begin() + static_cast<std::ptrdiff_t>(count), Amount{0});
}

}  // namespace

Feeding::Feeding(Pseudoflow& pseudoflow, std::size_t top, std::size_t k, Detail detail)
    : pseudoflow_(pseudoflow),
      network_(pseudoflow.network()),
      top_(top),
      k_(k),
      detail_(detail),
      sink_(std::numeric_limits<std::size_t>::max()),
      beside_(top),
      others_take_(padded(network_.widest())),
      per_take_(others_take_.size()),
      slack_(others_take_.size()),
      demand_(network_.widest()),
      multiplier_(others_take_.size()),
      mass_(others_take_.size()),
      below_(others_take_.size()),
      into_chain_(others_take_.size()) {
    for (std::size_t l = k + 1; l < top; ++l) beside_[l] = network_.down(l);
}

void Feeding::enter(std::size_t sink) {
    for (std::size_t l = k_ + 1; l < top_; ++l) {
        for (std::size_t x = 0; x < beside_[l].rows(); ++x) {
            if (has_chain(l - 1)) beside_[l](x, sink_) = network_.down(l)(x, sink_);
            if (sink < network_.width(l - 1)) beside_[l](x, sink) = 0;
        }
    }
    sink_ = sink;
    seen_version_ = 0;
}

// What the lower half takes at layer k, and what part of that each vertex above can serve.
void Feeding::see_lower_half() {
    pseudoflow_.return_excess();
    if (seen_version_ == pseudoflow_.lower_version()) return;
    seen_version_ = pseudoflow_.lower_version();
    std::fill(others_take_.begin(), others_take_.end(), Amount{0});
    std::fill(per_take_.begin(), per_take_.end(), 0.0);
    for (std::size_t x = 0; x < network_.width(k_); ++x) others_take_[x] = pseudoflow_.outflow(x);
    ATTNFLOW_CHECK(check_lower_half(pseudoflow_, others_take_));
    chain_takes_ = has_chain(k_) ? std::exchange(others_take_[sink_], 0) : 0;
    for (std::size_t x = 0; x < network_.width(k_); ++x) {
        if (others_take_[x] > 0) per_take_[x] = 1 / static_cast<double>(others_take_[x]);
    }
    const Panel<Amount>& above = beside_[k_ + 1];
    for (std::size_t x = 0; x < above.rows(); ++x) {
        slack_[x] = water_filling().min_ratio(above.row(x), per_take_.data(), above.stride());
    }
}

Amount Feeding::bound(std::size_t source) { return network_.row_sum(top_, source) - run(source, false, nullptr); }

Amount Feeding::feed(std::size_t source, const FoundCut* cut) {
    constexpr std::size_t few = 16;  // that can be filled one by one
    if (cut != nullptr && cut->beyond[k_].size() > few) cut = nullptr;
    run(source, true, cut);
    ATTNFLOW_CHECK(check_lower_bound(pseudoflow_, pseudoflow_.lower_bound()));
    return pseudoflow_.lower_bound();
}

// The excess that the upper half leaves. With `write` it is put on the pseudoflow.
Amount Feeding::run(std::size_t source, bool write, const FoundCut* cut) {
    see_lower_half();
    if (write) pseudoflow_.begin_upper(top_, source);
    const Panel<Amount>& edges = network_.down(top_);
    std::copy_n(edges.row(source), edges.stride(), mass_.begin());
    Amount excess = 0;
    for (std::size_t l = top_ - 1; l > k_ + 1; --l) excess += pour(l, source, write, cut);
    return excess + serve(source, write, cut);
}

// What layer l sends into the chain's vertex below, which takes `chain_takes_`: the chain itself first, then the
// others in proportion. It is taken from their mass. Returns all of it, at most what is taken.
Amount Feeding::fill_chain(std::size_t l) {
    std::fill(into_chain_.begin(), into_chain_.end(), Amount{0});
    if (!has_chain(l - 1)) return 0;
    const Amount* const column = network_.up(l).row(sink_);
    Amount others = 0;
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        into_chain_[x] = std::min(mass_[x], column[x]);
        if (x != sink_) others += into_chain_[x];
    }
    Amount wanted = chain_takes_;
    if (has_chain(l)) {
        into_chain_[sink_] = std::min(into_chain_[sink_], wanted);
        wanted -= into_chain_[sink_];
    }
    // Said in integers: `part` may round to 1.
    const bool too_much = others > wanted;
    const double part = too_much ? static_cast<double>(wanted) / static_cast<double>(others) : 1.0;
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        if (x != sink_ && too_much) {
            const auto share = static_cast<Amount>(std::ceil(part * static_cast<double>(into_chain_[x])));
            into_chain_[x] = std::min({into_chain_[x], wanted, share});
            wanted -= into_chain_[x];
        }
        mass_[x] -= into_chain_[x];
    }
    const Amount fed = std::accumulate(into_chain_.begin(), into_chain_.end(), Amount{0});
    ATTNFLOW_ASSERT(fed <= chain_takes_);
    return fed;
}

// What the vertices of layer l should get of `total`: what they can send into the chain below, of which `wanted`
// is wanted there, and of the rest as much as the guide says. The former comes first: who has too much sends it
// on, who has too little leaves the chain short.
void Feeding::aim(std::size_t l, Amount total, Amount wanted, const FoundCut* cut) {
    constexpr double first = 4;
    const std::size_t width = network_.width(l);
    const double* const guide = network_.guide().share(l);
    double* const demand = demand_.data();
    if (has_chain(l - 1)) {
        const Amount* const column = network_.up(l).row(sink_);
        Amount sum = 0;
        for (std::size_t x = 0; x < width; ++x) sum += x == sink_ ? 0 : column[x];
        const Amount into_chain = std::clamp<Amount>(std::min(sum, wanted), 0, total);
        demand_.reset(guide, width, total - into_chain);
        const double part = sum > 0 ? first * static_cast<double>(into_chain) / static_cast<double>(sum) : 0.0;
        for (std::size_t x = 0; x < width; ++x) demand[x] += part * static_cast<double>(column[x]);
        // All that anybody can send to vertices beyond a cut.
        const double all = 1e3 * static_cast<double>(total);
        for (std::size_t b = 0; cut != nullptr && b < cut->beyond[l].size(); ++b) demand[cut->beyond[l][b]] += all;
    } else {
        demand_.reset(guide, width, total);
    }
    if (sink_ < width) demand[sink_] = 0;
}

// From layer l > k + 1 to the next. Returns the mass that stays.
Amount Feeding::pour(std::size_t l, std::size_t source, bool write, const FoundCut* cut) {
    const Step step = network_.step(Direction::down, l);
    const Panel<Amount>& beside = beside_[l];
    const Guide& guide = network_.guide();
    ATTNFLOW_CHECK(const Row<Amount> before(mass_));
    const Amount fed = fill_chain(l);
    aim(l - 1, passable(step, mass_.data()), chain_takes_ - fed, cut);
    std::fill_n(below_.begin(), beside.stride(), Amount{0});
    const Pour pour{.capacity = beside,
                    .mass = mass_.data(),
                    .first = source,
                    .start = guide.start(Direction::down, l),
                    .least = demand_.least(),
                    .demand = demand_.data(),
                    .cells = write ? pseudoflow_.flow(l).row(0) : demand_.cells(),
                    .stride = write ? beside.stride() : 0,
                    .multiplier = multiplier_.data(),
                    .into = below_.data(),
                    .slack = guide.slack(Direction::down, l),
                    .per_guide = guide.per_share(l - 1)};
    pour_step(pour, write ? Detail::multipliers : detail_);
    Amount excess = 0;
    for (std::size_t x = 0; x < beside.rows(); ++x) {
        const Amount room = step.row_sum[x] - (has_chain(l - 1) ? step.capacity(x, sink_) : 0);
        const Amount left = std::max<Amount>(0, mass_[x] - room);
        if (write) pseudoflow_.balance(l)[x] = left;
        excess += left;
    }
    write_chain(l, below_.data(), write);
    ATTNFLOW_CHECK(check_fed(
        {network_, l, sink_, beside, before, into_chain_, mass_, sum_of(below_, network_.width(l - 1)), excess}));
    mass_.swap(below_);
    return excess;
}

// From layer k + 1 to layer k: nothing but what is taken there, so that it is served while many can still send.
// Returns the mass that stays.
Amount Feeding::serve(std::size_t source, bool write, const FoundCut* cut) {
    const std::size_t l = k_ + 1;
    const Panel<Amount>& beside = beside_[l];
    ATTNFLOW_CHECK(const Row<Amount> before(mass_));
    [[maybe_unused]] const Amount fed = fill_chain(l);
    std::copy_n(others_take_.begin(), beside.stride(), below_.begin());
    Serve serve{.capacity = beside,
                .mass = mass_.data(),
                .first = source,
                .demand = below_.data(),
                .cells = demand_.cells(),
                .stride = 0,
                .slack = slack_.data(),
                .per_demand = per_take_.data(),
                .mark = multiplier_.data()};
    if (!write) {
        ATTNFLOW_CHECK(const Row<Amount> rest(mass_));
        ATTNFLOW_CHECK(const KeptServe kept(serve));
        ATTNFLOW_CHECK(const Amount left_of_kept = water_filling().serve_together(kept.step()));
        const Amount left = water_filling().serve_together(serve);
        ATTNFLOW_CHECK(kept.check(left_of_kept, serve, left));
        ATTNFLOW_CHECK(check_fed({network_, l, sink_, beside, before, into_chain_, rest,
                                  sum_of(rest, beside.rows()) + fed - left, left}));
        return left;
    }
    if (cut != nullptr) {
        fill_beyond(l, source, *cut);
        for (const std::size_t y : cut->beyond[k_]) below_[y] = 0;
    }
    serve.cells = pseudoflow_.flow(l).row(0);
    serve.stride = beside.stride();
    water_filling().serve(serve);
    write_served(l, cut);
    return sum_of(mass_, beside.rows());
}

// What layer l sends to the vertices of layer k that lie beyond a cut, beside the chain: first those on the
// source's side, whose edges across are full in a maximum flow.
void Feeding::fill_beyond(std::size_t l, std::size_t source, const FoundCut& cut) {
    const std::vector<std::size_t>& targets = cut.beyond[k_];
    if (beyond_.rows() < targets.size()) beyond_ = Panel<Amount>(targets.size(), network_.widest());
    std::vector<char> is_beyond(network_.width(l), 0);
    if (l + 1 == top_) {
        const Amount* const edges = network_.down(top_).row(source);
        for (std::size_t x = 0; x < is_beyond.size(); ++x) is_beyond[x] = edges[x] < cut.into[x] ? 1 : 0;
    } else {
        for (const std::size_t x : cut.beyond[l]) is_beyond[x] = 1;
    }
    for (std::size_t f = 0; f < targets.size(); ++f) {
        Amount* const sent = beyond_.row(f);
        std::fill_n(sent, beyond_.stride(), Amount{0});
        if (targets[f] == sink_) continue;
        const Amount* const column = network_.up(l).row(targets[f]);
        Amount wanted = others_take_[targets[f]];
        for (const bool side : {false, true}) {
            for (std::size_t x = 0; x < is_beyond.size(); ++x) {
                if ((is_beyond[x] != 0) != side) continue;
                sent[x] = std::min({mass_[x], column[x], wanted});
                mass_[x] -= sent[x];
                wanted -= sent[x];
            }
        }
    }
}

// The balances of layers k and l = k + 1, and the cells that serve() has not written.
void Feeding::write_served(std::size_t l, const FoundCut* cut) {
    Panel<Amount>& flow = pseudoflow_.flow(l);
    Amount* const balance = pseudoflow_.balance(k_);
    for (std::size_t y = 0; y < network_.width(k_); ++y) balance[y] = -below_[y];
    if (has_chain(k_)) balance[sink_] = -chain_takes_;
    for (std::size_t f = 0; cut != nullptr && f < cut->beyond[k_].size(); ++f) {
        const std::size_t y = cut->beyond[k_][f];
        if (y == sink_) continue;
        balance[y] = -others_take_[y];
        for (std::size_t x = 0; x < network_.width(l); ++x) {
            flow(x, y) = beyond_(f, x);
            balance[y] += beyond_(f, x);
        }
    }
    std::copy_n(mass_.begin(), network_.width(l), pseudoflow_.balance(l));
    write_chain(l, balance, true);
}

void Feeding::write_chain(std::size_t l, Amount* arrived, bool write) {
    if (!has_chain(l - 1)) return;
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        arrived[sink_] += into_chain_[x];
        if (write) pseudoflow_.flow(l)(x, sink_) = into_chain_[x];
    }
}

}  // namespace attnflow::engine
