#include "experiments/tables/table.hpp"

#include <fmt/format.h>

#include "experiments/tables/csv.hpp"

namespace attnflow {

std::string cell_text(const Cell& cell) {
    if (cell.number) return fmt::format("{}", *cell.number);
    return csv_text(cell.text);
}

std::string to_csv(const Table& table) {
    std::string out = csv_line(csv_texts(table.columns));
    for (const auto& row : table.rows) {
        std::vector<std::string> cells;
        for (const Cell& cell : row) cells.push_back(cell_text(cell));
        out += csv_line(cells);
    }
    return out;
}

}  // namespace attnflow
