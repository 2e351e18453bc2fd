#pragma once
/// Reader of NumPy's npz format: a zip archive of npy arrays, as numpy.savez (stored) and
/// numpy.savez_compressed (deflated) write it.
///
/// A member NAME.npy is the tensor NAME. Arrays of text hold what safetensors has as metadata:
/// a single string is the metadata NAME; `tokens`, a list of n strings (or of B lists), are the
/// tokens of a single-example file, `ID.tokens` those of example ID. Members of other names are passed over, as
/// NumPy does, and noted; so are arrays of Python objects, records and dates under names that nothing is read by.
///
/// Stored arrays are used where they lie in the mapped file; deflated, big-endian or
/// column-major ones are unpacked into memory when the file is opened, so prefer
/// numpy.savez for large files.

#include <memory>
#include <vector>

#include "attention/files/numpy/npy.hpp"

namespace attnflow {

class NpzFile : public TensorFile {
public:
    /// Throws InputError ("<path>: member 'x.npy': ...") as read_zip() and read_npy() do, for a
    /// checksum that is wrong, a member NAME.npy that is no npy array, an archive without any or of
    /// torch.save, and archives that unpack to more than 64 MiB and 200 times their own size. Reads the
    /// bytes of all arrays once, for the checksums.
    static std::shared_ptr<const NpzFile> read(std::shared_ptr<const MappedFile> file, const std::string& path);

private:
    explicit NpzFile(const std::string& path) : TensorFile(path) {}

    std::vector<std::vector<std::byte>> owned_;  // what views point into that is not in the file
};

}  // namespace attnflow
