#include "attention/files/safetensors_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <tuple>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "graph/support/error.hpp"
#include "graph/support/special_file.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::size_t length_bytes = 8;

std::string place_of(int file) { return fmt::format("/proc/self/fd/{}", file); }

/// A new file in the folder of `path` that has no name, so that nothing is left of it when the process is
/// killed; -1 where there are no such files, or no way to name one later.
int open_unnamed(const std::string& path) {
#ifdef O_TMPFILE
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const int file = ::open(folder.empty() ? "." : folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    if (file < 0 || ::access(place_of(file).c_str(), F_OK) == 0) return file;
    ::close(file);
#endif
    return -1;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::string path, const std::vector<TensorDeclaration>& tensors,
                                     std::size_t metadata_bytes)
    : path_(std::move(path)), partial_(fmt::format("{}.{}.partial", path_, ::getpid())) {
    refuse_special_file(path_);
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
    file_ = open_unnamed(path_);
    named_ = file_ < 0;
    if (named_) file_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file_ < 0) fail(errno);
    if (::ftruncate(file_, static_cast<off_t>(data_begin_ + data_bytes_)) != 0) {
        const int error = errno;
        discard();
        fail(error);
    }
}

void SafetensorsWriter::discard() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
    if (named_) ::unlink(partial_.c_str());
}

SafetensorsWriter::~SafetensorsWriter() {
    if (file_ >= 0) discard();
}

void SafetensorsWriter::fail(int error) const {
    throw InputError(
        fmt::format("{}: cannot be written: {}", escape_controls(path_), std::generic_category().message(error)));
}

std::string SafetensorsWriter::header(const std::map<std::string, std::string>& metadata) const {
    std::map<std::string, Json> entries;  // in the order of their names
    if (!metadata.empty()) entries["__metadata__"] = metadata;
    for (const auto& [name, place] : places_) {
        const std::size_t end = place.begin + place.elements * dtype_bits(place.dtype) / 8;
        entries[name] = {
            {"data_offsets", {place.begin, end}}, {"dtype", dtype_name(place.dtype)}, {"shape", place.shape}};
    }
    return Json(entries).dump();
}

void SafetensorsWriter::write_bytes(const void* bytes, std::size_t count, std::size_t offset) {
    const char* next = static_cast<const char*>(bytes);
    while (count > 0) {
        const ssize_t written = ::pwrite(file_, next, count, static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail(written == 0 ? ENOSPC : errno);
        next += written;
        offset += static_cast<std::size_t>(written);
        count -= static_cast<std::size_t>(written);
    }
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
    write_bytes(values, count * size, data_begin_ + found->second.begin + first * size);
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
    write_bytes(&length, sizeof length, 0);
    write_bytes(text.data(), text.size(), length_bytes);
    // A link cannot replace a file, so the name is a temporary one for a moment.
    if (!named_) {
        ::unlink(partial_.c_str());
        named_ = ::linkat(AT_FDCWD, place_of(file_).c_str(), AT_FDCWD, partial_.c_str(), AT_SYMLINK_FOLLOW) == 0;
        if (!named_) fail(errno);
    }
    const int closed = ::close(file_);
    file_ = -1;
    if (closed != 0 || ::rename(partial_.c_str(), path_.c_str()) != 0) {
        const int error = errno;
        discard();
        fail(error);
    }
}

}  // namespace attnflow
