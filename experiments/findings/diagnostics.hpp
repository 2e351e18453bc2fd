#pragma once
/// What methods say of how they came to their answers, over the examples and layers of a run, and what they doubt.

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/study/grid_point.hpp"

namespace attnflow {

struct Results;

/// A declared number of one setting.
struct DiagnosticFinding {
    GridPoint setting;  ///< method and axes, without the layer and what plays no part in an answer
    std::string label;  ///< the same, as rows of tables name it
    std::string name;   ///< of the number
    std::size_t n = 0;  ///< answers that have it
    double least = 0.0;
    double mean = 0.0;
    double largest = 0.0;
};

/// The warnings of one setting.
struct DoubtFinding {
    std::size_t answers = 0;  ///< that come with one
    std::string title;        ///< "barrier_flow warns of 3 answers"
    std::string text;         ///< the first of them, and where
};

struct DiagnosticFindings {
    std::vector<DiagnosticFinding> numbers = {};
    std::vector<DoubtFinding> doubts = {};
};

/// Settings in the order of the grid, then those that only references ask for; the numbers of a setting by name.
/// O(answers that say something).
DiagnosticFindings diagnostic_findings(const Results& results);

}  // namespace attnflow
