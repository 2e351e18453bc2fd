#pragma once
/// The family of attribution methods: how much an output position draws on each input token.
///
/// A method gets the layered network that heads, renormalisation and skip weight have made
/// of the attention, and answers for any layer and any source positions. See README.md in
/// this folder for how to add one.

#include <concepts>
#include <optional>
#include <utility>
#include <vector>

#include "algorithms/diagnostics.hpp"
#include "algorithms/paths/path_table.hpp"
#include "graph/binding_cut.hpp"
#include "graph/layered_network.hpp"
#include "graph/quantiser.hpp"
#include "graph/support/registry.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

/// Names of the axes that a method can take (EntryInfo::axes). A method that does not take
/// skip_weight gets a network without skip connection; one that does not take layer or
/// source scores the tokens once for the whole network.
namespace axis {
inline constexpr const char* heads = "heads";
inline constexpr const char* skip_weight = "skip_weight";
inline constexpr const char* layer = "layer";
inline constexpr const char* source = "source";
}  // namespace axis

/// Names of properties that a method can promise (EntryInfo::promises) and that its contract
/// (experiments/contracts/method_contract.hpp) then checks, within EntryInfo::tolerance.
namespace promise {
// On networks whose rows sum to 1.
inline constexpr const char* rows_sum_to_one = "rows_sum_to_one";        ///< scores of a source sum to 1
inline constexpr const char* at_most_one = "at_most_one";                ///< no score exceeds 1
inline constexpr const char* at_most_column_sum = "at_most_column_sum";  ///< <= in-capacity in layer 1
inline constexpr const char* at_least_rollout = "at_least_rollout";
inline constexpr const char* at_most_rollout = "at_most_rollout";
inline constexpr const char* at_most_flow = "at_most_flow";
// On any network.
inline constexpr const char* at_most_widest_path = "at_most_widest_path";
inline constexpr const char* at_least_widest_path = "at_least_widest_path";
inline constexpr const char* non_negative = "non_negative";
/// a token that no path of positive capacities leads to scores 0
inline constexpr const char* unreachable_is_zero = "unreachable_is_zero";
/// other capacities in any layer up to the source's give other scores
inline constexpr const char* uses_every_layer = "uses_every_layer";
/// capacities above the source's layer change nothing, bit for bit
inline constexpr const char* independent_of_upper_layers = "independent_of_upper_layers";
/// in the capacities of each layer: a step twice as large changes every score twice as much
inline constexpr const char* affine = "affine";
inline constexpr const char* homogeneous = "homogeneous";  ///< c times all capacities give c times the scores
/// c times the capacities of one layer, at most the source's, give c times the scores
inline constexpr const char* multilinear = "multilinear";
inline constexpr const char* monotone = "monotone";        ///< raising a capacity lowers no score
inline constexpr const char* identity = "identity";        ///< identity layers give the identity
inline constexpr const char* equivariant = "equivariant";  ///< renaming tokens permutes the scores
}  // namespace promise

/// How to compute; scores do not depend on it.
struct Computing {
    std::size_t jobs = 1;    ///< threads that a method may use for one problem
    std::uint64_t seed = 1;  ///< draws what is solved a second time, to check (Attribution::checked)
};

struct AttributionProblem {
    const LayeredNetwork<double>& network;
    std::size_t layer;                 ///< of the sources, 1..L
    std::vector<std::size_t> sources;  ///< positions in that layer, each < width(layer)
    bool with_paths = false;           ///< fill Attribution::paths, if the method has paths
    Computing computing = {};
};

/// The same sources in several layers.
struct LayersProblem {
    const LayeredNetwork<double>& network;
    std::vector<std::size_t> layers;   ///< ascending, each in 1..L
    std::vector<std::size_t> sources;  ///< positions, each below the width of every one of `layers`
    Computing computing = {};
};

/// The source side of the source-minimal minimum cut, for a pair whose cut is `interior`.
struct InteriorCut {
    std::size_t source = 0;  ///< row of Attribution::scores
    std::size_t token = 0;
    std::vector<Vertex> source_side;
};

