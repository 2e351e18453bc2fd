#pragma once
/// Max-flow problems in the DIMACS format, the common language of max-flow programs:
///
///   c a comment
///   p max VERTICES EDGES
///   n VERTEX s            the source
///   n VERTEX t            the sink
///   a FROM TO CAPACITY    one line an edge
///
/// Vertices count from 1, capacities are integers >= 0.
///
/// Johnson & McGeoch (eds.), "Network Flows and Matching: First DIMACS Implementation
/// Challenge", AMS 1993; http://dimacs.rutgers.edu/archive/Challenges/

#include <iosfwd>
#include <string>

#include "graph/flow_problem.hpp"

namespace attnflow {

/// Reads a problem. Throws InputError, beginning with "<name>: line <k>: ", for anything that
/// is not the format above: a line of another kind, missing or extra words, a vertex out of
/// range, a number that is negative or too large, capacities that sum to 2^62 or more, a second
/// problem line, source or sink; an edge before the problem line; more or fewer edges than
/// it says; no source or sink, or both the same; over a million vertices without an edge.
/// Memory is taken for lines read, never for counts claimed.  O(file).
FlowProblem read_dimacs(std::istream& in, const std::string& name);

/// Writes the flow from `source` to `sink` of a layered network: vertices in the network's
/// order (layer 0 first), counted from 1; an edge for every capacity > 0. Every line of
/// `comment` becomes a comment. The caller checks the stream.
void write_dimacs(std::ostream& out, const FixedNetwork& network, Vertex source, Vertex sink,
                  const std::string& comment);

/// A flow in the format's solution lines: "s VALUE", then "f FROM TO FLOW" for each edge that
/// carries some.
void write_dimacs_flow(std::ostream& out, const FlowProblem& problem, std::int64_t value,
                       std::span<const std::int64_t> flow);

}  // namespace attnflow
