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

}  // namespace

std::size_t count_texts(const std::string& path) {
    const TextLines file(path);
    return file.lines.size() - (file.table ? 1 : 0);
}

std::vector<LabelledText> read_texts(const std::string& path, const TextModel& model) {
    const std::string shown = escape_controls(path);
    const TextLines file(path);
    const std::vector<std::string_view>& lines = file.lines;
    const bool table = file.table;
    std::optional<std::size_t> text_column = 0;
    std::optional<std::size_t> label_column;
    std::size_t columns = 1;
    if (table) {
        const auto names = split(lines.front(), '\t');
        columns = names.size();
        const auto column = [&](std::string_view name) -> std::optional<std::size_t> {
            const auto found = std::find(names.begin(), names.end(), name);
            if (found == names.end()) return std::nullopt;
            if (std::find(found + 1, names.end(), name) != names.end()) {
                throw InputError(fmt::format("{}:1: column '{}' is there twice", shown, name));
            }
            return static_cast<std::size_t>(found - names.begin());
        };
        text_column = column("text");
        label_column = column("label");
        for (const std::string_view name : names) {
            if (label_column || nearest_name(name, {"label"}).empty()) continue;
            throw InputError(
                fmt::format("{}:1: column '{}' is not read, and there is no column 'label'; did you mean "
                            "'label'? Expected that name, or one less like it",
                            shown, excerpt(name)));
        }
        if (!text_column)
            throw InputError(fmt::format("{}:1: no column 'text' in '{}'{}", shown, excerpt(lines.front()),
                                         is_quoted(names.front()) ? ", expected names without quotes" : ""));
    }
    std::vector<LabelledText> texts;
    for (std::size_t i = table ? 1 : 0; i < lines.size(); ++i) {
        const std::string where = fmt::format("{}:{}", shown, i + 1);
        if (!is_utf8(lines[i])) throw InputError(fmt::format("{}: '{}' is not UTF-8", where, excerpt(lines[i])));
        const auto cells = table ? split(lines[i], '\t') : std::vector<std::string_view>{lines[i]};
        if (cells.size() != columns) {
            throw InputError(
                fmt::format("{}: {} columns, expected {} as in the header", where, cells.size(), columns));
        }
        LabelledText text{std::string(cells[*text_column]), std::nullopt, where};
        if (table && is_quoted(text.text)) {
            throw InputError(
                fmt::format("{}: {} is in quotation marks, which are not read as quotes, expected the text as it "
                            "is (write the "
                            "table without quoting; put a space before marks that belong to the text)",
                            where, excerpt(text.text)));
        }
        if (is_blank(text.text)) throw InputError(where + ": no text, expected one a line without empty lines");
        if (label_column && has_outputs(model.model->shape().task))
            text.label = read_label(cells[*label_column], model, where);
        texts.push_back(std::move(text));
    }
    if (texts.empty()) throw InputError(shown + ": no texts");
    return texts;
}

}  // namespace attnflow
