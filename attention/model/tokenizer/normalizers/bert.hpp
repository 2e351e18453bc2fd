#pragma once
/// BERT's text normalisation.
///
/// In this order, each step a setting: control characters are dropped and every white space
/// becomes a blank; ideographs get blanks around them, so that each is a word; accents are
/// stripped (NFD without non-spacing marks); letters are lower-cased.
///
/// Devlin et al. 2019, arXiv:1810.04805; the component `BertNormalizer` of tokenizer.json.

#include "attention/model/tokenizer/normalizers/normalizer.hpp"

namespace attnflow {

class BertNormalizer final : public Normalizer {
public:
    static EntryInfo describe() {
        return {.name = "BertNormalizer",
                .summary = "control characters, white space, ideographs, accents and case, as BERT",
                .paper = "Devlin et al. 2019, arXiv:1810.04805",
                .complexity = "O(|text|)"};
    }

    /// From `BertNormalizer` of a tokenizer.json. Throws InputError for settings that are malformed.
    static BertNormalizer read(const JsonFields& fields);
    /// From tokenizer_config.json, where there is no tokenizer.json.
    static BertNormalizer from_settings(const JsonFields& settings);

    /// O(|text|).
    std::u32string normalize(std::u32string_view text) const override;
    void check_settings(const JsonFields& settings, const std::string& where) const override;

private:
    bool clean_text_ = true;
    bool handle_chinese_chars_ = true;
    bool strip_accents_ = true;
    bool lowercase_ = true;
};

}  // namespace attnflow
