#pragma once
/// The commands, each with its options, in a file of its own. add_X() puts the command on the command line.

namespace attnflow {

class CommandLine;

void add_run(CommandLine& line);
void add_evaluate(CommandLine& line);
void add_attribute(CommandLine& line);
void add_extract(CommandLine& line);
void add_generate(CommandLine& line);
void add_list(CommandLine& line);  // list, describe
void add_check(CommandLine& line);
void add_new(CommandLine& line);
void add_merge(CommandLine& line);
void add_solve(CommandLine& line);
void add_validate(CommandLine& line);
void add_report(CommandLine& line);  // report, figures, show

}  // namespace attnflow
