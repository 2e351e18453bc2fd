#include "attention/files/tensor_file.hpp"

#include <string_view>

#include <fmt/format.h>

#include "attention/files/file_kind.hpp"
#include "attention/files/numpy/npy.hpp"
#include "attention/files/numpy/npz.hpp"
#include "attention/files/safetensors.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

std::shared_ptr<const TensorFile> open_tensor_file(const std::string& path) {
    const auto file = MappedFile::open(path);
    const auto bytes = file->bytes();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const FileKind kind = file_kind(text);
    try {
        if (kind == FileKind::zip) return NpzFile::read(file, path);
        if (kind == FileKind::npy) return NpyFile::read(file, path);
        if (const auto why = why_no_tensors(text))
            throw InputError(fmt::format("{}: {}", escape_controls(path), *why));
        return SafetensorsFile::read(file, path);
    } catch (const InputError&) {
        file->check_unchanged();  // the better reason
        throw;
    }
}

}  // namespace attnflow
