#pragma once
/// Arrays of numbers as text: little-endian bytes in base64 (RFC 4648).

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace attnflow {

std::string base64(std::span<const std::uint8_t> bytes);

/// Little-endian whatever this machine is.
template <class T>
requires(std::is_arithmetic_v<T>) std::string base64_of(const std::vector<T>& values) {
    using Bits = std::conditional_t<sizeof(T) == 2, std::uint16_t, std::uint32_t>;
    static_assert(sizeof(T) == sizeof(Bits));
    std::vector<std::uint8_t> bytes;
    bytes.reserve(values.size() * sizeof(T));
    for (const T value : values) {
        Bits bits = 0;
        std::memcpy(&bits, &value, sizeof(T));
        for (std::size_t b = 0; b < sizeof(T); ++b) bytes.push_back(static_cast<std::uint8_t>(bits >> (8 * b)));
    }
    return base64(bytes);
}

}  // namespace attnflow
