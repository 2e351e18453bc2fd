#pragma once
/// A file of texts to run a model on.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attention/model/model.hpp"

namespace attnflow {

struct LabelledText {
    std::string text;
    std::optional<std::int64_t> label = {};  ///< a class
    std::string where = {};                  ///< file and line, for messages
};

/// One text a line; or, when the name ends in ".tsv", tab-separated columns whose header names
/// `text` and optionally `label` (a class by number or by one of `labels`; empty for none), other columns
/// being ignored. Lines end in \n or \r\n. Throws InputError ("<path>:<line>: ...") for a file that
/// is not UTF-8, has no or an empty text, or a label that is no class.
std::vector<LabelledText> read_texts(const std::string& path, const std::vector<std::string>& labels);

}  // namespace attnflow
