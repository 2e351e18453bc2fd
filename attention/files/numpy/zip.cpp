#include "attention/files/numpy/zip.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <zlib.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::size_t local_header_bytes = 30;
constexpr std::size_t directory_header_bytes = 46;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t zip64_locator_bytes = 20;
constexpr std::size_t zip64_end_bytes = 56;
constexpr std::size_t longest_comment = 65535;
constexpr std::uint16_t zip64_tag = 0x0001;
constexpr std::uint32_t in_zip64 = 0xFFFFFFFF;  // "see the zip64 field"
// Deflate cannot pack tighter: 258 bytes take at least two bits.
constexpr std::size_t largest_ratio = 1032;

using Bytes = std::span<const std::byte>;

// Little-endian numbers of a part whose size was checked.
std::uint64_t number(Bytes bytes, std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
    return value;
}
std::uint16_t u16(Bytes bytes, std::size_t at) { return static_cast<std::uint16_t>(number(bytes, at, 2)); }
std::uint32_t u32(Bytes bytes, std::size_t at) { return static_cast<std::uint32_t>(number(bytes, at, 4)); }
std::uint64_t u64(Bytes bytes, std::size_t at) { return number(bytes, at, 8); }

bool has_signature(Bytes bytes, std::size_t at, std::string_view signature) {
    if (bytes.size() < at + 4) return false;
    return std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, 4) == signature;
}

constexpr std::string_view local_signature("PK\x03\x04", 4);
constexpr std::string_view directory_signature("PK\x01\x02", 4);
constexpr std::string_view end_signature("PK\x05\x06", 4);
constexpr std::string_view zip64_end_signature("PK\x06\x06", 4);
constexpr std::string_view zip64_locator_signature("PK\x06\x07", 4);

class ZipReader {
public:
    ZipReader(Bytes bytes, const std::string& where) : bytes_(bytes), where_(where) {}

    std::vector<ZipMember> read() {
        find_directory();
        std::vector<ZipMember> members;
        std::vector<Extent> extents;
        Bytes rest = bytes_.subspan(directory_begin_, directory_end_ - directory_begin_);
        while (!rest.empty()) rest = read_entry(rest, members, extents);
        if (members.size() != entries_) {
            refuse(fmt::format("directory of {} members, expected {}", members.size(), entries_));
        }
        check_names(members);
        check_cover(extents);
        return members;
    }

private:
    struct Extent {
        std::size_t begin;
        std::size_t end;
    };

    [[noreturn]] void refuse(const std::string& reason) const {
        throw InputError(fmt::format("{}: zip archive: {}", where_, reason));
    }
    [[noreturn]] void refuse(const ZipMember& member, const std::string& reason) const {
        throw InputError(fmt::format("{}: member '{}': {}", where_, excerpt(member.name), reason));
    }

    // The record at the very end says where the directory is.
    void find_directory() {
        std::optional<std::size_t> end;
        const std::size_t shortest = std::min(bytes_.size(), longest_comment + end_bytes);
        for (std::size_t back = end_bytes; back <= shortest && !end; ++back) {
            const std::size_t at = bytes_.size() - back;
            if (has_signature(bytes_, at, end_signature) && u16(bytes_, at + 20) == back - end_bytes) end = at;
        }
        if (!end) refuse("no directory at its end (is the file complete?)");
        const bool in_parts = u16(bytes_, *end + 4) != 0 || u16(bytes_, *end + 6) != 0;
        std::uint64_t entries = u16(bytes_, *end + 10);
        std::uint64_t size = u32(bytes_, *end + 12);
        std::uint64_t begin = u32(bytes_, *end + 16);
        bool same_count = u16(bytes_, *end + 8) == entries;
        std::size_t directory_end = *end;
        if (*end >= zip64_locator_bytes &&
            has_signature(bytes_, *end - zip64_locator_bytes, zip64_locator_signature)) {
            const std::size_t locator = *end - zip64_locator_bytes;
            const std::uint64_t record = u64(bytes_, locator + 8);
            if (locator < zip64_end_bytes || record > locator - zip64_end_bytes ||
                !has_signature(bytes_, record, zip64_end_signature) ||
                u64(bytes_, record + 4) != locator - record - 12) {
                refuse("its zip64 record is not where it should be");
            }
            same_count = u64(bytes_, record + 24) == u64(bytes_, record + 32);
            entries = u64(bytes_, record + 32);
            size = u64(bytes_, record + 40);
            begin = u64(bytes_, record + 48);
            directory_end = record;
        }
        if (in_parts || !same_count) refuse("one of several parts, expected a whole one");
        if (begin > directory_end || size != directory_end - begin) {
            refuse("its directory is not where it should be (is the file complete?)");
        }
        directory_begin_ = static_cast<std::size_t>(begin);
        directory_end_ = directory_end;
        entries_ = entries;
    }

