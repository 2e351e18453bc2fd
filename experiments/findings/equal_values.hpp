#pragma once
/// Values of an axis that changed nothing: rows of a table that are there twice, and look like agreement.

#include <string>
#include <vector>

namespace attnflow {

class RunStore;
struct Results;

/// Two or more values of an axis whose scores are the same in every bit, for the tokens that are compared: in
/// every example, and at every pair of grid points that differ in this axis only.
struct EqualValues {
    std::string axis;
    std::vector<std::string> values;  ///< in the order of the grid
    std::string title;                ///< "special_tokens keep and drop give the same scores"
    std::string text;                 ///< what that means
};

/// Of a stored run, by axis. Examples and cells without scores say nothing; where nothing else is left, neither is
/// said. Also a pruner that dropped no weight of any example, all of
/// some example, or all of some rows, with the value alone.
/// Of an axis with more than 2000 values the first 2000 are looked at.
/// Reads the scores of one example, and of the next ones only at points that are still equal to another.
std::vector<EqualValues> equal_values(RunStore& store, const Results& results);

}  // namespace attnflow
