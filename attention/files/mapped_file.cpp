#include "attention/files/mapped_file.hpp"

#include <filesystem>
#include <system_error>

#include <sys/mman.h>

#include <fmt/format.h>

#include "attention/files/file_kind.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::size_t most_resident = std::size_t{32} << 20;

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
    const auto refuse = [&](const Diagnosis& why) {
        throw InputError(fmt::format("{}: {}", escape_controls(path), why.text()));
    };
    std::error_code none;
    if (std::filesystem::is_directory(path, none)) refuse(directory_given());
    const InputFile file = InputFile::open(path);
    if (file.size() == 0) refuse(empty_file());
    return std::shared_ptr<const MappedFile>(new MappedFile(file));
}

MappedFile::MappedFile(const InputFile& file) : mapping_(file) {
    // Tensors are read from end to end. A hint: nothing depends on whether it is taken.
    if (mapping_.size() > most_resident)
        ::madvise(const_cast<std::byte*>(mapping_.data()), mapping_.size(), MADV_SEQUENTIAL);
}

void MappedFile::note_read(std::size_t bytes) const {
    const std::size_t before = read_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes < most_resident) return;
    read_.store(0, std::memory_order_relaxed);
    // The mapping is private and never written, so pages that another thread is reading come back as they were.
    ::madvise(const_cast<std::byte*>(mapping_.data()), mapping_.size(), MADV_DONTNEED);
}

}  // namespace attnflow
