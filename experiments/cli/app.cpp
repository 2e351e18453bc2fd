#include "experiments/cli/app.hpp"

#include <cctype>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "experiments/cli/commands.hpp"
#include "experiments/version.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

/// Throws ParameterError for an option that the command does not have. CLI11 would take the value after it for an
/// argument, and complain of that.
void refuse_unknown_options(const CLI::App& app, int argc, const char* const* argv) {
    const auto commands =
        app.get_subcommands([&](const CLI::App* command) { return command->get_name() == argv[1]; });
    if (commands.empty()) return;
    for (int i = 2; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--") return;
        const std::string option(argument.substr(0, argument.find('=')));
        // "-- x" and "---" are values for CLI11.
        if (option.size() < 3 || !option.starts_with("--") ||
            std::isalnum(static_cast<unsigned char>(option[2])) == 0 ||
            commands.front()->get_option_no_throw(option) != nullptr)
            continue;
        std::vector<std::string> names;
        std::vector<const CLI::App*> groups{commands.front()};  // those without a name hold options too
        for (const CLI::App* group : commands.front()->get_subcommands([](const CLI::App*) { return true; }))
            groups.push_back(group);
        for (const CLI::App* group : groups) {
            for (const CLI::Option* known : group->get_options()) {
                for (const std::string& name : known->get_lnames()) names.push_back("--" + name);
            }
        }
        const std::string nearest = nearest_name(option, names);
        throw ParameterError(fmt::format("{}: unknown option {}; {}", argv[1], excerpt(option),
                                         nearest.empty() ? fmt::format("`attnflow {} --help` lists them", argv[1])
                                                         : "did you mean " + nearest + "?"));
    }
}

int complain(const std::string& message) {
    // Not fmt::print, which throws when standard error cannot be written (a log on a full disk).
    std::fputs(("attnflow: " + message + "\n").c_str(), stderr);
    return exit_bad_input;
}

}  // namespace

int run_app(int argc, const char* const* argv) {
    try {
        CLI::App app{
            "Which input tokens does an output draw on, and through which paths?\n"
            "Attention rollout, attention flow and their evaluation on attention tensors.",
            "attnflow"};
        app.set_version_flag("--version", std::string("attnflow ") + version());
        app.require_subcommand(1);
        int exit_code = exit_done;
        add_run(app, exit_code);
        add_evaluate(app, exit_code);
        add_merge(app, exit_code);
        add_attribute(app, exit_code);
        add_extract(app, exit_code);
        add_validate(app, exit_code);
        add_report(app, exit_code);
        add_solve(app, exit_code);
        add_generate(app, exit_code);
        add_list(app, exit_code);
        app.footer("Exit codes: 0 done, 1 finished with failures, 2 usage or bad input, 130 stopped.");
        if (argc > 1) refuse_unknown_options(app, argc, argv);
        try {
            app.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            exit_code = app.exit(error) == 0 ? exit_done : exit_bad_input;  // prints help or the error
        }
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
            return complain("standard output cannot be written");
        return exit_code;
    } catch (const Stopped& stopped) {
        complain(stopped.what());
        return exit_stopped;
    } catch (const std::bad_alloc&) {
        return complain("not enough memory for this input");
    } catch (const std::filesystem::filesystem_error& error) {
        return complain(error.what());
    } catch (const std::system_error& error) {
        const bool printing = std::string_view(error.what()).starts_with("cannot write to file");  // fmt::print
        return complain(printing ? "standard output cannot be written: " + error.code().message() : error.what());
    } catch (const std::exception& error) {
        return complain(error.what());
    }
}

}  // namespace attnflow
