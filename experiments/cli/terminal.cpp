#include "experiments/cli/terminal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

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

std::string padded(const std::string& text, std::size_t width) {
    const std::size_t used = display_width(text);
    return used < width ? text + std::string(width - used, ' ') : text;
}

ProgressLine::ProgressLine(std::string unit)
    : unit_(std::move(unit)), visible_(::isatty(STDERR_FILENO) == 1), start_(std::chrono::steady_clock::now()) {}

ProgressLine::~ProgressLine() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void ProgressLine::update(std::size_t done, std::size_t total, std::size_t failures) {
    const auto now = std::chrono::steady_clock::now();
    if (!visible_ || done == 0 || (done != total && now - last_ < std::chrono::milliseconds(100))) return;
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const double left = seconds / static_cast<double>(done) * static_cast<double>(total - done);
    constexpr std::size_t width = 30;
    const std::size_t filled = width * done / std::max<std::size_t>(total, 1);
    fmt::print(stderr, "\r\x1b[K[{}{}] {}/{} {}, {:.0f}/s, {:.0f} s left{}", std::string(filled, '#'),
               std::string(width - filled, '.'), done, total, unit_,
               static_cast<double>(done) / std::max(seconds, 1e-9), left,
               failures > 0 ? fmt::format(", {} failed", failures) : "");
    std::fflush(stderr);
    drawn_ = true;
}

}  // namespace attnflow
