#include "attention/attention_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

enum Entry : std::size_t {
    none,
    layers_found,
    several_found,
    whole_found,
    examples_found,
    weights_found,
    ids,
    one_text,
    number_texts,
    no_text,
    entries
};

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"names/no_attention", "no attention among its tensors: {tensors}",
     "no tensor is called attentions (or ID.attentions, attentions.K) and none looks like attention",
     "save [layer, head, query, key] as `numpy.savez(\"NEW.npz\", attentions=weights)`"},
    {"names/layers", "no tensor called attentions among: {tensors}",
     "the layers are called {pattern}, * being their number",
     "say `--attention '{pattern}'` (in a config `dataset.attention`), or save them as "
     "`numpy.savez(\"NEW.npz\", **{\"attentions.%d\" % k: w for k, w in enumerate(layers)})`"},
    {"names/several_layers", "no tensor called attentions among: {tensors}",
     "{count} names with the number of a layer fit: of an encoder and a decoder, of attention and cross-attention",
     "say which is meant (in a config `dataset.attention`): {options}"},
    {"names/other_name", "no tensor called attentions among: {tensors}", "{name} may be the attention",
     "say `--attention {name}` (in a config `dataset.attention`), or save it as "
     "`numpy.savez(\"NEW.npz\", attentions=weights)`; if it holds edge weights, `--edge-weights {name}`"},
    {"names/batch_or_examples", "no tensor called attentions among: {tensors}",
     "{pattern} may be examples, or layers of a batch; names and shapes do not tell",
     "examples: save them as `numpy.savez(\"NEW.npz\", **{\"ex%d.attentions\" % k: w for k, w in "
     "enumerate(examples)})`;"
     " layers, from the input upwards: say `--attention '{pattern}'`"},
    {"names/edge_weights", "no tensor called attentions among: {tensors}", "the file holds edge weights only",
     "say which to use, `--edge-weights {name}`; if {name} is attention, `--attention {name}`"},
    {"names/token_ids", "tokens are numbers, expected texts",
     "they are ids of a vocabulary, which the file does not hold",
     "save texts: `tokens=numpy.array(tokenizer.convert_ids_to_tokens(ids))`"},
    {"names/tokens_text", "tokens is the text '{begin}', expected a list of texts",
     "a text is not taken apart, because the tokenizer's own tokens are needed",
     "save a list: `tokens=numpy.array(tokenizer.convert_ids_to_tokens(ids))`"},
    {"names/number_texts", "all tokens are numbers written as texts, the first is '{begin}'",
     "they may be ids of a vocabulary, which the file does not hold: special tokens, words and unknown words are "
     "then not known as such",
     "ids: save their texts, `tokens=numpy.array(tokenizer.convert_ids_to_tokens(ids))`; numbers of a text: "
     "nothing is to be done"},
    {"names/no_text", "token {position} is {value}, expected a text",
     "an id that the vocabulary does not have gives None, and an id that was not converted a number",
     "give every token a text: `tokens=numpy.array([token or \"[UNK]\" for token in "
     "tokenizer.convert_ids_to_tokens(ids)])`"},
}};

/// "attentions", "attentions.K", "ID.attentions", "ID.attentions.K", "layers.K" or "ID.layers.K"
/// taken apart.
struct AttentionName {
    std::optional<std::string> id;
    std::optional<std::size_t> layer;
    bool chain = false;  ///< "layers"
};

std::optional<std::size_t> parse_size(std::string_view text) {
    std::size_t number = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    return number;
}

// Takes `word` off the end of "ID.word" or "word".
std::optional<AttentionName> with_id(std::string_view name, std::string_view word, AttentionName result) {
    if (!name.ends_with(word)) return std::nullopt;
    name.remove_suffix(word.size());
    if (name.empty()) return result;
    if (!name.ends_with('.')) return std::nullopt;
    result.id = name.substr(0, name.size() - 1);
    return result;
}

std::optional<AttentionName> parse_usual(std::string_view name) {
    AttentionName result;
    if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos) {
        result.layer = parse_size(name.substr(dot + 1));
        if (result.layer) name = name.substr(0, dot);
    }
    result.chain = result.layer && name.ends_with("layers");
    return with_id(name, result.chain ? "layers" : "attentions", result);
}

// By a name that the user gave.
std::optional<AttentionName> parse_given(std::string_view name, std::string_view given) {
    const std::size_t star = given.find('*');
    if (star == std::string_view::npos) return with_id(name, given, {});
    const std::string_view before = given.substr(0, star);
    const std::string_view after = given.substr(star + 1);
    if (!name.ends_with(after)) return std::nullopt;
    const std::string_view head = name.substr(0, name.size() - after.size());
    std::size_t begin = head.size();
    while (begin > 0 && std::isdigit(static_cast<unsigned char>(head[begin - 1])) != 0) --begin;
    AttentionName result;
    result.layer = parse_size(head.substr(begin));
    if (!result.layer) return std::nullopt;
    return with_id(head.substr(0, begin), before, result);
}

