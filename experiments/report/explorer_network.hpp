#pragma once
/// A network as the explorer gets it: small enough to embed, exact enough to solve on.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/binding_cut.hpp"
#include "graph/layered_network.hpp"

namespace attnflow {

/// Up to this many tokens the page gets every capacity and solves any pair itself.
inline constexpr std::size_t max_solvable_tokens = 64;
/// Above it, the page gets this many of the largest edges from each vertex.
inline constexpr std::size_t kept_edges_per_vertex = 12;

/// Columns of a row's largest capacities, largest first and equal ones from the left: all positive
/// ones up to max_solvable_tokens columns, above it the kept_edges_per_vertex largest.
template <class C>
std::vector<std::size_t> kept_columns(std::span<const C> row);

/// JSON list: the vocabulary of binding cuts in its order, as graph/binding_cut.hpp has it. One object a kind:
/// {"kind", "meaning", "is_trivial", "has_layer"}, and but for "interior" {"above", "at", "below"}, what lies on
/// the source side above layer k, in it and below it, and the order of k: {"lowest", "highest", "is_downwards"},
/// where a layer is
/// {"from_top", "distance"}.
std::string cuts_json();

/// JSON. Up to max_solvable_tokens: {"bits", "dense"}, the fixed-point capacities of layers 1..L,
/// row-major, as 32-bit integers in base64. Above: {"bits", "k", "columns", "values", "kept"}, the
/// k largest of each row (16-bit columns, unused places 65535) and the share of all weight that
/// they carry. Row sums are kept by the quantiser before edges are left out.
std::string network_json(const LayeredNetwork<double>& network);

/// Flows for the pairs that a page cannot solve itself.
struct PairRequest {
    std::size_t layer;
    std::size_t source;
    std::size_t sink;
};

/// JSON list, one object a pair: {"layer", "source", "sink", "value", "cut": [kind, layer],
/// "edges": [[l, i, j, flow], ...]} with the largest flows on edges, and "side", the source side
/// as [layer, position], for an interior cut; "cut_edges", the largest edges [l, i, j, capacity] of the cut,
/// "cut_size", how many it has, and "cut_capacity", the sum over all of them. The flow shown is the one that the
/// solver named in "solver" finds; its value is unique, its edges are not.
std::string pairs_json(const LayeredNetwork<double>& network, const std::vector<PairRequest>& requests);

}  // namespace attnflow
