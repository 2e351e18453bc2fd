#pragma once
/// The family of pruners: which weights of a fused layer are dropped before it becomes part of
/// a network. Dropping bounds what is lost: a maximum flow falls by at most the dropped weight
/// on the edges of a minimum cut, rollout by at most the dropped share of each row.

#include <concepts>
#include <span>

#include "graph/support/registry.hpp"

namespace attnflow {

/// Names of properties that a pruner can promise (EntryInfo::promises) and that the contract
/// tests then check.
namespace prune_promise {
/// Renaming tokens permutes what is left, when no two weights are equal.
inline constexpr const char* equivariant = "equivariant";
inline constexpr const char* idempotent = "idempotent";  ///< pruning twice is pruning once
}  // namespace prune_promise

/// What a pruner must provide besides `static EntryInfo describe()`: set the weights of one
/// layer that are dropped to 0 and leave the others as they are; row-major, rows of `keys`
/// weights, all finite and >= 0. One pruner serves one thread.
template <class P>
concept EdgePruner = requires(P pruner, std::span<double> weights, std::size_t keys) {
    { P::describe() } -> std::same_as<EntryInfo>;
    pruner.prune(weights, keys);
};

struct PrunerFamily {
    static constexpr const char* noun = "pruner";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual void prune(std::span<double> weights, std::size_t keys) = 0;
    };

    template <EdgePruner Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        void prune(std::span<double> weights, std::size_t keys) override { member_.prune(weights, keys); }

    private:
        Member member_;
    };
};

using PrunerRegistry = Registry<PrunerFamily>;

/// The pruners of this build; the list is in registry.cpp.
PrunerRegistry& edge_pruners();

}  // namespace attnflow
