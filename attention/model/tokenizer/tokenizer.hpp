#pragma once
/// Text to token ids, as the files of a Hugging Face directory say.
///
///   text -> added tokens cut out -> normalizer -> pre-tokenizer -> model (vocabulary) -> post-processor
///   (template)
///
/// Each is a component with a folder of its own, whose list says which types there are: normalizers/,
/// pre_tokenizers/, models/, post_processors/. Any other type is refused by its name.
///
/// Read from `tokenizer.json` when there is one (tokenizer_json.cpp). As with fast tokenizers, what it says holds;
/// `tokenizer_config.json` and `special_tokens_map.json` beside it may name the
/// special tokens and add tokens. Settings of theirs that contradict it are refused, because programs differ in
/// which they follow, and so are split_special_tokens and tokens of extra_special_tokens that are not known. Else
/// from `vocab.txt` (vocab_txt.cpp: a token a line, the line's number from 0 is its id) with BERT's normalizer,
/// pre-tokenizer, WordPiece and the template [CLS] text [SEP]. Then `tokenizer_config.json` may say do_lower_case,
/// strip_accents, tokenize_chinese_chars, other names of the special tokens, and added_tokens_decoder;
/// `special_tokens_map.json` may name special tokens too. do_basic_tokenize = false, never_split beyond special
/// tokens, other prefixes of pieces, and tokens of `added_tokens.json` that are not known from these, are refused.
///
/// Padding and truncation settings are not used: a text that is too long is an error of the
/// model, never cut in silence.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attention/model/tokenizer/encoding.hpp"
#include "attention/model/tokenizer/vocabulary.hpp"

namespace attnflow {

struct TokenizerParts;

/// Copies share what was read.
class Tokenizer {
public:
    /// Reads `folder`/tokenizer.json, or `folder`/vocab.txt. Throws InputError for files that
    /// are missing, malformed, or name a component that is not supported.
    static Tokenizer open(const std::string& folder);
    /// The files that open() reads.
    static std::vector<std::string> files(const std::string& folder);

    /// Throws InputError for text that is not UTF-8, and for an unknown word when the
    /// vocabulary has no token for those.  O(|text| log V).
    Encoding encode(std::string_view text) const;
    /// Both as one input, with token types, as the tokenizer's post-processor puts pairs together. Throws the
    /// same, and InputError where it has no template for pairs.
    Encoding encode(std::string_view first, std::string_view second) const;

    const Vocabulary& vocabulary() const;
    /// The token for unknown words.
    std::optional<TokenId> unknown() const;
    /// The token for what is hidden, and the one for padding.
    std::optional<TokenId> mask() const;
    std::optional<TokenId> pad() const;
    /// The token between two texts.
    std::optional<TokenId> separator() const;
    /// "[CLS]", "[SEP]", ...: tokens that stand for no text.
    const std::vector<std::string>& special_tokens() const;
    /// Those of them that stand for no word either: all but mask() and unknown().
    std::vector<std::string> wordless_tokens() const;

private:
    explicit Tokenizer(std::shared_ptr<const TokenizerParts> parts) : parts_(std::move(parts)) {}

    std::shared_ptr<const TokenizerParts> parts_;
};

}  // namespace attnflow
