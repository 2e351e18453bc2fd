#pragma once
/// What contracts complain of, as tests read it.

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "experiments/contracts/laws.hpp"

namespace Catch {
template <>
struct StringMaker<attnflow::Complaint> {
    static std::string convert(const attnflow::Complaint& complaint) {
        return complaint.law + " (" + complaint.where + ")";
    }
};
}  // namespace Catch

namespace attnflow::testing {

template <class Contract>
std::vector<Complaint> complaints(const Contract& contract) {
    Laws laws;
    contract.check(laws);
    CHECK(laws.checks() > 0);
    return laws.complaints();
}

inline std::vector<std::string> laws_of(const std::vector<Complaint>& complaints) {
    std::vector<std::string> laws;
    for (const Complaint& complaint : complaints) laws.push_back(complaint.law);
    return laws;
}

inline bool has(const std::vector<std::string>& laws, const std::string& law) {
    return std::find(laws.begin(), laws.end(), law) != laws.end();
}

}  // namespace attnflow::testing
