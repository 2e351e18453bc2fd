#include "attention/files/safetensors_writer.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::size_t length_bytes = 8;

std::string_view as_text(const void* bytes, std::size_t count) { return {static_cast<const char*>(bytes), count}; }

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::string& path, const std::vector<TensorDeclaration>& tensors,
                                     std::size_t metadata_bytes)
    : folder_(OutputFolder::open(folder_of(path))),
      file_(folder_, std::filesystem::path(path).filename().string()) {
    folder_.sweep();
    std::vector<const TensorDeclaration*> order;
    for (const TensorDeclaration& tensor : tensors) order.push_back(&tensor);
    // Widest type first, so that all tensors are aligned; then by name.
    std::sort(order.begin(), order.end(), [](const TensorDeclaration* a, const TensorDeclaration* b) {
        return std::tuple(dtype_bits(b->dtype), a->name) < std::tuple(dtype_bits(a->dtype), b->name);
    });
    for (const TensorDeclaration* tensor : order) {
        if (tensor->name == "__metadata__" || !is_utf8(tensor->name) || places_.contains(tensor->name)) {
            throw ParameterError(
                fmt::format("tensor '{}': expected a UTF-8 name that is free", excerpt(tensor->name)));
        }
        const TensorView shape_only{tensor->name, tensor->dtype, tensor->shape, nullptr};
        places_[tensor->name] = {tensor->dtype, tensor->shape, shape_only.elements(), data_bytes_};
        data_bytes_ += shape_only.elements() * dtype_bits(tensor->dtype) / 8;
    }
    const std::size_t longest =
        header({}).size() + metadata_bytes + 32;  // 32: the key and brackets of the metadata
    data_begin_ = length_bytes + (longest + 7) / 8 * 8;
    file_.resize(data_begin_ + data_bytes_);
}

std::string SafetensorsWriter::header(const std::map<std::string, std::string>& metadata) const {
    nlohmann::json json = nlohmann::json::object();
    if (!metadata.empty()) json["__metadata__"] = metadata;
    for (const auto& [name, place] : places_) {
        const std::size_t end = place.begin + place.elements * dtype_bits(place.dtype) / 8;
        json[name] = {
            {"dtype", dtype_name(place.dtype)}, {"shape", place.shape}, {"data_offsets", {place.begin, end}}};
    }
    return json.dump();
}

void SafetensorsWriter::write_at(const std::string& name, DType dtype, std::size_t first, std::size_t count,
                                 const void* values) {
    const auto found = places_.find(name);
    if (found == places_.end() || found->second.dtype != dtype || first > found->second.elements ||
        count > found->second.elements - first) {
        throw InternalError(
            fmt::format("tensor '{}': {} elements at {} were not declared", excerpt(name), count, first));
    }
    const std::size_t size = dtype_bits(dtype) / 8;
    file_.write(data_begin_ + found->second.begin + first * size, as_text(values, count * size));
}

void SafetensorsWriter::write(const std::string& name, std::size_t first, std::span<const float> values) {
    write_at(name, DType::f32, first, values.size(), values.data());
}

void SafetensorsWriter::write(const std::string& name, std::size_t first, std::span<const std::int64_t> values) {
    write_at(name, DType::i64, first, values.size(), values.data());
}

void SafetensorsWriter::finish(const std::map<std::string, std::string>& metadata) {
    std::string text = header(metadata);
    const std::uint64_t length = data_begin_ - length_bytes;
    if (text.size() > length) {
        throw InternalError(fmt::format("header of {} bytes, room was left for {}", text.size(), length));
    }
    text.resize(length, ' ');
    file_.write(0, as_text(&length, sizeof length));
    file_.write(length_bytes, text);
    file_.publish();
    folder_.sync();
}

}  // namespace attnflow