    // Reads the entry at the beginning of `rest`, returns what follows.
    Bytes read_entry(Bytes rest, std::vector<ZipMember>& members, std::vector<Extent>& extents) const {
        if (rest.size() < directory_header_bytes || !has_signature(rest, 0, directory_signature)) {
            refuse("its directory is damaged");
        }
        const std::size_t name_bytes = u16(rest, 28);
        const std::size_t extra_bytes = u16(rest, 30);
        const std::size_t all = directory_header_bytes + name_bytes + extra_bytes + u16(rest, 32);
        if (rest.size() < all) refuse("its directory is damaged");

        ZipMember member;
        member.name.assign(reinterpret_cast<const char*>(rest.data()) + directory_header_bytes, name_bytes);
        const std::uint16_t flags = u16(rest, 8);
        const std::uint16_t method = u16(rest, 10);
        member.crc = u32(rest, 16);
        std::uint64_t packed = u32(rest, 20);
        std::uint64_t size = u32(rest, 24);
        std::uint64_t begin = u32(rest, 42);
        if (flags & 1u) refuse(member, "encrypted, expected plain arrays");
        if (method != 0 && method != 8) {
            refuse(member, fmt::format("packed by method {}, expected 0 (stored) or 8 (deflated)", method));
        }
        if (u16(rest, 34) != 0) refuse("one of several parts, expected a whole one");
        read_zip64_sizes(rest.subspan(directory_header_bytes + name_bytes, extra_bytes), member, size, packed,
                         begin);

        member.deflated = method == 8;
        member.data = local_data(member, begin, packed);
        if (!member.deflated && size != packed) {
            refuse(member, fmt::format("{} bytes stored, but {} when unpacked", packed, size));
        }
        if (member.deflated && size / largest_ratio > packed) {
            refuse(member, fmt::format("{} bytes cannot unpack to {}", packed, size));
        }
        member.size = static_cast<std::size_t>(size);
        extents.push_back({static_cast<std::size_t>(begin),
                           static_cast<std::size_t>(member.data.data() - bytes_.data()) + member.data.size()});
        members.push_back(std::move(member));
        return rest.subspan(all);
    }

    // Numbers too large for 32 bits stand, in this order, in the extra field tagged 1.
    void read_zip64_sizes(Bytes extra, const ZipMember& member, std::uint64_t& size, std::uint64_t& packed,
                          std::uint64_t& begin) const {
        while (extra.size() >= 4) {
            const std::uint16_t tag = u16(extra, 0);
            const std::size_t length = u16(extra, 2);
            if (length > extra.size() - 4) break;
            Bytes field = extra.subspan(4, length);
            extra = extra.subspan(4 + length);
            if (tag != zip64_tag) continue;
            for (std::uint64_t* value : {&size, &packed, &begin}) {
                if (*value != in_zip64) continue;
                if (field.size() < 8) refuse(member, "its zip64 sizes are cut short");
                *value = u64(field, 0);
                field = field.subspan(8);
            }
            return;
        }
    }

