#pragma once
/// What a run says: all that tables, reports and the terminal show besides its rows.

#include <vector>

#include "experiments/findings/diagnostics.hpp"
#include "experiments/findings/equal_values.hpp"
#include "experiments/findings/saturation.hpp"
#include "experiments/findings/summary.hpp"
#include "experiments/study/expectations.hpp"

namespace attnflow {

struct Findings {
    Summary summary;
    std::vector<Saturation> saturation = {};
    std::vector<EqualValues> equal = {};
    DiagnosticFindings diagnostics = {};
    std::vector<Contradiction> contradictions = {};  ///< of what members expect
};

}  // namespace attnflow
