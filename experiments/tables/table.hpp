#pragma once
/// A table: what a chart is drawn from, and what a CSV file holds.

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace attnflow {

/// Nothing, a number, or text from anywhere (escaped by whoever writes it down).
struct Cell {
    std::optional<double> number = {};
    std::string text = {};  ///< "" in a cell without text

    Cell() = default;
    Cell(double value) : number(value) {}
    Cell(std::size_t value) : number(static_cast<double>(value)) {}
    Cell(const std::optional<double>& value) : number(value) {}
    Cell(std::string value) : text(std::move(value)) {}
    Cell(const char* value) : text(value) {}
};

struct Table {
    std::string name;  ///< of the figure that shows it, for instance "correlation_by_layer"
    std::vector<std::string> columns;
    std::vector<std::vector<Cell>> rows;  ///< each as long as `columns`
};

/// As a CSV file has it.
std::string cell_text(const Cell& cell);

/// RFC 4180 with a header line; text cells cannot become spreadsheet formulas.
std::string to_csv(const Table& table);

}  // namespace attnflow
