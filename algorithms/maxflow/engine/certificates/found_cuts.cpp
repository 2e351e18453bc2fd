#include "algorithms/maxflow/engine/certificates/found_cuts.hpp"

#include "algorithms/maxflow/engine/check.hpp"
#include "algorithms/maxflow/engine/kernels/rows.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {

void FoundCuts::keep(FoundCut&& cut, std::size_t source, Amount value) {
    const Panel<Amount>& row = network_.down(top_);
    cut.into.assign(row.stride(), 0);
    for (const std::size_t y : cut.beyond[top_ - 2]) {
        const Amount* const column = network_.up(top_ - 1).row(y);
        for (std::size_t x = 0; x < row.columns(); ++x) cut.into[x] += column[x];
    }
    cut.below = value - row_kernels().min_sum(row.row(source), cut.into.data(), row.stride());
    if (cuts_.size() == most) cuts_.erase(cuts_.begin());
    cuts_.push_back(std::move(cut));
}

const FoundCut* FoundCuts::lower(std::size_t source, Bound& bound) const {
    const Panel<Amount>& row = network_.down(top_);
    const FoundCut* smallest = nullptr;
    for (const FoundCut& cut : cuts_) {
        const Amount value = cut.below + row_kernels().min_sum(row.row(source), cut.into.data(), row.stride());
        if (value >= bound.value) continue;
        bound = {value, {}};
        smallest = &cut;
    }
    ATTNFLOW_CHECK(if (smallest != nullptr) check(*smallest, source, bound.value));
    return smallest;
}

// With the best sides of the layer under this source.
void FoundCuts::check(const FoundCut& cut, std::size_t source, Amount value) const {
    const auto contains = [&](std::size_t l, std::size_t x) {
        if (l == 0) return x != sink_;
        if (l + 1 == top_) return network_.down(top_)(source, x) >= cut.into[x];
        return std::find(cut.beyond[l].begin(), cut.beyond[l].end(), x) == cut.beyond[l].end();
    };
    check_cut(network_, {top_, source, sink_, {}, contains}, value);
}

}  // namespace attnflow::engine
