#pragma once
/// The contract of a head strategy: what every one must do, what it promises (namespace head_promise), and that it
/// is right (KnownFusion, KnownCombination). Looked at on seeded random attention, in the layer of the source and
/// below.

#include <functional>
#include <memory>

#include "attention/network/heads/head_aggregator.hpp"
#include "experiments/contracts/laws.hpp"

namespace attnflow {

struct HeadContract {
    using Make = std::function<std::unique_ptr<HeadFamily::Interface>()>;

    Make make;  ///< with default parameters
    EntryInfo info;
    std::uint64_t seeds = 5;

    void check(Laws& laws) const;
};

namespace law {
inline constexpr const char* combines_within = "a combined score lies between the scores";
inline constexpr const char* passes_fuse = "passes are strategies that fuse";
}  // namespace law

}  // namespace attnflow
