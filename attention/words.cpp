#include "attention/words.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

enum Entry : std::size_t { no_tokens, no_sign, two_signs, few_signs, whole_words, entries };

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"words/no_tokens", "units words, but the file holds no tokens", "words are told by the tokens' texts",
     "save them beside the attention, in metadata `tokens`, as `tokenizer.convert_ids_to_tokens(ids)` gives them"},
    {"words/no_sign", "units words, but no token shows whether it continues a word ({begin})",
     "the tokens are whole words already, or the marks of their tokenizer (##, Ġ, ▁, a space, </w>, @@) were "
     "taken "
     "away",
     "save tokens as `tokenizer.convert_ids_to_tokens(ids)` gives them, or the words that they are of, "
     "metadata `word_ids`: `encoding.word_ids()`"},
    {"words/two_signs", "units words, but tokens show two kinds of pieces as often, {first} and {second}",
     "the texts are of two tokenizers, or hold the marks of another",
     "save the words that tokens are of, metadata `word_ids`: `encoding.word_ids()`"},
    {"words/few_signs", "units words, but only {count} of {tokens} tokens begin a word by {sign}",
     "the text is not written with spaces between words, or most tokens have lost theirs",
     "save the words that tokens are of, metadata `word_ids`: `encoding.word_ids()`"},
    {"words/whole_words", "units words, but every word is one token",
     "nothing is to be joined, and words would give what tokens give", "leave `units` out"},
}};

/// Where a mark stands, and what it says of the token that has it.
enum class Mark {
    continues,  ///< before: the token continues the word of the one before it
    begins,     ///< before: the token begins a word
    ends,       ///< after: the token ends a word
    goes_on,    ///< after: the next token continues the word
};

struct Sign {
    std::string_view mark;
    std::string_view name;
    Mark kind;
    std::array<std::string_view, 3> breaks = {};  ///< other white space, which stands between words
};

constexpr Sign signs[] = {
    {"##", "## (WordPiece)", Mark::continues},
    {"\u0120", "\u0120 (byte-level)", Mark::begins, {"\u010A", "\u0109", "\u010D"}},
    {"\u2581", "\u2581 (metaspace)", Mark::begins, {"\n", "<0x0A>", "<0x09>"}},
    {" ", "a space before it", Mark::begins, {"\n", "\t", "\r"}},
    {"</w>", "</w> (end of a word)", Mark::ends},
    {"@@", "@@ (goes on)", Mark::goes_on},
};

bool has_mark(const Sign& sign, std::string_view token) {
    switch (sign.kind) {
        case Mark::continues:  // "##" alone is a text, as of a heading
            return token.size() > sign.mark.size() && token.starts_with(sign.mark) &&
                   token[sign.mark.size()] != '#';
        case Mark::begins:
            return token.starts_with(sign.mark);
        case Mark::ends:
        case Mark::goes_on:
            return token.size() > sign.mark.size() && token.ends_with(sign.mark);
    }
    return false;
}

bool is_break(const Sign& sign, std::string_view token, bool at_end) {
    return std::any_of(sign.breaks.begin(), sign.breaks.end(), [&](std::string_view text) {
        return !text.empty() && (at_end ? token.ends_with(text) : token.starts_with(text));
    });
}

/// Whether a word begins between two neighbours that are both of words.
bool begins_between(const Sign& sign, std::string_view before, std::string_view token) {
    switch (sign.kind) {
        case Mark::continues:
            return !has_mark(sign, token);
        case Mark::begins:
            return has_mark(sign, token) || is_break(sign, token, false) || is_break(sign, before, true);
        case Mark::ends:
            return has_mark(sign, before);
        case Mark::goes_on:
            return !has_mark(sign, before);
    }
    return true;
}

/// What stands for no text and no part of a word, whoever calls it special.
bool is_alone_by_name(std::string_view token) {
    constexpr std::string_view names[] = {"[CLS]", "[SEP]", "[PAD]",  "[MASK]", "[UNK]", "[BOS]", "[EOS]", "<s>",
                                          "</s>",  "<pad>", "<mask>", "<cls>",  "<sep>", "<bos>", "<eos>"};
    if (std::find(std::begin(names), std::end(names), token) != std::end(names)) return true;
    return token.size() > 4 && token.starts_with("<|") && token.ends_with("|>");
}

