#include "algorithms/maxflow/engine/certificates/cut_names.hpp"

#include <memory>

#include "algorithms/maxflow/engine/bit_set.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow::engine {

namespace {

/// Whether every vertex of layer l has a path to every sink.  O(L n^3 / 64), mostly far less.
bool sees_all_sinks(const PackedNetwork& network, std::size_t l) {
    using Sinks = std::vector<Word>;
    const std::size_t sinks = network.width(0);
    const Sinks none(words_of(sinks), 0);
    Sinks all = none;
    std::vector<Sinks> below(sinks, none);
    for (std::size_t t = 0; t < sinks; ++t) {
        insert(below[t].data(), t);
        insert(all.data(), t);
    }
    for (std::size_t m = 1; m <= l; ++m) {
        std::vector<Sinks> seen(network.width(m), none);
        for (std::size_t i = 0; i < seen.size(); ++i) {
            for (std::size_t j = 0; j < below.size() && seen[i] != all; ++j) {
                if (network.down(m)(i, j) == 0) continue;
                for (std::size_t w = 0; w < all.size(); ++w) seen[i][w] |= below[j][w];
            }
        }
        below = std::move(seen);
    }
    return std::all_of(below.begin(), below.end(), [&](const Sinks& seen) { return seen == all; });
}

}  // namespace

// Where the vertices of a source's row all reach the sink, the row's sum leaves nothing out. Then a flow that
// equals a whole row, or else a whole column, is bound by it in either reading.
void name_cuts(const FixedNetwork& network, const PackedNetwork& packed, std::size_t jobs, FlowMatrix& result) {
    const bool whole_rows = sees_all_sinks(packed, result.layer - 1);
    std::vector<std::unique_ptr<CutClassifier>> classifiers(std::max<std::size_t>(1, jobs));
    parallel_for(result.sources.size(), jobs, [&](std::size_t s, std::size_t worker) {
        auto& classifier = classifiers[worker];
        if (classifier == nullptr) classifier = std::make_unique<CutClassifier>(network, result.layer);
        for (std::size_t t = 0; t < packed.width(0); ++t) {
            const CutKind kind = result.cuts(s, t).kind;
            if (whole_rows && (kind == CutKind::source_row || kind == CutKind::sink_column)) continue;
            result.cuts(s, t) = classifier->classify(result.sources[s], t, result.values(s, t));
        }
    });
}

}  // namespace attnflow::engine
