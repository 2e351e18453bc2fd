#include "experiments/cli/app.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include "experiments/cli/command_line.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/console.hpp"
#include "experiments/cli/process_setup.hpp"
#include "experiments/contracts/check.hpp"
#include "experiments/version.hpp"
#include "graph/support/error.hpp"
#include "graph/support/files/input_file.hpp"

namespace attnflow {
namespace {

int complain(const std::string& message) {
    say(message);
    return exit_bad_input;
}

}  // namespace

int run_app(int argc, const char* const* argv, const std::function<void()>& add_members) {
    try {
        if (add_members) add_members();
        check_registries();
        const ProtectInputs protect;
        CommandLine line("attnflow",
                         "Which input tokens does an output draw on, and through which paths?\n"
                         "Attention rollout, attention flow and their evaluation on attention tensors.",
                         std::string("attnflow ") + version(),
                         "Exit codes: 0 done, 1 finished with failures, 2 usage or bad input, 130 stopped.");
        add_run(line);
        add_evaluate(line);
        add_merge(line);
        add_attribute(line);
        add_extract(line);
        add_validate(line);
        add_report(line);
        add_solve(line);
        add_generate(line);
        add_list(line);
        add_check(line);
        add_new(line);
        const int exit_code = line.run(argc, argv);
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
            return complain("standard output cannot be written");
        return exit_code;
    } catch (const Stopped& stopped) {
        complain(stopped.what());
        return exit_stopped;
    } catch (const std::bad_alloc&) {
        return complain(memory_message());
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
