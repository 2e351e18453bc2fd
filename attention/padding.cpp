#include "attention/padding.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

enum Entry : std::size_t {
    left_in,
    words_unattended,
    takes_part,
    source,
    named_source,
    mask_values,
    mask_shape,
    mask_empty,
    mask_name,
    entries
};

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"padding/left_in", "no other position attends to {positions}",
     "padding was left in, and its rows and columns count as those of tokens; or, where these are words, the "
     "attention "
     "is sparse, or texts stand one behind the other that do not see each other",
     "padding: save the mask beside the attention, `attention_mask=inputs[\"attention_mask\"][0]`, or cut padding "
     "off: "
     "`weights = weights[:, :, mask][:, :, :, mask]` with a boolean mask"},
    {"padding/words", "no other position attends to {positions}",
     "these are words and no padding, so that the attention is sparse, or texts stand one behind the other that "
     "do "
     "not see each other",
     "nothing is to be done where that is meant; else save the weights of all layers and heads as the softmax "
     "gives them"},
    {"padding/takes_part", "what looks like padding takes part as tokens do, {positions}",
     "a token is called so, or one special token begins or ends the text again and again: the model was run "
     "without "
     "its mask, or padding was left in",
     "run the model with `**inputs`, which holds attention_mask, and save that beside the attention, "
     "`attention_mask=inputs[\"attention_mask\"][0]`"},
    {"padding/source", "source {name} is in {positions}, which no other position attends to",
     "this is what padding looks like that was left in, so that the first or last position is no token of the "
     "text",
     "save the mask beside the attention, `attention_mask=inputs[\"attention_mask\"][0]`, or name the source by "
     "its "
     "position, `--source NUMBER`"},
    {"padding/source_by_name", "source {name} is in {positions}, which looks like padding",
     "a token is called so, or one special token begins or ends the text again and again, as batches are filled "
     "up, "
     "so that the first or last position is no token of the text",
     "save the mask beside the attention, `attention_mask=inputs[\"attention_mask\"][0]`, or name the source by "
     "its "
     "position, `--source NUMBER`"},
    {"padding/mask_values", "attention_mask holds {value}, expected 1 for tokens and 0 for padding",
     "this is a mask as a model makes it inside, added to scores",
     "save the tokenizer's: "
     "`attention_mask=inputs[\"attention_mask\"]`"},
    {"padding/mask_shape", "attention_mask has {dtype} of shape {shape}, expected [{positions}] integers",
     "this is a mask of pairs of positions, of another text, or of texts side by side",
     "save the tokenizer's: "
     "`attention_mask=inputs[\"attention_mask\"]`"},
    {"padding/mask_empty", "attention_mask is 0 everywhere, so that no token is left",
     "the mask is inverted, or of another text", "1 stands for tokens: `attention_mask = 1 - padding_mask`"},
    {"padding/other_mask", "a mask of another name (padding_mask, src_mask, ...) is not read",
     "what such masks call 1, padding or tokens, differs between libraries",
     "call it attention_mask, with 1 for tokens and 0 for padding"},
}};

/// The token without what marks the beginning of a word.
std::string_view without_mark(std::string_view token) {
    for (const std::string_view mark : {"\u0120", "\u2581", " "}) {  // of byte-level BPE, of SentencePiece
        if (token.starts_with(mark)) return token.substr(mark.size());
    }
    return token;
}

