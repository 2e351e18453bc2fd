#pragma once
/// What a command asks of its command line: arguments, options, flags and the rules about them.
///
///     Command command = line.command("validate", "Check that a file holds attention");
///     command.option("FILE", arguments->file, "safetensors, npz or npy file").required();
///     command.runs([arguments] { return validate_file(*arguments); });
///
/// The parser behind it is CLI11, whose header costs ten seconds a file: command_line.cpp alone includes it.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace attnflow {

/// What must hold of a value, as it stands on the command line. `complaint` says what is wrong, "" when nothing
/// is; `label` stands in the help.
struct Check {
    std::string label;
    std::function<std::string(const std::string& text)> complaint;
};

/// An option of a command, and the rules about it. A handle: a copy means the same option.
class Option {
public:
    explicit Option(CLI::Option& option) : option_(&option) {}

    Option& required();
    Option& needs(const Option& other);     ///< refused where `other` is not given
    Option& excludes(const Option& other);  ///< refused where `other` is given
    Option& check(const Check& check);
    Option& one_of(const std::vector<std::string>& words);
    Option& between(std::size_t lowest, std::size_t highest);  ///< of a whole number, both included
    Option& one_value();        ///< of a list: one each time the option is given, which may be often
    Option& comma_separated();  ///< of a list: several at a time
    Option& shows_default();    ///< the help shows what the variable holds now
    Option& shows_as(const std::string& kind);  ///< what the help says of the value, FORMAT for instance
    Option& describes(const std::string& help);

    bool given() const;

private:
    CLI::Option* option_;
};

/// A command and its options. A handle, as Option is. A variable that is bound to an option must live until the
/// command has run.
class Command {
public:
    Command(CLI::App& app, int& exit_code) : app_(&app), exit_code_(&exit_code) {}

    /// An option: "--name", several names with commas between them, or NAME for an argument that needs no name.
    /// Value: std::string, int, std::size_t, double, an optional double, or a list of strings.
    template <class Value>
    Option option(const std::string& names, Value& value, const std::string& help);

    /// An option whose text is read by `read`, which throws for what it does not take.
    Option option(const std::string& names, std::function<void(const std::string& text)> read,
                  const std::string& help);

    /// An option that is one of the words of `values`, and stands for the value beside it.
    template <class Value>
    Option choice(const std::string& names, Value& value, const std::vector<std::pair<std::string, Value>>& values,
                  const std::string& help) {
        std::vector<std::string> words;
        for (const auto& [word, meaning] : values) words.push_back(word);
        const auto take = [&value, values](std::size_t index) { value = values[index].second; };
        return choice_of(names, words, take, help);
    }

    /// An option without a value.
    Option flag(const std::string& names, bool& value, const std::string& help);

    /// A group of options of which exactly one must be given.
    Command exactly_one(const std::string& title, const std::string& help);

    /// What the command does once all is read; it returns an ExitCode.
    void runs(std::function<int()> action);

private:
    Option choice_of(const std::string& names, const std::vector<std::string>& words,
                     std::function<void(std::size_t index)> take, const std::string& help);

    CLI::App* app_;
    int* exit_code_;
};

/// All commands of a program.
class CommandLine {
public:
    CommandLine(const std::string& program, const std::string& summary, const std::string& version,
                const std::string& footer);
    ~CommandLine();

    Command command(const std::string& name, const std::string& summary);

    /// Reads the arguments and runs the command that they name; the exit code. Help goes to standard output, what
    /// is wrong with the arguments to standard error. Throws ParameterError for an option that the command does
    /// not have, and what the command throws.
    int run(int argc, const char* const* argv);

private:
    std::unique_ptr<CLI::App> app_;
    int exit_code_ = 0;
};

}  // namespace attnflow
