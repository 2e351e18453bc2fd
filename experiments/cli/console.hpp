#pragma once
/// What the program says on standard error.

#include <string_view>

namespace attnflow {

/// "attnflow: MESSAGE" as a line of its own. Whatever could drive a terminal is escaped, line ends excepted. A
/// message that cannot be written (a full disk, a pipe that nobody reads) is lost; that never ends what is being
/// done.
void say(std::string_view message);

/// Writes to standard error as it is: progress.
void write_error(std::string_view text);

}  // namespace attnflow