// "layer_3/attn" -> {"layer_*/attn", 3}, by the last number in the name.
std::optional<std::pair<std::string, std::size_t>> numbered(const std::string& name) {
    constexpr std::string_view digits = "0123456789";
    const std::size_t last = name.find_last_of(digits);
    if (last == std::string::npos) return std::nullopt;
    const std::size_t before = name.find_last_not_of(digits, last);
    const std::size_t first = before == std::string::npos ? 0 : before + 1;
    const auto number = parse_size(std::string_view(name).substr(first, last - first + 1));
    if (!number) return std::nullopt;
    return std::pair(name.substr(0, first) + "*" + name.substr(last + 1), *number);
}

bool is_square(const TensorView& tensor, std::size_t rank) {
    return is_float(tensor.dtype) && tensor.shape.size() == rank &&
           tensor.shape[rank - 1] == tensor.shape[rank - 2] && tensor.elements() > 0;
}

std::string tensor_list(const TensorFile& file) {
    constexpr std::size_t most = 8;
    std::vector<std::string> names;
    for (const auto& [name, tensor] : file.tensors()) {
        if (names.size() < most)
            names.push_back(fmt::format("{} {}", excerpt(name, 40), shape_text(tensor.shape)));
    }
    const std::size_t more = file.tensors().size() - names.size();
    std::string list = names.empty() ? "none at all" : join(names, ", ");
    if (more > 0) list += fmt::format(" and {} more", more);
    for (const std::string& note : file.notes()) list += fmt::format(" ({})", note);
    return list;
}

// Layers of one shape under names that differ in a number only, 0, 1, ... or 1, 2, ...: every such pattern.
std::vector<std::string> layer_patterns(const TensorFile& file, bool& may_be_examples) {
    std::vector<std::string> patterns;
    std::map<std::string, std::vector<std::size_t>> numbers;
    std::map<std::string, const TensorView*> firsts;
    for (const auto& [name, tensor] : file.tensors()) {
        const auto found = numbered(name);
        if (!found || (!is_square(tensor, 3) && !is_square(tensor, 4))) continue;
        const auto [first, inserted] = firsts.emplace(found->first, &tensor);
        if (first->second->shape == tensor.shape) numbers[found->first].push_back(found->second);
    }
    for (auto& [pattern, found] : numbers) {
        std::sort(found.begin(), found.end());
        const bool gapless = found.back() - found.front() + 1 == found.size() && found.front() <= 1;
        if (found.size() < 2 || !gapless) continue;
        const TensorView& tensor = *firsts.at(pattern);
        may_be_examples = may_be_examples || (tensor.shape.size() == 4 && tensor.shape.front() > 1);
        patterns.push_back(pattern);
    }
    return patterns;
}

}  // namespace

TensorInventory take_inventory(const TensorFile& file, const std::string& name, const std::string& where) {
    TensorInventory inventory;
    for (const auto& [tensor_name, tensor] : file.tensors()) {
        const auto parsed = name.empty() ? parse_usual(tensor_name) : parse_given(tensor_name, name);
        if (!parsed) {
            inventory.others.push_back(&tensor);
            continue;
        }
        const auto refuse = [&, &shown = tensor_name](const std::string& reason) {
            throw InputError(fmt::format("{}: tensor '{}': {}", where, excerpt(shown), reason));
        };
        if (parsed->id && parsed->id->empty()) refuse("empty example id, expected ID.attentions");
        AttentionParts& parts = parsed->id ? inventory.by_id[*parsed->id] : inventory.single;
        if (!parts.empty() && parts.chain != parsed->chain)
            refuse("expected either attentions or layers, not both");
        parts.chain = parsed->chain;
        if (parsed->layer) {
            const auto [place, inserted] = parts.layers.emplace(*parsed->layer, &tensor);
            if (!inserted) {
                refuse(fmt::format("layer {} is also in '{}'", *parsed->layer, excerpt(place->second->name)));
            }
        } else {
            parts.whole = &tensor;
        }
        if (parts.whole != nullptr && !parts.layers.empty()) {
            refuse("expected either one tensor of all layers or one for each layer, not both");
        }
    }
    if (!name.empty() && !inventory.has_attention()) {
        throw InputError(fmt::format("{}: no tensor is called '{}' (or ID.{}), expected one of {}", where,
                                     excerpt(name), excerpt(name), tensor_list(file)));
    }
    return inventory;
}

std::vector<TensorView> in_layer_order(const AttentionParts& parts, bool& layer_by_layer,
                                       const std::string& where) {
    layer_by_layer = parts.whole == nullptr;
    if (!layer_by_layer) return {*parts.whole};
    const auto& [lowest, lowest_tensor] = *parts.layers.begin();
    const bool usual = lowest_tensor->name.ends_with(fmt::format("attentions.{}", lowest)) || parts.chain;
    const std::size_t base = usual || lowest > 1 ? 0 : lowest;
    std::vector<TensorView> tensors;
    for (const auto& [layer, tensor] : parts.layers) {
        if (layer != base + tensors.size()) {
            throw InputError(
                fmt::format("{}: tensor '{}': layer {} is missing, expected layers {}, {}, ... without gaps",
                            where, excerpt(tensor->name), base + tensors.size(), base, base + 1));
        }
        tensors.push_back(*tensor);
    }
    return tensors;
}

