#pragma once
/// Before a file is written.

#include <string>

namespace attnflow {

/// Files are written under another name and then renamed, so that they are there whole or not at
/// all; a rename would replace a device, a pipe or a link by a file, and a file that is read-only. Throws
/// InputError where `path` is one of these or a folder.
void refuse_special_file(const std::string& path);

}  // namespace attnflow
