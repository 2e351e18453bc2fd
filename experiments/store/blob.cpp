#include "experiments/store/blob.hpp"

#include <bit>
#include <limits>

#include <fmt/format.h>

#include "graph/support/error.hpp"

namespace attnflow {
namespace {

// rows * columns, refused where it overflows or exceeds what `bytes` could hold.
std::size_t checked_count(std::size_t rows, std::size_t columns, std::size_t bytes) {
    if (columns != 0 && rows > bytes / columns) {
        throw InputError(fmt::format("{} bytes, too few for {} x {} values", bytes, rows, columns));
    }
    return rows * columns;
}

}  // namespace

Blob encode(std::span<const double> values) {
    Blob bytes;
    bytes.reserve(8 * values.size());
    for (const double value : values) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        for (unsigned shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<std::byte>(bits >> shift));
    }
    return bytes;
}

Blob encode(const RowMajor<BindingCut>& cuts) {
    Blob bytes;
    bytes.reserve(2 * cuts.values().size());
    for (const BindingCut& cut : cuts.values()) {
        bytes.push_back(static_cast<std::byte>(cut.kind));
        std::uint32_t rest = cut.layer;
        for (; rest >= 0x80; rest >>= 7) bytes.push_back(static_cast<std::byte>(rest | 0x80));
        bytes.push_back(static_cast<std::byte>(rest));
    }
    return bytes;
}

std::vector<double> decode_values(std::span<const std::byte> bytes, std::size_t count) {
    if (bytes.size() % 8 != 0 || bytes.size() / 8 != count) {
        throw InputError(fmt::format("{} bytes of scores, expected 8 for each of {}", bytes.size(), count));
    }
    std::vector<double> values;
    values.reserve(count);
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
        std::uint64_t bits = 0;
        for (unsigned b = 0; b < 8; ++b) bits |= std::to_integer<std::uint64_t>(bytes[i + b]) << (8 * b);
        values.push_back(std::bit_cast<double>(bits));
    }
    return values;
}

RowMajor<double> decode_scores(std::span<const std::byte> bytes, std::size_t rows, std::size_t columns) {
    const auto values = decode_values(bytes, checked_count(rows, columns, bytes.size()));
    RowMajor<double> scores(rows, columns);
    std::copy(values.begin(), values.end(), scores.values().begin());
    return scores;
}

RowMajor<BindingCut> decode_cuts(std::span<const std::byte> bytes, std::size_t rows, std::size_t columns) {
    checked_count(rows, columns, bytes.size());
    RowMajor<BindingCut> cuts(rows, columns);
    std::size_t at = 0;
    const auto next = [&] {
        if (at == bytes.size()) throw InputError("binding cuts end too early");
        return std::to_integer<std::uint32_t>(bytes[at++]);
    };
    for (BindingCut& cut : cuts.values()) {
        const std::uint32_t kind = next();
        if (kind >= std::size(all_cut_kinds)) throw InputError(fmt::format("no kind of cut has number {}", kind));
        std::uint64_t layer = 0;
        std::uint32_t byte = 0x80;
        for (unsigned shift = 0; (byte & 0x80) != 0; shift += 7) {
            byte = next();
            if (shift > 28) throw InputError("a binding cut's layer is too large");
            layer |= std::uint64_t{byte & 0x7f} << shift;
        }
        if (layer > std::numeric_limits<std::uint32_t>::max()) {
            throw InputError("a binding cut's layer is too large");
        }
        cut = {static_cast<CutKind>(kind), static_cast<std::uint32_t>(layer)};
    }
    if (at != bytes.size()) throw InputError("more binding cuts than scores");
    return cuts;
}

std::uint64_t checksum(std::span<const std::byte> first, std::span<const std::byte> second) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const auto bytes : {first, second}) {
        for (const std::byte byte : bytes) {
            hash ^= std::to_integer<std::uint64_t>(byte);
            hash *= 0x100000001b3u;
        }
    }
    return hash;
}

}  // namespace attnflow
