#pragma once
/// What happens to the outputs when tokens are replaced or removed: blank-out and masking.

#include <atomic>
#include <compare>
#include <cstddef>
#include <functional>
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

/// Throws InputError where the tokenizer has no such token.
void expect_replacement(const TextModel& model, Replacement replacement);

/// Tokens that are changed at once, and what takes their place.
struct TokenSet {
    std::vector<std::size_t> positions;
    Replacement replacement = Replacement::unknown;

    auto operator<=>(const TokenSet&) const = default;
};
/// The number of a set, and the outputs when it is changed.
using PerturbationVisitor = std::function<void(std::size_t set, std::span<const double> outputs)>;

/// Calls `visit` once for each set with the outputs when all its tokens are changed at once. They are
/// replaced by [UNK], [MASK] or [PAD] (the attention mask stays 1 everywhere, so these take part as
/// any token does), or removed, so that later tokens move up. `position` is the output's, in
/// the unchanged text. Variants of equal length run together as batches; outputs are kept for one batch a thread.
/// `visit` is called in any order and by several threads, never twice for one set.
///
/// `unchanged` are the outputs of the text itself, which a set without effect (its tokens are the
/// replacement already, or there are none) gives exactly. Throws ParameterError for positions that do not exist, a
/// set that would remove every token or the output's own; InputError for a model without outputs, when the
/// vocabulary lacks the replacement, or outputs are not finite; Stopped between two batches when `stop` became
/// true.
void visit_perturbed(const TextModel& model, const Encoding& encoding, std::size_t position,
                     std::span<const TokenSet> sets, std::span<const double> unchanged, std::size_t jobs,
                     const PerturbationVisitor& visit, const std::atomic<bool>* stop = nullptr);

/// The outputs of sets that are all changed alike, [sets, outputs]; throws what visit_perturbed() does.
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
