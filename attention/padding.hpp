#pragma once
/// Positions that fill a batch up and are no tokens of the text.

#include <string>
#include <vector>

#include "attention/attention_stack.hpp"
#include "graph/support/diagnosis.hpp"

namespace attnflow {

/// The positions where a mask of n elements, which may have a batch axis of 1, is 1; nullptr where it is 1
/// everywhere. Throws InputError, beginning with `where`, for another shape, other values than 0 and 1, and zeros
/// only.
AttentionStack::Kept kept_by_mask(const TensorView& mask, std::size_t n, const std::string& where);

/// "positions 5 to 7 ([PAD] [PAD] [PAD])", "position 3 (#3)": ascending positions with their tokens.
std::string positions_text(const std::vector<std::size_t>& positions, const std::vector<std::string>& tokens);

/// What to say of positions that validate() found unattended, for instance "ex1: no other position attends to
/// ...".
std::string padding_note(const std::string& id, const std::vector<std::size_t>& unattended,
                         const std::vector<std::string>& tokens);

/// Throws InputError where the source that is called `name` (cls, last) is padding: by what attends to it, or by
/// its token ([PAD], the end of the text twice).
void refuse_padding_source(const std::string& name, std::size_t position, const std::string& id,
                           const std::vector<std::size_t>& unattended, const std::vector<std::string>& tokens);

/// For the page.
Diagnoses padding_diagnoses();
/// Of a mask that is called otherwise.
const Diagnosis& other_mask();

}  // namespace attnflow
