/// attnflow run CONFIG: a whole experiment from a config file.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/terminal.hpp"
#include "experiments/output/files.hpp"
#include "experiments/runner.hpp"
#include "experiments/summary.hpp"

namespace attnflow {
namespace {

struct RunArguments {
    std::string config;
    std::string out;
    std::vector<std::string> set;
    std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
};

int run(const RunArguments& arguments) {
    Settings overrides;
    for (const std::string& assignment : arguments.set) overlay(overrides, setting_from_argument(assignment));
    const Config config = load_config(arguments.config, overrides);
    const Dataset dataset = Dataset::open(config.dataset.string());

    RunResult result;
    {
        ProgressLine line("examples");
        result = run_experiment(config, dataset, arguments.jobs,
                                [&](std::size_t done, std::size_t total, std::size_t failures) {
                                    line.update(done, total, failures);
                                });
    }

    const std::filesystem::path out = arguments.out.empty() ? std::filesystem::path("results") / config.name
                                                            : std::filesystem::path(arguments.out);
    const Summary summary = summarise(result, config, arguments.jobs);
    const std::string markdown = summary_markdown(result, config, summary);
    std::vector<std::pair<std::string, std::string>> files{
        {"results.csv", results_csv(result, config)},
        {"summary.csv", summary_csv(result, config, summary)},
        {"comparisons.csv", comparisons_csv(result, config, summary)},
        {"summary.md", markdown},
        {"binding_cuts.csv", binding_cuts_csv(result)},
        {"run.json", run_json(result, config)},
    };
    if (config.write_attributions) files.emplace_back("attributions.csv", attributions_csv(result));
    if (!result.failures.empty()) files.emplace_back("failures.csv", failures_csv(result));
    write_files(out, files);

    fmt::print("{}\n", markdown);
    fmt::print("Files in {}:", escape_controls(out.string()));
    for (const auto& [name, content] : files) fmt::print(" {}", name);
    fmt::print("\n");
    if (result.failures.empty()) return exit_done;
    const Failure& first = result.failures.front();
    fmt::print(stderr, "attnflow: {} cells failed, first: {}, {}: {}\n", result.failures.size(),
               escape_controls(result.examples[first.example]), result.grid[first.point].method,
               escape_controls(first.message));
    return exit_failures;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
    auto arguments = std::make_shared<RunArguments>();
    CLI::App* command =
        app.add_subcommand("run", "Run an experiment: methods x axes on every example of a dataset");
    command->add_option("CONFIG", arguments->config, "TOML file; `attnflow describe config` lists the keys")
        ->required();
    command->add_option("--out", arguments->out, "Folder for the results (default: results/NAME-OF-CONFIG)");
    command
        ->add_option(
            "--set", arguments->set,
            "KEY=VALUE, over the config; repeatable. A relative dataset.path counts from the current folder")
        ->allow_extra_args(false);
    command->add_option("--jobs", arguments->jobs, "Threads; the results do not depend on it")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
        ->capture_default_str();
    command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace attnflow
