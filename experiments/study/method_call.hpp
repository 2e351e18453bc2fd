#pragma once
/// Methods as grids name them: by their name, or as a call with some of their parameters,
/// "soft_widest_path(temperature=0.1)". Two calls are two methods to everything that compares methods.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/attribution_method.hpp"

namespace attnflow {

/// The entry of the method that a call names. Throws ParameterError with the nearest name when there is none.
const AttributionRegistry::Entry& method_entry(std::string_view call);

/// The parameters that a call gives, by name. Throws ParameterError, beginning with `where`, for what does not
/// fit.
std::map<std::string, ParameterValue> method_parameters(std::string_view call, const std::string& where);

/// The calls that `text` stands for: each list in brackets is one value at a time, the last list fastest, so that
/// "f(x=[1, 2])" is "f(x=1)" and "f(x=2)". In canonical form: given parameters by name, in the order in which the
/// method declares them. Throws as method_parameters(), and for more than 1,000 calls.
std::vector<std::string> method_calls(const std::string& text, const std::string& where);

}  // namespace attnflow