/// The first few tokens, for a message.
std::string beginning(std::span<const WordFinder::Text> texts) {
    constexpr std::size_t most = 6;
    std::vector<std::string> shown;
    for (const WordFinder::Text& text : texts) {
        for (const std::string& token : *text.tokens) {
            if (shown.size() < most) shown.push_back(excerpt(token, 24));
        }
    }
    return join(shown, " ");
}

/// The byte that stands for a character in byte-level tokens: printable ones for themselves, the others from
/// U+0100 on in their order. Radford et al. 2019, GPT-2. -1 for a character that stands for none.
int byte_of(std::uint32_t point) {
    const auto is_printable = [](std::uint32_t byte) {
        return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
    };
    if (point < 0x100) return is_printable(point) ? static_cast<int>(point) : -1;
    std::uint32_t next = 0x100;
    for (std::uint32_t byte = 0; byte < 0x100; ++byte) {
        if (!is_printable(byte) && next++ == point) return static_cast<int>(byte);
    }
    return -1;
}

/// The text of byte-level characters; as it is where they are none.
std::string from_byte_level(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const auto trail = [&] { return static_cast<unsigned char>(text[i + 1]); };
        std::uint32_t point = lead;
        std::size_t length = 1;
        if (lead >= 0xC2 && lead < 0xE0 && i + 1 < text.size() &&
            (trail() & 0xC0) == 0x80) {  // all are below U+0800
            point = (lead & 0x1Fu) << 6 | (trail() & 0x3Fu);
            length = 2;
        } else if (lead >= 0x80) {
            return text;
        }
        const int byte = byte_of(point);
        if (byte < 0) return text;
        bytes += static_cast<char>(byte);
        i += length;
    }
    return is_utf8(bytes) ? bytes : text;
}

void remove_prefix(std::string& text, std::string_view prefix) {
    if (text.size() > prefix.size() && text.starts_with(prefix)) text.erase(0, prefix.size());
}

void remove_suffix(std::string& text, std::string_view suffix) {
    if (text.size() > suffix.size() && text.ends_with(suffix)) text.resize(text.size() - suffix.size());
}

bool is_byte_level(const std::vector<std::string>& tokens) {
    return std::any_of(tokens.begin(), tokens.end(),
                       [](const std::string& token) { return token.starts_with("\u0120"); });
}

}  // namespace

Words::Words(std::vector<std::size_t> first, std::size_t tokens) : first_(std::move(first)), tokens_(tokens) {
    const bool ascends = std::adjacent_find(first_.begin(), first_.end(), std::greater_equal<>()) == first_.end();
    if (first_.empty() || first_.front() != 0 || !ascends || first_.back() >= tokens_) {
        throw InputError(
            fmt::format("words that do not begin at positions 0 to {} in ascending order, the first at 0",
                        tokens_ == 0 ? 0 : tokens_ - 1));
    }
}

std::size_t Words::longest() const {
    std::size_t longest = 0;
    for (std::size_t w = 0; w < size(); ++w) longest = std::max(longest, end(w) - begin(w));
    return longest;
}

std::size_t Words::at(std::size_t position) const {
    return static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), position) - first_.begin()) - 1;
}

std::vector<std::size_t> Words::holding(const std::vector<std::size_t>& positions) const {
    std::vector<std::size_t> words;
    for (const std::size_t position : positions) {
        if (const std::size_t word = at(position); words.empty() || words.back() != word) words.push_back(word);
    }
    return words;
}

std::vector<double> Words::sums(std::span<const double> values) const {
    if (values.size() != tokens_) {
        throw InternalError(fmt::format("words of {} tokens, {} values to be joined", tokens_, values.size()));
    }
    std::vector<double> sums(size(), 0.0);
    for (std::size_t w = 0; w < size(); ++w) {
        for (std::size_t t = begin(w); t < end(w); ++t) sums[w] += values[t];
    }
    return sums;
}

