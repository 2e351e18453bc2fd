#pragma once
/// Files that are there whole or not at all.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace attnflow {

/// Writes all `files` (name, content) into `folder`, which is made if needed: each to a
/// temporary name (NAME.partial) and synced, then all renamed, so that a full disk leaves
/// nothing half-written. One process a folder at a time. Throws InputError naming the file and the system's
/// reason.
void write_files(const std::filesystem::path& folder,
                 const std::vector<std::pair<std::string, std::string>>& files);

/// What write_files would throw about the place of files `names` in `folder`, before the work that
/// makes them. Changes nothing.
void check_place(const std::filesystem::path& folder, const std::vector<std::string>& names);

}  // namespace attnflow