/// What stands in the brackets of a special token, in lower case: "pad" of [PAD], "|pad|" of <|pad|>; "" of
/// others.
std::string in_brackets(std::string_view token) {
    const std::string_view bare = without_mark(token);
    const auto between = [&](std::string_view open, std::string_view close) {
        return bare.size() > open.size() + close.size() && bare.starts_with(open) && bare.ends_with(close)
                   ? bare.substr(open.size(), bare.size() - open.size() - close.size())
                   : std::string_view();
    };
    std::string inner;
    for (const auto& [open, close] : {std::pair("[", "]"), {"<", ">"}, {"__", "__"}}) {
        if (inner.empty()) inner = between(open, close);
    }
    for (char& c : inner) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return inner;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Not <|image_pad|>, which stands for a part of an image.
bool is_called_padding(std::string_view inner) {
    const bool of_medium =
        contains(inner, "image_pad") || contains(inner, "video_pad") || contains(inner, "audio_pad");
    return contains(inner, "pad") && !of_medium;
}

/// What may stand in a text again and again: masks, bytes, numbers, parts of images, words that BERT does not know
/// (other models fill up with their <unk>).
bool may_repeat(std::string_view token, std::string_view inner) {
    if (inner == "unk" && without_mark(token).starts_with('[')) return true;
    const auto letters = std::count_if(inner.begin(), inner.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    const auto is_medium = [&](std::string_view medium) { return contains(inner, medium); };
    return (letters < 2 && inner != "s" && inner != "/s") || contains(inner, "mask") || inner.starts_with("0x") ||
           is_medium("image") || is_medium("video") || is_medium("audio");
}

/// Whether models call a special token so: not <br>, __init__, [LAUGH].
bool is_of_models(std::string_view inner) {
    constexpr std::string_view names[] = {"s",   "/s",  "unk", "bos",       "eos",         "cls",
                                          "sep", "end", "eod", "endoftext", "end_of_turn", "end_of_text"};
    return inner.starts_with('|') || inner.starts_with("\uff5c") ||
           std::find(std::begin(names), std::end(names), inner) != std::end(names);
}

/// Texts often get their first token twice, from a template and from the tokenizer.
bool may_begin_twice(std::string_view inner) {
    return inner == "s" || inner == "bos" || inner == "cls" || contains(inner, "begin") ||
           contains(inner, "start");
}

/// And their last one, from the text and from the tokenizer.
bool may_end_twice(std::string_view inner) {
    return inner == "/s" || inner == "eos" || inner == "sep" || inner == "end";
}

/// Whether positions of a text that stand side by side are no padding, which is one token again and again: words
/// that differ, or one word. Tokens that are called #0, #1, ... tell nothing.
bool are_words(std::span<const std::size_t> run, const std::vector<std::string>& tokens,
               const std::vector<std::size_t>& special) {
    std::string_view first;
    for (const std::size_t position : run) {
        const std::string& token = tokens.at(position);
        const std::string inner = in_brackets(token);
        if (is_called_padding(inner) || token == "#" + std::to_string(position)) return false;
        if (is_of_models(inner) || std::binary_search(special.begin(), special.end(), position)) continue;
        if (run.size() == 1 || (!first.empty() && token != first)) return true;
        if (first.empty()) first = token;
    }
    return false;
}

}  // namespace

bool is_of_positions(const TensorView& mask, std::size_t n) {
    const auto is_one = [](std::size_t size) { return size == 1; };
    const auto ones = std::count_if(mask.shape.begin(), mask.shape.end(), is_one);
    return is_number(mask.dtype) && !mask.shape.empty() && mask.elements() == n &&
           static_cast<std::size_t>(ones) + (n > 1 ? 1 : 0) == mask.shape.size();
}

AttentionStack::Kept kept_by_mask(const TensorView& mask, std::size_t n, const std::string& where) {
    const std::string place = fmt::format("{}: tensor '{}': ", where, excerpt(mask.name));
    const std::vector<std::size_t>& shape = mask.shape;
    if (!is_of_positions(mask, n)) {
        throw InputError(place + diagnoses[mask_shape].text({{"dtype", std::string(dtype_name(mask.dtype))},
                                                             {"shape", shape_text(shape)},
                                                             {"positions", std::to_string(n)}}));
    }
    std::vector<std::size_t> kept;
    const std::vector<double> values = mask.values();
    for (std::size_t i = 0; i < n; ++i) {
        if (values[i] != 0.0 && values[i] != 1.0) {
            throw InputError(place + diagnoses[mask_values].text({{"value", fmt::format("{:.6g}", values[i])}}));
        }
        if (values[i] == 1.0) kept.push_back(i);
    }
    if (kept.empty()) throw InputError(place + diagnoses[mask_empty].text());
    if (kept.size() == n) return nullptr;
    return std::make_shared<const std::vector<std::size_t>>(std::move(kept));
}

std::string positions_text(const std::vector<std::size_t>& positions, const std::vector<std::string>& tokens) {
    constexpr std::size_t most = 6;
    std::vector<std::string> runs;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < positions.size();) {
        std::size_t end = i + 1;
        while (end < positions.size() && positions[end] == positions[end - 1] + 1) ++end;
        runs.push_back(end - i == 1 ? std::to_string(positions[i])
                                    : fmt::format("{} to {}", positions[i], positions[end - 1]));
        for (; i < end; ++i) {
            if (names.size() < most) names.push_back(excerpt(tokens.at(positions[i]), 24));
        }
    }
    if (runs.size() > most) {
        runs.resize(most);
        runs.push_back("...");
    }
    if (positions.size() > most) names.push_back("...");
    return fmt::format("position{} {} ({})", positions.size() == 1 ? "" : "s", join(runs, ", "), join(names, " "));
}

