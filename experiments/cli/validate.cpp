/// attnflow validate FILE: is this attention, and how good is it?

#include <memory>

#include <fmt/format.h>

#include "attention/dataset.hpp"
#include "attention/validate.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/cli/unknown_text.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

struct ValidateArguments {
    std::string file;
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

int validate_file(const ValidateArguments& arguments) {
    const Dataset dataset = Dataset::open(arguments.file);
    std::size_t smallest = static_cast<std::size_t>(-1);
    std::size_t largest = 0;
    std::size_t causal = 0;
    std::size_t zeros = 0;
    std::string worst_id;
    ValidationReport worst;
    std::map<std::string, std::size_t> references;
    std::map<std::string, std::size_t> weights;
    std::string shape;
    for (std::size_t i = 0; i < dataset.size(); ++i) {
        const Example example = dataset.example(i);
        const auto report = validate(example.attention, example.id, arguments.row_sum_tolerance);
        smallest = std::min(smallest, example.tokens.size());
        largest = std::max(largest, example.tokens.size());
        causal += report.causal ? 1 : 0;
        zeros += report.zeros;
        for (const auto& [name, scores] : example.references) {
            if (name != "input_ids") ++references[name];  // what an extraction keeps beside the scores
        }
        for (const auto& [name, tensor] : example.weights) ++weights[name];
        if (i == 0 || report.largest_deviation > worst.largest_deviation) {
            worst = report;
            worst_id = example.id;
        }
        if (i == 0) {
            shape = shape_of(example.attention);
        }
    }
    const std::string tokens =
        smallest == largest ? counted(smallest, "token") : fmt::format("{} to {} tokens", smallest, largest);
    fmt::print("{}: {}, {}, {}\n", escape_controls(arguments.file), counted(dataset.size(), "example"), shape,
               tokens);
    fmt::print("rows sum to 1 within {:.2e}, worst in {}: layer {}, head {}, row {}\n", worst.largest_deviation,
               escape_controls(worst_id), worst.layer, worst.head, worst.row);
    fmt::print("{} {} causal (no weight on later positions); {} {} exactly 0\n", counted(causal, "example"),
               causal == 1 ? "is" : "are", counted(zeros, "weight"), zeros == 1 ? "is" : "are");
    fmt::print("references: {}\n", occurrences(references, dataset.size()));
    fmt::print("edge weights besides the attention: {}\n", occurrences(weights, dataset.size()));
    if (const auto unknown = unknown_text(dataset); !unknown.empty()) fmt::print("{}\n", unknown);
    for (const auto& [name, value] : dataset.extraction())
        fmt::print("{}: {}\n", escape_controls(name), escape_controls(value));
    return exit_done;
}

}  // namespace

void add_validate(CommandLine& line) {
    auto arguments = std::make_shared<ValidateArguments>();
    Command command = line.command("validate", "Check that a file holds attention, and report on it");
    command.option("FILE", arguments->file, "safetensors, npz or npy file").required();
    command.option("--row-sum-tolerance", arguments->row_sum_tolerance, "How far from 1 a row may sum")
        .check(is_tolerance());
    command.runs([arguments] { return validate_file(*arguments); });
}

}  // namespace attnflow
