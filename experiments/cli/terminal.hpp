#pragma once
/// What a terminal can show: shading and a progress line.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace attnflow {

enum class Color { automatic, always, never };

/// True when standard output should be coloured: asked for, or a terminal that has colours
/// with NO_COLOR unset.
bool use_color(Color color);

/// `text` on a background whose strength is `share` in [0, 1]: white to dark blue, readable
/// on light and dark terminals, distinguishable without colour vision.
std::string shaded(const std::string& text, double share);

/// "8 s", "12 min 5 s", "3 h 12 min".
std::string duration_text(double seconds);

/// How far a long piece of work is, on standard error: a bar that is rewritten in place on a
/// terminal, a line every half minute in a log, nothing when quiet. Rate and remaining time
/// count what was done since the first update.
class ProgressLine {
public:
    explicit ProgressLine(std::string unit, bool quiet = false);
    ~ProgressLine();
    void update(std::size_t done, std::size_t total, std::size_t failures);

private:
    std::string numbers(std::size_t done, std::size_t total, std::size_t failures) const;

    std::string unit_;
    bool quiet_;
    bool terminal_;
    bool drawn_ = false;
    std::optional<std::size_t> first_;  // done before this process
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point last_;
};

}  // namespace attnflow
