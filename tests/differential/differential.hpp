#pragma once
/// The flow engine against slow answers: value by Dinic, proved maximum by its certificate (and found again by
/// LEMON's Preflow where that is installed), the source-minimal cut by the certificate, the binding cut by the
/// classifier and by its set of vertices. Questions of every kind are put to one engine in any order.

#include <functional>
#include <string>
#include <vector>

#include "algorithms/maxflow/flow_engine.hpp"

namespace attnflow::testing {

/// One call of FlowEngine, or one pair of the solver that is made of its parts.
struct Question {
    enum class Kind { all_layers, all_pairs, flows, flow, source_side, layered_flow };
    Kind kind = Kind::all_layers;
    std::size_t layer = 0;
    std::vector<std::size_t> sources = {};  ///< in any order, also twice; one for the last three kinds
    std::size_t sink = 0;

    std::string text() const;  ///< "flows(3, {0, 2, 0})"
};

/// Two to six, of random kinds; at least one of them asks for all pairs of a layer, mostly the top.
std::vector<Question> draw_questions(const FixedNetwork& network, std::uint64_t seed);
/// Everything: all_layers, then every row and, in every way, every pair of every layer.
std::vector<Question> all_questions(const FixedNetwork& network);

struct DifferentialCounts {
    std::size_t networks = 0;
    std::size_t flows = 0;    ///< different (network, layer, source, sink), layer 2 or above
    std::size_t answers = 0;  ///< of the engine, compared
    FlowCounters settled;     ///< of matrices
    std::size_t binding[std::size(all_cut_kinds)] = {};

    void add(const DifferentialCounts& other);
    std::string text() const;
};

/// True where LEMON is compiled in.
bool has_lemon();

struct Comparing {
    FlowOptions engine = {};
    std::size_t one_in = 1;  ///< of the pairs of a matrix one in so many is compared, at random
    bool lemon = true;       ///< where it is compiled in
    bool ask_only = false;   ///< compare nothing: what the engine itself finds wrong, by exceptions or assertions
};

/// Makes an engine for the network, asks it, and compares every answer. What differs first, with numbers, or "".
/// An exception of the engine is a difference.
std::string disagreement(const FixedNetwork& network, const std::vector<Question>& questions,
                         DifferentialCounts& counts, const Comparing& comparing = {});

/// Capacity of a named cut (not `interior`), from its set of vertices alone: docs/engine.md. Inner vertices that
/// are on no path from source to sink do not count.
std::int64_t cut_capacity(const FixedNetwork& network, std::size_t layer, std::size_t source, std::size_t sink,
                          const BindingCut& cut);

struct Case {
    FixedNetwork network;
    std::vector<Question> questions;
};
/// A smaller case that still fails: questions, vertices, layers and bits of capacities are left out one by one.
Case shrink(Case failing, const std::function<bool(const Case&)>& fails);

}  // namespace attnflow::testing
