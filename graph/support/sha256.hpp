#pragma once
/// SHA-256 (FIPS 180-4), as lower-case hexadecimal: what `sha256sum` prints.

#include <string>

namespace attnflow {

/// Throws InputError for a file that cannot be read.
std::string sha256_of_file(const std::string& path);
std::string sha256_of_text(const std::string& text);

}  // namespace attnflow
