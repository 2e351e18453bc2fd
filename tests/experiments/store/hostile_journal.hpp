#pragma once
/// A rollback journal as a stranger may leave it beside a database.

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/attention/make_files.hpp"

namespace attnflow::testing {

inline std::string big_endian(std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 0xff);
    return bytes;
}

/// Without pages to put back, and with a super-journal, which SQLite removes after the roll-back, unless `victim`
/// is "".
inline std::string hostile_journal(const std::filesystem::path& database, const std::string& victim) {
    const std::string mark = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
    const std::string head = read_bytes(database.string()).substr(16, 2);
    std::uint32_t page = (static_cast<std::uint32_t>(static_cast<unsigned char>(head[0])) << 8) |
                         static_cast<unsigned char>(head[1]);
    if (page == 1) page = 65536;
    const auto pages = static_cast<std::uint32_t>(std::filesystem::file_size(database) / page);
    std::string journal =
        mark + big_endian(0) + big_endian(0) + big_endian(pages) + big_endian(512) + big_endian(page);
    journal.resize(512);
    if (victim.empty()) return journal;
    std::uint32_t sum = 0;
    for (const char c : victim) sum += static_cast<unsigned char>(c);
    return journal + big_endian(0x40000000u / page + 1) + victim +
           big_endian(static_cast<std::uint32_t>(victim.size())) + big_endian(sum) + mark;
}

}  // namespace attnflow::testing