std::string no_attention_text(const TensorFile& file) {
    const std::string tensors = tensor_list(file);
    bool may_be_examples = false;
    if (const auto patterns = layer_patterns(file, may_be_examples); patterns.size() == 1) {
        return diagnoses[may_be_examples ? examples_found : layers_found].text(
            {{"tensors", tensors}, {"pattern", excerpt(patterns.front())}});
    } else if (patterns.size() > 1) {
        constexpr std::size_t most = 6;
        std::vector<std::string> options;
        for (const std::string& pattern : patterns) {
            if (options.size() < most) options.push_back(fmt::format("`--attention '{}'`", excerpt(pattern)));
        }
        if (patterns.size() > most) options.push_back("...");
        return diagnoses[several_found].text(
            {{"tensors", tensors}, {"count", std::to_string(patterns.size())}, {"options", join(options, ", ")}});
    }
    std::vector<std::string> attention;
    std::vector<std::string> weights;
    for (const auto& [name, tensor] : file.tensors()) {
        if (is_square(tensor, 4) || is_square(tensor, 5)) attention.push_back(name);
        if (is_square(tensor, 3)) weights.push_back(name);
    }
    // Of "ID.NAME" the name is meant.
    for (auto* names : {&attention, &weights}) {
        const auto has_id = [](const std::string& name) { return name.find('.') != std::string::npos; };
        if (!std::all_of(names->begin(), names->end(), has_id)) continue;
        for (std::string& name : *names) name = name.substr(name.rfind('.') + 1);
    }
    if (!attention.empty()) {
        std::string best = nearest_name("attentions", attention);
        for (const std::string& name : attention) {
            if (best.empty() && name.find("att") != std::string::npos) best = name;
        }
        return diagnoses[whole_found].text(
            {{"tensors", tensors}, {"name", excerpt(best.empty() ? attention.front() : best)}});
    }
    if (!weights.empty())
        return diagnoses[weights_found].text({{"tensors", tensors}, {"name", excerpt(weights.front())}});
    return diagnoses[none].text({{"tensors", tensors}});
}

namespace {

/// Whether `name` is `word` or ends with it: input_ids, inputIds, attnmask; not kids.
bool ends_with_word(std::string_view name, std::string_view word) {
    if (name.size() < word.size()) return false;
    const std::string_view end = name.substr(name.size() - word.size());
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    if (!std::equal(end.begin(), end.end(), word.begin(), same)) return false;
    const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
    const auto lower = [](char c) { return std::islower(static_cast<unsigned char>(c)) != 0; };
    if (name.size() == word.size() || word.starts_with("mask")) return true;
    const char before = name[name.size() - word.size() - 1];
    return !letter(before) || (lower(before) && !lower(end.front()));
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::size_t name_dot(std::string_view name) {
    const std::size_t open = name.ends_with(')') ? name.rfind('(') : std::string_view::npos;
    return name.substr(0, open).rfind('.');
}

bool is_input_name(std::string_view name) {
    constexpr std::string_view names[] = {"attention_mask",
                                          "attn_mask",
                                          "bbox",
                                          "decoder_attention_mask",
                                          "decoder_input_ids",
                                          "decoder_tokens",
                                          "input_ids",
                                          "input_mask",
                                          "input_tokens",
                                          "key_padding_mask",
                                          "labels",
                                          "length",
                                          "offset_mapping",
                                          "overflow_to_sample_mapping",
                                          "padding_mask",
                                          "position_ids",
                                          "prev_output_tokens",
                                          "segment_ids",
                                          "special_tokens",
                                          "special_tokens_mask",
                                          "src_tokens",
                                          "tgt_tokens",
                                          "token_type_ids",
                                          "tokens",
                                          "word_ids"};
    return is_one_of(name, names);
}

bool may_be_input_name(std::string_view name) {
    constexpr std::string_view words[] = {"mask",     "masks",     "id",     "ids",
                                          "position", "positions", "offset", "offsets"};
    constexpr std::string_view names[] = {"pos", "segment", "segments"};
    return is_one_of(name, names) || std::any_of(std::begin(words), std::end(words), [&](std::string_view word) {
               return ends_with_word(name, word);
           });
}

bool may_be_padding_mask(std::string_view name) {
    constexpr std::string_view others[] = {"attention_mask",         "special_tokens_mask", "head_mask",
                                           "decoder_attention_mask", "decoder_mask",        "cls_mask"};
    return ends_with_word(name, "mask") && !is_one_of(name, others);
}

Diagnoses name_diagnoses() { return {"Names in a file", diagnoses}; }
const Diagnosis& tokens_are_numbers() { return diagnoses[ids]; }
const Diagnosis& tokens_are_one_text() { return diagnoses[one_text]; }
const Diagnosis& tokens_look_like_ids() { return diagnoses[number_texts]; }
const Diagnosis& token_is_no_text() { return diagnoses[no_text]; }

}  // namespace attnflow
