#include "experiments/tables/columns.hpp"

namespace attnflow {

Cell axis_cell(const GridPoint& point, const std::string& axis) {
    const auto found = point.values.find(axis);
    if (found == point.values.end()) return {};
    if (const auto* integer = std::get_if<std::int64_t>(&found->second)) return static_cast<double>(*integer);
    if (const auto* real = std::get_if<double>(&found->second)) return *real;
    return to_text(found->second);
}

}  // namespace attnflow
