#include "experiments/tables/csv.hpp"

#include <algorithm>
#include <iterator>

#include "graph/support/text.hpp"

namespace attnflow {

namespace {

// Signs that begin a formula, full-width ones too: some spreadsheets take both.
constexpr std::string_view signs[] = {"=", "+", "@", "-", "\uFF1D", "\uFF0B", "\uFF20", "\uFF0D"};

// Would a spreadsheet take this field for a formula? A minus sign alone is a token.
bool begins_formula(std::string_view field) {
    field.remove_prefix(std::min(field.find_first_not_of(" \""), field.size()));
    const auto* sign = std::find_if(std::begin(signs), std::end(signs),
                                    [&](std::string_view each) { return field.starts_with(each); });
    return sign != std::end(signs) && (*sign != "-" || field.size() > 1);
}

// With an apostrophe before each field that would be a formula. Where the separator is a semicolon, each one in
// the text begins a field. (Tabs are escaped.)
std::string without_formulas(std::string_view text) {
    std::string out;
    while (true) {
        const std::string_view field = text.substr(0, text.find(';'));
        if (begins_formula(field)) out += '\'';
        out += field;
        if (field.size() == text.size()) return out;
        out += ';';
        text.remove_prefix(field.size() + 1);
    }
}

}  // namespace

std::string csv_text(std::string_view text) {
    const std::string out = without_formulas(escape_controls_keep_shapeless(text));
    if (out.find_first_of(",;\"") == std::string::npos) return out;
    std::string quoted = "\"";
    for (const char c : out) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::vector<std::string> csv_texts(const std::vector<std::string>& texts) {
    std::vector<std::string> cells;
    for (const std::string& text : texts) cells.push_back(csv_text(text));
    return cells;
}

std::string csv_line(const std::vector<std::string>& cells) { return join(cells, ",") + "\n"; }

}  // namespace attnflow
