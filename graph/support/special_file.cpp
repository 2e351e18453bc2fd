#include "graph/support/special_file.hpp"

#include <filesystem>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

void refuse_special_file(const std::string& path) {
    std::error_code none;  // what cannot be examined cannot be written either: said later, with its reason
    const auto status = std::filesystem::symlink_status(path, none);
    if (!std::filesystem::exists(status)) return;
    if (!std::filesystem::is_regular_file(status))
        throw InputError(escape_controls(path) + ": cannot be written: it is not a regular file");
    using std::filesystem::perms;
    // By its mode, not by access(2): for root every file can be written.
    const perms writers = perms::owner_write | perms::group_write | perms::others_write;
    if ((status.permissions() & writers) == perms::none) {
        throw InputError(escape_controls(path) +
                         ": cannot be written: it is read-only, expected another place or `chmod u+w`");
    }
}

}  // namespace attnflow
