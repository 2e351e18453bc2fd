#pragma once
/// Flows of many pairs, the cuts that bind them, and what proved them.

#include <cstdint>
#include <vector>

#include "graph/binding_cut.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

/// What proved a flow. May differ with what the engine was asked before and with the instruction set; values and
/// cuts do not.
enum class SettledBy : std::uint8_t {
    edge,     ///< source and sink in neighbouring layers: their edge is the only path
    sweeps,   ///< a closed-form cut equals the lower bound of the two sweeps
    meeting,  ///< ... or the lower bound of two half-flows made for each other or to share a distribution
    chains,   ///< ... or the lower bound of the pair's own chain sweep
    waves,    ///< a maximum flow of its own
};
inline constexpr SettledBy all_settled_by[] = {SettledBy::edge, SettledBy::sweeps, SettledBy::meeting,
                                               SettledBy::chains, SettledBy::waves};
const char* to_string(SettledBy by);

struct FlowCounters {
    std::size_t settled[std::size(all_settled_by)] = {};  ///< pairs by SettledBy
    std::size_t waves = 0;                                ///< of all pairs together
    std::size_t edges_scanned = 0;                        ///< capacities looked at by waves

    std::size_t pairs(SettledBy by) const { return settled[static_cast<std::size_t>(by)]; }
    void add(std::size_t more_waves, std::size_t more_edges_scanned);
    void add(const FlowCounters& other);
};

/// Flows from positions `sources` of layer `layer` (rows) to all input positions (columns).
struct FlowMatrix {
    std::size_t layer = 0;
    std::vector<std::size_t> sources = {};
    RowMajor<std::int64_t> values = {};
    RowMajor<BindingCut> cuts = {};  ///< in the vocabulary and order of graph/binding_cut.hpp
    RowMajor<SettledBy> settled_by = {};
    FlowCounters counters = {};
};

}  // namespace attnflow
