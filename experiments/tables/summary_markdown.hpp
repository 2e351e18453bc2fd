#pragma once
/// The tables of the paper for people: methods by layer, mean ± std, for each reference and axis value, with
/// intervals, paired tests, saturation and what pruning took.

#include <string>

#include "experiments/findings/findings.hpp"

namespace attnflow {

std::string summary_markdown(const Results& result, const Config& config, const Findings& findings);

}  // namespace attnflow
