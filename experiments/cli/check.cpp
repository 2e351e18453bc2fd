/// attnflow check: holds a member of a registry to the contract of its family.

#include <algorithm>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "experiments/cli/app.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/contracts/check.hpp"

namespace attnflow {
namespace {

struct Arguments {
    std::string name;
    std::string like;
};

}  // namespace

void add_check(CommandLine& line) {
    auto arguments = std::make_shared<Arguments>();
    Command command = line.command(
        "check", "Hold a member to the contract of its family: a method, a solver, a head strategy, ...");
    command.option("NAME", arguments->name, "As in `attnflow list`, or `all`").required();
    command.option("--like", arguments->like, "A method whose scores it must have, within its tolerance");
    command.runs([arguments] {
        const auto members = check_members(arguments->name, arguments->like);
        fmt::print("{}", text_of(members));
        const auto holds = [](const CheckedMember& member) { return member.laws.complaints().empty(); };
        return std::all_of(members.begin(), members.end(), holds) ? exit_done : exit_failures;
    });
}

}  // namespace attnflow
