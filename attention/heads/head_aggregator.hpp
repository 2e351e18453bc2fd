#pragma once
/// The family of head strategies: how the H attention matrices of a layer become one.

#include <concepts>
#include <span>

#include "attention/attention_stack.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

/// What a head strategy must provide besides `static EntryInfo describe()`: write the fused
/// matrix of one layer (counted from 0 = nearest the input), row-major n x n, query x key,
/// into `out`. Rows need not sum to 1; see build_network(). One aggregator serves one thread.
template <class A>
concept HeadAggregator = requires(A aggregator, const AttentionStack& attention, std::size_t layer,
                                  std::span<double> out) {
    { A::describe() } -> std::same_as<EntryInfo>;
    aggregator.fuse(attention, layer, out);
};

struct HeadFamily {
    static constexpr const char* noun = "head strategy";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) = 0;
    };

    template <HeadAggregator Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) override {
            member_.fuse(attention, layer, out);
        }

    private:
        Member member_;
    };
};

using HeadRegistry = Registry<HeadFamily>;

/// The head strategies of this build; the list is in registry.cpp.
HeadRegistry& head_strategies();

}  // namespace attnflow
