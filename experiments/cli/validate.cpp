/// attnflow validate FILE: is this attention, and how good is it?

#include <memory>

#include <fmt/format.h>

#include "attention/dataset.hpp"
#include "attention/padding.hpp"
#include "attention/validate.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/cli/unknown_text.hpp"
#include "experiments/study/special_tokens.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

struct ValidateArguments {
    std::string file;
    std::string attention;
    std::string edge_weights;
    std::optional<double> row_sum_tolerance;
};

// "6 layers, 8 heads, F32", and how many positions each layer has where they differ.
std::string shape_of(const AttentionStack& attention) {
    std::string text = fmt::format("{}, {}, {}", counted(attention.layers(), "layer"),
                                   counted(attention.heads(), "head"), dtype_name(attention.dtype()));
    std::string widths = fmt::format("{}", attention.tokens());
    bool differ = false;
    for (std::size_t l = 0; l < attention.layers(); ++l) {
        widths += fmt::format(" -> {}", attention.queries(l));
        differ = differ || attention.queries(l) != attention.tokens();
    }
    return differ ? text + ", positions " + widths : text;
}

std::string occurrences(const std::map<std::string, std::size_t>& names, std::size_t examples) {
    std::vector<std::string> texts;
    for (const auto& [name, count] : names) {
        texts.push_back(escape_controls(name) +
                        (count == examples ? "" : fmt::format(" (in {})", counted(count, "example"))));
    }
    return texts.empty() ? "none" : join(texts, ", ");
}

// What was found in all examples.
struct FileReport {
    std::size_t smallest = static_cast<std::size_t>(-1);
    std::size_t largest = 0;
    std::size_t causal = 0;
    std::size_t zeros = 0;
    std::size_t coarser = 0;  // examples whose values are of a coarser type than they are stored in
    DType precision = DType::f64;
    std::string worst_id;
    ValidationReport worst;
    std::map<std::string, std::size_t> references;
    std::map<std::string, std::size_t> by_name_only;
    std::map<std::string, std::size_t> weights;
    std::string shape;
    std::size_t padded = 0;
    std::vector<std::string> padding;  // of the first example with some

    void add(const Example& example, const AttentionStack& looked_at, const ValidationReport& report,
             const std::vector<std::size_t>& special) {
        if (shape.empty()) shape = shape_of(looked_at);
        smallest = std::min(smallest, example.tokens.size());
        largest = std::max(largest, example.tokens.size());
        causal += report.causal ? 1 : 0;
        zeros += report.zeros;
        if (report.precision != looked_at.dtype() && coarser++ == 0) precision = report.precision;
        for (const auto& [name, scores] : example.references) ++references[name];
        for (const auto& [name, scores] : example.by_name_only) ++by_name_only[name];
        for (const auto& [name, tensor] : example.weights) ++weights[name];
        if (worst_id.empty() || report.largest_deviation > worst.largest_deviation) {
            worst = report;
            worst_id = example.id;
        }
        const auto notes =
            padding_notes(example.id, left_padding(report.unattended, example.tokens, special), example.tokens);
        if (!notes.empty() && padded++ == 0) padding = notes;
    }
};

int validate_dataset(const ValidateArguments& arguments, const Dataset& dataset) {
    const std::string what = arguments.edge_weights.empty() ? attention_weights : arguments.edge_weights;
    const auto special = special_tokens(std::nullopt, dataset);
    FileReport found;
    for (std::size_t i = 0; i < dataset.size(); ++i) {
        const Example example = dataset.example(i);
        const AttentionStack weights = weights_by_name(example, what);
        found.add(example, weights, validate(weights, example.id, arguments.row_sum_tolerance),
                  special_positions(example.tokens, special));
    }
    dataset.check_unchanged();  // while nothing is printed
    const std::string tokens = found.smallest == found.largest
                                   ? counted(found.smallest, "token")
                                   : fmt::format("{} to {} tokens", found.smallest, found.largest);
    fmt::print("{}: {}{}, {}, {}\n", escape_controls(arguments.file),
               what == attention_weights ? "" : fmt::format("edge weights {}, ", escape_controls(what)),
               counted(dataset.size(), "example"), found.shape, tokens);
    fmt::print("rows sum to 1 within {:.2e}, worst in {}: layer {}, head {}, row {}\n",
               found.worst.largest_deviation, escape_controls(found.worst_id), found.worst.layer, found.worst.head,
               found.worst.row);
    fmt::print("{} {} causal (no weight on later positions); {} {} exactly 0\n", counted(found.causal, "example"),
               found.causal == 1 ? "is" : "are", counted(found.zeros, "weight"), found.zeros == 1 ? "is" : "are");
    fmt::print("references: {}{}\n", occurrences(found.references, dataset.size()),
               found.by_name_only.empty()
                   ? ""
                   : "; for who asks by name: " + occurrences(found.by_name_only, dataset.size()));
    fmt::print("edge weights besides the attention: {}\n", occurrences(found.weights, dataset.size()));
    if (const auto unknown = unknown_text(dataset); !unknown.empty()) fmt::print("{}\n", unknown);
    for (const auto& [name, value] : dataset.extraction())
        fmt::print("{}: {}\n", escape_controls(name), escape_controls(value));
    if (found.coarser > 0) {
        fmt::print("note: {} of values that {} holds exactly: rows were held to its tolerance\n",
                   counted(found.coarser, "example"), dtype_name(found.precision));
    }
    for (const std::string& note : dataset.notes()) fmt::print("note: {}\n", note);
    for (const std::string& note : found.padding) {
        fmt::print("note: {}{}\n", note,
                   found.padded > 1 ? fmt::format(" ({} alike)", counted(found.padded, "example")) : "");
    }
    return exit_done;
}

int validate_file(const ValidateArguments& arguments) {
    const Dataset dataset = Dataset::open(arguments.file, {.attention = arguments.attention});
    return unless_changed(dataset, [&] { return validate_dataset(arguments, dataset); });
}

}  // namespace

void add_validate(CommandLine& line) {
    auto arguments = std::make_shared<ValidateArguments>();
    Command command = line.command("validate", "Check that a file holds attention, and report on it");
    command.option("FILE", arguments->file, "safetensors, npz or npy file").required();
    command
        .option("--attention", arguments->attention,
                "Name of the tensor with the attention, a * standing for the number of a layer (default: "
                "attentions)")
        .check(has_name());
    command.option("--edge-weights", arguments->edge_weights, "Look at these edge weights instead")
        .check(has_name());
    command.option("--row-sum-tolerance", arguments->row_sum_tolerance, "How far from 1 a row may sum")
        .check(is_tolerance());
    command.runs([arguments] { return validate_file(*arguments); });
}

}  // namespace attnflow
