#pragma once
/// A file of texts to run a model on.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attention/model/task.hpp"

namespace attnflow {

struct TextModel;

struct LabelledText {
    std::string text;
    std::optional<std::int64_t> label = {};  ///< a class, or a token of a language model
    std::string where = {};                  ///< file and line, for messages
    std::optional<std::string> pair = {};    ///< the second text, of pairs
};

/// One text a line; or, when the name ends in ".tsv" (in any case), tab-separated columns whose header names
/// `text`, optionally a second text that the model reads with it, and optionally `label`, an output of the model
/// as output_named() reads it, empty for none (not looked at unless reads_labels()). The second text is
/// `text_pair`, else the only column called as second texts are: sentence2, text_b, hypothesis, question, context
/// and the like, in any case, with or without "_"; tables of pairs need no `text` where both columns have such
/// names (sentence1 and sentence2, premise and hypothesis, question and context). text_notes() says what was read.
/// Quotes are not read: a text in quotation marks is
/// refused. Lines end in \n or \r\n; blank lines at the end are none. Throws InputError ("<path>:<line>: ...") for
/// a file that is not UTF-8, has no text or one of white space only, or a label that is no output; for a ".csv",
/// ".json" or ".jsonl", for what looks like a table under another name, for a column that is nearly called `label`
/// where none is, for several columns that may be the second text, and for carriage returns and NUL bytes inside a
/// line.
std::vector<LabelledText> read_texts(const std::string& path, const TextModel& model);

/// How the columns of a table were read, a sentence each: which are the texts of a pair, which are not read.
/// Empty for other files. `task`: that of the model that reads them. Throws what read_texts() does of the header.
std::vector<std::string> text_notes(const std::string& path, Task task);

/// Whether labels of texts are outputs of the model: not where it has none, nor of a regression, whose texts have
/// numbers for which nothing here asks.
bool reads_labels(Task task);

/// Whether a text is white space only, that of Unicode included.
bool is_blank(std::string_view text);

/// How many read_texts() would give. Labels and texts are not looked at.
std::size_t count_texts(const std::string& path);

}  // namespace attnflow
