/// What each phase of the flow engine is worth, as Markdown: processor time of one core for every family with all
/// phases and without each of them, and what settles what. See README.md.

#include <CLI/CLI.hpp>

#include "algorithms/maxflow/flow_engine.hpp"
#include "bench/engine_families.hpp"

namespace {

using namespace attnflow;
using namespace attnflow::bench;

enum class Ask { all_pairs, last_row };

struct Instance {
    EngineFamily family;
    std::size_t layers;
    std::size_t tokens;
    Ask ask = Ask::all_pairs;

    std::string name() const {
        return fmt::format("{}{}, {}, {}", family.name, ask == Ask::last_row ? ", last row" : "", layers, tokens);
    }
};

std::vector<Instance> instances(const std::vector<std::size_t>& layers, std::size_t tokens) {
    std::vector<Instance> all;
    for (const std::size_t count : layers) {
        for (const int sigma : {0, 1, 2, 3}) all.push_back({uneven_keys(sigma), count, tokens});
        for (const char* generator :
             {"peaked", "sink_heavy", "near_one_hot", "ties", "sparse", "varying_widths"}) {
            all.push_back({{generator, generator}, count, tokens});
        }
        all.push_back({{"no_skip", "no_skip", {{"sigma", 1.0}}}, count, tokens});
        for (const int sigma : {0, 1, 2}) {
            all.push_back({causal_keys(sigma), count, tokens});
            all.push_back({causal_keys(sigma), count, tokens, Ask::last_row});
        }
    }
    return all;
}

FlowMatrix solve(const FixedNetwork& network, const Instance& instance, const std::vector<std::string>& without) {
    FlowEngine engine(network, {.without = without});
    if (instance.ask == Ask::all_pairs) return engine.all_pairs(instance.layers);
    const std::size_t source[] = {instance.tokens - 1};
    return engine.flows(instance.layers, source);
}

struct Measured {
    double seconds = 0.0;               ///< smallest, with all phases
    std::vector<double> times_as_long;  ///< without each phase, smallest against smallest
    FlowCounters counters;              ///< with all phases
    std::vector<std::size_t> scanned;   ///< capacities that waves looked at without each phase
};

/// Rounds of one run with all phases and one without each of them, until `seconds` are spent, two at least.
Measured measure(const FixedNetwork& network, const Instance& instance, const std::vector<std::string>& phases,
                 double seconds) {
    std::vector<double> whole;
    std::vector<std::vector<double>> without(phases.size());
    Measured result;
    result.scanned.resize(phases.size());
    const double start = cpu_seconds();
    while (whole.size() < 2 || cpu_seconds() - start < seconds) {
        const double before = cpu_seconds();
        const FlowMatrix flows = solve(network, instance, {});
        whole.push_back(cpu_seconds() - before);
        result.counters = flows.counters;
        for (std::size_t p = 0; p < phases.size(); ++p) {
            const double begin = cpu_seconds();
            const FlowMatrix others = solve(network, instance, {phases[p]});
            without[p].push_back(cpu_seconds() - begin);
            result.scanned[p] = others.counters.edges_scanned;
            if (others.values != flows.values || others.cuts != flows.cuts) {
                throw InternalError(fmt::format("{}: other flows without {}", instance.name(), phases[p]));
            }
        }
    }
    // Other work on the machine makes a run longer, never shorter.
    result.seconds = std::ranges::min(whole);
    for (const auto& some : without) result.times_as_long.push_back(std::ranges::min(some) / result.seconds);
    return result;
}

std::string row(const std::vector<std::string>& cells) { return fmt::format("| {} |\n", fmt::join(cells, " | ")); }

void print_header(const std::vector<std::string>& first, const std::vector<std::string>& numbers) {
    std::vector<std::string> cells = first;
    cells.insert(cells.end(), numbers.begin(), numbers.end());
    fmt::print("{}", row(cells));
    std::fill(cells.begin(), cells.end(), "---:");
    std::fill_n(cells.begin(), first.size(), "---");
    fmt::print("{}", row(cells));
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::size_t> layers{12, 6, 3};
    std::size_t tokens = 128;
    int bits = Quantiser::default_bits;
    double seconds = 2.0;
    std::string filter;
    std::vector<std::string> names;
    CLI::App app{"The flow engine without each of its phases, as Markdown."};
    app.add_option("--layers", layers, "every family with each of these numbers of them");
    app.add_option("--tokens", tokens, "of every network");
    app.add_option("--bits", bits, "fractional bits of capacities");
    app.add_option("--seconds", seconds, "spent on a family at least, in rounds with and without every phase");
    app.add_option("--filter", filter, "families with this in their name");
    app.add_option("--phase", names, "left out, else each of them in turn");
    CLI11_PARSE(app, argc, argv);
    try {
        if (names.empty()) {
            for (const EnginePhase& phase : FlowEngine::phases()) names.push_back(phase.name);
        }
        std::vector<std::pair<std::string, Measured>> settled;
        std::vector<std::string> columns{"error bound", "seconds"};
        for (const std::string& name : names) columns.push_back(fmt::format("without {}", name));
        print_header({fmt::format("family, layers, tokens; {} bits", bits)}, columns);
        for (const Instance& instance : instances(layers, tokens)) {
            if (instance.name().find(filter) == std::string::npos) continue;
            const auto [network, fixed_point] = instance.family.network(instance.layers, instance.tokens, bits);
            const Measured measured = measure(network, instance, names, seconds);
            std::vector<std::string> cells{instance.name(), fmt::format("{:.1e}", fixed_point.error_bound),
                                           fmt::format("{:.2g}", measured.seconds)};
            for (const double times : measured.times_as_long) cells.push_back(fmt::format("{:.2f}", times));
            fmt::print("{}", row(cells));
            std::fflush(stdout);
            settled.emplace_back(instance.name(), measured);
        }
        fmt::print("\n");
        columns.clear();
        for (const SettledBy by : all_settled_by) columns.push_back(to_string(by));
        columns.push_back("waves made");
        print_header({"settled by, % of pairs"}, columns);
        for (const auto& [name, measured] : settled) {
            const FlowCounters& counters = measured.counters;
            std::size_t pairs = 0;
            for (const SettledBy by : all_settled_by) pairs += counters.pairs(by);
            std::vector<std::string> cells{name};
            for (const SettledBy by : all_settled_by) {
                cells.push_back(fmt::format("{:.3g}", 100.0 * static_cast<double>(counters.pairs(by)) /
                                                          static_cast<double>(std::max<std::size_t>(pairs, 1))));
            }
            cells.push_back(fmt::format("{}", counters.waves));
            fmt::print("{}", row(cells));
        }
        fmt::print("\n");
        columns.clear();
        for (const std::string& name : names) columns.push_back(fmt::format("without {}", name));
        columns.insert(columns.begin(), "with all");
        print_header({"millions of capacities that waves look at"}, columns);
        for (const auto& [name, measured] : settled) {
            std::vector<std::string> cells{name};
            cells.push_back(fmt::format("{:.3g}", 1e-6 * static_cast<double>(measured.counters.edges_scanned)));
            for (const std::size_t scanned : measured.scanned)
                cells.push_back(fmt::format("{:.3g}", 1e-6 * static_cast<double>(scanned)));
            fmt::print("{}", row(cells));
        }
    } catch (const std::exception& error) {
        fmt::print(stderr, "error: {}\n", error.what());
        return 2;
    }
    return 0;
}
