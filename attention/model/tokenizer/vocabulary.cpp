#include "attention/model/tokenizer/vocabulary.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "attention/model/tokenizer/characters.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

Vocabulary::Vocabulary(std::vector<std::pair<std::string, TokenId>> entries, const std::string& where)
    : by_text_(std::move(entries)) {
    std::sort(by_text_.begin(), by_text_.end());
    for (std::size_t i = 0; i < by_text_.size(); ++i) {
        const auto& [text, id] = by_text_[i];
        if (id < 0)
            throw InputError(
                fmt::format("{}: token '{}' has id {}, expected an id >= 0", where, excerpt(text), id));
        if (i > 0 && by_text_[i - 1].first == text) {
            throw InputError(fmt::format("{}: token '{}' is there twice, with ids {} and {}", where, excerpt(text),
                                         by_text_[i - 1].second, id));
        }
        by_id_.emplace_back(id, i);
        longest_ = std::max(longest_, text.size());
    }
    std::sort(by_id_.begin(), by_id_.end());
    for (std::size_t i = 1; i < by_id_.size(); ++i) {
        if (by_id_[i].first == by_id_[i - 1].first) {
            throw InputError(fmt::format("{}: id {} belongs to '{}' and to '{}'", where, by_id_[i].first,
                                         excerpt(by_text_[by_id_[i - 1].second].first),
                                         excerpt(by_text_[by_id_[i].second].first)));
        }
    }
}

std::optional<TokenId> Vocabulary::find(std::string_view text) const {
    const auto found = std::lower_bound(by_text_.begin(), by_text_.end(), text,
                                        [](const auto& entry, std::string_view key) { return entry.first < key; });
    if (found == by_text_.end() || found->first != text) return std::nullopt;
    return found->second;
}

std::string_view Vocabulary::text(TokenId id) const {
    const auto found = std::lower_bound(by_id_.begin(), by_id_.end(), id,
                                        [](const auto& entry, TokenId key) { return entry.first < key; });
    if (found == by_id_.end() || found->first != id) return "";
    return by_text_[found->second].first;
}

std::optional<std::vector<TokenId>> WordPiece::find(std::u32string_view word, const Vocabulary& vocabulary) const {
    if (word.size() > longest_word) return std::nullopt;
    std::vector<TokenId> ids;
    for (std::size_t begin = 0; begin < word.size();) {
        const std::string prefix = begin == 0 ? "" : continuation;
        std::size_t end = std::min(word.size(), begin + vocabulary.longest());
        std::optional<TokenId> id;
        for (; end > begin && !id; --end)
            id = vocabulary.find(prefix + encode_utf8(word.substr(begin, end - begin)));
        if (!id) return std::nullopt;
        ids.push_back(*id);
        begin = end + 1;  // the loop went one too far
    }
    return ids;
}

}  // namespace attnflow
