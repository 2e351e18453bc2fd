#pragma once
/// How a method came to an answer, in numbers that its entry declares (EntryInfo::diagnostics), and what it
/// doubts: a method can answer and say that it is not sure.

#include <map>
#include <string>
#include <vector>

#include "graph/support/registry.hpp"

namespace attnflow {

struct Diagnostics {
    /// By declared name, finite; one that an answer has nothing to say of is left out. Larger is worse
    /// (iterations, a gap): of an answer that is made of several the largest is kept.
    std::map<std::string, double> numbers = {};
    std::vector<std::string> warnings = {};  ///< a sentence each

    bool empty() const { return numbers.empty() && warnings.empty(); }
    /// Those of another answer that this one is made of as well: the larger numbers, and each warning once.
    void add(const Diagnostics& other);
    bool operator==(const Diagnostics&) const = default;
};

/// Throws InternalError, beginning with "method 'NAME'", for a number that `method` does not declare or that is
/// not finite, and for a warning without words.
void check(const Diagnostics& diagnostics, const EntryInfo& method);

}  // namespace attnflow
