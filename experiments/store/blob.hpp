#pragma once
/// How attributions lie in the store: compact, the same on every platform, checked on reading.
///
/// scores: row-major doubles, little-endian. Binding cuts: for each pair one byte for the
/// kind (its number in all_cut_kinds), then the layer as LEB128. checksum() is over both.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/binding_cut.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

using Blob = std::vector<std::byte>;

Blob encode(std::span<const double> values);
Blob encode(const RowMajor<BindingCut>& cuts);

/// Throw InputError, with the reason only, for bytes that do not hold `rows` x `columns`
/// values (exactly).
std::vector<double> decode_values(std::span<const std::byte> bytes, std::size_t count);
RowMajor<double> decode_scores(std::span<const std::byte> bytes, std::size_t rows, std::size_t columns);
RowMajor<BindingCut> decode_cuts(std::span<const std::byte> bytes, std::size_t rows, std::size_t columns);

/// FNV-1a, 64 bits: tells damage, not malice.
std::uint64_t checksum(std::span<const std::byte> first, std::span<const std::byte> second = {});

}  // namespace attnflow
