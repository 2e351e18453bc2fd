#include "experiments/report/figures.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "attention/files/json.hpp"
#include "experiments/report/page.hpp"
#include "experiments/report/process.hpp"
#include "graph/support/error.hpp"
#include "graph/support/files/output_file.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Files = NamedFiles;

constexpr std::size_t most_figure_bytes = std::size_t{1} << 30;

// Figures that show the same numbers as another one.
const std::map<std::string, std::string>& table_of_figure() {
    static const std::map<std::string, std::string> tables{{"scores_by_layer", "correlation_by_layer"},
                                                           {"heads_by_skip", "correlation_by_layer"},
                                                           {"table_by_layer", "correlation_by_layer"},
                                                           {"token_map", "token_bars"}};
    return tables;
}

// True when some column takes two values: heads_by_skip is drawn for such runs only.
bool varies(const Table& table, const std::vector<std::string>& columns) {
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        if (std::find(columns.begin(), columns.end(), table.columns[c]) == columns.end()) continue;
        std::set<std::pair<std::optional<double>, std::string>> values;
        for (const auto& row : table.rows) {
            if (row[c].number || !row[c].text.empty()) values.emplace(row[c].number, row[c].text);
        }
        if (values.size() > 1) return true;
    }
    return false;
}

Files csv_figures(const ReportData& data, const std::string& only) {
    Files files;
    for (const std::string& name : figure_names()) {
        if (!only.empty() && name != only) continue;
        const auto alias = table_of_figure().find(name);
        const std::string& wanted = alias == table_of_figure().end() ? name : alias->second;
        for (const auto* tables : {&data.tables, &data.example_tables}) {
            for (const Table& table : *tables) {
                if (table.name != wanted || table.rows.empty()) continue;
                if (name == "heads_by_skip" && !varies(table, {"heads", "skip_weight"})) continue;
                files.emplace_back(name + ".csv", to_csv(table));
            }
        }
    }
    return files;
}

// `what` failed: the program's last words, made harmless.
[[noreturn]] void fail(const std::string& what, const ProcessResult& result) {
    const std::string words =
        result.error.size() > 600 ? result.error.substr(result.error.size() - 600) : result.error;
    throw InputError(
        fmt::format("{} failed with exit code {}: {}", what, result.exit_code, escape_controls_keep_lines(words)));
}

std::string options_json(const std::string& only) {
    return nlohmann::json{{"only", only.empty() ? nlohmann::json() : nlohmann::json(only)}}.dump();
}

std::string draw_in_node(const std::string& node, const ReportData& data, const std::string& only,
                         const ScratchFolder& folder, const std::atomic<bool>* stop) {
    const auto file = [&](const char* name) { return (folder.path() / name).string(); };
    write_files(folder.path(), {{"report.js", std::string(report_asset::script)},
                                {"draw.js", std::string(report_asset::node_driver)},
                                {"data.json", data.json}});
    const auto result = run_process(
        {node, file("draw.js"), file("report.js"), file("data.json"), options_json(only)}, folder, stop);
    if (result.exit_code != 0) fail(node, result);
    return result.output;
}

// Chromium prints the page after its script has run; the figures stand in one element, as JSON
// without characters that markup would change.
std::string draw_in_chromium(const std::string& chromium, const ReportData& data, const std::string& only,
                             const ScratchFolder& folder, const std::atomic<bool>* stop) {
    write_files(folder.path(), {{"figures.html", figure_page(data, options_json(only))}});
    std::vector<std::string> arguments{chromium,
                                       "--headless",
                                       "--disable-gpu",
                                       "--no-first-run",
                                       "--user-data-dir=" + (folder.path() / "profile").string(),
                                       "--virtual-time-budget=60000",
                                       "--dump-dom"};
    if (::geteuid() == 0) arguments.push_back("--no-sandbox");  // Chromium refuses root with it
    arguments.push_back("file://" + (folder.path() / "figures.html").string());
    const auto result = run_process(arguments, folder, stop);
    const std::string begin = "<pre id=\"attnflow-figures-result\">";
    const std::size_t from = result.output.find(begin);
    if (result.exit_code != 0 || from == std::string::npos) fail(chromium, result);
    const std::size_t to = result.output.find("</pre>", from);
    return result.output.substr(from + begin.size(), to - from - begin.size());
}

