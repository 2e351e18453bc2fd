#include "algorithms/maxflow/engine/certificates/open_pairs.hpp"

#include <fmt/format.h>

#include "graph/support/error.hpp"

namespace attnflow::engine {

namespace {

template <class Range>
std::size_t count_marked(const Range& flags) {
    return static_cast<std::size_t>(std::count(flags.begin(), flags.end(), 1));
}

}  // namespace

const SettledPair& checked(const SettledPair& pair) {
    if (pair.value <= pair.bound.value) return pair;
    throw InternalError(fmt::format("flow engine: {} flows through a cut of {}", pair.value, pair.bound.value));
}

void write(const SettledPair& pair, std::size_t s, std::size_t t, FlowMatrix& result) {
    result.values(s, t) = checked(pair).value;
    result.cuts(s, t) = pair.cut();
    result.settled_by(s, t) = pair.by;
}

OpenPairs::OpenPairs(FlowMatrix& result)
    : result_(result),
      is_open_(result.values.rows(), result.values.columns(), 1),
      bound_(result.values.rows(), result.values.columns(), Bound{unbounded, {}}),
      lower_(result.values.rows(), result.values.columns(), 0),
      lower_by_(result.values.rows(), result.values.columns(), SettledBy::sweeps) {
    recount();
}

Amount OpenPairs::largest_bound(std::size_t t) const {
    Amount largest = 0;
    for (std::size_t s = 0; s < is_open_.rows(); ++s) {
        if (is_open(s, t)) largest = std::max(largest, bound_(s, t).value);
    }
    return largest;
}

void OpenPairs::settle(Amount value, std::size_t s, std::size_t t, SettledBy by) {
    if (value < lower_(s, t)) {
        throw InternalError(fmt::format("flow engine: {} is the flow of a pair of which {} was shown to flow",
                                        value, lower_(s, t)));
    }
    write({value, bound_(s, t), by}, s, t, result_);
    is_open_(s, t) = 0;
}

std::size_t OpenPairs::pairs_of(std::span<const std::size_t> some_sources) const {
    std::size_t count = 0;
    for (const std::size_t s : some_sources) count += count_marked(is_open_.row(s));
    return count;
}

void OpenPairs::recount() {
    pairs_ = 0;
    sources_.assign(is_open_.rows(), 0);
    sinks_.assign(is_open_.columns(), 0);
    for (std::size_t s = 0; s < is_open_.rows(); ++s) {
        for (std::size_t t = 0; t < is_open_.columns(); ++t) {
            if (!is_open(s, t)) continue;
            ++pairs_;
            sources_[s] = sinks_[t] = 1;
        }
    }
    source_count_ = count_marked(sources_);
    sink_count_ = count_marked(sinks_);
}

}  // namespace attnflow::engine
