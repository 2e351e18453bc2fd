#pragma once
/// Tokens that stand for no word: [CLS], [SEP] and the like, by exact text.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attnflow {

class Dataset;

/// Names of model families. [UNK] and [MASK] are ordinary tokens: they stand for a word.
const std::vector<std::string>& usual_special_tokens();
/// When neither config nor dataset name any: these, those in plain <brackets> also behind the mark of
/// SentencePiece (▁<pad>), and the languages of Whisper (<|en|>).
const std::vector<std::string>& default_special_tokens();

/// `given`, or else the dataset's, or else the default. A list that is there and empty means that there are none.
std::vector<std::string> special_tokens(const std::optional<std::vector<std::string>>& given,
                                        const Dataset& dataset);

/// Those of `names` that are no token of `tokens`.
std::vector<std::string> absent_names(std::vector<std::string> names, const std::vector<std::string>& tokens);
/// What is wrong with a name that is no token: "'[CSL]' is no token of ex0; did you mean '[CLS]'?". `of` says of
/// what, and `tokens` are all of its tokens.
std::string no_such_token(const std::string& name, const std::string& of, const std::vector<std::string>& tokens);
/// "[CLS] [SEP] [PAD], ...": the first ones, fit for a message.
std::string some_names(const std::vector<std::string>& names);

/// Positions of the tokens that are not among `special`, ascending.
std::vector<std::size_t> ordinary_positions(const std::vector<std::string>& tokens,
                                            const std::vector<std::string>& special);
/// Those of the tokens that are.
std::vector<std::size_t> special_positions(const std::vector<std::string>& tokens,
                                           const std::vector<std::string>& special);

}  // namespace attnflow
