#pragma once
/// Members of a zip archive in memory (PKWARE APPNOTE.TXT), as far as NumPy writes them: stored or
/// deflated, with or without zip64 sizes. Archives come from strangers, so whatever two readers
/// could understand differently is refused.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace attnflow {

struct ZipMember {
    std::string name;
    std::span<const std::byte> data;  ///< as it lies in the archive
    bool deflated = false;
    std::size_t size = 0;  ///< when unpacked
    std::uint32_t crc = 0;
};

/// The members in the order of the central directory. Throws InputError, beginning with `where`,
/// for bytes that are no whole archive from the first to the last, one in several parts, members
/// that overlap, have the same name or one that is empty or not UTF-8, are encrypted or packed by
/// another method, have another name or size in their own header than in the directory, or
/// claim a size that their bytes cannot hold.  O(m log m) for m members.
std::vector<ZipMember> read_zip(std::span<const std::byte> bytes, const std::string& where);

/// The bytes of a deflated member, checked: exactly `size` of them, no input left over, the right
/// CRC. Throws InputError, beginning with `where`.  O(size).
std::vector<std::byte> unpack(const ZipMember& member, const std::string& where);
/// Throws InputError when a stored member's CRC is wrong.  O(size).
void check_stored(const ZipMember& member, const std::string& where);

}  // namespace attnflow
