/// attnflow_flow_differential: the flow engine against slow answers on random networks; see README.md.

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "tests/differential/differential.hpp"
#include "tests/differential/networks.hpp"

namespace {

using namespace attnflow;
using namespace attnflow::testing;

struct Settings {
    std::uint64_t seed = 1;
    std::size_t first = 0;
    std::size_t networks = 0;  // 0: until there are enough flows
    std::size_t flows = 1'000'000;
    std::string family = "all";
    NetworkLimits limits;
    bool everything = false;
    bool ask_only = false;
    bool list = false;
    std::string replay;
    std::vector<std::string> without;
};

/// One seed for each network, so that a single one can be made again.
std::uint64_t network_seed(std::uint64_t seed, std::size_t index) {
    return Random(seed * 0x9E3779B97F4A7C15u + index)();
}

/// Every third engine lacks one to three phases. Engines with two workers are rare: starting threads costs more
/// than all the rest.
Comparing comparing(const Settings& settings, std::size_t index) {
    Comparing result{.engine = {.jobs = index % 512 == 511 ? std::size_t{2} : std::size_t{1}},
                     .ask_only = settings.ask_only};
    Random random(network_seed(settings.seed + 1, index));
    if (index % 3 > 0) return result;
    const auto phases = FlowEngine::phases();
    for (std::size_t count = 1 + random.below(3); count > 0; --count) {
        result.engine.without.push_back(phases[random.below(phases.size())].name);
    }
    return result;
}

int report(const Settings& settings, const Case& failing, std::size_t index, const std::string& difference) {
    fmt::print("\nnetwork {}: {}\n", index, difference);
    const auto& without = comparing(settings, index).engine.without;
    if (!without.empty()) fmt::print("without {}\n", fmt::join(without, ", "));
    const auto difference_of = [&](const Case& c) {
        DifferentialCounts ignored;
        return disagreement(c.network, c.questions, ignored, comparing(settings, index));
    };
    const Case small = shrink(failing, [&](const Case& c) { return !difference_of(c).empty(); });
    fmt::print("smallest like it (for --replay): {}\n{}", difference_of(small), to_text(small.network));
    for (const Question& q : small.questions) fmt::print("# {}\n", q.text());
    return 1;
}

int compare(const Settings& settings) {
    DifferentialCounts counts;
    for (std::size_t index = settings.first;; ++index) {
        const std::size_t done = settings.ask_only ? counts.answers : counts.flows;
        if (settings.networks > 0 ? index - settings.first >= settings.networks : done >= settings.flows) break;
        const std::uint64_t seed = network_seed(settings.seed, index);
        const FixedNetwork network = draw_network(settings.family, settings.limits, seed);
        const auto questions = settings.everything ? all_questions(network) : draw_questions(network, seed);
        const std::string difference = disagreement(network, questions, counts, comparing(settings, index));
        if (difference.empty()) continue;
        fmt::print("{}", counts.text());
        return report(settings, {network, questions}, index, difference);
    }
    fmt::print("{}", counts.text());
    if (settings.ask_only) {
        fmt::print("nothing was compared\n");
    } else {
        fmt::print("0 disagreements with dinic{}\n", has_lemon() ? " and LEMON" : " (no LEMON here)");
    }
    return 0;
}

int replay(const std::string& path, const std::vector<std::string>& without) {
    std::ifstream file(path);
    if (!file) throw InputError(fmt::format("cannot read '{}'", path));
    const FixedNetwork network = network_from_text(std::string(std::istreambuf_iterator<char>(file), {}));
    DifferentialCounts counts;
    const Comparing comparing{.engine = {.without = without}};
    const std::string difference = disagreement(network, all_questions(network), counts, comparing);
    fmt::print("{}{}\n", counts.text(), difference.empty() ? "0 disagreements" : difference);
    return difference.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    CLI::App app{
        "The flow engine against dinic, LEMON and certificates on random networks. Exit code 1: they disagree."};
    app.add_option("--seed", settings.seed, "names all networks of a run");
    app.add_option("--first", settings.first, "number of the first network");
    app.add_option("--networks", settings.networks, "how many; else until there are enough flows");
    app.add_option("--flows", settings.flows, "how many different flows, about");
    app.add_option("--family", settings.family, "of networks (see --list), or all");
    app.add_option("--layers", settings.limits.most_layers, "most layers of a network");
    app.add_option("--tokens", settings.limits.most_tokens, "most vertices of a layer");
    app.add_option("--least-bits", settings.limits.least_bits, "the largest layer sums to 2^this or more");
    app.add_option("--bits", settings.limits.most_bits, "and to 2^this at most, 62 or less");
    app.add_flag("--everything", settings.everything, "ask for every layer, row, pair and cut of each network");
    app.add_flag("--ask-only", settings.ask_only,
                 "compare nothing; only what the engine itself finds wrong ends the run");
    app.add_flag("--list", settings.list, "print the families");
    app.add_option("--replay", settings.replay, "a file with one network, as printed for a disagreement");
    app.add_option("--without", settings.without, "phases that the engine of --replay lacks");
    CLI11_PARSE(app, argc, argv);
    try {
        if (settings.list) {
            for (const NetworkFamily& family : network_families())
                fmt::print("{:14} {}\n", family.name, family.summary);
            return 0;
        }
        return settings.replay.empty() ? compare(settings) : replay(settings.replay, settings.without);
    } catch (const std::exception& error) {
        fmt::print(stderr, "error: {}\n", error.what());
        return 2;
    }
}
