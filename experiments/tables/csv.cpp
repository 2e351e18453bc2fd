#include "experiments/tables/csv.hpp"

#include "graph/support/text.hpp"

namespace attnflow {

std::string csv_text(std::string_view text) {
    std::string cell = escape_controls(text);
    const char first = cell.empty() ? '\0' : cell.front();
    const bool formula = first == '=' || first == '+' || first == '@' || (first == '-' && cell.size() > 1);
    if (formula) cell.insert(cell.begin(), '\'');
    if (cell.find_first_of(",\"") == std::string::npos) return cell;
    std::string quoted = "\"";
    for (const char c : cell) {
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
