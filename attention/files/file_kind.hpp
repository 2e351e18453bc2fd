#pragma once
/// What a file is by its first bytes, whatever its name says: the one place that knows.

#include <optional>
#include <string>
#include <string_view>

#include "graph/support/diagnosis.hpp"

namespace attnflow {

/// What is read here, and everything else that is known by its first bytes.
enum class FileKind {
    safetensors,
    zip,  ///< npz, as far as the first bytes tell
    npy,
    text,   ///< plain text: a config, JSON, a table
    other,  ///< known, but not read
    unknown
};

/// O(1): looks at no more than the first kilobyte.
FileKind file_kind(std::string_view bytes);

/// "is a Git LFS pointer: ...; ..." for a file that was to hold tensors; nothing for safetensors, zip and npy.
std::optional<std::string> why_no_tensors(std::string_view bytes);
/// The same where only safetensors are read.
std::optional<std::string> why_no_safetensors(std::string_view bytes);
/// The same for a file that was to hold text; nothing for text, for no bytes at all, and for
/// what is not known by its first bytes.
std::optional<std::string> why_no_text(std::string_view bytes);

/// A name that stands for a directory, and a file of no bytes.
const Diagnosis& directory_given();
const Diagnosis& empty_file();
/// A zip archive of torch.save, known by one of its members' names.
bool is_torch_member(std::string_view name);
const Diagnosis& torch_archive();
/// A zip archive without arrays.
const Diagnosis& archive_without_arrays();

/// All of them, for the page.
Diagnoses file_diagnoses();

}  // namespace attnflow
