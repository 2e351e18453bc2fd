#pragma once
/// The contracts of members by their name, whatever their family: what `attnflow check` says.

#include <string>
#include <vector>

#include "experiments/contracts/laws.hpp"

namespace attnflow {

struct CheckedMember {
    std::string noun;  ///< of its family
    std::string name;
    Laws laws;
};

/// Holds every member called `name`, or every member there is for "all", to the contract of its family, with
/// default parameters. `like`: a method whose scores it must have, "" for none. Throws ParameterError for a name
/// that nothing has and for `like` where no method is checked.
std::vector<CheckedMember> check_members(const std::string& name, const std::string& like);

/// As the command prints it: a line a member, and below it each law that does not hold, with where.
std::string text_of(const std::vector<CheckedMember>& members);

/// Throws InternalError, naming the member, for what only all registries together can tell: a method with an axis
/// that there is not, or compared with a method that there is not; an expectation of an axis that there is not, or
/// of a value that it does not take.
void check_registries();

}  // namespace attnflow
