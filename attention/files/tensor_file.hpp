#pragma once
/// A file with named tensors and texts, whatever its format.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "attention/files/mapped_file.hpp"
#include "attention/files/tensor.hpp"

namespace attnflow {

/// What the readers of safetensors, npy and npz files have in common. The views are valid as
/// long as the object lives.
class TensorFile {
public:
    const std::string& path() const { return path_; }
    const std::map<std::string, std::string>& metadata() const { return metadata_; }
    const std::map<std::string, TensorView>& tensors() const { return tensors_; }
    /// What was passed over when the file was read, a sentence each: members of an archive that are no arrays.
    const std::vector<std::string>& notes() const { return notes_; }
    /// Throws InputError unless the file is what it was when it was opened: what was read from it before counts
    /// only then (mapped_file.hpp).
    void check_unchanged() const { file_->check_unchanged(); }

protected:
    explicit TensorFile(std::string path) : path_(std::move(path)) {}
    ~TensorFile() = default;

    std::shared_ptr<const MappedFile> file_;
    std::string path_;
    std::map<std::string, std::string> metadata_;
    std::map<std::string, TensorView> tensors_;
    std::vector<std::string> notes_;
};

/// Opens `path` with the reader that its first bytes ask for: SafetensorsFile, NpzFile or NpyFile.
/// Throws InputError as they do, and for a file of another kind, which file_kind.hpp knows.
std::shared_ptr<const TensorFile> open_tensor_file(const std::string& path);

}  // namespace attnflow
