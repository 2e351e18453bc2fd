#pragma once
/// Reader of NumPy's npy format (numpy.lib.format): the magic "\x93NUMPY", a version, the
/// length of the header, the header as the text of a Python dictionary
///
///   {'descr': '<f4', 'fortran_order': False, 'shape': (12, 12, 6, 6), }
///
/// and the elements. Versions 1.0, 2.0 and 3.0. Numbers (f, i, u, b, c) become tensors; text
/// (U, S) becomes strings; Python objects, which are pickled programs, are never read.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attention/files/mapped_file.hpp"
#include "attention/files/tensor_file.hpp"
#include "graph/support/error.hpp"

namespace attnflow {

inline constexpr std::string_view npy_magic = "\x93NUMPY";

/// Of a whole array of something that is neither numbers nor text: Python objects, records, dates.
struct OtherElements : InputError {
    using InputError::InputError;
};

/// An array in memory. Bytes that are little-endian and row-major already stay where they are.
struct NpyArray {
    TensorView view;                ///< of a numeric array, nameless; `data` is nullptr for text
    std::vector<std::byte> owned;   ///< what `view` points into when elements had to be reordered
    std::vector<std::string> text;  ///< of a text array, row-major, UTF-8
    bool is_text = false;
};

/// Throws InputError, beginning with `where`, for anything but one whole array: an unknown
/// version, a header that is no such dictionary or over 64 KiB, more than 8 axes, a type that is
/// none of the above (OtherElements), sizes that do not fit the bytes, text that is not Unicode.
/// O(bytes) when elements are reordered, else O(1).
NpyArray read_npy(std::span<const std::byte> bytes, const std::string& where);

/// A file with one array, which stands for the tensor `attentions`.
class NpyFile : public TensorFile {
public:
    static std::shared_ptr<const NpyFile> read(std::shared_ptr<const MappedFile> file, const std::string& path);

private:
    explicit NpyFile(const std::string& path) : TensorFile(path) {}

    NpyArray array_;
};

}  // namespace attnflow
