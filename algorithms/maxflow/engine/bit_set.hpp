#pragma once
/// Sets of positions as bits, in place.

#include <bit>
#include <cstddef>
#include <cstdint>

namespace attnflow::engine {

using Word = std::uint64_t;  ///< position x is bit x % 64 of word x / 64

inline constexpr std::size_t words_of(std::size_t positions) { return (positions + 63) / 64; }
inline void insert(Word* set, std::size_t x) { set[x / 64] |= Word{1} << (x % 64); }
inline void remove(Word* set, std::size_t x) { set[x / 64] &= ~(Word{1} << (x % 64)); }
inline bool contains(const Word* set, std::size_t x) { return (set[x / 64] >> (x % 64) & 1) != 0; }
/// Calls visit(x) for every member, ascending.
template <class Visit>
void for_each(const Word* set, std::size_t words, const Visit& visit) {
    for (std::size_t w = 0; w < words; ++w) {
        for (Word rest = set[w]; rest != 0; rest &= rest - 1) {
            visit(w * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
        }
    }
}

}  // namespace attnflow::engine
