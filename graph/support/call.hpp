#pragma once
/// Calls: a registry member with its parameters in one word, as configs and the command line
/// write it: "mean", "single(3)", "discard_ratio(0.9, true)", "top_k(k=2)".

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/support/parameters.hpp"

namespace attnflow {

struct CallArgument {
    std::string name;  ///< of the parameter, "" when it is given by position
    std::string value;
};

struct Call {
    std::string name;
    std::vector<CallArgument> arguments;
};

/// Takes `text` apart; spaces around the parts do not count. Throws ParameterError, beginning
/// with `where`, when it is not NAME or NAME(VALUE, ...).
Call parse_call(std::string_view text, const std::string& where);

/// The arguments as values by parameter name, each checked; a parameter that is not given is
/// left out. Throws ParameterError, beginning with `where`, for too many arguments, an unknown
/// parameter (with the nearest one), one given twice, or a value that does not fit.
std::map<std::string, ParameterValue> call_values(const Call& call, const std::vector<ParameterSpec>& specs,
                                                  const std::string& where);

/// "name(value, ...)" with every parameter spelled out, so that equal calls have equal texts.
std::string call_text(const std::string& name, const std::vector<ParameterSpec>& specs,
                      const std::map<std::string, ParameterValue>& values);

/// "name(parameter, ...)", for docs.
std::string call_form(const std::string& name, const std::vector<ParameterSpec>& specs);

}  // namespace attnflow
