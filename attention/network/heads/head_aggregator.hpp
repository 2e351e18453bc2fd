#pragma once
/// The family of head strategies: how the H attention matrices of a layer become one.
///
/// Most strategies *fuse*: the heads of each layer become one matrix before anything else
/// happens. *Late* ones attribute with several fusing strategies in turn and combine the scores.

#include <concepts>
#include <span>
#include <string>
#include <vector>

#include "attention/attention_stack.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

/// Names of properties that a head strategy can promise (EntryInfo::promises) and that the
/// contract (experiments/contracts/head_contract.hpp) then checks.
namespace head_promise {
inline constexpr const char* rows_sum_to_one = "rows_sum_to_one";  ///< when those of every head do
inline constexpr const char* between_heads =
    "between_heads";                                       ///< every weight between the heads' least and largest
inline constexpr const char* monotone = "monotone";        ///< raising a weight of a head lowers none
inline constexpr const char* homogeneous = "homogeneous";  ///< c times the weights give c times the result
inline constexpr const char* order_free = "order_free";    ///< the order of the heads does not matter
inline constexpr const char* equivariant = "equivariant";  ///< renaming tokens permutes rows and columns
}  // namespace head_promise

/// A worked example: what a strategy, with default parameters, makes of one layer.
struct KnownFusion {
    std::size_t heads;
    std::size_t tokens;
    std::vector<double> weights;         ///< [heads, tokens, tokens]
    std::vector<double> fused;           ///< [tokens, tokens]
    std::vector<double> at_source = {};  ///< in the layer of the source, where that is another
};
/// And what one that combines makes of scores.
struct KnownCombination {
    std::vector<double> scores;
    double combined;
};

/// A strategy that fuses, besides `static EntryInfo describe()`: write the fused matrix of one
/// layer (counted from 0 = nearest the input), row-major queries x keys, into `out`. Rows need
/// not sum to 1; see build_network(). One aggregator serves one thread. It may also have
///   void check(const AttentionStack&) const;   throws ParameterError when its parameters do
///                                              not suit this attention
///   void fuse_source_layer(attention, layer, out);   instead of fuse() in the layer of the
///                                                    source, where that is treated differently
/// Its contract asks for what is right:
///   static std::vector<KnownFusion> known_fusions();   or known_combinations()
template <class A>
concept FusesHeads = requires(A aggregator, const AttentionStack& attention, std::size_t layer,
                              std::span<double> out) {
    aggregator.fuse(attention, layer, out);
};

/// A strategy that attributes with each of `passes` (calls of strategies that fuse) and makes
/// one score of the scores of a token, one a pass.
template <class A>
concept CombinesScores = requires(const A aggregator, const AttentionStack& attention, std::span<double> scores) {
    { aggregator.passes(attention) } -> std::same_as<std::vector<std::string>>;
    { aggregator.combine(scores) } -> std::same_as<double>;
};

template <class A>
concept HeadAggregator = (FusesHeads<A> || CombinesScores<A>)&&requires {
    { A::describe() } -> std::same_as<EntryInfo>;
};

/// Makes what is not written noticed.
void forget(std::span<double> weights);
/// Throws InternalError, naming strategy and place, for a weight of `fused` that is negative, not finite or was
/// not written, unless the layer's heads have such weights themselves: that is the attention's fault, and said
/// where networks are built.  O(n^2).
void check_fused(const std::string& strategy, const AttentionStack& attention, std::size_t layer,
                 std::span<const double> fused);
/// `score`; throws InternalError unless it is finite.
double check_combined(const std::string& strategy, double score);

struct HeadFamily {
    static constexpr const char* noun = "head strategy";

    class Interface {
    public:
        virtual ~Interface() = default;
        /// Throws ParameterError when the parameters do not suit the attention.
        virtual void check(const AttentionStack& attention) const = 0;
        virtual void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) = 0;
        virtual void fuse_source_layer(const AttentionStack& attention, std::size_t layer,
                                       std::span<double> out) = 0;
        /// True when the network depends on the layer of the source.
        virtual bool depends_on_source_layer() const = 0;
        /// Calls of the strategies whose scores are combined; empty for one that fuses.
        virtual std::vector<std::string> passes(const AttentionStack& attention) const = 0;
        /// One score from one a pass; may reorder them.
        virtual double combine(std::span<double> scores) const = 0;
        virtual std::vector<KnownFusion> known_fusions() const = 0;            ///< none, where the member has none
        virtual std::vector<KnownCombination> known_combinations() const = 0;  ///< likewise
    };

    static std::vector<std::string> promises();

    template <HeadAggregator Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}

        void check(const AttentionStack& attention) const override {
            if constexpr (requires(const Member& member) { member.check(attention); }) member_.check(attention);
        }
        void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) override {
            if constexpr (FusesHeads<Member>) {
                forget(out);
                member_.fuse(attention, layer, out);
                check_fused(name_, attention, layer, out);
            } else {
                throw InternalError(name_ + " does not fuse heads");
            }
        }
        void fuse_source_layer(const AttentionStack& attention, std::size_t layer,
                               std::span<double> out) override {
            if constexpr (has_source_layer_) {
                forget(out);
                member_.fuse_source_layer(attention, layer, out);
                check_fused(name_, attention, layer, out);
            } else {
                fuse(attention, layer, out);
            }
        }
        bool depends_on_source_layer() const override { return has_source_layer_; }
        std::vector<std::string> passes(const AttentionStack& attention) const override {
            if constexpr (CombinesScores<Member>) {
                return member_.passes(attention);
            } else {
                return {};
            }
        }
        double combine(std::span<double> scores) const override {
            if constexpr (CombinesScores<Member>) {
                return check_combined(name_, member_.combine(scores));
            } else {
                throw InternalError(name_ + " does not combine scores");
            }
        }
        std::vector<KnownFusion> known_fusions() const override {
            if constexpr (requires { Member::known_fusions(); }) {
                return Member::known_fusions();
            } else {
                return {};
            }
        }
        std::vector<KnownCombination> known_combinations() const override {
            if constexpr (requires { Member::known_combinations(); }) {
                return Member::known_combinations();
            } else {
                return {};
            }
        }

    private:
        static constexpr bool has_source_layer_ =
            requires(Member & member, const AttentionStack& attention, std::span<double> out) {
            member.fuse_source_layer(attention, std::size_t{0}, out);
        };
        const std::string name_ = Member::describe().name;
        Member member_;
    };
};

using HeadRegistry = Registry<HeadFamily>;

/// The head strategies of this build; the list is in registry.cpp.
HeadRegistry& head_strategies();

/// Calls visit(head, weights) for each different matrix of a layer, one at a time in `buffer`:
/// the memory of one head whatever H is. Where single rows or weights are enough, for_each_run()
/// needs less.
template <class Visit>
void for_each_head(const AttentionStack& attention, std::size_t layer, std::vector<double>& buffer, Visit visit) {
    buffer.resize(attention.queries(layer) * attention.keys(layer));
    for (std::size_t h = 0; h < attention.heads(layer); ++h) {
        attention.read_head(layer, h, buffer);
        visit(h, std::span<const double>(buffer));
    }
}

/// Throws ParameterError unless the attention has a head of this number (from 0).
void check_head_exists(const AttentionStack& attention, std::int64_t head, const std::string& where);

}  // namespace attnflow
