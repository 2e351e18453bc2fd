#include "attention/files/safetensors.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attention/files/file_kind.hpp"
#include "attention/files/json.hpp"
#include "graph/support/error.hpp"
#include "graph/support/files/output_file.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::json;

constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t longest_header = 100'000'000;
constexpr std::size_t most_axes = 8;
constexpr const char* metadata_key = "__metadata__";

/// Where a tensor says it lies, in bytes after the header.
struct Extent {
    std::size_t begin;
    std::size_t end;
    const std::string* name;
};

std::string tensor_place(const std::string& path, const std::string& name) {
    return fmt::format("{}: tensor '{}'", path, excerpt(name));
}

std::string_view read_header(const std::string& path, std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::uint64_t length = 0;
    if (bytes.size() >= length_bytes) std::memcpy(&length, bytes.data(), length_bytes);
    const bool in_file = bytes.size() >= length_bytes && length <= bytes.size() - length_bytes;
    if (length > longest_header && in_file && text[length_bytes] == '{') {
        throw InputError(fmt::format("{}: header of {} bytes, expected at most {}", path, length, longest_header));
    }
    if (const auto why = why_no_safetensors(text)) throw InputError(fmt::format("{}: {}", path, *why));
    if (!in_file) {
        throw InputError(fmt::format("{}: header of {} bytes, but only {} follow (is the file complete?)", path,
                                     length, bytes.size() - length_bytes));
    }
    return text.substr(length_bytes, static_cast<std::size_t>(length));
}

std::map<std::string, std::string> read_metadata(const std::string& path, const Json& entries) {
    if (!entries.is_object()) {
        throw InputError(fmt::format("{}: {} has type {}, expected an object of strings", path, metadata_key,
                                     entries.type_name()));
    }
    std::map<std::string, std::string> metadata;
    for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
        if (!entry->is_string()) {
            throw InputError(fmt::format("{}: metadata '{}' has type {}, expected a string", path,
                                         excerpt(entry.key()), entry->type_name()));
        }
        metadata[entry.key()] = entry->get<std::string>();
    }
    return metadata;
}

const Json& field(const Json& entry, const char* name, const std::string& where) {
    const auto found = entry.find(name);
    if (found == entry.end()) {
        throw InputError(fmt::format("{}: no '{}', expected dtype, shape and data_offsets", where, name));
    }
    return *found;
}

bool is_list_of_sizes(const Json& value) {
    return value.is_array() &&
           std::all_of(value.begin(), value.end(), [](const Json& size) { return size.is_number_unsigned(); });
}

DType read_dtype(const Json& value, const std::string& where) {
    const auto dtype = value.is_string() ? dtype_from_name(value.get_ref<const std::string&>()) : std::nullopt;
    if (!dtype) {
        throw InputError(
            fmt::format("{}: dtype {}, expected one of {}", where, excerpt(value.dump()), dtype_names()));
    }
    return *dtype;
}

std::vector<std::size_t> read_shape(const Json& value, const std::string& where) {
    if (!is_list_of_sizes(value)) {
        throw InputError(
            fmt::format("{}: shape {}, expected a list of non-negative integers", where, excerpt(value.dump())));
    }
    if (value.size() > most_axes) {
        throw InputError(fmt::format("{}: shape of {} axes, expected at most {}", where, value.size(), most_axes));
    }
    return value.get<std::vector<std::size_t>>();
}

/// Bits in all elements together. Throws where 64 bits cannot count them.
std::size_t total_bits(const std::vector<std::size_t>& shape, DType dtype, const std::string& where) {
    std::size_t bits = dtype_bits(dtype);
    bool overflow = false;
    for (const std::size_t size : shape) overflow = __builtin_mul_overflow(bits, size, &bits) || overflow;
    if (overflow) {
        throw InputError(fmt::format("{}: shape {} has too many elements to count", where, shape_text(shape)));
    }
    return bits;
}

/// The view and where it lies, checked against each other and the `available` bytes.
TensorView read_tensor(const std::string& name, const Json& entry, const std::string& where,
                       std::span<const std::byte> available, Extent& extent) {
    if (!entry.is_object()) {
        throw InputError(fmt::format("{}: has type {}, expected an object", where, entry.type_name()));
    }
    TensorView view{name, read_dtype(field(entry, "dtype", where), where),
                    read_shape(field(entry, "shape", where), where), nullptr};

    const Json& offsets = field(entry, "data_offsets", where);
    if (!is_list_of_sizes(offsets) || offsets.size() != 2) {
        throw InputError(fmt::format("{}: data_offsets {}, expected a pair of non-negative integers", where,
                                     excerpt(offsets.dump())));
    }
    extent = {offsets[0].get<std::size_t>(), offsets[1].get<std::size_t>(), nullptr};
    if (extent.begin > extent.end) {
        throw InputError(
            fmt::format("{}: data_offsets [{}, {}], expected begin <= end", where, extent.begin, extent.end));
    }
    if (extent.end > available.size()) {
        throw InputError(
            fmt::format("{}: data_offsets [{}, {}], expected an end within the {} bytes of data (is the "
                        "file complete?)",
                        where, extent.begin, extent.end, available.size()));
    }
    const std::size_t bits = total_bits(view.shape, view.dtype, where);
    if (bits % 8 != 0 || bits / 8 != extent.end - extent.begin) {
        throw InputError(fmt::format("{}: {} bytes of data, expected {} for {} of shape {}", where,
                                     extent.end - extent.begin, static_cast<double>(bits) / 8,
                                     dtype_name(view.dtype), shape_text(view.shape)));
    }
    view.data = available.data() + extent.begin;
    return view;
}

