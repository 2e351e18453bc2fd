#include "experiments/findings/diagnostics.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "experiments/store/results.hpp"
#include "experiments/study/axes/layer.hpp"
#include "experiments/study/grid_labels.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::size_t shown_characters = 300;  // of a warning

struct Doubts {
    std::size_t answers = 0;
    std::set<std::size_t> examples = {};
    const DiagnosticsRow* first = nullptr;
};

GridPoint setting_of(const GridPoint& point) {
    return point.without(AxisStage::comparing).without(AxisStage::reading).without(LayerAxis::name);
}

void add(DiagnosticFinding& finding, double value) {
    finding.least = finding.n == 0 ? value : std::min(finding.least, value);
    finding.largest = finding.n == 0 ? value : std::max(finding.largest, value);
    ++finding.n;
    finding.mean += (value - finding.mean) / static_cast<double>(finding.n);
}

DoubtFinding words(const std::string& label, const Doubts& doubts, const Results& results) {
    const DiagnosticsRow& first = *doubts.first;
    const auto layer = results.point(first.point).layer();
    return {doubts.answers, fmt::format("{} warns of {}", label, counted(doubts.answers, "answer")),
            fmt::format("In {} of {}. For instance {}{}: {}", doubts.examples.size(),
                        counted(results.examples.size(), "example"), excerpt(results.examples.at(first.example)),
                        layer ? fmt::format(", layer {}", *layer) : "",
                        excerpt(first.diagnostics.warnings.front(), shown_characters))};
}

}  // namespace

DiagnosticFindings diagnostic_findings(const Results& results) {
    // By the first point of a setting, which is the order of the grid.
    std::map<std::string, std::size_t> first_points;
    std::map<std::size_t, std::map<std::string, DiagnosticFinding>> numbers;
    std::map<std::size_t, Doubts> doubts;
    const std::size_t points = results.diagnostics.empty() ? 0 : results.grid.size() + results.beside_grid.size();
    for (std::size_t p = 0; p < points; ++p)
        first_points.emplace(setting_of(results.point(p)).key(AxisStage::comparing), p);
    const GridLabels labels(results.grid);
    for (const DiagnosticsRow& row : results.diagnostics) {
        const GridPoint setting = setting_of(results.point(row.point));
        const std::size_t place = first_points.at(setting.key(AxisStage::comparing));
        for (const auto& [name, value] : row.diagnostics.numbers) {
            const auto [found, fresh] = numbers[place].try_emplace(name);
            if (fresh) found->second = {.setting = setting, .label = labels.row_label(setting), .name = name};
            add(found->second, value);
        }
        if (row.diagnostics.warnings.empty()) continue;
        Doubts& its = doubts[place];
        ++its.answers;
        its.examples.insert(row.example);
        if (its.first == nullptr) its.first = &row;
    }
    DiagnosticFindings findings;
    for (auto& [place, by_name] : numbers) {
        for (auto& [name, finding] : by_name) findings.numbers.push_back(std::move(finding));
    }
    for (const auto& [place, its] : doubts)
        findings.doubts.push_back(words(labels.row_label(setting_of(results.point(place))), its, results));
    return findings;
}

}  // namespace attnflow
