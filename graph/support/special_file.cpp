#include "graph/support/special_file.hpp"

#include <filesystem>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

void refuse_special_file(const std::string& path) {
    std::error_code none;  // what cannot be examined cannot be written either: said later, with its reason
    const auto status = std::filesystem::symlink_status(path, none);
    if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) return;
    throw InputError(escape_controls(path) + ": cannot be written: it is not a regular file");
}

}  // namespace attnflow
