#pragma once
/// What happens to the outputs when tokens are replaced or removed: blank-out and masking.

#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "attention/extract/target.hpp"

namespace attnflow {

enum class Replacement { unknown, mask, pad, remove };

/// "unk", "mask", "pad", "remove"; throws ParameterError for another name.
Replacement replacement_from_name(const std::string& name);
const char* replacement_name(Replacement replacement);
std::vector<std::string> replacement_names();

/// The outputs when all tokens of a set of positions are changed at once, [sets, outputs]. They are
/// replaced by [UNK], [MASK] or [PAD] (the attention mask stays 1 everywhere, so these take part as
/// any token does), or removed, so that later tokens move up. `position` is the output's, in
/// the unchanged text. Variants of equal length run together as batches.
///
/// `unchanged` are the outputs of the text itself, which a set without effect (its tokens are the
/// replacement already) gives exactly. Throws ParameterError for positions that do not exist, a
/// set that would remove every token or the output's own; InputError for a model without outputs, when the
/// vocabulary lacks the replacement, or outputs are not finite; Stopped between two batches when `stop` became
/// true.
RowMajor<double> perturbed_outputs(const TextModel& model, const Encoding& encoding, std::size_t position,
                                   Replacement replacement, std::span<const std::vector<std::size_t>> sets,
                                   std::span<const double> unchanged, std::size_t jobs,
                                   const std::atomic<bool>* stop = nullptr);

/// The k positions with the largest scores (smallest when `largest` is false) in that order;
/// of equal scores the first position first. Throws ParameterError for k > n.
std::vector<std::size_t> top_positions(std::span<const double> scores, std::size_t k, bool largest = true);

/// For each token t: how much the target changes when t alone is changed. A token that cannot be removed,
/// because it is the only one or the output is its own, is left and scores 0.
struct BlankOut {
    std::vector<double> probability;  ///< |p - p_t|, in double by complements; exactly 0 without effect
    std::vector<double> margin;       ///< the same for log(p / (1-p)), or for the difference of two logits
    // Of a regression, which has no probabilities, both are the change of its number.
};
BlankOut blank_out(const TextModel& model, const Encoding& encoding, std::size_t position, Replacement replacement,
                   const Target& target, std::span<const double> unchanged, std::size_t jobs,
                   const std::atomic<bool>* stop = nullptr);

}  // namespace attnflow
