#include "attention/files/tensor.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>

#include <fmt/format.h>

#include "attention/files/mapped_file.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

static_assert(std::endian::native == std::endian::little, "the file format is little-endian");

struct DTypeInfo {
    DType dtype;
    std::string_view name;
    std::size_t bits;
};

constexpr DTypeInfo dtypes[] = {
    {DType::f64, "F64", 64},
    {DType::f32, "F32", 32},
    {DType::f16, "F16", 16},
    {DType::bf16, "BF16", 16},
    {DType::i64, "I64", 64},
    {DType::i32, "I32", 32},
    {DType::i16, "I16", 16},
    {DType::i8, "I8", 8},
    {DType::u64, "U64", 64},
    {DType::u32, "U32", 32},
    {DType::u16, "U16", 16},
    {DType::u8, "U8", 8},
    {DType::boolean, "BOOL", 8},
    {DType::c64, "C64", 64},
    {DType::f8_e5m2, "F8_E5M2", 8},
    {DType::f8_e4m3, "F8_E4M3", 8},
    {DType::f8_e8m0, "F8_E8M0", 8},
    {DType::f8_e4m3fnuz, "F8_E4M3FNUZ", 8},
    {DType::f8_e5m2fnuz, "F8_E5M2FNUZ", 8},
    {DType::f6_e2m3, "F6_E2M3", 6},
    {DType::f6_e3m2, "F6_E3M2", 6},
    {DType::f4, "F4", 4},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < std::size(dtypes); ++i) {
        if (static_cast<std::size_t>(dtypes[i].dtype) != i) return false;
    }
    return true;
}
static_assert(in_order(), "the table is indexed by the enumeration");

const DTypeInfo& info(DType dtype) { return dtypes[static_cast<std::size_t>(dtype)]; }

// memcpy, because safetensors does not promise aligned tensors.
template <class Stored, class Convert>
void decode(const std::byte* data, std::span<double> out, Convert convert) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        Stored stored;
        std::memcpy(&stored, data + i * sizeof stored, sizeof stored);
        out[i] = convert(stored);
    }
}

constexpr auto to_double = [](auto value) { return static_cast<double>(value); };

}  // namespace

std::string_view dtype_name(DType dtype) { return info(dtype).name; }
std::size_t dtype_bits(DType dtype) { return info(dtype).bits; }
bool is_float(DType dtype) { return dtype <= DType::bf16; }
bool is_decodable(DType dtype) { return dtype <= DType::i32; }
bool is_number(DType dtype) { return dtype <= DType::boolean; }

std::optional<DType> dtype_from_name(std::string_view name) {
    for (const DTypeInfo& entry : dtypes) {
        if (entry.name == name) return entry.dtype;
    }
    return std::nullopt;
}

std::string dtype_names() {
    std::vector<std::string> names;
    for (const DTypeInfo& entry : dtypes) names.emplace_back(entry.name);
    return join(names, ", ");
}

std::string shape_text(const std::vector<std::size_t>& shape) {
    std::vector<std::string> sizes;
    for (const std::size_t size : shape) sizes.push_back(std::to_string(size));
    return "[" + join(sizes, ", ") + "]";
}

double f16_to_double(std::uint16_t bits) {
    // No branch, so that compilers make vectors of it.
    const std::uint32_t magnitude = bits & 0x7FFFu;
    const std::uint32_t moved = magnitude << 13;  // fraction and exponent where a float has them
    // Subnormal: m units of 2^-24 are the fraction of a number in [2^-14, 2^-13).
    const float small = std::bit_cast<float>(moved + (113u << 23)) - 0x1p-14f;
    // The bias 15 becomes 127, and the exponent of infinity and NaN becomes all ones.
    const float large = std::bit_cast<float>(moved + (magnitude < 0x7C00 ? 112u << 23 : 224u << 23));
    const std::uint32_t is_small = magnitude < 0x0400 ? ~0u : 0u;
    const std::uint32_t value =
        (std::bit_cast<std::uint32_t>(small) & is_small) | (std::bit_cast<std::uint32_t>(large) & ~is_small);
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
    return static_cast<double>(std::bit_cast<float>(value | sign));
}

