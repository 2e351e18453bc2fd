#include "experiments/study/special_tokens.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "attention/dataset.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

std::vector<std::size_t> positions(const std::vector<std::string>& tokens, const std::vector<std::string>& special,
                                   bool which) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if ((std::find(special.begin(), special.end(), tokens[i]) != special.end()) == which) found.push_back(i);
    }
    return found;
}

}  // namespace

const std::vector<std::string>& default_special_tokens() {
    static const std::vector<std::string> tokens{"[CLS]",
                                                 "[SEP]",
                                                 "[PAD]",
                                                 "[BOS]",
                                                 "[EOS]",
                                                 "<s>",
                                                 "</s>",
                                                 "<pad>",
                                                 "<cls>",
                                                 "<sep>",
                                                 "<bos>",
                                                 "<eos>",
                                                 "<|endoftext|>",
                                                 "<|startoftext|>",
                                                 "<|begin_of_text|>",
                                                 "<|end_of_text|>",
                                                 "<|eot_id|>",
                                                 "<|im_start|>",
                                                 "<|im_end|>",
                                                 "<|padding|>",
                                                 "<start_of_turn>",
                                                 "<end_of_turn>"};
    return tokens;
}

std::vector<std::string> special_tokens(const std::optional<std::vector<std::string>>& given,
                                        const Dataset& dataset) {
    if (given) return *given;
    return dataset.special_tokens().value_or(default_special_tokens());
}

std::vector<std::string> absent_names(std::vector<std::string> names, const std::vector<std::string>& tokens) {
    std::erase_if(names, [&](const std::string& name) {
        return std::find(tokens.begin(), tokens.end(), name) != tokens.end();
    });
    return names;
}

std::string no_such_token(const std::string& name, const std::string& of, const std::vector<std::string>& tokens) {
    const std::string nearest = nearest_name(name, tokens);
    return fmt::format("'{}' is no token of {}{}", excerpt(name), of,
                       nearest.empty() ? ", expected the exact text of one"
                                       : fmt::format("; did you mean '{}'?", excerpt(nearest)));
}

std::string some_names(const std::vector<std::string>& names) {
    constexpr std::size_t most = 6;
    std::vector<std::string> texts;
    for (const std::string& name : names) {
        if (texts.size() == most) return join(texts, " ") + fmt::format(" and {} more", names.size() - most);
        texts.push_back(excerpt(name));
    }
    return join(texts, " ");
}

std::vector<std::size_t> ordinary_positions(const std::vector<std::string>& tokens,
                                            const std::vector<std::string>& special) {
    return positions(tokens, special, false);
}

std::vector<std::size_t> special_positions(const std::vector<std::string>& tokens,
                                           const std::vector<std::string>& special) {
    return positions(tokens, special, true);
}

}  // namespace attnflow
