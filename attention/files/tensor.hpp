#pragma once
/// Tensors as they lie in a file: element types, views of mapped bytes, and their
/// conversion to and from double.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attnflow {

class MappedFile;

/// The element types that safetensors files can name. Not all can be decoded.
enum class DType {
    f64,
    f32,
    f16,
    bf16,
    i64,
    i32,  // decodable
    i16,
    i8,
    u64,
    u32,
    u16,
    u8,
    boolean,
    c64,
    f8_e5m2,
    f8_e4m3,
    f8_e8m0,
    f8_e4m3fnuz,
    f8_e5m2fnuz,
    f6_e2m3,
    f6_e3m2,
    f4,
};

/// As in the file: "F32", "BF16", "BOOL", ...
std::string_view dtype_name(DType dtype);
/// Nothing for a name that is not known.
std::optional<DType> dtype_from_name(std::string_view name);
/// All names, separated by ", ".
std::string dtype_names();
/// Bits an element takes (some types have fewer than 8).
std::size_t dtype_bits(DType dtype);
/// F64, F32, F16, BF16: what attention weights may be stored in.
bool is_float(DType dtype);
/// The float types, I64 and I32: what reference scores may be stored in.
bool is_decodable(DType dtype);
/// These, the other integers and BOOL: what TensorView::read converts.
bool is_number(DType dtype);

/// "[2, 8, 19, 19]"
std::string shape_text(const std::vector<std::size_t>& shape);

/// Exact values of IEEE binary16 and bfloat16, subnormals, infinities and NaN included.
double f16_to_double(std::uint16_t bits);
double bf16_to_double(std::uint16_t bits);
/// Rounds to nearest, ties to even, directly from double; overflows to infinity.
std::uint16_t double_to_f16(double value);

/// A row-major tensor in memory that somebody else owns. Whoever makes one has checked
/// that `data` holds all elements; `data` need not be aligned.
struct TensorView {
    std::string name;
    DType dtype = DType::f64;
    std::vector<std::size_t> shape;  ///< [] for a scalar
    const std::byte* data = nullptr;
    const MappedFile* file = nullptr;  ///< the mapping in which `data` lies, if it does; told what is read

    std::size_t elements() const;

    /// Elements first ... first + out.size() - 1 in row-major order, as double. I64 and U64 beyond
    /// 2^53 are rounded. Throws InputError for a type that cannot be decoded, InternalError
    /// when the range does not lie in the tensor.
    void read(std::size_t first, std::span<double> out) const;

    /// All elements.
    std::vector<double> values() const;

    /// The part with `index` on the first axis, which is dropped from the shape; same name.
    /// Throws InternalError without such a part, or for types of less than a byte.
    TensorView slice(std::size_t index) const;
};

}  // namespace attnflow
