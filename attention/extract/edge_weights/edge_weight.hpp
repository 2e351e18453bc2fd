#pragma once
/// The family of edge weights: what else than attention may flow along an edge. They are made from
/// a model, one matrix [n, n] a head and layer where heads can be told apart, else one a layer, written to a
/// dataset as ID.NAME, and picked there by name.

#include <concepts>
#include <span>

#include "attention/model/model.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

/// What is known of one layer of one text: n tokens, H heads.
struct LayerEvidence {
    std::size_t tokens;
    const ModelShape& shape;
    std::span<const float> attention;           ///< [H, n, n]
    std::span<const float> attention_gradient;  ///< [H, n, n], of the target; empty unless needed
    const LayerInternals* internals = nullptr;  ///< null unless needed
};

/// What an edge weight must provide besides `static EntryInfo describe()`: what it needs, and the
/// weights of one layer, row-major [head, query, key] or, without heads, [query, key], none negative.
template <class W>
concept EdgeWeight = requires(const W weight, const LayerEvidence& layer, std::span<float> out) {
    { W::describe() } -> std::same_as<EntryInfo>;
    { W::needs_gradient } -> std::convertible_to<bool>;
    { W::needs_internals } -> std::convertible_to<bool>;
    { W::has_heads } -> std::convertible_to<bool>;
    weight.weigh(layer, out);
};

struct EdgeWeightFamily {
    static constexpr const char* noun = "edge weight";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual bool needs_gradient() const = 0;
        virtual bool needs_internals() const = 0;
        virtual bool has_heads() const = 0;
        virtual void weigh(const LayerEvidence& layer, std::span<float> out) const = 0;
    };

    template <EdgeWeight Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        bool needs_gradient() const override { return Member::needs_gradient; }
        bool needs_internals() const override { return Member::needs_internals; }
        bool has_heads() const override { return Member::has_heads; }
        void weigh(const LayerEvidence& layer, std::span<float> out) const override { member_.weigh(layer, out); }

    private:
        Member member_;
    };
};

using EdgeWeightRegistry = Registry<EdgeWeightFamily>;

/// The edge weights of this build; the list is in registry.cpp.
EdgeWeightRegistry& edge_weights();

}  // namespace attnflow
