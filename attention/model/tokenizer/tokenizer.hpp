#pragma once
/// Text to token ids, as the files of a Hugging Face directory say.
///
///   text -> added tokens cut out -> normalizer -> pre-tokenizer -> vocabulary -> template
///
/// Read from `tokenizer.json` when there is one: the normalizer BertNormalizer or none; the
/// pre-tokenizer BertPreTokenizer, WhitespaceSplit or none; the model WordLevel or WordPiece;
/// the post-processor TemplateProcessing or none. Any other component is refused by its name. As with fast
/// tokenizers, what it says holds; `tokenizer_config.json` and `special_tokens_map.json` beside it may name the
/// special tokens and add tokens. Settings of theirs that contradict it are refused, because programs differ in
/// which they follow, and so are split_special_tokens and tokens of extra_special_tokens that are not known. Else
/// from `vocab.txt` (a token a line, the line's number from 0 is its id) with BERT's normalizer, pre-tokenizer,
/// WordPiece and the template [CLS] text [SEP]. Then `tokenizer_config.json` may say do_lower_case, strip_accents,
/// tokenize_chinese_chars, other names of the special tokens, and added_tokens_decoder; `special_tokens_map.json`
/// may name special tokens too. do_basic_tokenize = false, never_split beyond special tokens, other prefixes of
/// pieces, and tokens of `added_tokens.json` that are not known from these, are refused.
///
/// Padding and truncation settings are not used: a text that is too long is an error of the
/// model, never cut in silence.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attention/model/tokenizer/added_tokens.hpp"
#include "attention/model/tokenizer/encoding.hpp"
#include "attention/model/tokenizer/normalizer.hpp"
#include "attention/model/tokenizer/pre_tokenizer.hpp"
#include "attention/model/tokenizer/vocabulary.hpp"

namespace attnflow {

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

    const Vocabulary& vocabulary() const { return vocabulary_; }
    /// The token for unknown words.
    std::optional<TokenId> unknown() const { return unknown_; }
    /// The token for what is hidden, and the one for padding.
    std::optional<TokenId> mask() const { return mask_; }
    std::optional<TokenId> pad() const { return pad_; }
    /// "[CLS]", "[SEP]", ...: tokens that stand for no text.
    const std::vector<std::string>& special_tokens() const { return special_; }

private:
    struct Piece {
        std::u32string text;
        const AddedToken* added = nullptr;  ///< when the whole piece is one added token
    };
    /// A place of the template: a special token, or the text itself.
    struct Slot {
        bool text = false;
        std::vector<TokenId> ids;
        TokenId type = 0;
    };
    struct Reader;

    Tokenizer() : vocabulary_({}, "") {}
    static std::vector<Piece> cut_out(const AddedTokens& added, const std::u32string& text);
    void encode_words(const std::u32string& text, Encoding& out) const;
    void append_word(const std::u32string& word, Encoding& out) const;

    std::optional<BertNormalizer> normalizer_;
    PreTokenizer pre_tokenizer_ = PreTokenizer::none;
    std::variant<WordLevel, WordPiece> model_;
    Vocabulary vocabulary_;
    std::optional<TokenId> unknown_;
    std::optional<TokenId> mask_;
    std::optional<TokenId> pad_;
    AddedTokens added_;             ///< looked for in the text as it is
    AddedTokens added_normalized_;  ///< and in what the normalizer leaves of the rest
    std::vector<Slot> template_;
    std::vector<std::string> special_;
};

}  // namespace attnflow
