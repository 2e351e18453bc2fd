#pragma once
/// Writes a safetensors file piece by piece, so that a file larger than the memory can be made.
///
/// Names and shapes are declared first; the tensors' places follow from them. Values may then come
/// in any order and from several threads. The header is written last, into room that was left for
/// it, because metadata may depend on the values.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "attention/files/tensor.hpp"
#include "graph/support/files/output_file.hpp"

namespace attnflow {

struct TensorDeclaration {
    std::string name;
    DType dtype = DType::f32;  ///< F32 or I64
    std::vector<std::size_t> shape;
};

class SafetensorsWriter {
public:
    /// Begins a file in the folder of `path`, as output_file.hpp does; it gets its name in finish().
    /// `metadata_bytes` is an upper bound of the metadata as JSON. Throws InputError when the file cannot be
    /// written, ParameterError for names given twice, reserved or not UTF-8.
    SafetensorsWriter(const std::string& path, const std::vector<TensorDeclaration>& tensors,
                      std::size_t metadata_bytes);
    SafetensorsWriter(const SafetensorsWriter&) = delete;
    SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

    /// Puts values at element `first` of a tensor. Throws InternalError for a range outside it or
    /// another type, InputError when writing fails. Elements never written are 0.
    void write(const std::string& name, std::size_t first, std::span<const float> values);
    void write(const std::string& name, std::size_t first, std::span<const std::int64_t> values);

    /// Writes the header and gives the file its name. Throws InternalError for metadata beyond the
    /// bound.
    void finish(const std::map<std::string, std::string>& metadata);

private:
    struct Place {
        DType dtype;
        std::vector<std::size_t> shape;
        std::size_t elements;
        std::size_t begin;  ///< bytes after the header
    };

    void write_at(const std::string& name, DType dtype, std::size_t first, std::size_t count, const void* values);
    std::string header(const std::map<std::string, std::string>& metadata) const;

    OutputFolder folder_;
    OutputFile file_;
    std::map<std::string, Place> places_;
    std::size_t data_begin_ = 0;
    std::size_t data_bytes_ = 0;
};

}  // namespace attnflow
