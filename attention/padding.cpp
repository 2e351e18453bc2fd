#include "attention/padding.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

enum Entry : std::size_t { left_in, source, mask_values, mask_shape, mask_empty, mask_name, entries };

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"padding/left_in", "no other position attends to {positions}",
     "padding was left in; its rows and columns count as those of tokens",
     "save the mask beside the attention, `attention_mask=inputs[\"attention_mask\"][0]`, or cut padding off: "
     "`weights = weights[:, :, mask][:, :, :, mask]` with a boolean mask"},
    {"padding/source", "source {name} is {positions}, which is padding",
     "padding was left in, so that the first or last position is no token of the text",
     "save the mask beside the attention, `attention_mask=inputs[\"attention_mask\"][0]`, or name the source by "
     "its "
     "position, `--source NUMBER`"},
    {"padding/mask_values", "attention_mask holds {value}, expected 1 for tokens and 0 for padding",
     "this is a mask as a model makes it inside, added to scores",
     "save the tokenizer's: "
     "`attention_mask=inputs[\"attention_mask\"]`"},
    {"padding/mask_shape", "attention_mask has {dtype} of shape {shape}, expected [{positions}] integers",
     "this is a mask of pairs of positions, or of another text",
     "save the tokenizer's: "
     "`attention_mask=inputs[\"attention_mask\"]`"},
    {"padding/mask_empty", "attention_mask is 0 everywhere, so that no token is left",
     "the mask is inverted, or of another text", "1 stands for tokens: `attention_mask = 1 - padding_mask`"},
    {"padding/other_mask", "a tensor padding_mask or key_padding_mask is not read",
     "what such masks call 1, padding or tokens, differs between libraries",
     "call it attention_mask, with 1 for tokens and 0 for padding"},
}};

bool is_padding_by_name(std::size_t position, const std::vector<std::string>& tokens) {
    constexpr std::string_view padding[] = {"[PAD]", "[pad]", "<pad>", "<PAD>", "<|pad|>", "<|padding|>"};
    constexpr std::string_view ends[] = {"<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|im_end|>"};
    const auto is_one_of = [&](const auto& names) {
        return std::find(std::begin(names), std::end(names), tokens[position]) != std::end(names);
    };
    // Models without a token for padding are given the end of the text again and again.
    const auto is_same = [&](std::size_t other) {
        return other < tokens.size() && tokens[other] == tokens[position];
    };
    return is_one_of(padding) || (is_one_of(ends) && (is_same(position - 1) || is_same(position + 1)));
}

}  // namespace

AttentionStack::Kept kept_by_mask(const TensorView& mask, std::size_t n, const std::string& where) {
    const std::string place = fmt::format("{}: tensor '{}': ", where, excerpt(mask.name));
    const std::vector<std::size_t>& shape = mask.shape;
    if (!is_number(mask.dtype) ||
        (shape != std::vector<std::size_t>{n} && shape != std::vector<std::size_t>{1, n})) {
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

std::string padding_note(const std::string& id, const std::vector<std::size_t>& unattended,
                         const std::vector<std::string>& tokens) {
    return fmt::format("{}: {}", escape_controls(id),
                       diagnoses[left_in].text({{"positions", positions_text(unattended, tokens)}}));
}

void refuse_padding_source(const std::string& name, std::size_t position, const std::string& id,
                           const std::vector<std::size_t>& unattended, const std::vector<std::string>& tokens) {
    if (!std::binary_search(unattended.begin(), unattended.end(), position) &&
        !is_padding_by_name(position, tokens))
        return;
    throw InputError(
        fmt::format("{}: {}", escape_controls(id),
                    diagnoses[source].text({{"name", name}, {"positions", positions_text({position}, tokens)}})));
}

Diagnoses padding_diagnoses() { return {"Padding", diagnoses}; }
const Diagnosis& other_mask() { return diagnoses[mask_name]; }

}  // namespace attnflow
