#pragma once
/// npy arrays and npz archives for tests, right or wrong in a chosen way.

#include <cstdint>
#include <string>
#include <vector>

#include <zlib.h>

namespace attnflow::testing {

inline std::string little_endian(std::uint64_t value, std::size_t width) {
    std::string out;
    for (std::size_t i = 0; i < width; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
    return out;
}

/// An npy file with exactly this header text.
inline std::string npy_with(const std::string& header, const std::string& data, int version = 1) {
    return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' +
           little_endian(header.size(), version == 1 ? 2 : 4) + header + data;
}

inline std::string npy(const std::string& descr, const std::string& shape, const std::string& data,
                       bool fortran_order = false) {
    return npy_with("{'descr': '" + descr + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                        ", 'shape': " + shape + ", }          \n",
                    data);
}

inline std::string deflated(const std::string& bytes) {
    std::string out(bytes.size() + 1000, '\0');
    z_stream stream = {};
    ::deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
    ::deflateEnd(&stream);
    return out;
}

/// One member as it shall be written; what is empty follows from `content`.
struct ZipPart {
    std::string name;
    std::string content;
    bool deflate = false;
    bool zip64 = false;  ///< sizes and offset in the extra field of the directory
    std::uint16_t flags = 0;
    std::uint16_t method_offset = 0;
    std::string local_name = {};
    std::uint64_t claimed_size = 0;
    std::uint32_t crc_error = 0;
    std::uint64_t claimed_packed = 0;
};

inline std::string zip_archive(const std::vector<ZipPart>& parts, bool zip64_end = false, int count_error = 0) {
    std::string file, directory;
    for (const ZipPart& part : parts) {
        const std::string data = part.deflate ? deflated(part.content) : part.content;
        const auto crc = static_cast<std::uint32_t>(::crc32(0, reinterpret_cast<const Bytef*>(part.content.data()),
                                                            static_cast<uInt>(part.content.size())));
        const std::uint64_t size = part.claimed_size ? part.claimed_size : part.content.size();
        const std::uint64_t packed = part.claimed_packed ? part.claimed_packed : data.size();
        const std::string name = part.local_name.empty() ? part.name : part.local_name;
        const std::size_t begin = file.size();
        const std::string common = little_endian(20, 2) + little_endian(part.flags, 2) +
                                   little_endian((part.deflate ? 8u : 0u) + part.method_offset, 2) +
                                   little_endian(0, 4) + little_endian(crc ^ part.crc_error, 4);
        file += "PK\x03\x04" + common + little_endian(packed, 4) + little_endian(size, 4) +
                little_endian(name.size(), 2) + little_endian(0, 2) + name + data;
        std::string extra;
        if (part.zip64) {
            extra = little_endian(1, 2) + little_endian(24, 2) + little_endian(size, 8) +
                    little_endian(packed, 8) + little_endian(begin, 8);
        }
        const auto here = [&](std::uint64_t value) { return little_endian(part.zip64 ? 0xFFFFFFFFu : value, 4); };
        directory += "PK\x01\x02" + little_endian(20, 2) + common + here(packed) + here(size) +
                     little_endian(part.name.size(), 2) + little_endian(extra.size(), 2) + little_endian(0, 2) +
                     little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 4) + here(begin) + part.name +
                     extra;
    }
    const std::size_t directory_begin = file.size();
    const auto count = static_cast<std::uint64_t>(static_cast<int>(parts.size()) + count_error);
    file += directory;
    if (zip64_end) {
        const std::size_t record = file.size();
        file += "PK\x06\x06" + little_endian(44, 8) + little_endian(45, 2) + little_endian(45, 2) +
                little_endian(0, 4) + little_endian(0, 4) + little_endian(count, 8) + little_endian(count, 8) +
                little_endian(directory.size(), 8) + little_endian(directory_begin, 8);
        file += "PK\x06\x07" + little_endian(0, 4) + little_endian(record, 8) + little_endian(1, 4);
    }
    const auto here = [&](std::uint64_t value, std::size_t width) {
        return zip64_end ? std::string(width, '\xff') : little_endian(value, width);
    };
    return file + "PK\x05\x06" + little_endian(0, 4) + here(count, 2) + here(count, 2) +
           here(directory.size(), 4) + here(directory_begin, 4) + little_endian(0, 2);
}

}  // namespace attnflow::testing
