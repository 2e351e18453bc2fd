#pragma once
/// Highway's kernels on every instruction set of this machine, not on the best one only.

#include <hwy/targets.h>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "algorithms/paths/kernels.hpp"

namespace attnflow::testing {

/// Restores what the machine has.
struct AllTargets {
    ~AllTargets() { hwy::SetSupportedTargetsForTest(0); }
};

template <class Body>
void on_every_target(const Body& body) {
    const AllTargets restore;
    const auto supported = hwy::SupportedTargets();
    std::set<std::string> seen;
    for (auto rest = supported; rest != 0; rest &= rest - 1) {
        hwy::SetSupportedTargetsForTest(rest & (~rest + 1));
        if (!seen.insert(kernel_target()).second) continue;  // not compiled in
        INFO(kernel_target());
        body();
    }
    CHECK_FALSE(seen.empty());
}

}  // namespace attnflow::testing
