#pragma once
/// Tokens that stand for no word: [CLS], [SEP] and the like, by exact text.

#include <cstddef>
#include <string>
#include <vector>

namespace attnflow {

class Dataset;

/// When neither config nor dataset name any. [UNK] is an ordinary token.
const std::vector<std::string>& default_special_tokens();

/// `given`, or else the dataset's, or else the default.
std::vector<std::string> special_tokens(const std::vector<std::string>& given, const Dataset& dataset);

/// Positions of the tokens that are not among `special`, ascending.
std::vector<std::size_t> ordinary_positions(const std::vector<std::string>& tokens,
                                            const std::vector<std::string>& special);
/// Those of the tokens that are.
std::vector<std::size_t> special_positions(const std::vector<std::string>& tokens,
                                           const std::vector<std::string>& special);

}  // namespace attnflow