std::vector<std::string> Words::texts(const std::vector<std::string>& tokens) const {
    const bool byte_level = is_byte_level(tokens);
    std::vector<std::string> texts;
    for (std::size_t w = 0; w < size(); ++w) {
        std::string text;
        for (std::size_t t = begin(w); t < end(w); ++t) {
            std::string piece = tokens.at(t);
            if (t > begin(w) && has_mark(signs[0], piece)) remove_prefix(piece, signs[0].mark);
            if (t + 1 < end(w)) remove_suffix(piece, "@@");
            if (t + 1 == end(w)) remove_suffix(piece, "</w>");
            text += piece;
        }
        for (const std::string_view space : {"\u0120", "\u2581", " "}) remove_prefix(text, space);
        texts.push_back(byte_level ? from_byte_level(text) : text);
    }
    return texts;
}

void join_rows(std::span<const double> rows, std::size_t columns, JoinRows how, std::span<double> out) {
    std::copy_n(rows.begin(), columns, out.begin());
    for (std::size_t first = columns; first < rows.size(); first += columns) {
        for (std::size_t j = 0; j < columns; ++j) {
            const double value = rows[first + j];
            out[j] = how == JoinRows::max ? std::max(out[j], value) : out[j] + value;
        }
    }
    if (how == JoinRows::max) return;
    const double count = static_cast<double>(rows.size() / columns);
    for (double& value : out) value /= count;
}

WordFinder::WordFinder(std::span<const Text> texts, std::vector<std::string> special, const std::string& where)
    : special_(std::move(special)) {
    std::array<std::size_t, std::size(signs)> counts = {};
    std::size_t tokens = 0;  // that may be pieces
    bool needs_sign = false;
    for (const Text& text : texts) {
        if (text.ids != nullptr) continue;
        needs_sign = true;
        for (const std::string& token : *text.tokens) {
            if (is_alone(token)) continue;
            ++tokens;
            for (std::size_t s = 0; s < counts.size(); ++s) counts[s] += has_mark(signs[s], token) ? 1 : 0;
        }
    }
    if (!needs_sign) return;
    const auto refuse = [&](Entry entry, Diagnosis::Values values) {
        throw InputError(fmt::format("{}: {}", where, diagnoses[entry].text(values)));
    };
    const auto most = static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    if (counts[most] == 0) refuse(no_sign, {{"begin", beginning(texts)}});
    for (std::size_t s = most + 1; s < counts.size(); ++s) {
        if (counts[s] != counts[most]) continue;
        refuse(two_signs, {{"first", std::string(signs[most].name)}, {"second", std::string(signs[s].name)}});
    }
    // Where hardly a token begins a word, what lies between is no word.
    constexpr std::size_t longest_mean = 20;
    const Mark kind = signs[most].kind;
    if ((kind == Mark::begins || kind == Mark::ends) && counts[most] * longest_mean < tokens) {
        refuse(few_signs, {{"count", std::to_string(counts[most])},
                           {"tokens", std::to_string(tokens)},
                           {"sign", std::string(signs[most].name)}});
    }
    sign_ = most;
    sign_name_ = signs[most].name;
}

bool WordFinder::is_alone(const std::string& token) const {
    return is_alone_by_name(token) || std::find(special_.begin(), special_.end(), token) != special_.end();
}

Words WordFinder::find(const Text& text) const {
    const std::vector<std::string>& tokens = *text.tokens;
    std::vector<std::size_t> first;
    for (std::size_t t = 0; t < tokens.size(); ++t) {
        bool begins = t == 0;
        if (!begins && text.ids != nullptr) {
            const auto& id = (*text.ids)[t];
            begins = !id || id != (*text.ids)[t - 1];
        } else if (!begins) {
            begins = is_alone(tokens[t]) || is_alone(tokens[t - 1]) ||
                     begins_between(signs[sign_.value()], tokens[t - 1], tokens[t]);
        }
        if (begins) first.push_back(t);
    }
    return Words(std::move(first), tokens.size());
}

std::string words_need_tokens(const std::string& where) {
    return fmt::format("{}: {}", where, diagnoses[no_tokens].text());
}

std::string words_are_tokens(const std::string& where) {
    return fmt::format("{}: {}", where, diagnoses[whole_words].text());
}

Diagnoses word_diagnoses() { return {"Words", diagnoses}; }

}  // namespace attnflow