std::vector<std::size_t> padding_by_name(const std::vector<std::string>& tokens,
                                         const std::vector<std::size_t>& special) {
    const std::size_t n = tokens.size();
    std::vector<bool> found(n, false);
    for (std::size_t i = 0; i < n; ++i) found[i] = is_called_padding(in_brackets(tokens[i]));
    // One among words is a word: somebody writes of [PAD].
    for (std::size_t i = 1; i + 1 < n; ++i) {
        if (found[i] && !is_called_padding(in_brackets(tokens[i - 1])) &&
            !is_called_padding(in_brackets(tokens[i + 1])))
            found[i] = false;
    }
    const auto is_filler = [&](std::size_t i) {
        const std::string inner = in_brackets(tokens[i]);
        if (is_called_padding(inner)) return true;
        if (is_of_models(inner)) return !may_repeat(tokens[i], inner);
        return std::binary_search(special.begin(), special.end(), i);
    };
    const auto other = [&](const std::string& token) { return token != tokens.front(); };
    const auto first_end = std::find_if(tokens.begin(), tokens.end(), other) - tokens.begin();
    const auto last = std::find_if(tokens.rbegin(), tokens.rend(),
                                   [&](const std::string& token) { return token != tokens.back(); });
    const auto last_begin = tokens.rend() - last;
    const auto fill = [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
        if (end - begin < 2 || !is_filler(static_cast<std::size_t>(begin))) return;
        std::fill(found.begin() + begin, found.begin() + end, true);
    };
    if (static_cast<std::size_t>(first_end) < n) {
        if (!may_begin_twice(in_brackets(tokens.front()))) fill(0, first_end);
        const bool is_double = static_cast<std::ptrdiff_t>(n) - last_begin == 2;
        if (!is_double || !may_end_twice(in_brackets(tokens.back())))
            fill(last_begin, static_cast<std::ptrdiff_t>(n));
    }
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < n; ++i) {
        if (found[i]) positions.push_back(i);
    }
    return positions.size() == n ? std::vector<std::size_t>{} : positions;
}

LeftPadding left_padding(std::vector<std::size_t> unattended, const std::vector<std::string>& tokens,
                         const std::vector<std::size_t>& special) {
    LeftPadding padding{{}, padding_by_name(tokens, special), {}};
    for (std::size_t i = 0; i < unattended.size();) {
        std::size_t end = i + 1;
        while (end < unattended.size() && unattended[end] == unattended[end - 1] + 1) ++end;
        const auto run = std::span(unattended).subspan(i, end - i);
        auto& kind = are_words(run, tokens, special) ? padding.words : padding.unattended;
        kind.insert(kind.end(), run.begin(), run.end());
        i = end;
    }
    std::erase_if(padding.by_name, [&](std::size_t position) {
        return std::binary_search(padding.unattended.begin(), padding.unattended.end(), position);
    });
    return padding;
}

std::vector<std::string> padding_notes(const std::string& id, const LeftPadding& padding,
                                       const std::vector<std::string>& tokens) {
    std::vector<std::string> notes;
    for (const auto& [positions, entry] : {std::pair(&padding.unattended, left_in),
                                           {&padding.by_name, takes_part},
                                           {&padding.words, words_unattended}}) {
        if (positions->empty()) continue;
        notes.push_back(fmt::format("{}: {}", escape_controls(id),
                                    diagnoses[entry].text({{"positions", positions_text(*positions, tokens)}})));
    }
    return notes;
}

void refuse_padding_source(const std::string& name, const std::vector<std::size_t>& positions,
                           const std::string& id, const LeftPadding& padding,
                           const std::vector<std::string>& tokens) {
    for (const auto* known : {&padding.unattended, &padding.by_name}) {
        const auto is_known = [&](std::size_t position) {
            return std::binary_search(known->begin(), known->end(), position);
        };
        const auto found = std::find_if(positions.begin(), positions.end(), is_known);
        if (found == positions.end()) continue;
        // All of it at this end, with the source.
        std::vector<std::size_t> run{*found};
        while (run.front() > 0 && is_known(run.front() - 1)) run.insert(run.begin(), run.front() - 1);
        while (is_known(run.back() + 1)) run.push_back(run.back() + 1);
        throw InputError(fmt::format("{}: {}", escape_controls(id),
                                     diagnoses[known == &padding.by_name ? named_source : source].text(
                                         {{"name", name}, {"positions", positions_text(run, tokens)}})));
    }
}

Diagnoses padding_diagnoses() { return {"Padding", diagnoses}; }
const Diagnosis& other_mask() { return diagnoses[mask_name]; }

}  // namespace attnflow
