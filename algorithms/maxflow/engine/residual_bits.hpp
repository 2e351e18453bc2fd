#pragma once
/// A bit for every edge of the layers 2, 3, ... between vertices: whether it has room (capacity > flow) and
/// whether it carries flow. Searches read n bits of a row instead of 2 n capacities, level after level; a row's
/// bits are made anew when a search comes to it and its flow has changed since.

#include <bit>
#include <cstdint>

#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {

using Word = std::uint64_t;  ///< of a set of positions; position x is bit x % 64 of word x / 64

inline constexpr std::size_t words_of(std::size_t positions) { return (positions + 63) / 64; }
inline void insert(Word* set, std::size_t x) { set[x / 64] |= Word{1} << (x % 64); }
inline bool intersect(const Word* a, const Word* b, std::size_t words) {
    Word common = 0;
    for (std::size_t w = 0; w < words; ++w) common |= a[w] & b[w];
    return common != 0;
}
/// Calls visit(x) for every member, ascending.
template <class Visit>
void for_each(const Word* set, std::size_t words, const Visit& visit) {
    for (std::size_t w = 0; w < words; ++w) {
        for (Word rest = set[w]; rest != 0; rest &= rest - 1) {
            visit(w * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
        }
    }
}

/// O(L n^2 / 4) bytes in all.
template <class T>
class ResidualBits {
public:
    explicit ResidualBits(const PackedNetwork<T>& network) : layers_(network.layers() + 1) {
        for (std::size_t l = 2; l < layers_.size(); ++l) {
            const std::size_t words = words_of(network.width(l - 1));
            const std::size_t rows = network.width(l);
            layers_[l] = {words, std::vector<Word>(rows * words), std::vector<Word>(rows * words),
                          std::vector<char>(rows, 0)};
        }
    }

    /// The flow of all rows, or of row x, of layer l has changed.
    void change(std::size_t l) { std::fill(layers_[l].is_fresh.begin(), layers_[l].is_fresh.end(), 0); }
    void change(std::size_t l, std::size_t x) { layers_[l].is_fresh[x] = 0; }

    bool is_fresh(std::size_t l, std::size_t x) const { return layers_[l].is_fresh[x] != 0; }
    /// Makes the bits of row x of layer l. Capacities and flow are those from column `from`,
    /// a whole block, and `n` of them; what lies beside them has neither room nor flow.
    void refresh(std::size_t l, std::size_t x, const Panel<T>& capacity, const Panel<T>& flow, std::size_t from,
                 std::size_t n) {
        Layer& layer = layers_[l];
        layer.is_fresh[x] = 1;
        residual_bits(capacity.row(x), flow.row(x), from, from + n, layer.words,
                      layer.room.data() + x * layer.words, layer.carried.data() + x * layer.words);
    }

    /// Of a fresh row: ends of edges with room, and of edges that carry flow.
    const Word* room(std::size_t l, std::size_t x) const { return layers_[l].room.data() + x * layers_[l].words; }
    const Word* carried(std::size_t l, std::size_t x) const {
        return layers_[l].carried.data() + x * layers_[l].words;
    }

private:
    struct Layer {
        std::size_t words = 0;  // of a row
        std::vector<Word> room;
        std::vector<Word> carried;
        std::vector<char> is_fresh;  // by row
    };
    std::vector<Layer> layers_;
};

}  // namespace attnflow::engine