double bf16_to_double(std::uint16_t bits) {
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16));
}

std::uint16_t double_to_f16(double value) {
    const double magnitude = std::abs(value);
    std::uint32_t bits = 0;
    if (std::isnan(value)) {
        bits = 0x7E00;
    } else if (magnitude >= 65520.0) {  // halfway from the largest finite value to 2^16
        bits = 0x7C00;
    } else if (magnitude != 0.0) {
        const int exponent = std::max(std::ilogb(magnitude), -14);
        // In units of the last place: 1024 ... 2048 when normal (the leading bit then adds
        // one to the exponent field), less when subnormal.
        const double units = std::nearbyint(std::ldexp(magnitude, 10 - exponent));
        bits = (static_cast<std::uint32_t>(exponent + 14) << 10) + static_cast<std::uint32_t>(units);
    }
    return static_cast<std::uint16_t>(bits | (std::signbit(value) ? 0x8000u : 0u));
}

namespace {

void decode_elements(DType dtype, const std::byte* start, std::span<double> out, const std::string& name) {
    switch (dtype) {
        case DType::f64:
            return decode<double>(start, out, to_double);
        case DType::f32:
            return decode<float>(start, out, to_double);
        case DType::f16:
            return decode<std::uint16_t>(start, out, f16_to_double);
        case DType::bf16:
            return decode<std::uint16_t>(start, out, bf16_to_double);
        case DType::i64:
            return decode<std::int64_t>(start, out, to_double);
        case DType::i32:
            return decode<std::int32_t>(start, out, to_double);
        case DType::i16:
            return decode<std::int16_t>(start, out, to_double);
        case DType::i8:
            return decode<std::int8_t>(start, out, to_double);
        case DType::u64:
            return decode<std::uint64_t>(start, out, to_double);
        case DType::u32:
            return decode<std::uint32_t>(start, out, to_double);
        case DType::u16:
            return decode<std::uint16_t>(start, out, to_double);
        case DType::u8:
        case DType::boolean:
            return decode<std::uint8_t>(start, out, to_double);
        default:
            throw InputError(fmt::format(
                "tensor '{}': elements of type {} cannot be read, expected a float of 16 bits or more, "
                "an integer or BOOL",
                excerpt(name), dtype_name(dtype)));
    }
}

}  // namespace

std::size_t TensorView::elements() const {
    std::size_t product = 1;
    for (const std::size_t size : shape) product *= size;
    return product;
}

void TensorView::read(std::size_t first, std::span<double> out) const {
    const std::size_t count = elements();
    if (first > count || out.size() > count - first) {
        throw InternalError(fmt::format("tensor '{}': elements {} + {} asked for, it has {}", excerpt(name), first,
                                        out.size(), count));
    }
    const std::size_t bytes = dtype_bits(dtype) / 8;
    decode_elements(dtype, data + first * bytes, out, name);
    if (file != nullptr) file->note_read(out.size() * bytes);
}

std::vector<double> TensorView::values() const {
    std::vector<double> out(elements());
    read(0, out);
    return out;
}

TensorView TensorView::slice(std::size_t index) const {
    if (shape.empty() || index >= shape.front() || dtype_bits(dtype) % 8 != 0) {
        throw InternalError(fmt::format("tensor '{}': no part {} in {} of shape {}", excerpt(name), index,
                                        dtype_name(dtype), shape_text(shape)));
    }
    TensorView part{name, dtype, {shape.begin() + 1, shape.end()}, nullptr, file};
    part.data = data + index * part.elements() * (dtype_bits(dtype) / 8);
    return part;
}

}  // namespace attnflow
