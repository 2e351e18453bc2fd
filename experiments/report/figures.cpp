#include "experiments/report/figures.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "attention/json.hpp"
#include "experiments/output/files.hpp"
#include "experiments/report/page.hpp"
#include "experiments/report/process.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

// Figures that show the same numbers as another one.
const std::map<std::string, std::string>& table_of_figure() {
    static const std::map<std::string, std::string> tables{{"scores_by_layer", "correlation_by_layer"},
                                                           {"heads_by_skip", "correlation_by_layer"},
                                                           {"table_by_layer", "correlation_by_layer"}};
    return tables;
}

Files csv_figures(const ReportData& data, const std::string& only) {
    Files files;
    for (const std::string& name : figure_names()) {
        if (!only.empty() && name != only) continue;
        const auto alias = table_of_figure().find(name);
        if (alias != table_of_figure().end() && only.empty()) continue;
        const std::string& wanted = alias == table_of_figure().end() ? name : alias->second;
        for (const auto* tables : {&data.tables, &data.example_tables}) {
            for (const Table& table : *tables) {
                if (table.name == wanted && !table.rows.empty()) files.emplace_back(name + ".csv", to_csv(table));
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
                         const TemporaryFolder& folder) {
    const auto file = [&](const char* name) { return (folder.path() / name).string(); };
    write_files(folder.path(), {{"report.js", std::string(report_asset::script)},
                                {"draw.js", std::string(report_asset::node_driver)},
                                {"data.json", data.json}});
    const auto result = run_process(
        {node, file("draw.js"), file("report.js"), file("data.json"), options_json(only)}, folder.path());
    if (result.exit_code != 0) fail(node, result);
    return result.output;
}

// Chromium prints the page after its script has run; the figures stand in one element, as JSON
// without characters that markup would change.
std::string draw_in_chromium(const std::string& chromium, const ReportData& data, const std::string& only,
                             const TemporaryFolder& folder) {
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
    const auto result = run_process(arguments, folder.path());
    const std::string begin = "<pre id=\"attnflow-figures-result\">";
    const std::size_t from = result.output.find(begin);
    if (result.exit_code != 0 || from == std::string::npos) fail(chromium, result);
    const std::size_t to = result.output.find("</pre>", from);
    return result.output.substr(from + begin.size(), to - from - begin.size());
}

Files svg_figures(const ReportData& data, const std::string& only) {
    const TemporaryFolder folder;
    std::string text;
    if (const auto node = find_program({"node", "nodejs"})) {
        text = draw_in_node(*node, data, only, folder);
    } else if (const auto chromium = find_program({"chromium", "chromium-browser", "google-chrome"})) {
        text = draw_in_chromium(*chromium, data, only, folder);
    } else {
        throw InputError(
            "figures are drawn by node or Chromium, and neither is installed: install the Debian package "
            "nodejs or chromium (--format csv needs neither)");
    }
    Files files;
    for (const auto& figure : parse_json(text, "figures")) {
        files.emplace_back(figure.at("name").get<std::string>() + ".svg", figure.at("svg").get<std::string>());
    }
    return files;
}

// By librsvg; PNG in twice the size on the page, for sharp print.
Files converted(const Files& svgs, const std::string& format) {
    const auto program = find_program({"rsvg-convert"});
    if (!program)
        throw InputError(fmt::format("{} needs rsvg-convert: install the Debian package librsvg2-bin", format));
    const TemporaryFolder folder;
    Files files;
    for (const auto& [name, svg] : svgs) {
        const std::string to = name.substr(0, name.size() - 3) + format;
        write_files(folder.path(), {{name, svg}});
        std::vector<std::string> arguments{*program, "-f", format, "-o", (folder.path() / to).string()};
        if (format == "png") arguments.insert(arguments.end(), {"-z", "2"});
        arguments.push_back((folder.path() / name).string());
        const auto result = run_process(arguments, folder.path());
        if (result.exit_code != 0) fail("rsvg-convert", result);
        files.emplace_back(to, read_file(folder.path() / to));
    }
    return files;
}

}  // namespace

const std::vector<std::string>& figure_names() {
    static const std::vector<std::string> names{"correlation_by_layer", "scores_by_layer",     "heads_by_skip",
                                                "comparisons",          "saturation_by_layer", "agreement",
                                                "attention_graph",      "token_bars",          "table_by_layer"};
    return names;
}

Files make_figures(const ReportData& data, FigureFormat format, const std::string& only) {
    const auto& names = figure_names();
    if (!only.empty() && std::find(names.begin(), names.end(), only) == names.end())
        throw ParameterError(fmt::format("no figure '{}'{}", excerpt(only), name_hint(only, names)));
    Files files;
    switch (format) {
        case FigureFormat::csv:
            files = csv_figures(data, only);
            break;
        case FigureFormat::svg:
            files = svg_figures(data, only);
            break;
        case FigureFormat::png:
            files = converted(svg_figures(data, only), "png");
            break;
        case FigureFormat::pdf:
            files = converted(svg_figures(data, only), "pdf");
            break;
    }
    if (!only.empty() && files.empty())
        throw InputError(fmt::format("figure '{}': this run holds no data for it", only));
    return files;
}

}  // namespace attnflow
