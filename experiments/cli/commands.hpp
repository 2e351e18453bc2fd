#pragma once
/// The commands, each with its options, in a file of its own. add_X() puts the command into
/// the application; what it does runs after parsing and sets `exit_code`.

namespace CLI {
class App;
}

namespace attnflow {

struct RunFolder;

void add_run(CLI::App& app, int& exit_code);
void add_evaluate(CLI::App& app, int& exit_code);
void add_attribute(CLI::App& app, int& exit_code);
void add_extract(CLI::App& app, int& exit_code);
void add_generate(CLI::App& app, int& exit_code);
void add_list(CLI::App& app, int& exit_code);  // list, describe
void add_merge(CLI::App& app, int& exit_code);
void add_solve(CLI::App& app, int& exit_code);
void add_validate(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);  // report, figures, show

/// Says how many cells failed, and the first; the exit code that goes with it.
int report_failures(const RunFolder& run);

}  // namespace attnflow
