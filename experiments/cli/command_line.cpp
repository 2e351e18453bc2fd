#include "experiments/cli/command_line.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "experiments/cli/app.hpp"
#include "experiments/cli/console.hpp"
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

}  // namespace

Option& Option::required() {
    option_->required();
    return *this;
}

Option& Option::needs(const Option& other) {
    option_->needs(other.option_);
    return *this;
}

Option& Option::excludes(const Option& other) {
    option_->excludes(other.option_);
    return *this;
}

Option& Option::check(const Check& check) {
    option_->check(CLI::Validator(
        [complaint = check.complaint](const std::string& text) { return complaint(text); }, "", check.label));
    return *this;
}

Option& Option::one_of(const std::vector<std::string>& words) {
    option_->check(CLI::IsMember(words));
    return *this;
}

Option& Option::between(std::size_t lowest, std::size_t highest) {
    option_->check(CLI::Range(lowest, highest));
    return *this;
}

Option& Option::one_value() {
    option_->allow_extra_args(false);
    return *this;
}

Option& Option::comma_separated() {
    option_->delimiter(',');
    return *this;
}

Option& Option::shows_default() {
    option_->capture_default_str();
    return *this;
}

Option& Option::shows_as(const std::string& kind) {
    option_->option_text(kind);
    return *this;
}

Option& Option::describes(const std::string& help) {
    option_->description(help);
    return *this;
}

bool Option::given() const { return option_->count() > 0; }

template <class Value>
Option Command::option(const std::string& names, Value& value, const std::string& help) {
    return Option(*app_->add_option(names, value, help));
}

template Option Command::option(const std::string&, std::string&, const std::string&);
template Option Command::option(const std::string&, int&, const std::string&);
template Option Command::option(const std::string&, std::size_t&, const std::string&);
template Option Command::option(const std::string&, double&, const std::string&);
template Option Command::option(const std::string&, std::optional<double>&, const std::string&);
template Option Command::option(const std::string&, std::vector<std::string>&, const std::string&);

Option Command::option(const std::string& names, std::function<void(const std::string&)> read,
                       const std::string& help) {
    return Option(*app_->add_option_function<std::string>(names, std::move(read), help));
}

Option Command::choice_of(const std::string& names, const std::vector<std::string>& words,
                          std::function<void(std::size_t)> take, const std::string& help) {
    const auto index_of = [words](const std::string& text) {
        return static_cast<std::size_t>(std::find(words.begin(), words.end(), text) - words.begin());
    };
    // CLI11's own check prints its whole map of words and numbers.
    const Check known{"ONE OF", [words, index_of](const std::string& text) -> std::string {
                          if (index_of(text) < words.size()) return "";
                          const std::vector<std::string> all_but_one(words.begin(), words.end() - 1);
                          return escape_controls(text) + ": expected " + join(all_but_one, ", ") + " or " +
                                 words.back();
                      }};
    return option(
               names, [index_of, take](const std::string& text) { take(index_of(text)); }, help)
        .check(known);
}

Option Command::flag(const std::string& names, bool& value, const std::string& help) {
    return Option(*app_->add_flag(names, value, help));
}

Command Command::exactly_one(const std::string& title, const std::string& help) {
    CLI::App* group = app_->add_option_group(title, help);
    group->require_option(1);
    return {*group, *exit_code_};
}

void Command::runs(std::function<int()> action) {
    app_->callback([action = std::move(action), exit_code = exit_code_] { *exit_code = action(); });
}

CommandLine::CommandLine(const std::string& program, const std::string& summary, const std::string& version,
                         const std::string& footer)
    : app_(std::make_unique<CLI::App>(summary, program)) {
    app_->set_version_flag("--version", version);
    app_->require_subcommand(1);
    app_->footer(footer);
}

CommandLine::~CommandLine() = default;

Command CommandLine::command(const std::string& name, const std::string& summary) {
    CLI::App* command = app_->add_subcommand(name, summary);
    command->footer("");  // that of the program stands in its own help only
    return {*command, exit_code_};
}

int CommandLine::run(int argc, const char* const* argv) {
    if (argc > 1) refuse_unknown_options(*app_, argc, argv);
    try {
        app_->parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::ostringstream help;
        std::ostringstream complaint;
        const int code = app_->exit(error, help, complaint);
        fmt::print("{}", help.str());
        write_error(escape_controls_keep_lines(complaint.str()));
        return code == 0 ? exit_done : exit_bad_input;
    }
    return exit_code_;
}

}  // namespace attnflow
