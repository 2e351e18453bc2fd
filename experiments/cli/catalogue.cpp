/// attnflow list and describe: what there is, from the registries.

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "experiments/catalogue.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"

namespace attnflow {

void add_catalogue(CLI::App& app, int& exit_code) {
    auto format = std::make_shared<std::string>("text");
    CLI::App* list =
        app.add_subcommand("list", "List methods, solvers, head strategies, metrics, axes and presets");
    list->add_option("--format", *format, "text, or markdown (the page docs/reference.md)")
        ->check(CLI::IsMember({"text", "markdown"}))
        ->capture_default_str();
    list->callback([format, &exit_code] {
        fmt::print("{}", *format == "markdown" ? catalogue_markdown() : catalogue_text());
        exit_code = exit_done;
    });

    auto name = std::make_shared<std::string>();
    CLI::App* describe = app.add_subcommand(
        "describe", "Describe one of them, `config`: the keys of a config file, or `troubleshooting`");
    describe->add_option("NAME", *name, "As in `attnflow list`")->required();
    describe->callback([name, &exit_code] {
        fmt::print("{}", describe_name(*name));
        exit_code = exit_done;
    });
}

}  // namespace attnflow
