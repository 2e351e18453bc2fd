#pragma once
/// Positions that fill a batch up and are no tokens of the text.

#include <cstddef>
#include <string>
#include <vector>

#include "attention/attention_stack.hpp"
#include "graph/support/diagnosis.hpp"

namespace attnflow {

/// Whether `mask` has a number for each of n positions: [n], or that with axes of 1 ([1, n], [1, 1, 1, n], [n,
/// 1]).
bool is_of_positions(const TensorView& mask, std::size_t n);

/// The positions where a mask of n elements, see is_of_positions(), is 1; nullptr where it is 1 everywhere. Throws
/// InputError, beginning with `where`, for another shape, other values than 0 and 1, and zeros only.
AttentionStack::Kept kept_by_mask(const TensorView& mask, std::size_t n, const std::string& where);

/// "positions 5 to 7 ([PAD] [PAD] [PAD])", "position 3 (#3)": ascending positions with their tokens.
std::string positions_text(const std::vector<std::size_t>& positions, const std::vector<std::string>& tokens);

/// Positions that are padding by their tokens, ascending: those called so in brackets ([PAD], <|PAD_TOKEN|>, of
/// any case) but for a single one among words, and what a text begins or ends with twice or more: a token in
/// brackets (<unk>, <|eot_id|>), or one of `special` (positions of special tokens, ascending). Masks, bytes
/// (<0x0A>), [UNK] and places of images are no padding; neither are the first token of a text twice (<s>), the
/// last one twice (</s>, not thrice) and one that fills the whole text.  O(n).
std::vector<std::size_t> padding_by_name(const std::vector<std::string>& tokens,
                                         const std::vector<std::size_t>& special);

/// Padding that was left in.
struct LeftPadding {
    std::vector<std::size_t> unattended = {};  ///< by what attends to it, see validate()
    std::vector<std::size_t> by_name = {};     ///< by its tokens, but for these
    std::vector<std::size_t> words = {};       ///< no padding, although no other position attends to them
};
/// `unattended` is padding unless its tokens are words: several that differ side by side, or a single one.
LeftPadding left_padding(std::vector<std::size_t> unattended, const std::vector<std::string>& tokens,
                         const std::vector<std::size_t>& special);

/// What to say of the positions, a sentence for each of the kinds, for instance "ex1: no other position
/// attends to ..."; none where there is no padding.
std::vector<std::string> padding_notes(const std::string& id, const LeftPadding& padding,
                                       const std::vector<std::string>& tokens);

/// Throws InputError where the source that is called `name` (cls, last), which is `positions`, holds padding.
void refuse_padding_source(const std::string& name, const std::vector<std::size_t>& positions,
                           const std::string& id, const LeftPadding& padding,
                           const std::vector<std::string>& tokens);

/// For the page.
Diagnoses padding_diagnoses();
/// Of a mask that is called otherwise.
const Diagnosis& other_mask();

}  // namespace attnflow
