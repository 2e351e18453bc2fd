#pragma once
/// From attention to a layered network: fuse heads, renormalise, mix in the skip connection.

#include <string>

#include "attention/attention_stack.hpp"
#include "graph/layered_network.hpp"

namespace attnflow {

/// Where the rows are divided by their sum. Rows of zeros stay as they are.
enum class Renormalise {
    after_heads,  ///< A = w I + (1-w) rownorm(W): w is the share of the skip connection
    after_skip,   ///< A = rownorm(w I + (1-w) W); with w = 1/2 the authors' rownorm(W + I)
    never,        ///< A = w I + (1-w) W, whatever its rows sum to
};

struct NetworkOptions {
    std::string heads = "mean";  ///< a head strategy that fuses, as a call: "single(3)"
    Renormalise renormalise = Renormalise::after_heads;
    double skip_weight = 0.5;      ///< w in [0, 1], the weight of the identity
    std::size_t source_layer = 0;  ///< for head strategies that treat it apart; 0 = the top layer
};

/// Throws ParameterError for an unknown head strategy, one that does not suit the attention or
/// combines scores instead of fusing, and a skip weight outside [0, 1].
void check_options(const AttentionStack& attention, const NetworkOptions& options);

/// The network whose layer l (from 1, nearest the input) holds the capacities A of the fused
/// attention W of layer l. A layer that is not square has no skip connection.
/// Throws what check_options() does, and InputError for weights that are negative or not
/// finite.  O(L H n^2).
///
/// The skip connection as 0.5 W + 0.5 I: Abnar & Zuidema, ACL 2020, arXiv:2005.00928,
/// section 3. A global 0.5 is a convention, not a measurement; it is an axis for that reason.
LayeredNetwork<double> build_network(const AttentionStack& attention, const NetworkOptions& options);

}  // namespace attnflow
