#include "attention/extract/texts.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "attention/extract/target.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/text_model.hpp"
#include "attention/model/tokenizer/characters.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

bool is_blank(std::string_view text) {
    if (!is_utf8(text)) return false;
    const std::u32string characters = decode_utf8(text, "text");
    return std::all_of(characters.begin(), characters.end(), is_white_space);
}

namespace {

constexpr std::size_t most_bytes = 1'000'000'000;

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0;;) {
        const std::size_t end = text.find(separator, begin);
        parts.push_back(text.substr(begin, end == std::string_view::npos ? end : end - begin));
        if (end == std::string_view::npos) return parts;
        begin = end + 1;
    }
}

std::vector<std::string_view> lines_of(std::string_view text) {
    auto lines = split(text, '\n');
    if (lines.back().empty()) lines.pop_back();  // after the last line's end
    for (std::string_view& line : lines) {
        if (line.ends_with('\r')) line.remove_suffix(1);
    }
    return lines;
}

/// "" for none, in lower case: ".tsv".
std::string extension_of(const std::string& path) {
    std::string extension = std::filesystem::path(path).extension().string();
    for (char& c : extension) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return extension;
}

/// As programs write a field that they quote: in quotation marks, those inside doubled.
bool is_quoted(std::string_view field) {
    if (field.size() < 2 || !field.starts_with('"') || !field.ends_with('"')) return false;
    const std::string_view inside = field.substr(1, field.size() - 2);
    for (std::size_t i = 0; i < inside.size(); ++i) {
        if (inside[i] != '"') continue;
        if (++i == inside.size() || inside[i] != '"') return false;
    }
    return true;
}

/// Throws where lines of texts are those of a table: one of the columns is called text, or each has as many tabs.
void refuse_table(const std::vector<std::string_view>& lines, const std::string& shown) {
    const auto tabs = [](std::string_view line) { return std::count(line.begin(), line.end(), '\t'); };
    const auto first = tabs(lines.front());
    if (first == 0) return;
    const auto names = split(lines.front(), '\t');
    if (std::find(names.begin(), names.end(), "text") == names.end() &&
        !std::all_of(lines.begin(), lines.end(), [&](std::string_view line) { return tabs(line) == first; })) {
        return;
    }
    throw InputError(fmt::format(
        "{}:1: '{}' looks like a table, expected one text a line; a table needs the name .tsv and a header "
        "that names text",
        shown, excerpt(lines.front())));
}

/// A file of texts, cut into lines.
struct TextLines {
    std::string content;
    std::vector<std::string_view> lines;  ///< at least one, the header of a table included
    bool table;

    TextLines(const TextLines&) = delete;  // lines point into the content
    TextLines& operator=(const TextLines&) = delete;
    explicit TextLines(const std::string& path) {
        const std::string shown = escape_controls(path);
        const std::string extension = extension_of(path);
        if (extension == ".csv") {
            throw InputError(
                shown +
                ": comma-separated files are not read, expected .tsv (tab-separated, with a header that "
                "names text and, if there is one, label) or one text a line under another name");
        }
        if (extension == ".json" || extension == ".jsonl") {
            throw InputError(
                fmt::format("{0}: JSON is not read, expected .tsv (a header that names text and, if there is one, "
                            "label) or one "
                            "text a line under another name, for instance what (printf 'text\\tlabel\\n'; jq -r "
                            "'{1}[.text, .label] "
                            "| @tsv' {0}) writes",
                            shown, extension == ".json" ? ".[] | " : ""));
        }
        content = read_text_file(path, most_bytes);
        std::string_view body = content;
        if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);  // what some editors mark UTF-8 with
        lines = lines_of(body);
        while (!lines.empty() && is_blank(lines.back())) lines.pop_back();
        if (lines.empty()) throw InputError(shown + ": no texts");
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const auto found = lines[i].find_first_of(std::string_view("\r\0", 2));
            if (found == std::string_view::npos) continue;
            throw InputError(fmt::format("{}:{}: {} inside a line, expected lines that end in \\n or \\r\\n{}",
                                         shown, i + 1,
                                         lines[i][found] == '\r' ? "a carriage return" : "a NUL byte",
                                         lines[i][found] == '\r' ? "" : " and UTF-8 text"));
        }
        table = extension == ".tsv";
        if (!table) refuse_table(lines, shown);
    }
};

