#pragma once
/// A bit for every edge of the layers 2, 3, ... between vertices: whether it has residual capacity (capacity >
/// flow) and whether it carries flow. Searches read n bits of a row instead of 2 n capacities, level after level;
/// a row's bits are made anew when a search comes to it and its flow has changed since.

#include "algorithms/maxflow/engine/certificates/packed_network.hpp"
#include "algorithms/maxflow/engine/kernels/rows.hpp"

namespace attnflow::engine {

/// O(L n^2 / 4) bytes in all.
class ResidualBits {
public:
    explicit ResidualBits(const PackedNetwork& network) : layers_(network.layers() + 1) {
        for (std::size_t l = 2; l < layers_.size(); ++l) {
            const std::size_t words = words_of(network.width(l - 1));
            const std::size_t rows = network.width(l);
            layers_[l] = {words, std::vector<Word>(rows * words), std::vector<Word>(rows * words),
                          std::vector<Word>(words_of(rows), ~Word{0})};
        }
    }

    /// The flow of all rows, or of row x, of layer l has changed.
    void change(std::size_t l) { std::fill(layers_[l].stale.begin(), layers_[l].stale.end(), ~Word{0}); }
    void change(std::size_t l, std::size_t x) { insert(layers_[l].stale.data(), x); }

    /// Rows of layer l whose bits are to be made anew, and some that it does not have.
    const Word* stale(std::size_t l) const { return layers_[l].stale.data(); }
    /// Makes the bits of row x of layer l. Capacities and flow are those from column `from`,
    /// a whole block, and `n` of them; what lies beside them has neither residual capacity nor flow.
    void refresh(std::size_t l, std::size_t x, const Panel<Amount>& capacity, const Panel<Amount>& flow,
                 std::size_t from, std::size_t n) {
        Layer& layer = layers_[l];
        remove(layer.stale.data(), x);
        row_kernels().residual_bits(capacity.row(x), flow.row(x), from, from + n, layer.words,
                                    layer.residual.data() + x * layer.words,
                                    layer.carried.data() + x * layer.words);
    }

    /// Adds the rows of layer l among `rows`, none of them stale, that have residual capacity to a member of
    /// `ends` to `found`.
    void find_senders(std::size_t l, const Word* rows, const Word* ends, Word* found) const {
        const Layer& layer = layers_[l];
        for (std::size_t w = 0; w < layer.stale.size(); ++w) {
            if (rows[w] == 0) continue;
            const std::size_t first = w * 64;
            const std::size_t last = std::min(first + 64, layer.residual.size() / layer.words);
            Word senders = 0;
            for (std::size_t x = first; x < last; ++x) {
                Word common = 0;
                for (std::size_t k = 0; k < layer.words; ++k) {
                    common |= layer.residual[x * layer.words + k] & ends[k];
                }
                senders |= Word{common != 0} << (x - first);
            }
            found[w] |= senders & rows[w];
        }
    }

    /// Of a row that is not stale: ends of edges with residual capacity, and of edges that carry flow.
    const Word* residual(std::size_t l, std::size_t x) const {
        return layers_[l].residual.data() + x * layers_[l].words;
    }
    const Word* carried(std::size_t l, std::size_t x) const {
        return layers_[l].carried.data() + x * layers_[l].words;
    }

private:
    struct Layer {
        std::size_t words = 0;  // of a row
        std::vector<Word> residual;
        std::vector<Word> carried;
        std::vector<Word> stale;  // a bit for each row
    };
    std::vector<Layer> layers_;
};

}  // namespace attnflow::engine
