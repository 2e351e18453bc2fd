#include "experiments/study/special_tokens.hpp"

#include <algorithm>

#include "attention/dataset.hpp"

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
    static const std::vector<std::string> tokens{"[CLS]", "[SEP]", "[PAD]", "<s>", "</s>"};
    return tokens;
}

std::vector<std::string> special_tokens(const std::vector<std::string>& given, const Dataset& dataset) {
    if (!given.empty()) return given;
    const auto named = dataset.special_tokens();
    return named.empty() ? default_special_tokens() : named;
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
