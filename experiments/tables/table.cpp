#include "experiments/tables/table.hpp"

#include <fmt/format.h>

#include "experiments/tables/csv.hpp"

namespace attnflow {
namespace {

std::string cell_text(const Table::Cell& cell) {
    if (cell.number) return fmt::format("{}", *cell.number);
    return csv_text(cell.text);
}

}  // namespace

std::string to_csv(const Table& table) {
    std::vector<std::string> cells;
    for (const std::string& column : table.columns) cells.push_back(csv_text(column));
    std::string out = csv_line(cells);
    for (const auto& row : table.rows) {
        cells.clear();
        for (const Table::Cell& cell : row) cells.push_back(cell_text(cell));
        out += csv_line(cells);
    }
    return out;
}

}  // namespace attnflow
