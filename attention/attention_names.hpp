#pragma once
/// Which tensors of a file are attention, by their names; and what to say when none is.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attention/files/tensor_file.hpp"
#include "graph/support/diagnosis.hpp"

namespace attnflow {

/// The attention tensors of one example as found: the whole, or by layer.
struct AttentionParts {
    const TensorView* whole = nullptr;
    std::map<std::size_t, const TensorView*> layers;
    bool chain = false;  ///< `layers.K`: layers of any width

    bool empty() const { return whole == nullptr && layers.empty(); }
};

/// What a file holds, sorted by role.
struct TensorInventory {
    AttentionParts single;
    std::map<std::string, AttentionParts> by_id;
    std::vector<const TensorView*> others;

    bool has_attention() const { return !single.empty() || !by_id.empty(); }
};

/// By the names `attentions`, `attentions.K`, `layers.K`, each perhaps after `ID.`; or, when `name` is not empty,
/// by that name alone, in which a * stands for the number of a layer. Throws InputError, beginning with `where`,
/// for names that contradict each other, and for a `name` that no tensor has.
TensorInventory take_inventory(const TensorFile& file, const std::string& name, const std::string& where);

/// The tensors in layer order; numbers begin with 0, those of a * with 0 or 1. `layer_by_layer` tells which of the
/// two forms was found. Throws InputError for a gap.
std::vector<TensorView> in_layer_order(const AttentionParts& parts, bool& layer_by_layer,
                                       const std::string& where);

/// Why a file without attention cannot be used as it is: its tensors with shapes, the names that come nearest, and
/// how to read them.
std::string no_attention_text(const TensorFile& file);

/// Where the dot between ID and NAME is in "ID.NAME", npos where there is none: the last one, but for those inside
/// the parentheses of a call, "ID.weights(0.5)".
std::size_t name_dot(std::string_view name);

/// What belongs to texts beside attention and is never a reference score: attention_mask, input_ids, tokens, ...
bool is_input_name(std::string_view name);
/// What may be such a thing, and is a reference for who asks for it by its name: names that end in mask, ids,
/// positions or offsets (rationale_mask), pos, segment.
bool may_be_input_name(std::string_view name);

/// Names of masks that may tell padding from tokens, but for attention_mask itself.
bool may_be_padding_mask(std::string_view name);

/// For the page.
Diagnoses name_diagnoses();
const Diagnosis& tokens_are_numbers();
const Diagnosis& tokens_are_one_text();
const Diagnosis& tokens_look_like_ids();
const Diagnosis& token_is_no_text();

}  // namespace attnflow