struct Attribution {
    /// One row a source in the order asked for (a single row when the method takes no
    /// source), one column an input token. Unit: that of the attention weights.
    RowMajor<double> scores;
    /// For flows, as `scores`: which cut limits each pair. Empty for other methods.
    RowMajor<BindingCut> binding_cuts = {};
    std::vector<InteriorCut> interior_cuts = {};
    std::optional<FixedPoint> fixed_point = {};
    /// Scores that an independent method has found too, for methods that check samples of theirs.
    std::size_t checked = 0;
    /// Share of the attention that pruning took away before the method saw it, where there was
    /// any: set by those who build the network.
    std::optional<double> pruned_share = {};
    /// Rows of the fused attention that pruning left without weight; the most of any network, where there are
    /// several.
    std::size_t emptied_rows = 0;
    /// The best path of each pair, for methods whose score is that of one path, when asked for.
    PathTable paths = {};
    /// How the method came to the scores, and what it doubts.
    Diagnostics diagnostics = {};
};

/// A worked example: what a method, with default parameters, answers on a network that can be worked out by hand.
/// Choose one that tells the method from its near misses: several layers that differ, no symmetry, a zero.
struct KnownAnswer {
    LayeredNetwork<double> network;
    std::size_t layer;
    std::vector<std::size_t> sources;
    std::vector<std::vector<double>> scores;  ///< as Attribution::scores
};

/// What a method must provide besides `static EntryInfo describe()`. It may keep scratch
/// memory between calls; one method object serves one thread.
///
/// Its contract asks for what is right, too, by one of
///   static std::vector<KnownAnswer> known_answers();
///   RowMajor<double> definition(const AttributionProblem&) const;   the scores straight from the definition,
///   however
///                                                 slow, for networks of a few tokens (paths/enumeration.hpp)
template <class M>
concept AttributionMethod = requires(M method, const AttributionProblem& problem) {
    { M::describe() } -> std::same_as<EntryInfo>;
    { method.attribute(problem) } -> std::same_as<Attribution>;
};

/// What a method may provide besides: one Attribution for each of the layers asked for, at
/// less than the price of a call a layer. It must return what attribute() returns, bit for bit.
template <class M>
concept AttributesLayers = requires(M method, const LayersProblem& problem) {
    { method.attribute_layers(problem) } -> std::same_as<std::vector<Attribution>>;
};

/// Throws InternalError, naming the method, for an answer that cannot be one to `problem`: scores that are not one
/// row a source and one column a token, or not finite; cuts, paths or interior cuts of another shape.  O(S n).
void check_attribution(const EntryInfo& method, const AttributionProblem& problem, const Attribution& answer);
/// Likewise, and for another number of answers than there are layers.
void check_attributions(const EntryInfo& method, const LayersProblem& problem,
                        const std::vector<Attribution>& answers);

struct AttributionFamily {
    static constexpr const char* noun = "method";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual Attribution attribute(const AttributionProblem& problem) = 0;
        /// One Attribution for each of problem.layers, without paths.
        virtual std::vector<Attribution> attribute_layers(const LayersProblem& problem) = 0;
        virtual std::vector<KnownAnswer> known_answers() const = 0;  ///< none, where the member has none
        /// Nothing where the member has no definition().
        virtual std::optional<RowMajor<double>> definition(const AttributionProblem& problem) const = 0;
    };

    static std::vector<std::string> promises();

    template <AttributionMethod Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        Attribution attribute(const AttributionProblem& problem) override {
            Attribution result = member_.attribute(problem);
            check_attribution(info_, problem, result);
            return result;
        }
        std::vector<Attribution> attribute_layers(const LayersProblem& problem) override {
            std::vector<Attribution> results;
            if constexpr (AttributesLayers<Member>) {
                results = member_.attribute_layers(problem);
                check_attributions(info_, problem, results);
            } else {
                for (const std::size_t layer : problem.layers) {
                    results.push_back(
                        attribute({problem.network, layer, problem.sources, false, problem.computing}));
                }
            }
            return results;
        }
        std::vector<KnownAnswer> known_answers() const override {
            if constexpr (requires { Member::known_answers(); }) {
                return Member::known_answers();
            } else {
                return {};
            }
        }
        std::optional<RowMajor<double>> definition(const AttributionProblem& problem) const override {
            if constexpr (requires(const Member& member) { member.definition(problem); }) {
                return member_.definition(problem);
            } else {
                return std::nullopt;
            }
        }

    private:
        EntryInfo info_ = Member::describe();
        Member member_;
    };
};

using AttributionRegistry = Registry<AttributionFamily>;

/// The methods of this build; the list is in registry.cpp.
AttributionRegistry& attribution_methods();

}  // namespace attnflow
