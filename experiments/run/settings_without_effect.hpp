#pragma once
/// Names and values of a config that change nothing: said before a run, because its tables would not show it.

#include <string>
#include <vector>

namespace attnflow {

class Dataset;
struct Config;
struct Plan;
struct RunRecord;

/// One sentence each for settings that no part of the run reads, and for special tokens that are to be dropped or
/// left out where an example has none. What a preset sets is not looked at. Throws ParameterError for a name in
/// dataset.special_tokens that is the token of no example of the dataset.  O(tokens) of the dataset.
std::vector<std::string> settings_without_effect(const Config& config, const Plan& plan, const RunRecord& record,
                                                 const Dataset& dataset);

}  // namespace attnflow
