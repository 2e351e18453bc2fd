#pragma once
/// A run in a terminal: means by layer with spark-lines, and which cuts bind.

#include <optional>
#include <string>
#include <vector>

#include "experiments/findings/findings.hpp"

namespace attnflow {

/// Text of at most about 100 columns for up to 12 layers. `color` marks the best mean of each
/// layer in bold.
std::string show_text(const Config& config, const Results& result, const Findings& findings, bool color);

/// One block a value, low to high over [low, high]; a space where there is none.
std::string spark_line(const std::vector<std::optional<double>>& values, double low, double high);

}  // namespace attnflow
