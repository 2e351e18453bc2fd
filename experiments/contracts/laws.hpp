#pragma once
/// The laws that a contract looks at: what does not hold, where it was seen first, and how much was looked at.

#include <algorithm>
#include <cmath>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/support/registry.hpp"

namespace attnflow {

struct Complaint {
    std::string law;
    std::string where;  ///< with what was found, where the contract says so
    bool operator==(const Complaint&) const = default;
};

class Laws {
public:
    /// What is looked at from here on: "peaked, 3 layers of 6 tokens, seed 2".
    void at(std::string place) { place_ = std::move(place); }

    /// Complains of `law`, the first time that it does not hold.
    void require(bool holds, std::string_view law) {
        require(holds, law, [] { return std::string(); });
    }
    /// `detail()` says what was found.
    template <class Detail>
    void require(bool holds, std::string_view law, const Detail& detail) {
        ++checks_;
        if (holds || broke(law)) return;
        const std::string found = detail();
        complaints_.push_back({std::string(law), found.empty() ? place_ : place_ + ": " + found});
    }

    bool broke(std::string_view law) const {
        return std::any_of(complaints_.begin(), complaints_.end(),
                           [&](const Complaint& complaint) { return complaint.law == law; });
    }
    /// None of them about a law of another.
    const std::vector<Complaint>& complaints() const { return complaints_; }
    std::size_t checks() const { return checks_; }

private:
    std::string place_;
    std::vector<Complaint> complaints_;
    std::size_t checks_ = 0;
};

/// Laws that every family has.
namespace law {
inline constexpr const char* known = "declares what is right: known answers, or its definition";
inline constexpr const char* right = "known answers are right";
inline constexpr const char* thrown = "answers what the contract asks";
inline constexpr const char* repeatable = "the same when asked twice";
inline constexpr const char* fresh = "the same from a fresh object";
}  // namespace law

inline bool promises(const EntryInfo& info, std::string_view name) {
    return std::find(info.promises.begin(), info.promises.end(), name) != info.promises.end();
}

/// Runs a contract; what it throws is a complaint too, with its message.
template <class Contract>
void answers(Laws& laws, const Contract& contract) {
    try {
        contract();
    } catch (const std::exception& error) {
        laws.require(false, law::thrown, [&] { return std::string(error.what()); });
    }
}

/// Within `tolerance`, of numbers above 1 relative to them.
inline bool close(double a, double b, double tolerance) {
    return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

}  // namespace attnflow
