#include "experiments/cli/app.hpp"

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

namespace attnflow {
namespace {

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
        add_catalogue(app, exit_code);
        app.footer("Exit codes: 0 done, 1 finished with failures, 2 usage or bad input, 130 stopped.");
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
