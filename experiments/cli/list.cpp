/// attnflow list and describe: what there is, from the registries.

#include <memory>

#include <fmt/format.h>

#include "experiments/catalogue.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/cli/commands.hpp"

namespace attnflow {

void add_list(CommandLine& line) {
    auto format = std::make_shared<std::string>("text");
    Command list = line.command("list", "List methods, solvers, head strategies, metrics, axes and presets");
    list.option("--format", *format, "text, or markdown (the page docs/reference.md)")
        .one_of({"text", "markdown"})
        .shows_default();
    list.runs([format] {
        fmt::print("{}", *format == "markdown" ? catalogue_markdown() : catalogue_text());
        return exit_done;
    });

    auto name = std::make_shared<std::string>();
    Command describe = line.command("describe", "Describe one of them, or `config`: the keys of a config file");
    describe.option("NAME", *name, "As in `attnflow list`").required();
    describe.runs([name] {
        fmt::print("{}", describe_name(*name));
        return exit_done;
    });
}

}  // namespace attnflow
