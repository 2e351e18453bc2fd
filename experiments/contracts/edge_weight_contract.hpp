#pragma once
/// The contract of an edge weight: every weight is written, finite and not negative, whatever was asked before and
/// whatever lies behind its evidence in memory; it keeps what it promises (EntryInfo::promises); and it is right
/// (KnownWeights). Looked at on layers of several sizes, key heads, norms before and after, and on layers of
/// models with random weights, in the forward or the reverse pass.

#include "attention/extract/edge_weights/edge_weight.hpp"
#include "experiments/contracts/laws.hpp"

namespace attnflow {

namespace law {
inline constexpr const char* memory = "what lies behind the evidence in memory changes nothing";
inline constexpr const char* no_past = "layers that were asked for before change nothing";
inline constexpr const char* heeds_evidence = "other evidence, other weights";
inline constexpr const char* heeds_gradient = "a gradient that is needed changes something";
inline constexpr const char* threads = "the number of threads changes nothing";
}  // namespace law

/// With default parameters, and the known answers with theirs. What a member throws is a complaint too.
void check_edge_weight(const EdgeWeightRegistry::Entry& entry, Laws& laws);

/// "LAW: WHERE" for each law that does not hold; none for a good member.
std::vector<std::string> edge_weight_complaints(const EdgeWeightRegistry::Entry& entry);

}  // namespace attnflow