    // The packed bytes of a member, after its own header, which must say the same.
    Bytes local_data(const ZipMember& member, std::uint64_t begin, std::uint64_t packed) const {
        if (directory_begin_ < local_header_bytes || begin > directory_begin_ - local_header_bytes ||
            !has_signature(bytes_, static_cast<std::size_t>(begin), local_signature)) {
            refuse(member, "not where the directory says");
        }
        const Bytes local =
            bytes_.subspan(static_cast<std::size_t>(begin), directory_begin_ - static_cast<std::size_t>(begin));
        const std::size_t name_bytes = u16(local, 26);
        const std::size_t header = local_header_bytes + name_bytes + u16(local, 28);
        if (header > local.size() || packed > local.size() - header) {
            refuse(member, fmt::format("{} bytes do not fit into the archive (is the file complete?)", packed));
        }
        const std::string_view name(reinterpret_cast<const char*>(local.data()) + local_header_bytes, name_bytes);
        if (name != member.name) {
            refuse(member, fmt::format("called '{}' in its own header", excerpt(name)));
        }
        return local.subspan(header, static_cast<std::size_t>(packed));
    }

    void check_names(const std::vector<ZipMember>& members) const {
        std::vector<std::string_view> names;
        for (const ZipMember& member : members) {
            if (member.name.empty() || !is_utf8(member.name) || member.name.find('\0') != std::string::npos) {
                refuse(member, "expected a name in UTF-8");
            }
            names.push_back(member.name);
        }
        std::sort(names.begin(), names.end());
        const auto twice = std::adjacent_find(names.begin(), names.end());
        if (twice != names.end()) refuse(fmt::format("member '{}' twice", excerpt(*twice)));
    }

    // Overlapping members are how small archives unpack to huge ones.
    void check_cover(std::vector<Extent> extents) const {
        std::sort(extents.begin(), extents.end(),
                  [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
        std::size_t covered = 0;
        for (const Extent& extent : extents) {
            if (extent.begin < covered) refuse("members overlap");
            covered = extent.end;
        }
        if (!extents.empty() && extents.front().begin != 0) refuse("does not begin with its first member");
    }

    Bytes bytes_;
    const std::string& where_;
    std::size_t directory_begin_ = 0;
    std::size_t directory_end_ = 0;
    std::uint64_t entries_ = 0;
};

constexpr std::size_t largest_step = std::numeric_limits<uInt>::max();

// Fuzz builds let wrong checksums pass, or no mutated member would ever be looked at.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr bool refuse_wrong_crc = false;
#else
constexpr bool refuse_wrong_crc = true;
#endif

void check_crc(std::span<const std::byte> bytes, std::uint32_t expected, const std::string& where) {
    const uLong crc =
        ::crc32_z(::crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    if (crc != expected && refuse_wrong_crc) {
        throw InputError(
            fmt::format("{}: checksum is {:08x}, expected {:08x}: the file is damaged", where, crc, expected));
    }
}

struct Inflater {
    z_stream stream = {};
    Inflater() {
        if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { ::inflateEnd(&stream); }
};

}  // namespace

std::vector<ZipMember> read_zip(std::span<const std::byte> bytes, const std::string& where) {
    return ZipReader(bytes, where).read();
}

std::vector<std::byte> unpack(const ZipMember& member, const std::string& where) {
    std::vector<std::byte> out(member.size);
    Inflater inflater;
    z_stream& stream = inflater.stream;
    std::size_t taken = 0;
    std::size_t made = 0;
    int state = Z_OK;
    while (state == Z_OK) {
        // zlib counts in 32 bits. An output buffer of no bytes needs an address all the same.
        std::byte none = {};
        const auto input = static_cast<uInt>(std::min(member.data.size() - taken, largest_step));
        const auto room = static_cast<uInt>(std::min(out.size() - made, largest_step));
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(member.data.data() + taken));
        stream.avail_in = input;
        stream.next_out = reinterpret_cast<Bytef*>(out.empty() ? &none : out.data() + made);
        stream.avail_out = room;
        state = ::inflate(&stream, Z_NO_FLUSH);
        taken += input - stream.avail_in;
        made += room - stream.avail_out;
    }
    if (state != Z_STREAM_END || made != out.size() || taken != member.data.size()) {
        throw InputError(fmt::format("{}: deflated data is damaged, or not {} bytes long", where, member.size));
    }
    check_crc(out, member.crc, where);
    return out;
}

void check_stored(const ZipMember& member, const std::string& where) { check_crc(member.data, member.crc, where); }

}  // namespace attnflow
