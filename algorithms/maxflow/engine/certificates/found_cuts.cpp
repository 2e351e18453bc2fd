#include "algorithms/maxflow/engine/certificates/found_cuts.hpp"

#include "algorithms/maxflow/engine/kernels/rows.hpp"

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
    return smallest;
}

}  // namespace attnflow::engine