std::optional<std::int64_t> read_label(std::string_view text, const TextModel& model, const std::string& where) {
    if (text.empty()) return std::nullopt;
    try {
        return static_cast<std::int64_t>(output_named(std::string(text), model));
    } catch (const ParameterError& error) {
        throw InputError(fmt::format("{}: label: {}", where, error.what()));
    }
}

/// "Sentence_2" and "sentence2" are one name.
std::string plain_name(std::string_view name) {
    std::string plain;
    for (const char c : name) {
        if (c == '_' || c == '-' || c == ' ') continue;
        plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    return plain;
}

/// What second texts are called beside a column `text`, by plain names.
const std::vector<std::string>& second_names() {
    static const std::vector<std::string> names{"textpair", "text2",      "textb",   "sentence2", "sentenceb",
                                                "sentence", "hypothesis", "premise", "question2", "question",
                                                "query",    "passage",    "context", "document",  "paragraph",
                                                "answer",   "response"};
    return names;
}

/// Columns that are a pair by their names, where there is no `text`: the first text, and what the second may be.
const std::vector<std::pair<std::string, std::vector<std::string>>>& name_pairs() {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> pairs{
        {"text1", {"text2"}},
        {"texta", {"textb"}},
        {"sentence1", {"sentence2"}},
        {"sentencea", {"sentenceb"}},
        {"question1", {"question2"}},
        {"premise", {"hypothesis"}},
        {"s1", {"s2"}},
        {"sent1", {"sent2"}},
        {"q1", {"q2"}},
        {"claim", {"evidence"}},
        {"textleft", {"textright"}},
        {"first", {"second"}},
        {"question", {"context", "passage", "paragraph", "sentence", "document", "answer"}},
        {"query", {"passage", "document", "paragraph", "context", "answer"}}};
    return pairs;
}

/// Which column of a table is what.
class Columns {
public:
    Columns(std::string_view header, const std::string& where) : where_(where), names_(split(header, '\t')) {
        for (std::string_view& name : names_) {
            if (is_quoted(name)) name = name.substr(1, name.size() - 2);  // as tables with quotes are written
        }
        label_ = column("label");
        for (const std::string_view name : names_) {
            if (label_ || nearest_name(name, {"label"}).empty()) continue;
            throw InputError(
                fmt::format("{}: column '{}' is not read, and there is no column 'label'; did you mean "
                            "'label'? Expected that name, or one less like it",
                            where_, excerpt(name)));
        }
        if (const auto text = column("text")) {
            text_ = *text;
            pair_ = only("beside text", named(second_names()));
        } else {
            find_pair(header);
        }
    }

    std::size_t size() const { return names_.size(); }
    std::size_t text() const { return text_; }
    const std::optional<std::size_t>& pair() const { return pair_; }
    const std::optional<std::size_t>& label() const { return label_; }

    std::vector<std::string> notes(bool with_labels) const {
        std::vector<std::string> notes;
        if (pair_) {
            notes.push_back(fmt::format("{}: pairs of texts, {} the first and {} the second", where_,
                                        excerpt(names_[text_]), excerpt(names_[*pair_])));
        }
        std::vector<std::string> unread;
        std::string meant;
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (i == text_ || i == pair_ || (i == label_ && with_labels)) continue;
            unread.push_back("'" + excerpt(names_[i]) + "'");
            if (!pair_ && !nearest_name(plain_name(names_[i]), second_names()).empty())
                meant = "; a second text for the model is called text_pair";
        }
        if (!unread.empty()) {
            notes.push_back(fmt::format("{}: {} {} {} not read{}", where_,
                                        unread.size() == 1 ? "column" : "columns", join(unread, ", "),
                                        unread.size() == 1 ? "is" : "are", meant));
        }
        return notes;
    }

private:
    /// Called so, or, where none is, written in other letters: Text, TEXT_PAIR. A label is called label.
    std::optional<std::size_t> column(std::string_view name) const {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (names_[i] == name) found.push_back(i);
        }
        if (found.empty() && name != "label") found = named({plain_name(name)});
        if (found.size() > 1) throw InputError(fmt::format("{}: column '{}' is there twice", where_, name));
        return found.empty() ? std::nullopt : std::optional(found.front());
    }

    std::vector<std::size_t> named(const std::vector<std::string>& plain) const {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (std::find(plain.begin(), plain.end(), plain_name(names_[i])) != plain.end()) found.push_back(i);
        }
        return found;
    }

    /// The second text among columns that are called so; text_pair is meant in any case.
    std::optional<std::size_t> only(const std::string& of, const std::vector<std::size_t>& columns) const {
        if (const auto pair = column("text_pair")) return pair;
        if (columns.empty()) return std::nullopt;
        if (columns.size() == 1) return columns.front();
        std::vector<std::string> names;
        for (const std::size_t one : columns) names.push_back("'" + excerpt(names_[one]) + "'");
        const std::string last = names.back();
        names.pop_back();
        throw InputError(fmt::format(
            "{}: columns {} and {} may each be the second text {}; call the one that is meant text_pair, "
            "and the others are not read",
            where_, join(names, ", "), last, of));
    }

    void find_pair(std::string_view header) {
        for (const auto& [first, seconds] : name_pairs()) {
            const auto firsts = named({first});
            const auto others = named(seconds);
            if (firsts.size() != 1 || others.empty()) continue;
            if (pair_) {
                throw InputError(
                    fmt::format("{}: no column 'text', and several may be a pair of texts, expected text "
                                "and text_pair in '{}'",
                                where_, excerpt(header)));
            }
            text_ = firsts.front();
            pair_ = only("beside " + excerpt(names_[text_]), others);
        }
        if (pair_) return;
        throw InputError(fmt::format(
            "{}: no column 'text' in '{}'; call the texts text, and the second texts of pairs text_pair", where_,
            excerpt(header)));
    }

    std::string where_;
    std::vector<std::string_view> names_;
    std::size_t text_ = 0;
    std::optional<std::size_t> pair_;
    std::optional<std::size_t> label_;
};

