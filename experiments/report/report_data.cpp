#include "experiments/report/report_data.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "experiments/findings/agreement.hpp"
#include "experiments/findings/summary.hpp"
#include "experiments/report/explorer_data.hpp"
#include "experiments/tables/point_columns.hpp"
#include "experiments/version.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {
Table::Cell optional_cell(const std::optional<double>& value) {
    if (value && std::isfinite(*value)) return *value;
    return {};
}

void add_interval(const std::optional<Interval>& interval, std::vector<Table::Cell>& cells) {
    cells.push_back(interval ? optional_cell(interval->low) : Table::Cell());
    cells.push_back(interval ? optional_cell(interval->high) : Table::Cell());
}

Table summary_table(const Config& config, const RunResult& result, const Summary& summary) {
    Table table{"correlation_by_layer", point_columns(), {}};
    for (const char* column : {"reference", "metric", "n", "n_undefined", "mean", "std", "ci_low", "ci_high"})
        table.columns.push_back(column);
    for (const SummaryRow& row : summary.rows) {
        auto cells = point_cells(result.grid[row.point]);
        cells.push_back(config.references[row.reference].text);
        cells.push_back(config.metrics[row.metric]);
        cells.push_back(static_cast<double>(row.n));
        cells.push_back(static_cast<double>(row.n_undefined));
        cells.push_back(optional_cell(row.mean));
        cells.push_back(optional_cell(row.standard_deviation));
        add_interval(row.interval, cells);
        table.rows.push_back(std::move(cells));
    }
    return table;
}

Table comparisons_table(const Config& config, const RunResult& result, const Summary& summary) {
    Table table{"comparisons", point_columns(), {}};
    for (const char* column : {"other_method", "reference", "metric", "n", "mean_difference", "ci_low", "ci_high",
                               "p", "p_holm", "effect_size"})
        table.columns.push_back(column);
    for (const MethodPair& pair : summary.pairs) {
        const GridPoint& second = result.grid[pair.second];
        const auto settings = joined_settings(result.grid[pair.first], second);
        auto cells = point_cells(settings ? *settings : result.grid[pair.first]);
        cells.push_back(second.method);
        cells.push_back(config.references[pair.reference].text);
        cells.push_back(config.metrics[pair.metric]);
        cells.push_back(static_cast<double>(pair.n));
        cells.push_back(optional_cell(pair.result.mean));
        add_interval(pair.result.interval, cells);
        cells.push_back(optional_cell(pair.result.p));
        cells.push_back(optional_cell(pair.p_holm));
        cells.push_back(optional_cell(pair.result.effect_size));
        table.rows.push_back(std::move(cells));
    }
    return table;
}

Table saturation_table(const RunResult& result) {
    Table table{"saturation_by_layer", point_columns(), {}};
    for (const char* column : {"cut", "pairs", "share"}) table.columns.push_back(column);
    for (const CutCounts& counts : result.cuts) {
        std::size_t pairs = 0;
        for (const std::size_t count : counts.pairs) pairs += count;
        if (pairs == 0) continue;
        for (const CutKind kind : all_cut_kinds) {
            const auto count = static_cast<double>(counts.pairs[static_cast<std::size_t>(kind)]);
            auto cells = point_cells(result.grid[counts.point]);
            cells.push_back(to_string(kind));
            cells.push_back(count);
            cells.push_back(count / static_cast<double>(pairs));
            table.rows.push_back(std::move(cells));
        }
    }
    return table;
}

Json cell_json(const Table::Cell& cell) {
    if (cell.number) return *cell.number;
    if (!cell.text.empty()) return cell.text;
    return nullptr;
}

Json table_json(const Table& table) {
    Json rows = Json::array();
    for (const auto& row : table.rows) {
        Json cells = Json::array();
        for (const Table::Cell& cell : row) cells.push_back(cell_json(cell));
        rows.push_back(std::move(cells));
    }
    return {{"columns", table.columns}, {"rows", std::move(rows)}};
}

Json run_json_object(const Config& config, const RunResult& result, const Dataset* dataset) {
    Json run{{"examples", result.examples.size()},
             {"grid_points", result.grid.size()},
             {"cells", result.examples.size() * result.grid.size()},
             {"failures", result.failures.size()},
             {"largest_row_sum_deviation", result.largest_row_sum_deviation},
             {"dataset", config.dataset.filename().string()},
             {"settings", config.given},
             {"undefined_as_zero", config.undefined_as_zero},
             {"level", config.statistics.level}};
    if (result.fixed_point) {
        run["fixed_point"] = {{"bits", result.fixed_point->bits},
                              {"error_bound", result.fixed_point->error_bound},
                              {"rounded_to_zero", result.fixed_point->rounded_to_zero}};
    }
    if (dataset != nullptr) {
        for (const char* key : {"model", "task", "precision"}) {
            const auto found = dataset->metadata().find(key);
            if (found != dataset->metadata().end()) run[key] = excerpt(found->second, 300);
        }
    }
    return run;
}

