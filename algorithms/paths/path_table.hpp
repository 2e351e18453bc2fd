#pragma once
/// One path for each pair of a source (row) and an input token (column).

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace attnflow {

class PathTable {
public:
    using Position = std::uint32_t;

    PathTable() = default;
    /// From `layer`; no pair has a path until it is written to slots().
    PathTable(std::size_t sources, std::size_t tokens, std::size_t layer)
        : sources_(sources), tokens_(tokens), length_(layer + 1), positions_(sources * tokens * length_, none) {}

    bool empty() const { return positions_.empty(); }
    std::size_t sources() const { return sources_; }
    std::size_t tokens() const { return tokens_; }
    std::size_t length() const { return length_; }  ///< positions of a path

    /// Positions from the source down to the token: entry k lies in layer `layer - k`. Empty
    /// where there is no path.
    std::span<const Position> operator()(std::size_t source, std::size_t token) const {
        const Position* path = positions_.data() + (source * tokens_ + token) * length_;
        return {path, *path == none ? 0 : length_};
    }
    std::span<Position> slots(std::size_t source, std::size_t token) {
        return {positions_.data() + (source * tokens_ + token) * length_, length_};
    }

    bool operator==(const PathTable&) const = default;

private:
    static constexpr Position none = std::numeric_limits<Position>::max();

    std::size_t sources_ = 0;
    std::size_t tokens_ = 0;
    std::size_t length_ = 0;
    std::vector<Position> positions_;
};

}  // namespace attnflow
