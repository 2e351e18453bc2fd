#include "experiments/cli/terminal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "experiments/cli/console.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

bool use_color(Color color) {
    if (color != Color::automatic) return color == Color::always;
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    const bool plain =
        (no_color != nullptr && *no_color != '\0') || term == nullptr || std::string_view(term) == "dumb";
    return !plain && ::isatty(STDOUT_FILENO) == 1;
}

std::string shaded(const std::string& text, double share) {
    const double s = std::clamp(std::isfinite(share) ? share : 0.0, 0.0, 1.0);
    const auto mix = [s](double light, double dark) {
        return static_cast<int>(std::lround(light + s * (dark - light)));
    };
    const int ink = s > 0.5 ? 255 : 0;
    return fmt::format("\x1b[48;2;{};{};{}m\x1b[38;2;{};{};{}m{}\x1b[0m", mix(247, 8), mix(251, 69), mix(255, 148),
                       ink, ink, ink, text);
}

std::string duration_text(double seconds) {
    const auto whole = static_cast<long long>(std::min(std::ceil(std::max(seconds, 0.0)), 1e9));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

ProgressLine::ProgressLine(std::string unit, bool quiet)
    : unit_(std::move(unit)),
      quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

ProgressLine::~ProgressLine() {
    if (drawn_) write_error("\r\x1b[K");
}

void ProgressLine::update(std::size_t done, std::size_t total, std::size_t failures) {
    if (quiet_) return;
    const auto now = std::chrono::steady_clock::now();
    if (!first_) {
        first_ = done;
        start_ = now;
        return;
    }
    const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(30);
    if (now - last_ < pause) return;
    last_ = now;
    if (!terminal_) {
        say(numbers(done, total, failures));
    } else {
        constexpr std::size_t width = 30;
        const std::size_t filled = width * done / std::max<std::size_t>(total, 1);
        write_error(fmt::format("\r\x1b[K[{}{}] {}", std::string(filled, '#'), std::string(width - filled, '.'),
                                numbers(done, total, failures)));
        drawn_ = true;
    }
}

std::string ProgressLine::numbers(std::size_t done, std::size_t total, std::size_t failures) const {
    const double seconds = std::chrono::duration<double>(last_ - start_).count();
    const double rate = static_cast<double>(done - *first_) / std::max(seconds, 1e-9);
    return fmt::format("{}/{} {}, {:.0f}/s{}{}", done, total, unit_, rate,
                       rate > 0.0 ? ", " + duration_text(static_cast<double>(total - done) / rate) + " left" : "",
                       failures > 0 ? fmt::format(", {} failed", failures) : "");
}

}  // namespace attnflow
