#include "experiments/cli/console.hpp"

#include <cerrno>
#include <string>

#include <unistd.h>

#include "graph/support/text.hpp"

namespace attnflow {

void write_error(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

void say(std::string_view message) { write_error("attnflow: " + escape_controls_keep_lines(message) + "\n"); }

}  // namespace attnflow
