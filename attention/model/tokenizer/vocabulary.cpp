#include "attention/model/tokenizer/vocabulary.hpp"

#include <algorithm>
#include <iterator>

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

std::optional<Vocabulary::Prefix> Vocabulary::longest_prefix(std::string_view text) const {
    for (;;) {
        const auto after =
            std::upper_bound(by_text_.begin(), by_text_.end(), text,
                             [](std::string_view key, const auto& entry) { return key < entry.first; });
        if (after == by_text_.begin()) return std::nullopt;
        // The largest that is not above `text`. Whatever shares more with `text` than it does, and is a
        // prefix of it, would be larger and still not above.
        const auto& [candidate, id] = *std::prev(after);
        const auto common = std::mismatch(candidate.begin(), candidate.end(), text.begin(), text.end());
        const auto shared = static_cast<std::size_t>(common.first - candidate.begin());
        if (shared == candidate.size()) return Prefix{shared, id};
        text = text.substr(0, shared);
    }
}

}  // namespace attnflow