/// Every byte must belong to one tensor: otherwise a file could carry hidden data, or be
/// read differently by different readers.
void check_cover(const std::string& path, std::vector<Extent> extents, std::size_t data_bytes) {
    std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    std::size_t covered = 0;
    for (const Extent& extent : extents) {
        if (extent.begin != covered) {
            throw InputError(fmt::format("{}: begins at byte {} of the data, expected {}: {}",
                                         tensor_place(path, *extent.name), extent.begin, covered,
                                         extent.begin < covered ? "it overlaps the tensor before"
                                                                : "the bytes between belong to no tensor"));
        }
        covered = extent.end;
    }
    if (covered != data_bytes) {
        throw InputError(
            fmt::format("{}: the last {} bytes belong to no tensor, expected {} bytes of data, not {}", path,
                        data_bytes - covered, covered, data_bytes));
    }
}

template <class Stored>
void append(std::string& bytes, Stored value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes.append(raw, sizeof value);
}

void append_value(std::string& bytes, DType dtype, double value, const std::string& name) {
    switch (dtype) {
        case DType::f64:
            return append(bytes, value);
        case DType::f32:
            return append(bytes, static_cast<float>(value));
        case DType::f16:
            return append(bytes, double_to_f16(value));
        case DType::i64:
            if (value != std::trunc(value) || std::abs(value) > 0x1p53) {
                throw ParameterError(
                    fmt::format("tensor '{}': value {} cannot be written as I64, expected an integer "
                                "of at most 2^53",
                                excerpt(name), value));
            }
            return append(bytes, static_cast<std::int64_t>(value));
        default:
            throw ParameterError(fmt::format("tensor '{}': cannot write {}, expected F64, F32, F16 or I64",
                                             excerpt(name), dtype_name(dtype)));
    }
}

std::string to_bytes(const NewTensor& tensor) {
    const TensorView shape_only{tensor.name, tensor.dtype, tensor.shape, nullptr};
    if (tensor.values.size() != shape_only.elements()) {
        throw ParameterError(fmt::format("tensor '{}': {} values, expected {} for shape {}", excerpt(tensor.name),
                                         tensor.values.size(), shape_only.elements(), shape_text(tensor.shape)));
    }
    std::string bytes;
    bytes.reserve(tensor.values.size() * dtype_bits(tensor.dtype) / 8);
    for (const double value : tensor.values) append_value(bytes, tensor.dtype, value, tensor.name);
    return bytes;
}

void check_utf8(const std::string& text, const char* what) {
    if (!is_utf8(text)) throw ParameterError(fmt::format("{} '{}' is not UTF-8", what, excerpt(text)));
}

}  // namespace

std::shared_ptr<const SafetensorsFile> SafetensorsFile::open(const std::string& path) {
    return read(MappedFile::open(path), path);
}

std::shared_ptr<const SafetensorsFile> SafetensorsFile::read(std::shared_ptr<const MappedFile> file,
                                                             const std::string& path) {
    const std::shared_ptr<SafetensorsFile> result(new SafetensorsFile(path));
    result->file_ = std::move(file);
    const std::span<const std::byte> bytes = result->file_->bytes();

    const std::string shown = escape_controls(path);
    const std::string_view header_text = read_header(shown, bytes);
    const Json header = parse_json(header_text, shown + ": header");
    if (!header.is_object()) {
        throw InputError(fmt::format("{}: header has type {}, expected an object", shown, header.type_name()));
    }

    const std::span<const std::byte> data = bytes.subspan(length_bytes + header_text.size());
    std::vector<Extent> extents;
    for (auto entry = header.begin(); entry != header.end(); ++entry) {
        if (entry.key() == metadata_key) {
            result->metadata_ = read_metadata(shown, *entry);
            continue;
        }
        Extent extent = {};
        TensorView view = read_tensor(entry.key(), *entry, tensor_place(shown, entry.key()), data, extent);
        view.file = result->file_.get();
        extent.name = &result->tensors_.emplace(entry.key(), std::move(view)).first->first;
        extents.push_back(extent);
    }
    check_cover(shown, std::move(extents), data.size());
    return result;
}

void write_safetensors(const std::string& path, const std::vector<NewTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
    std::vector<const NewTensor*> order;
    for (const NewTensor& tensor : tensors) order.push_back(&tensor);
    std::sort(order.begin(), order.end(), [](const NewTensor* a, const NewTensor* b) {
        const std::size_t a_bits = dtype_bits(a->dtype);
        const std::size_t b_bits = dtype_bits(b->dtype);
        return a_bits != b_bits ? a_bits > b_bits : a->name < b->name;
    });

    Json header = Json::object();
    for (const auto& [key, text] : metadata) {
        check_utf8(key, "metadata key");
        check_utf8(text, "metadata text");
    }
    if (!metadata.empty()) header[metadata_key] = metadata;
    std::string data;
    for (const NewTensor* tensor : order) {
        check_utf8(tensor->name, "tensor name");
        if (tensor->name == metadata_key || header.contains(tensor->name)) {
            throw ParameterError(fmt::format("tensor '{}': the name is taken", excerpt(tensor->name)));
        }
        const std::size_t begin = data.size();
        data += to_bytes(*tensor);
        header[tensor->name] = {{"dtype", dtype_name(tensor->dtype)},
                                {"shape", tensor->shape},
                                {"data_offsets", {begin, data.size()}}};
    }

    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');  // aligns the data
    std::string bytes;
    append(bytes, static_cast<std::uint64_t>(text.size()));
    bytes += text;
    bytes += data;
    write_file(path, bytes);
}

}  // namespace attnflow
