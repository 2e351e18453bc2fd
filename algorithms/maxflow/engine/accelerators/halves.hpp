#pragma once
/// Half-flows that waves have made fit what the other side has: what they deliver, or accept, at a layer is a
/// vector of the meeting certificate, for all pairs of their end.

#include "algorithms/maxflow/engine/all_pairs.hpp"

namespace attnflow::engine {

/// The guide at a layer.
SharedMass shared_mass(const AllPairs& pairs, std::size_t layer, Amount total);

/// The layer at which half-flows meet: as high as sources can spread their mass. Three layers below them; two
/// where there are only three; from eight layers on four, if the first three open sources say so. Sought once.
std::size_t shared_layer(AllPairs& pairs);

/// A lower half for sink t from layer k, whose vertices have `supply`, on the scratch's pseudoflow.
void join_lower(AllPairs& pairs, std::size_t t, std::size_t k, const Row<Amount>& supply, Scratch& scratch);

/// What each vertex of layer k sends in a lower half for sink t to which `offered` is offered there, once waves
/// have left no more than `allowed`, or there were `most_waves`: q of the meeting certificate. More than is
/// offered where a deficit is left at layer k.
Row<Amount> accepted_by(AllPairs& pairs, std::size_t t, std::size_t k, const Row<Amount>& offered, Amount allowed,
                        std::size_t most_waves, Scratch& scratch);

/// What an upper half for row s brings to the layer of `shared`, towards that, once waves have left no more than
/// `allowed`, or there were a few.
Row<Amount> delivered_by(AllPairs& pairs, std::size_t s, const SharedMass& shared, Amount allowed,
                         Scratch& scratch);

/// Half-flows serve as certificates: worth a few waves, not more.
inline constexpr std::size_t most_half_waves = 6;

}  // namespace attnflow::engine
