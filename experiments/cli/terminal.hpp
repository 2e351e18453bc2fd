#pragma once
/// What a terminal can show: shading and a progress line.

#include <chrono>
#include <cstddef>
#include <string>

namespace attnflow {

enum class Color { automatic, always, never };

/// True when standard output should be coloured: asked for, or a terminal that has colours
/// with NO_COLOR unset.
bool use_color(Color color);

/// `text` on a background whose strength is `share` in [0, 1]: white to dark blue, readable
/// on light and dark terminals, distinguishable without colour vision.
std::string shaded(const std::string& text, double share);

/// `text` padded with spaces on the right to `width` columns.
std::string padded(const std::string& text, std::size_t width);

/// A line on standard error that is rewritten in place; silent when that is no terminal.
class ProgressLine {
public:
    explicit ProgressLine(std::string unit);
    ~ProgressLine();
    void update(std::size_t done, std::size_t total, std::size_t failures);

private:
    std::string unit_;
    bool visible_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point last_;
};

}  // namespace attnflow
