#pragma once
/// What a run says, on one screen: the means by layer, which method leads, and whether flow is saturated. The
/// whole is in summary.md.

#include <string>

#include "experiments/findings/findings.hpp"

namespace attnflow {

/// At most about 20 lines of at most 100 columns where names of methods allow: for the first references the mean ±
/// standard deviation of the first metric at the first `positions`, and what follows in words. Of many rows those
/// with the best means are shown, of many layers some.
std::string headline_text(const Results& results, const Config& config, const Findings& findings);

}  // namespace attnflow
