#pragma once
/// The family of edge weights: what else than attention may flow along an edge. They are made from
/// a model, one matrix [n, n] a head and layer where heads can be told apart, else one a layer, written to a
/// dataset as ID.NAME, and picked there by name.

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attention/extract/edge_weights/layer_evidence.hpp"
#include "attention/extract/edge_weights/layer_sample.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

/// Names of properties that an edge weight can promise (EntryInfo::promises), besides
/// attention_promise::rows_sum_to_one, and that its contract (experiments/contracts/edge_weight_contract.hpp)
/// checks.
namespace edge_weight_promise {
inline constexpr const char* equivariant =
    "equivariant";  ///< tokens in another order: the same weights between them
inline constexpr const char* heads_independent =
    "heads_independent";  ///< the weights of a head are made of that head alone
}  // namespace edge_weight_promise

/// What an edge weight must provide besides `static EntryInfo describe()`: what it needs, and the
/// weights of one layer, row-major [head, query, key] or, without heads, [query, key], all of them written,
/// finite, none negative. It may have parameters (a constructor from Parameters), and
///   static std::vector<KnownWeights> known_answers();   that can be worked out by hand; its contract asks for
///   some
template <class W>
concept EdgeWeight = requires(const W weight, const LayerEvidence& layer, std::span<float> out) {
    { W::describe() } -> std::same_as<EntryInfo>;
    { W::needs_gradient } -> std::convertible_to<bool>;
    { W::needs_internals } -> std::convertible_to<bool>;
    { W::has_heads } -> std::convertible_to<bool>;
    weight.weigh(layer, out);
};

/// What an edge weight asks for and gives.
struct EdgeWeightNeeds {
    bool gradient;
    bool internals;
    bool heads;  ///< one matrix a head
};

/// Fills `out` by `write`. Throws InternalError, with the name that `describe` gives, for evidence or memory whose
/// size does not fit or that lacks what is needed, and for a weight that was not written or is negative, with
/// layer, head, row and column; InputError for one that is not finite, as the numbers of a model may be the
/// reason.
void weigh_and_check(EntryInfo (*describe)(), const EdgeWeightNeeds& needs, const LayerEvidence& layer,
                     std::span<float> out, const std::function<void()>& write);

struct EdgeWeightFamily {
    static constexpr const char* noun = "edge weight";
    static std::vector<std::string> promises() {
        return {attention_promise::rows_sum_to_one, edge_weight_promise::equivariant,
                edge_weight_promise::heads_independent};
    }

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual EdgeWeightNeeds needs() const = 0;
        bool needs_gradient() const { return needs().gradient; }
        bool needs_internals() const { return needs().internals; }
        bool has_heads() const { return needs().heads; }
        /// Throws what weigh_and_check() does.
        virtual void weigh(const LayerEvidence& layer, std::span<float> out) const = 0;
        virtual std::vector<KnownWeights> known_answers() const = 0;
    };

    template <EdgeWeight Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        EdgeWeightNeeds needs() const override {
            return {Member::needs_gradient, Member::needs_internals, Member::has_heads};
        }
        void weigh(const LayerEvidence& layer, std::span<float> out) const override {
            weigh_and_check(&Member::describe, needs(), layer, out, [&] { member_.weigh(layer, out); });
        }
        std::vector<KnownWeights> known_answers() const override {
            if constexpr (requires { Member::known_answers(); }) return Member::known_answers();
            return {};
        }

    private:
        Member member_;
    };
};

using EdgeWeightRegistry = Registry<EdgeWeightFamily>;

/// The edge weights of this build; the list is in registry.cpp.
EdgeWeightRegistry& edge_weights();

/// What a dataset calls the weights of a call such as "value_zeroing(distance=euclidean)": the plain name where
/// all parameters have their defaults, else the call with every parameter spelled out. Throws ParameterError,
/// beginning with `where`, as Registry::make() does.
std::string edge_weight_name(std::string_view call, const std::string& where);
/// The registered edge weight that a call names, null where it names none.
const EdgeWeightRegistry::Entry* find_edge_weight(std::string_view call);

}  // namespace attnflow
