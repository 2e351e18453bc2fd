#pragma once
/// The contract of a pruner: a weight is kept or dropped, what it promises (namespace prune_promise), and that it
/// is right (KnownPruning). Looked at on seeded random weights, no two of which are equal.

#include <functional>
#include <memory>

#include "attention/network/pruning/edge_pruner.hpp"
#include "experiments/contracts/laws.hpp"

namespace attnflow {

struct PrunerContract {
    using Make = std::function<std::unique_ptr<PrunerFamily::Interface>()>;

    Make make;  ///< with default parameters
    EntryInfo info;
    std::uint64_t seeds = 5;

    void check(Laws& laws) const;
};

}  // namespace attnflow
