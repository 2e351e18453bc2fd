#pragma once
/// Reader and writer of the safetensors format
/// (https://github.com/huggingface/safetensors#format): the length of the header as a
/// little-endian 64-bit number, a JSON header { "__metadata__": {text: text}, NAME:
/// {"dtype", "shape", "data_offsets": [begin, end]}, ... }, then the tensors' bytes,
/// which begin and end counts from the end of the header.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "attention/files/mapped_file.hpp"
#include "attention/files/tensor_file.hpp"

namespace attnflow {

class SafetensorsFile : public TensorFile {
public:
    /// Maps `path` and checks the header completely: afterwards every view lies inside the
    /// file. Throws InputError ("<path>: tensor 'x': ..., expected ...") for a file of another
    /// kind (see file_kind.hpp), one that is cut short, a header over 100 MB, an unknown type, a malformed shape
    /// (of at most 8 axes) or offsets, a size that does not fit type and shape, and, as the format demands,
    /// tensors that overlap and bytes that belong to no tensor.
    static std::shared_ptr<const SafetensorsFile> open(const std::string& path);
    /// The same for a file that is mapped already.
    static std::shared_ptr<const SafetensorsFile> read(std::shared_ptr<const MappedFile> file,
                                                       const std::string& path);

private:
    explicit SafetensorsFile(const std::string& path) : TensorFile(path) {}
};

/// A tensor to be written: row-major `values`, stored as `dtype` (F64, F32, F16 rounded to
/// nearest even, or I64 for integral values).
struct NewTensor {
    std::string name;
    DType dtype = DType::f64;
    std::vector<std::size_t> shape;
    std::vector<double> values;
};

/// Writes a safetensors file whose bytes depend on the arguments only: tensors lie in order
/// of element size (largest first, so that all are aligned), then name. The file appears
/// complete or not at all: it is written under another name beside `path` and renamed.
/// Throws ParameterError for values that do not fit the shape or type, a name given twice
/// or reserved, or text that is not UTF-8; InputError when the file cannot be written.
void write_safetensors(const std::string& path, const std::vector<NewTensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace attnflow
