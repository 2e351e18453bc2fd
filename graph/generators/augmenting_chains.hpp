#pragma once
/// Adversarial for Dinic: about sqrt(2n) phases, each with a longer shortest path.
///
/// Layer 2 is a bipartite graph of disjoint chains with 1, 2, 3, ... vertices a side. In a
/// chain of k the upper vertices 0..k-1 see the lower vertices k-1-i and k-2-i: whoever goes
/// through rows and columns in order takes k-2-i first, which leaves the last row with
/// nothing and one augmenting path through the whole chain, 2(k-1) edges longer than the
/// first. Layer 1 and layers 3.. carry flow straight down (lanes), except that every top
/// vertex reaches all of layer L-1 and all of layer 1 reaches every token. All capacities
/// are 0 or 1; the flow of every pair is n when L >= 3.
///
/// The chains are those of Hopcroft-Karp's worst case: Hopcroft & Karp, "An n^{5/2}
/// Algorithm for Maximum Matchings in Bipartite Graphs", SIAM J. Comput. 2(4), 1973,
/// doi:10.1137/0202019

#include "graph/generators/network_generator.hpp"

namespace attnflow {

class AugmentingChains {
public:
    static EntryInfo describe() {
        return {.name = "augmenting_chains",
                .summary = "adversarial for Dinic: matching chains that need sqrt(2n) phases",
                .paper = "Hopcroft & Karp 1973, doi:10.1137/0202019 (the bound it approaches)",
                .promises = {network_promise::equal_widths}};
    }

    LayeredNetwork<double> generate(const NetworkSize& size, Random&) const {
        const std::size_t n = size.tokens;
        std::vector<double> capacities(size.layers * n * n, 0.0);
        for (std::size_t l = 1; l <= size.layers; ++l) {
            const std::span<double> layer(capacities.data() + (l - 1) * n * n, n * n);
            if (l == 1 || l == size.layers) {
                std::fill(layer.begin(), layer.end(), 1.0);
            } else if (l == 2) {
                add_chains(n, layer);
            } else {
                for (std::size_t i = 0; i < n; ++i) layer[i * n + i] = 1.0;
            }
        }
        return {std::vector<std::size_t>(size.layers + 1, n), std::move(capacities)};
    }

private:
    static void add_chains(std::size_t n, std::span<double> layer) {
        std::size_t first = 0;
        for (std::size_t length = 1; first < n; ++length) {
            const std::size_t k = std::min(length, n - first);
            for (std::size_t i = 0; i < k; ++i) {
                double* const row = layer.data() + (first + i) * n + first;
                row[k - 1 - i] = 1.0;
                if (i + 1 < k) row[k - 2 - i] = 1.0;
            }
            first += k;
        }
    }
};

}  // namespace attnflow
