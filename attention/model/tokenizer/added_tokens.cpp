#include "attention/model/tokenizer/added_tokens.hpp"

#include <algorithm>
#include <iterator>

namespace attnflow {

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
    std::stable_sort(tokens_.begin(), tokens_.end(),
                     [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
    const auto same = [](const AddedToken& a, const AddedToken& b) { return a.content == b.content; };
    tokens_.erase(std::unique(tokens_.begin(), tokens_.end(), same), tokens_.end());
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        longest_ = std::max(longest_, tokens_[i].content.size());
        // In this order a token follows those it begins with, and between them come only others that do.
        std::size_t inside = i == 0 ? none : i - 1;
        while (inside != none && !tokens_[i].content.starts_with(tokens_[inside].content))
            inside = inside_[inside];
        inside_.push_back(inside);
    }
}

const AddedToken* AddedTokens::longest_prefix(std::u32string_view text) const {
    text = text.substr(0, longest_);
    const auto after =
        std::upper_bound(tokens_.begin(), tokens_.end(), text,
                         [](std::u32string_view key, const AddedToken& token) { return key < token.content; });
    if (after == tokens_.begin()) return nullptr;
    // The largest token that is not above `text`: the one looked for, or one that begins with it.
    auto found = static_cast<std::size_t>(after - tokens_.begin()) - 1;
    const std::u32string& nearest = tokens_[found].content;
    const auto common = std::mismatch(nearest.begin(), nearest.end(), text.begin(), text.end());
    const auto shared = static_cast<std::size_t>(common.first - nearest.begin());
    while (found != none && tokens_[found].content.size() > shared) found = inside_[found];
    return found == none ? nullptr : &tokens_[found];
}

}  // namespace attnflow
