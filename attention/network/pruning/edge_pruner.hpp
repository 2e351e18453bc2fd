#pragma once
/// The family of pruners: which weights of a fused layer are dropped before it becomes part of
/// a network. Dropping bounds what is lost: a maximum flow falls by at most the dropped weight
/// on the edges of a minimum cut, rollout by at most the dropped share of each row.

#include <concepts>
#include <span>
#include <string>
#include <vector>

#include "graph/support/registry.hpp"

namespace attnflow {

/// Names of properties that a pruner can promise (EntryInfo::promises) and that its contract
/// (experiments/contracts/pruner_contract.hpp) then checks.
namespace prune_promise {
/// Renaming tokens permutes what is left, when no two weights are equal.
inline constexpr const char* equivariant = "equivariant";
inline constexpr const char* idempotent = "idempotent";  ///< pruning twice is pruning once
}  // namespace prune_promise

/// A worked example: what a pruner, with default parameters, leaves of weights in rows of `keys`.
struct KnownPruning {
    std::size_t keys;
    std::vector<double> weights;
    std::vector<double> pruned;
};

/// What a pruner must provide besides `static EntryInfo describe()`: set the weights of one
/// layer that are dropped to 0 and leave the others as they are; row-major, rows of `keys`
/// weights, all finite and >= 0. One pruner serves one thread. Its contract asks for what is right:
///   static std::vector<KnownPruning> known_prunings();
template <class P>
concept EdgePruner = requires(P pruner, std::span<double> weights, std::size_t keys) {
    { P::describe() } -> std::same_as<EntryInfo>;
    pruner.prune(weights, keys);
};

/// Throws InternalError, naming pruner and place, for a weight that is neither 0 nor what it was.  O(n^2).
void check_pruned(const std::string& pruner, std::size_t keys, std::span<const double> before,
                  std::span<const double> after);

struct PrunerFamily {
    static constexpr const char* noun = "pruner";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual void prune(std::span<double> weights, std::size_t keys) = 0;
        virtual std::vector<KnownPruning> known_prunings() const = 0;  ///< none, where the member has none
    };

    static std::vector<std::string> promises();

    template <EdgePruner Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        void prune(std::span<double> weights, std::size_t keys) override {
            before_.assign(weights.begin(), weights.end());
            member_.prune(weights, keys);
            check_pruned(name_, keys, before_, weights);
        }
        std::vector<KnownPruning> known_prunings() const override {
            if constexpr (requires { Member::known_prunings(); }) {
                return Member::known_prunings();
            } else {
                return {};
            }
        }

    private:
        const std::string name_ = Member::describe().name;
        std::vector<double> before_;
        Member member_;
    };
};

using PrunerRegistry = Registry<PrunerFamily>;

/// The pruners of this build; the list is in registry.cpp.
PrunerRegistry& edge_pruners();

}  // namespace attnflow
