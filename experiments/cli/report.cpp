/// attnflow report, figures, show: a finished run for the eyes.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "attention/dataset.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/console.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/cli/stop_on_signal.hpp"
#include "experiments/cli/terminal.hpp"
#include "experiments/report/figures.hpp"
#include "experiments/report/page.hpp"
#include "experiments/report/report_data.hpp"
#include "experiments/report/show.hpp"
#include "experiments/run_folder.hpp"
#include "graph/support/files/output_file.hpp"
#include "graph/support/sha256.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

struct ReportArguments {
    std::string run;
    std::string out;
    ReportOptions options;
};

struct FigureArguments {
    std::string run;
    std::string out;
    std::string only;
    FigureFormat format = FigureFormat::svg;
    std::string example;
};

struct ShowArguments {
    std::string run;
    Color color = Color::automatic;
};

// The dataset of a run, or nothing when it cannot be read any more or is another one by now.
std::optional<Dataset> dataset_of(const RunFolder& run, ReportOptions& options) {
    const std::string path = run.config.dataset.string();
    try {
        const auto& environment = run.record().environment;
        const auto checksum = environment.find("dataset_sha256");
        options.dataset_changed = checksum != environment.end() && checksum->second != sha256_of_file(path);
        if (!options.dataset_changed) return Dataset::open(path, {.attention = run.config.attention});
        say(fmt::format("{}: the dataset has changed since the run, so examples are left out",
                        escape_controls(path)));
    } catch (const InputError& error) {
        say(fmt::format("the run's dataset cannot be read, so examples are left out: {}{}", error.what(),
                        run.config.texts
                            ? fmt::format("; `attnflow run` on its config.toml with --resume --out {} "
                                          "makes it again",
                                          escape_controls(run.folder.string()))
                            : ""));
    }
    return std::nullopt;
}

// Whether files beside the run show something else than it holds, as after a command that was killed.
bool has_old_tables(const RunFolder& run) {
    std::error_code none;
    return run.tables_due && (run.finished || std::filesystem::exists(run.folder / "results.csv", none));
}

std::string old_tables_text(const RunFolder& run) {
    return fmt::format("The tables in {0} are older than its results, or missing: {1} writes them.",
                       escape_controls(run.folder.string()),
                       run.finished ? fmt::format("`attnflow evaluate {}`", escape_controls(run.folder.string()))
                                    : "`attnflow run` with --resume");
}

std::size_t processors() { return std::max(1u, std::thread::hardware_concurrency()); }

ReportData gather(const std::string& folder, ReportOptions options) {
    const RunFolder run = open_run(folder, true);
    const auto dataset = dataset_of(run, options);
    if (has_old_tables(run)) say(old_tables_text(run));
    if (!run.finished) options.unfinished_at = run.done;
    options.total = run.total;
    const Findings findings = run.findings(processors());
    const auto make = [&] {
        return gather_report(run.config, run.result, findings, dataset ? &*dataset : nullptr, options);
    };
    ReportData data = dataset ? unless_changed(*dataset, make) : make();
    if (!run.finished) {
        say(fmt::format("the run is not finished; this is what {} of {} give", run.done,
                        counted(run.total, "example")));
    }
    return data;
}

int report(const ReportArguments& arguments) {
    const std::filesystem::path out = arguments.out.empty() ? std::filesystem::path(arguments.run) / "report.html"
                                                            : std::filesystem::path(arguments.out);
    if (!out.has_filename()) {
        throw InputError(fmt::format("--out {}: names no file; give one, as in --out report.html",
                                     escape_controls(out.string())));
    }
    const std::filesystem::path folder = folder_of(out);
    const std::string name = out.filename().string();
    refuse_run_file(folder, name);
    check_place(folder, {name});
    const ReportData data = gather(arguments.run, arguments.options);
    const std::string page = report_page(data);
    write_files(folder, {{name, page}});
    for (const std::string& text : data.left_out) fmt::print("Left out: {}\n", text);
    fmt::print("{} ({:.1f} MB, {} to explore)\n", escape_controls(out.string()),
               static_cast<double>(page.size()) / 1e6, counted(data.embedded_examples, "example"));
    return exit_done;
}

int figures(const FigureArguments& arguments) {
    check_figures(arguments.format, arguments.only);
    const bool beside_run = arguments.out.empty();
    const std::filesystem::path out =
        beside_run ? std::filesystem::path(arguments.run) / "figures" : std::filesystem::path(arguments.out);
    check_place(out, {});
    const StopOnSignal signals;
    ReportOptions options{.examples = 1};
    options.example = arguments.example;
    const ReportData data = gather(arguments.run, options);
    const NamedFiles files = make_figures(data, arguments.format, arguments.only, &StopOnSignal::stop);
    // Where RUN leads the user knows, but not where a link in it does.
    write_files(beside_run ? OutputFolder::open(arguments.run).subfolder("figures") : OutputFolder::make(out),
                files);
    for (const auto& [name, content] : files) fmt::print("{}\n", escape_controls((out / name).string()));
    return exit_done;
}

int show(const ShowArguments& arguments) {
    const RunFolder run = open_run(arguments.run);
    if (has_old_tables(run)) fmt::print("{}\n\n", old_tables_text(run));
    if (!run.finished) {
        fmt::print("Not finished: {} of {} examples are done, and this is what they give.\n\n", run.done,
                   run.result.examples.size());
    }
    fmt::print("{}", show_text(run.config, run.result, run.findings(processors()), use_color(arguments.color)));
    return exit_done;
}

void add_page(CommandLine& line) {
    auto arguments = std::make_shared<ReportArguments>();
    Command command = line.command("report", "Write one HTML file with the charts and examples of a run");
    command.option("RUN", arguments->run, "Folder of a run").required();
    command.option("--out", arguments->out, "File to write (default: RUN/report.html)").check(has_name());
    command
        .option("--examples", arguments->options.examples, "Most examples in the explorer; 20 MB limit the page")
        .between(0, 1000000)
        .shows_default();
    command.runs([arguments] { return report(*arguments); });
}

void add_figures(CommandLine& line) {
    auto arguments = std::make_shared<FigureArguments>();
    Command command = line.command("figures", "Write the figures of a run for a publication");
    command.option("RUN", arguments->run, "Folder of a run").required();
    const std::vector<std::pair<std::string, FigureFormat>> formats{{"svg", FigureFormat::svg},
                                                                    {"png", FigureFormat::png},
                                                                    {"pdf", FigureFormat::pdf},
                                                                    {"csv", FigureFormat::csv}};
    command.choice("--format", arguments->format, formats, "svg (default), png, pdf, or csv: the numbers")
        .shows_as("FORMAT");
    command.option("--only", arguments->only, "One figure: " + join(figure_names(), ", "));
    command.option("--example", arguments->example,
                   "Example of attention_graph, token_map and token_bars, by id (default: the first)");
    command.option("--out", arguments->out, "Folder to write to (default: RUN/figures)").check(has_name());
    command.runs([arguments] { return figures(*arguments); });
}

void add_show(CommandLine& line) {
    auto arguments = std::make_shared<ShowArguments>();
    Command command = line.command("show", "Print a run: means by layer, spark-lines, which cuts bind");
    command.option("RUN", arguments->run, "Folder of a run").required();
    command.choice("--color", arguments->color, color_names(), "auto, always or never").shows_as("WHEN");
    command.runs([arguments] { return show(*arguments); });
}

}  // namespace

void add_report(CommandLine& line) {
    add_page(line);
    add_figures(line);
    add_show(line);
}

}  // namespace attnflow