std::optional<std::string> find_node() { return find_program({"node", "nodejs"}); }

std::string chromium_program() {
    if (const auto chromium = find_program({"chromium", "chromium-browser", "google-chrome"})) return *chromium;
    throw InputError(
        "figures are drawn by node or Chromium, and neither is installed: install the Debian package "
        "nodejs or chromium (--format csv needs neither)");
}

std::string converter_program(const std::string& format) {
    if (const auto program = find_program({"rsvg-convert"})) return *program;
    throw InputError(fmt::format(
        "--format {} needs rsvg-convert: install the Debian package librsvg2-bin (--format svg does not)",
        format));
}

Files svg_figures(const ReportData& data, const std::string& only, const std::atomic<bool>* stop) {
    const ScratchFolder folder;
    const auto node = find_node();
    const std::string text = node ? draw_in_node(*node, data, only, folder, stop)
                                  : draw_in_chromium(chromium_program(), data, only, folder, stop);
    Files files;
    for (const auto& figure : parse_json(text, "figures")) {
        files.emplace_back(figure.at("name").get<std::string>() + ".svg", figure.at("svg").get<std::string>());
    }
    return files;
}

// By librsvg; PNG in twice the size on the page, for sharp print.
Files converted(const Files& svgs, const std::string& format, const std::atomic<bool>* stop) {
    const std::string program = converter_program(format);
    const ScratchFolder folder;
    Files files;
    for (const auto& [name, svg] : svgs) {
        const std::string to = name.substr(0, name.size() - 3) + format;
        write_files(folder.path(), {{name, svg}});
        std::vector<std::string> arguments{program, "-f", format, "-o", (folder.path() / to).string()};
        if (format == "png") arguments.insert(arguments.end(), {"-z", "2"});
        arguments.push_back((folder.path() / name).string());
        const auto result = run_process(arguments, folder, stop);
        if (result.exit_code != 0) fail("rsvg-convert", result);
        files.emplace_back(to, read_file((folder.path() / to).string(), most_figure_bytes));
    }
    return files;
}

}  // namespace

const std::vector<std::string>& figure_names() {
    static const std::vector<std::string> names{"correlation_by_layer", "scores_by_layer",     "heads_by_skip",
                                                "comparisons",          "saturation_by_layer", "agreement",
                                                "attention_graph",      "token_map",           "token_bars",
                                                "table_by_layer"};
    return names;
}

void check_figures(FigureFormat format, const std::string& only) {
    const auto& names = figure_names();
    if (!only.empty() && std::find(names.begin(), names.end(), only) == names.end())
        throw ParameterError(fmt::format("no figure '{}'{}", excerpt(only), name_hint(only, names)));
    if (format == FigureFormat::csv) return;
    if (!find_node()) chromium_program();
    if (format == FigureFormat::png) converter_program("png");
    if (format == FigureFormat::pdf) converter_program("pdf");
}

Files make_figures(const ReportData& data, FigureFormat format, const std::string& only,
                   const std::atomic<bool>* stop) {
    check_figures(format, only);
    Files files;
    switch (format) {
        case FigureFormat::csv:
            files = csv_figures(data, only);
            break;
        case FigureFormat::svg:
            files = svg_figures(data, only, stop);
            break;
        case FigureFormat::png:
            files = converted(svg_figures(data, only, stop), "png", stop);
            break;
        case FigureFormat::pdf:
            files = converted(svg_figures(data, only, stop), "pdf", stop);
            break;
    }
    if (!only.empty() && files.empty())
        throw InputError(fmt::format(
            "figure '{}': this run holds no data for it{}", only,
            data.embedded_examples > 0 || data.left_out.empty() ? "" : ". Left out: " + join(data.left_out, " ")));
    return files;
}

}  // namespace attnflow