/// A cell with a text.
std::string text_of(std::string_view cell, bool table, const std::string& where) {
    if (table && is_quoted(cell)) {
        throw InputError(
            fmt::format("{}: {} is in quotation marks, which are not read as quotes, expected the text as it "
                        "is (write the "
                        "table without quoting; put a space before marks that belong to the text)",
                        where, excerpt(cell)));
    }
    return std::string(cell);
}

}  // namespace

bool reads_labels(Task task) { return has_outputs(task) && task != Task::regression; }

std::size_t count_texts(const std::string& path) {
    const TextLines file(path);
    return file.lines.size() - (file.table ? 1 : 0);
}

std::vector<std::string> text_notes(const std::string& path, Task task) {
    const TextLines file(path);
    if (!file.table) return {};
    return Columns(file.lines.front(), escape_controls(path) + ":1").notes(reads_labels(task));
}

std::vector<LabelledText> read_texts(const std::string& path, const TextModel& model) {
    const std::string shown = escape_controls(path);
    const TextLines file(path);
    std::optional<Columns> columns;
    if (file.table) columns.emplace(file.lines.front(), shown + ":1");
    std::vector<LabelledText> texts;
    for (std::size_t i = file.table ? 1 : 0; i < file.lines.size(); ++i) {
        const std::string_view line = file.lines[i];
        const std::string where = fmt::format("{}:{}", shown, i + 1);
        if (!is_utf8(line)) throw InputError(fmt::format("{}: '{}' is not UTF-8", where, excerpt(line)));
        const auto cells = columns ? split(line, '\t') : std::vector<std::string_view>{line};
        if (const std::size_t expected = columns ? columns->size() : 1; cells.size() != expected) {
            throw InputError(
                fmt::format("{}: {} columns, expected {} as in the header", where, cells.size(), expected));
        }
        LabelledText text{text_of(cells[columns ? columns->text() : 0], file.table, where), std::nullopt, where};
        if (is_blank(text.text)) throw InputError(where + ": no text, expected one a line without empty lines");
        if (columns && columns->pair()) {
            text.pair = text_of(cells[*columns->pair()], true, where);
            if (is_blank(*text.pair)) throw InputError(where + ": no second text, expected one in each line");
        }
        if (columns && columns->label() && reads_labels(model.model->shape().task))
            text.label = read_label(cells[*columns->label()], model, where);
        texts.push_back(std::move(text));
    }
    if (texts.empty()) throw InputError(shown + ": no texts");
    return texts;
}

}  // namespace attnflow
