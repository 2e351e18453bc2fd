/// attnflow generate NAME: a seeded network as a DIMACS problem or as an attention file.

#include <algorithm>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "attention/files/safetensors.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/run_folder.hpp"
#include "graph/dimacs.hpp"
#include "graph/generators/network_generator.hpp"
#include "graph/quantiser.hpp"
#include "graph/support/files/output_file.hpp"

namespace attnflow {
namespace {

struct GenerateArguments {
    std::string generator;
    std::size_t layers = 6;
    std::size_t tokens = 20;
    std::uint64_t seed = 1;
    std::vector<std::string> parameters;
    std::string out;
    std::size_t source = 0;
    std::size_t sink = 0;
    int bits = Quantiser::default_bits;
};

std::map<std::string, ParameterValue> parse_parameters(const EntryInfo& info,
                                                       const std::vector<std::string>& texts) {
    std::vector<std::string> names;
    for (const ParameterSpec& spec : info.parameters) names.push_back(spec.name);
    std::map<std::string, ParameterValue> given;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos) {
            throw ParameterError(fmt::format("--param '{}', expected NAME=VALUE", excerpt(text)));
        }
        const std::string name = text.substr(0, equals);
        const auto spec = std::find_if(info.parameters.begin(), info.parameters.end(),
                                       [&](const ParameterSpec& candidate) { return candidate.name == name; });
        if (spec == info.parameters.end()) {
            throw ParameterError(fmt::format("{}: no parameter '{}'{}", info.name, excerpt(name),
                                             names.empty() ? "; it takes none" : name_hint(name, names)));
        }
        given[name] = spec->parse(text.substr(equals + 1), "--param " + name);
    }
    return given;
}

/// The command that makes the same network again.
std::string origin(const EntryInfo& info, const GenerateArguments& arguments,
                   const std::map<std::string, ParameterValue>& given) {
    std::string text = fmt::format("attnflow generate {} --layers {} --tokens {} --seed {}", info.name,
                                   arguments.layers, arguments.tokens, arguments.seed);
    for (const auto& [name, value] : given) text += fmt::format(" --param {}={}", name, to_text(value));
    return text;
}

void write_problem(const std::filesystem::path& path, const LayeredNetwork<double>& network,
                   const GenerateArguments& arguments, const std::string& comment) {
    const std::size_t top = network.layers();
    const auto position = [&](const char* option, std::size_t layer, std::size_t at) {
        if (at < network.width(layer)) return network.vertex(layer, at);
        throw ParameterError(fmt::format("{} {}: layer {} has {} vertices, counted from 0", option, at, layer,
                                         network.width(layer)));
    };
    const Vertex source = position("--source", top, arguments.source);
    const Vertex sink = position("--sink", 0, arguments.sink);
    const QuantisedNetwork fixed = Quantiser(arguments.bits)(network);
    std::ostringstream text;
    write_dimacs(text, fixed.network, source, sink,
                 fmt::format("{} --source {} --sink {} --bits {}\ncapacities are multiples of 2^-{}\n", comment,
                             arguments.source, arguments.sink, arguments.bits, arguments.bits));
    write_file(path, text.str());
    fmt::print("{}: {} vertices, {} edges, from ({}, {}) to (0, {})\n", escape_controls(path.string()),
               network.vertices(), fixed.network.edges(), top, arguments.source, arguments.sink);
}

void write_attention(const std::filesystem::path& path, const LayeredNetwork<double>& network,
                     const std::string& comment) {
    const std::size_t n = network.width(0);
    const auto capacities = network.capacities();
    write_safetensors(
        path.string(),
        {{"attentions", DType::f64, {network.layers(), 1, n, n}, {capacities.begin(), capacities.end()}}},
        {{"model", comment}});
    fmt::print("{}: attention of {} layers, 1 head, {} tokens\n", escape_controls(path.string()), network.layers(),
               n);
}

int generate_file(const GenerateArguments& arguments) {
    const auto& entry = network_generators().at(arguments.generator);
    const std::filesystem::path path(arguments.out);
    const bool attention = path.extension() == ".safetensors";
    if (!attention && path.extension() != ".max" && path.extension() != ".dimacs") {
        throw ParameterError(
            fmt::format("--out {}: expected a name that ends in .max or .dimacs (a max-flow problem) or "
                        ".safetensors (attention)",
                        excerpt(arguments.out)));
    }
    refuse_run_file(folder_of(path), path.filename().string());
    auto given = parse_parameters(entry.info, arguments.parameters);
    if (attention) {
        const auto& promises = entry.info.promises;
        for (const char* needed : {network_promise::rows_sum_to_one, network_promise::equal_widths}) {
            if (std::find(promises.begin(), promises.end(), needed) != promises.end()) continue;
            throw ParameterError(
                fmt::format("{} makes no attention (it does not promise {}); write a max-flow problem, "
                            "--out NAME.max",
                            entry.info.name, needed));
        }
        // The skip connection is mixed in by whoever reads attention, unless it was asked for here.
        const auto takes_skip = [](const ParameterSpec& spec) { return spec.name == "skip_weight"; };
        if (std::any_of(entry.info.parameters.begin(), entry.info.parameters.end(), takes_skip)) {
            given.emplace("skip_weight", 0.0);
        }
    }
    const auto network = entry.make(given)->generate({arguments.layers, arguments.tokens}, arguments.seed);
    const std::string comment = origin(entry.info, arguments, given);
    if (attention) {
        write_attention(path, network, comment);
    } else {
        write_problem(path, network, arguments, comment);
    }
    return exit_done;
}

}  // namespace

void add_generate(CommandLine& line) {
    auto arguments = std::make_shared<GenerateArguments>();
    Command command = line.command("generate", "Make a seeded network: a DIMACS problem or an attention file");
    command.option("NAME", arguments->generator, "a network generator of `attnflow list`").required();
    command.option("--out", arguments->out, "NAME.max or NAME.dimacs: problem; NAME.safetensors: attention")
        .required();
    command.option("--layers", arguments->layers, "Layers of edges").check(is_count()).shows_default();
    command.option("--tokens", arguments->tokens, "Tokens, the vertices of the input layer")
        .check(is_count())
        .shows_default();
    command.option("--seed", arguments->seed, "Names the instance").check(is_count()).shows_default();
    command.option("--param", arguments->parameters, "Parameter of the generator, NAME=VALUE; may be repeated")
        .one_value();
    command.option("--source", arguments->source, "Position of the source in the top layer (problems)")
        .check(is_count())
        .shows_default();
    command.option("--sink", arguments->sink, "Position of the sink in the input (problems)")
        .check(is_count())
        .shows_default();
    command.option("--bits", arguments->bits, "Fractional bits of the capacities (problems)").shows_default();
    command.runs([arguments] { return generate_file(*arguments); });
}

}  // namespace attnflow