// What a reader must know before the charts: { id, title, text }.
Json warnings_json(const Config& config, const RunResult& result, const ReportOptions& options) {
    Json warnings = Json::array();
    const auto add = [&](const char* id, const std::string& title, const std::string& text) {
        warnings.push_back({{"id", id}, {"title", title}, {"text", text}});
    };
    if (options.unfinished_at) {
        add("unfinished", "This run is not finished",
            fmt::format("{} of {} are done, and everything here is what they give. "
                        "attnflow run --resume does the rest; then write the report again.",
                        *options.unfinished_at,
                        counted(std::max(options.total, result.examples.size()), "example")));
    }
    if (!result.failures.empty()) {
        const Failure& first = result.failures.front();
        const GridPoint& point = result.grid[first.point];
        const auto layer = point.layer();
        add("failures",
            fmt::format("{} of {} cells failed", result.failures.size(),
                        result.examples.size() * result.grid.size()),
            fmt::format(
                "They are missing from every mean; failures.csv lists them. The first is {}{}, example {}: {}",
                point.method, layer ? fmt::format(", layer {}", *layer) : "",
                excerpt(result.examples[first.example]), excerpt(first.message, 300)));
    }
    if (options.dataset_changed) {
        add("dataset", "The dataset has changed since this run",
            fmt::format("{} is not the file that the run read: its checksum differs. The charts show the "
                        "run as it was stored; its examples are left out. Run again for a report on the "
                        "file as it is now.",
                        escape_controls(config.dataset.filename().string())));
    }
    return warnings;
}

// What goes into a page between <script> tags: no '<', '>' or '&', so that no token can end it.
std::string script_safe(const std::string& json) {
    std::string out;
    out.reserve(json.size() + json.size() / 64);
    for (const char c : json) {
        if (c == '<' || c == '>' || c == '&') {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out;
}

std::string dump(const Json& json) { return script_safe(json.dump(-1, JsonText::ascii)); }

}  // namespace

ReportData gather_report(const Config& config, const RunResult& result, const Dataset* dataset,
                         const ReportOptions& options) {
    ReportData data;
    data.name = config.name;
    const Summary summary = summarise(result, config, options.jobs);
    data.tables.push_back(summary_table(config, result, summary));
    data.tables.push_back(comparisons_table(config, result, summary));
    data.tables.push_back(saturation_table(result));
    data.tables.push_back(agreement_table(result));

    Json json;
    json["schema"] = 1;
    json["attnflow"] = version();
    json["name"] = config.name;
    json["run"] = run_json_object(config, result, dataset);
    json["methods"] = config.methods();
    for (const AxisInfo& axis : axes()) json["axes"].push_back(axis.name);
    for (const GridPoint& point : result.grid) {
        Json cells = Json::array();
        for (const Table::Cell& cell : point_cells(point)) cells.push_back(cell_json(cell));
        json["points"].push_back(std::move(cells));
    }
    json["warnings"] = warnings_json(config, result, options);
    for (const Table& table : data.tables) json["tables"][table.name] = table_json(table);
    std::string head = dump(json);

    ExplorerData explorer = gather_explorer(config, result, dataset, options,
                                            options.max_bytes > head.size() ? options.max_bytes - head.size() : 0);
    data.left_out = std::move(explorer.left_out);
    data.embedded_examples = explorer.examples.size();
    if (!explorer.indices.empty())
        data.example_tables = example_tables(config, result, *dataset, explorer.indices.front());
    // The examples were dumped one by one to keep count of their size: join the texts.
    head.pop_back();
    data.json = head + ",\"left_out\":" + dump(data.left_out) + ",\"networks\":" + script_safe(explorer.networks) +
                ",\"score_points\":" + explorer.score_points + ",\"examples\":[";
    for (std::size_t e = 0; e < explorer.examples.size(); ++e) {
        data.json += (e > 0 ? "," : "") + script_safe(explorer.examples[e]);
    }
    data.json += "]}";
    return data;
}

}  // namespace attnflow
