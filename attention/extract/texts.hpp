#pragma once
/// A file of texts to run a model on.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attnflow {

struct TextModel;

struct LabelledText {
    std::string text;
    std::optional<std::int64_t> label = {};  ///< a class, or a token of a language model
    std::string where = {};                  ///< file and line, for messages
};

/// One text a line; or, when the name ends in ".tsv" (in any case), tab-separated columns whose header names
/// `text` and optionally `label`, an output of the model as output_named() reads it, empty for none (not looked at
/// for a model without outputs); other columns are ignored, and quotes are not read: a text in quotation marks is
/// refused. Lines end in \n or \r\n; blank lines at the end are none. Throws InputError ("<path>:<line>: ...") for
/// a file that is not UTF-8, has no text or one of white space only, or a label that is no output; for a ".csv",
/// ".json" or ".jsonl", for what looks like a table under another name, for a column that is nearly called `label`
/// where none is, and for carriage returns and NUL bytes inside a line.
std::vector<LabelledText> read_texts(const std::string& path, const TextModel& model);

/// Whether a text is white space only, that of Unicode included.
bool is_blank(std::string_view text);

/// How many read_texts() would give. Labels and texts are not looked at.
std::size_t count_texts(const std::string& path);

}  // namespace attnflow
