#include "experiments/report/report_data.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "algorithms/attribution_method.hpp"
#include "attention/dataset.hpp"
#include "experiments/metrics/metric.hpp"
#include "experiments/report/explorer_data.hpp"
#include "experiments/report/explorer_network.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/measures.hpp"
#include "experiments/study/method_call.hpp"
#include "experiments/tables/columns.hpp"
#include "experiments/tables/result_tables.hpp"
#include "experiments/version.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::ordered_json;

Json cell_json(const Cell& cell) {
    if (cell.number) return *cell.number;  // null where it is not finite
    if (!cell.text.empty()) return cell.text;
    return nullptr;
}

Json table_json(const Table& table) {
    Json rows = Json::array();
    for (const auto& row : table.rows) {
        Json cells = Json::array();
        for (const Cell& cell : row) cells.push_back(cell_json(cell));
        rows.push_back(std::move(cells));
    }
    return {{"columns", table.columns}, {"rows", std::move(rows)}};
}

Json run_json_object(const Config& config, const Results& result, const Dataset* dataset) {
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
Json warnings_json(const Config& config, const Results& result, const Findings& findings,
                   const ReportOptions& options) {
    Json warnings = Json::array();
    const auto add = [&](const std::string& id, const std::string& title, const std::string& text) {
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
    for (std::size_t i = 0; i < findings.equal.size(); ++i)
        add(fmt::format("equal-{}", i), findings.equal[i].title, findings.equal[i].text);
    for (std::size_t i = 0; i < findings.contradictions.size(); ++i) {
        const Contradiction& one = findings.contradictions[i];
        add(fmt::format("expected-{}", i), one.title, one.text);
    }
    const auto& doubts = findings.diagnostics.doubts;
    for (std::size_t i = 0; i < doubts.size(); ++i)
        add(fmt::format("doubt-{}", i), doubts[i].title, doubts[i].text);
    return warnings;
}

// Saturation of flow in words, one object a setting: its method and axes, and what is found there.
Json saturation_json(const Results& result, const Findings& findings) {
    Json list = Json::array();
    for (const SaturationFinding& one : saturation_findings(findings.saturation, result.grid)) {
        Json object{{"method", one.setting.method}};
        for (const AxisInfo* axis : shown_axes(result.grid))
            object[axis->name] = cell_json(axis_cell(one.setting, axis->name));
        object.update({{"saturated", one.is_saturated}, {"title", one.title}, {"text", one.text}});
        list.push_back(std::move(object));
    }
    return list;
}

// What methods say of how they came to their answers, one object a setting and number.
Json diagnostics_json(const std::vector<DiagnosticFinding>& numbers) {
    Json list = Json::array();
    for (const DiagnosticFinding& one : numbers) {
        list.push_back({{"method", one.label},
                        {"diagnostic", one.name},
                        {"n", one.n},
                        {"min", one.least},
                        {"mean", one.mean},
                        {"max", one.largest}});
    }
    return list;
}

// { name, stage } of each.
Json axes_json(const std::vector<const AxisInfo*>& shown) {
    Json list = Json::array();
    for (const AxisInfo* axis : shown) list.push_back({{"name", axis->name}, {"stage", to_string(axis->stage)}});
    return list;
}

// { name, title, direction, asks_model } of each; the title of a call such as "precision_at_k(3)" keeps its
// parameters, that of a model metric those that it does not have by default.
Json metrics_json(const Config& config) {
    Json list = Json::array();
    const std::size_t count = config.metrics.size() + config.model_metrics.size();
    for (std::size_t m = 0; m < count; ++m) {
        const bool asks = asks_model(config, {0, m});
        std::string title = metric_label(config, m);
        if (!asks) {
            const std::string name = title.substr(0, title.find('('));
            const std::string& own = metrics().at(name).info.title;
            if (!own.empty()) title.replace(0, name.size(), own);
        }
        list.push_back({{"name", metric_name(config, m)},
                        {"title", title},
                        {"direction", direction_name(direction_of(config, {0, m}))},
                        {"asks_model", asks}});
    }
    return list;
}

// By method of the run: the methods of the run that a reader needs beside it.
Json compared_with_json(const std::vector<std::string>& methods) {
    Json by_method = Json::object();
    for (const std::string& method : methods) {
        Json others = Json::array();
        for (const std::string& other : method_entry(method).info.compared_with) {
            if (std::find(methods.begin(), methods.end(), other) != methods.end()) others.push_back(other);
        }
        if (!others.empty()) by_method[method] = std::move(others);
    }
    return by_method;
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

std::string dump(const Json& json) {
    return script_safe(json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

}  // namespace

ReportData gather_report(const Config& config, const Results& result, const Findings& findings,
                         const Dataset* dataset, const ReportOptions& options) {
    ReportData data;
    data.name = config.name;
    data.tables = {summary_table(result, config, findings.summary),
                   comparisons_table(result, config, findings.summary), cuts_table(result, findings.saturation),
                   agreement_table(result)};

    Json json;
    json["schema"] = 1;
    json["attnflow"] = version();
    json["name"] = config.name;
    json["run"] = run_json_object(config, result, dataset);
    json["methods"] = config.methods();
    json["compared_with"] = compared_with_json(config.methods());
    json["metrics"] = metrics_json(config);
    const auto shown = shown_axes(result.grid);
    json["axes"] = axes_json(shown);
    if (const auto own = own_defaults(result.grid); !own.empty()) json["own_defaults"] = own;
    for (const GridPoint& point : result.grid) {
        Json cells = Json::array({point.method});
        for (const AxisInfo* axis : shown) cells.push_back(cell_json(axis_cell(point, axis->name)));
        json["points"].push_back(std::move(cells));
    }
    json["cuts"] = Json::parse(cuts_json());
    json["solvable_tokens"] = max_solvable_tokens;
    json["warnings"] = warnings_json(config, result, findings, options);
    json["saturation"] = saturation_json(result, findings);
    if (!findings.diagnostics.numbers.empty())
        json["diagnostics"] = diagnostics_json(findings.diagnostics.numbers);
    for (const Table& table : data.tables) json["tables"][table.name] = table_json(table);
    std::string document = dump(json);

    ExplorerData explorer =
        gather_explorer(config, result, dataset, options,
                        options.max_bytes > document.size() ? options.max_bytes - document.size() : 0);
    data.left_out = std::move(explorer.left_out);
    data.embedded_examples = explorer.examples.size();
    if (!explorer.indices.empty())
        data.example_tables = example_tables(config, result, *dataset, explorer.indices.front());
    // The examples were dumped one by one to keep count of their size: join the texts.
    document.pop_back();
    data.json = document + ",\"left_out\":" + dump(data.left_out) +
                ",\"networks\":" + script_safe(explorer.networks) + ",\"score_points\":" + explorer.score_points +
                ",\"examples\":[";
    for (std::size_t e = 0; e < explorer.examples.size(); ++e) {
        data.json += (e > 0 ? "," : "") + script_safe(explorer.examples[e]);
    }
    data.json += "]}";
    return data;
}

}  // namespace attnflow
