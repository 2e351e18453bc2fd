#pragma once
/// From attention to a layered network, one stage after the other, layer by layer:
///
///   fuse heads -> prune -> empty the columns of dropped keys -> receptive field -> rows sum to 1
///   -> skip connection
///
/// Every stage has a member that does nothing. A stage sees what the one before it left, so
/// mass that pruning or dropping takes away is shared out over the rest of the row when rows
/// are renormalised afterwards, and is lost with Renormalise::never.

#include <string>
#include <vector>

#include "attention/attention_stack.hpp"
#include "graph/layered_network.hpp"

namespace attnflow {

/// Where the rows are divided by their sum. Rows of zeros stay as they are.
enum class Renormalise {
    after_heads,  ///< A = w I + (1-w) rownorm(W): w is the share of the skip connection
    after_skip,   ///< A = rownorm(w I + (1-w) W); with w = 1/2 the authors' rownorm(W + I)
    never,        ///< A = w I + (1-w) W, whatever its rows sum to
};

/// Corrections for causal attention, where a late position sees many keys and an early key is
/// seen by many positions. The attention-flow paper asks for one (section 5) without a
/// formula; these are candidates. They apply to the attention, not to the skip connection.
enum class ReceptiveField {
    none,
    /// Divide column j by n - j, the number of positions that see it, before rows are made to
    /// sum to 1: undoes the head start of early keys.
    column_count,
    /// Multiply row i by i + 1, the number of keys it sees, after rows were made to sum to 1,
    /// and the layer by one factor that keeps its total: a weight then says how much larger it
    /// is than uniform attention. (Making rows sum to 1 again would undo it.)
    row_count,
    /// Nothing here: whoever attributes subtracts the scores on uniform_causal_attention().
    minus_uniform,
};

struct NetworkOptions {
    std::string heads = "mean";    ///< a head strategy that fuses, as a call: "single(3)"
    std::string pruning = "none";  ///< a pruner, as a call: "top_k_per_row(5)"
    /// Input positions whose columns are emptied in every layer as wide as the input: nothing
    /// attends to them. Their rows stay, and their lanes where there is a skip connection.
    std::vector<std::size_t> dropped_keys = {};
    ReceptiveField receptive_field = ReceptiveField::none;
    Renormalise renormalise = Renormalise::after_heads;
    double skip_weight = 0.5;                     ///< w in [0, 1], the weight of the identity
    std::vector<double> layer_skip_weights = {};  ///< if any, instead: one a layer, from the input
    std::size_t source_layer = 0;                 ///< for head strategies that treat it apart; 0 = the top layer

    bool operator==(const NetworkOptions&) const = default;
};

/// What pruning took away, over all layers.
struct PruningLoss {
    double dropped = 0.0;  ///< weight
    double total = 0.0;    ///< weight before
    std::size_t edges = 0;
    std::size_t emptied_rows = 0;  ///< that had weight and have none left

    double share() const { return total > 0.0 ? dropped / total : 0.0; }
};

/// Throws ParameterError for an unknown head strategy or pruner, a head strategy that does not
/// suit the attention or combines scores instead of fusing, a skip weight outside [0, 1], or as
/// many layer_skip_weights as there are not layers.
void check_options(const AttentionStack& attention, const NetworkOptions& options);

/// The network whose layer l (from 1, nearest the input) holds the capacities A of the fused
/// attention W of layer l. A layer that is not square has no skip connection.
/// Throws what check_options() does, and InputError for weights that are negative or not
/// finite, or not causal where a receptive field is asked for.  O(L H n^2).
///
/// The skip connection as 0.5 W + 0.5 I: Abnar & Zuidema, ACL 2020, arXiv:2005.00928,
/// section 3. A global 0.5 is a convention, not a measurement; it is an axis for that reason.
LayeredNetwork<double> build_network(const AttentionStack& attention, const NetworkOptions& options,
                                     PruningLoss* loss = nullptr);

/// Attention that knows nothing: every position attends equally to all it sees, [layers, 1, n, n].
AttentionStack uniform_causal_attention(std::size_t layers, std::size_t n);

}  // namespace attnflow
