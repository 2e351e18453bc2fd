#pragma once
/// The contract of a network generator: the size that is asked for, capacities in [0, 1], the same network for the
/// same seed, and what it promises (namespace network_promise).

#include <functional>
#include <memory>

#include "experiments/contracts/laws.hpp"
#include "graph/generators/network_generator.hpp"

namespace attnflow {

struct GeneratorContract {
    using Make = std::function<std::unique_ptr<GeneratorFamily::Interface>()>;

    Make make;  ///< with default parameters
    EntryInfo info;
    std::uint64_t seeds = 5;

    void check(Laws& laws) const;
};

}  // namespace attnflow
