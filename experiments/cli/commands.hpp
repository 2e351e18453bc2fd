#pragma once
/// The commands, each with its options, in a file of its own. add_X() puts the command into
/// the application; what it does runs after parsing and sets `exit_code`.

namespace CLI {
class App;
}

namespace attnflow {

void add_run(CLI::App& app, int& exit_code);
void add_attribute(CLI::App& app, int& exit_code);
void add_catalogue(CLI::App& app, int& exit_code);  // list, describe
void add_extract(CLI::App& app, int& exit_code);
void add_validate(CLI::App& app, int& exit_code);

}  // namespace attnflow
