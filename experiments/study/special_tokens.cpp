#include "experiments/study/special_tokens.hpp"

#include <algorithm>
#include <string_view>

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

/// Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision": a text begins with its
/// language, <|en|>.
constexpr std::string_view whisper_languages =
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la "
    "mi "
    "ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg "
    "sd "
    "gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue";

}  // namespace

const std::vector<std::string>& usual_special_tokens() {
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
                                                 "<end_of_turn>",
                                                 "<PAD>",
                                                 "<CLS>",
                                                 "<SEP>",
                                                 "<BOS>",
                                                 "<EOS>",
                                                 "<|startoftranscript|>",
                                                 "<|transcribe|>",
                                                 "<|translate|>",
                                                 "<|notimestamps|>",
                                                 "<|startofprev|>",
                                                 "<|startoflm|>",
                                                 "<|nospeech|>",
                                                 "<|nocaptions|>",
                                                 "<｜begin▁of▁sentence｜>",
                                                 "<｜end▁of▁sentence｜>",
                                                 "<｜▁pad▁｜>",
                                                 "<｜User｜>",
                                                 "<｜Assistant｜>"};
    return tokens;
}

const std::vector<std::string>& default_special_tokens() {
    static const std::vector<std::string> tokens = [] {
        std::vector<std::string> all = usual_special_tokens();
        for (const std::string& name : usual_special_tokens()) {
            if (name.starts_with('<') && name.find_first_of("|_") == std::string::npos && !name.starts_with("<｜"))
                all.push_back("▁" + name);
        }
        for (std::string_view languages = whisper_languages; !languages.empty();) {
            const std::string_view language = languages.substr(0, languages.find(' '));
            all.push_back(fmt::format("<|{}|>", language));
            languages.remove_prefix(std::min(languages.size(), language.size() + 1));
        }
        return all;
    }();
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
