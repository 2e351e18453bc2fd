#pragma once
/// The folder in which extracted datasets are kept, each under a key of what it was made of.
///
///   KEY.safetensors, KEY.WEIGHT+WEIGHT.safetensors   an entry, the second with edge weights
///   KEY.sha256, KEY.WEIGHT+WEIGHT.sha256             its checksum: one without it, or with another, was damaged
///
/// WEIGHT is the name of the weights, in which what cannot stand there (/, +, %, bytes that are not ASCII) is %XX.

#include <filesystem>
#include <string>
#include <vector>

#include "graph/support/files/output_file.hpp"

namespace attnflow {

class TextCache {
public:
    /// "" is the user's cache folder. Looks at nothing yet: a folder that is not there is empty.
    explicit TextCache(std::filesystem::path folder);

    /// Makes the folder unless it is there; for who is to write what a config asks for. Throws InputError.
    OutputFolder make() const;

    /// Where the entry of `key` with `weights` (ascending) lies or will lie.
    std::filesystem::path place(const std::string& key, const std::vector<std::string>& weights) const;
    /// That, or where it is not whole one with more weights that is.
    std::filesystem::path find(const std::string& key, const std::vector<std::string>& weights) const;

    /// Whether the entry is there, and what its checksum says.
    static bool is_whole(const std::filesystem::path& entry);
    /// Throws InputError where a folder that is not empty lies in an entry's place, before it is made. An empty
    /// one is removed.
    static void make_room(const std::filesystem::path& entry);
    /// Writes the checksum of an entry that was just made.
    static void seal(const std::filesystem::path& entry);

private:
    std::filesystem::path folder_;
};

/// Writes the dataset whose examples i, i + n, ... are those of part i of n to `whole`: what an extraction of all
/// gives, but for the room of its header. Throws InputError for parts that are no such parts.
void join_parts(const std::vector<std::filesystem::path>& parts, const std::filesystem::path& whole);

}  // namespace attnflow
