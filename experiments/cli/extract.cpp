/// attnflow extract --model DIR --file F --out D: runs a model on texts and writes a dataset.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "attention/extract/edge_weights/edge_weight.hpp"
#include "attention/extract/extraction.hpp"
#include "attention/model/text_model.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/notes.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/cli/stop_on_signal.hpp"
#include "experiments/cli/terminal.hpp"
#include "experiments/cli/unknown_text.hpp"
#include "experiments/inputs/config_dataset.hpp"
#include "experiments/run_folder.hpp"
#include "graph/support/error.hpp"
#include "graph/support/files/output_file.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

struct ExtractArguments {
    std::string model;
    std::string text;
    std::optional<std::string> pair;
    std::string file;
    std::string out;
    std::string target;
    std::string scale = "logit";
    bool scale_given = false;
    bool replacement_given = false;
    std::vector<std::string> with;
    std::vector<std::string> weights;
    std::string replacement = "unk";
    std::string precision = "float32";
    std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
};

/// The calls of "af, value_zeroing(euclidean)": parts between commas, but for those inside parentheses.
std::vector<std::string> calls_in(const std::string& text) {
    std::vector<std::string> calls(1);
    int open = 0;
    for (const char c : text) {
        open += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (c == ',' && open == 0) {
            calls.emplace_back();
        } else {
            calls.back() += c;
        }
    }
    return calls;
}

ExtractionOptions options_from(const ExtractArguments& arguments) {
    ExtractionOptions options;
    if (!arguments.target.empty()) options.target = TargetSpec::parse(arguments.target);
    options.scale = target_scale_from_name(arguments.scale);
    options.replacement = replacement_from_name(arguments.replacement);
    for (const std::string& text : arguments.weights) {
        for (const std::string& call : calls_in(text))
            options.weights.push_back(edge_weight_name(call, "--weights"));
    }
    options.jobs = arguments.jobs;
    const auto has = [&](const char* name) {
        return std::find(arguments.with.begin(), arguments.with.end(), name) != arguments.with.end();
    };
    options.gradients = has("gradients");
    options.attention_gradients = has("attention_gradients");
    options.blank_out = has("blank_out");
    options.internals = has("internals");
    // The file would name what nothing in it was made with.
    const std::string gradients = "--with gradients, --with attention_gradients, or --weights made of gradients";
    if (arguments.replacement_given && !options.blank_out)
        throw ParameterError("--replace: expected with --with blank_out; nothing else depends on it");
    if (options.target && !options.blank_out && !options.has_gradients())
        throw ParameterError("--target: expected with --with blank_out, " + gradients +
                             "; nothing else depends on it");
    if (arguments.scale_given && !options.has_gradients())
        throw ParameterError("--target-scale: expected with " + gradients + "; nothing else depends on it");
    return options;
}

/// Throws when writing `out` could destroy what is read: the text file, or a file of the model, which may be
/// a link to one that lies elsewhere.
void check_output(const ExtractArguments& arguments) {
    namespace fs = std::filesystem;
    std::error_code ignored;  // what cannot be looked at is not the same
    const auto refuse = [&](const std::string& why) {
        throw ParameterError(fmt::format("--out {}: {}, expected another place", excerpt(arguments.out), why));
    };
    const fs::path out = arguments.out;
    refuse_run_file(folder_of(out), out.filename().string());
    if (!arguments.file.empty() && fs::equivalent(out, arguments.file, ignored)) refuse("is the file of texts");
    for (fs::path folder = fs::weakly_canonical(out, ignored); folder.has_relative_path();) {
        folder = folder.parent_path();
        if (fs::equivalent(folder, arguments.model, ignored)) refuse("lies in the folder of the model");
    }
    for (const auto& entry : fs::directory_iterator(arguments.model, ignored)) {
        if (fs::equivalent(out, entry.path(), ignored)) refuse("is a file of the model");
    }
}

int extract_texts(const ExtractArguments& arguments) {
    check_output(arguments);
    ExtractionOptions options = options_from(arguments);
    if (arguments.file.empty()) refuse_blank(arguments.text, "--text");
    if (arguments.pair) refuse_blank(*arguments.pair, "--text-pair");
    const StopOnSignal signals;
    options.stop = &StopOnSignal::stop;
    options.record = extraction_record(arguments.model, arguments.precision, arguments.file);
    options.before_naming = [&] { refuse_other_inputs(options.record, arguments.model, arguments.file); };
    const TextModel model = TextModel::open(arguments.model, arguments.precision);
    print_notes_of_model(arguments.model);
    if (!arguments.file.empty()) {
        for (const std::string& note : text_notes(arguments.file, model.model->shape().task)) print_note(note);
    }
    const std::vector<LabelledText> texts =
        arguments.file.empty() ? std::vector<LabelledText>{{arguments.text, {}, {}, arguments.pair}}
                               : read_texts(arguments.file, model);
    {
        ProgressLine line("texts");
        extract(model, texts, options, arguments.out,
                [&](std::size_t done, std::size_t total) { line.update(done, total, 0); });
    }
    const ModelShape& shape = model.model->shape();
    fmt::print("{}: {}, {}, {}\n", escape_controls(arguments.out), counted(texts.size(), "example"),
               counted(shape.layers, "layer"), counted(shape.heads, "head"));
    const Dataset dataset = Dataset::open(arguments.out);
    for (const std::string& note : dataset.notes()) print_note(note);
    const auto unknown = unknown_text(dataset);
    if (!unknown.empty()) fmt::print("{}\n", unknown);
    return exit_done;
}

}  // namespace

void add_extract(CommandLine& line) {
    auto arguments = std::make_shared<ExtractArguments>();
    Command command = line.command("extract", "Run a model on texts and write attention and scores as a dataset");
    command.option("--model", arguments->model, "Hugging Face directory: config.json, weights, tokenizer")
        .required();
    Command source = command.exactly_one("source", "What to run it on");
    const Option text = source.option("--text", arguments->text, "One text");
    source.option(
        "--file", arguments->file,
        "File with one text a line, or .tsv whose header names text and, if there are any, text_pair and "
        "label");
    command
        .option(
            "--text-pair", [arguments](const std::string& pair) { arguments->pair = pair; },
            "The second text of a pair, which the model reads with it")
        .needs(text);
    command.option("--out", arguments->out, "The safetensors file to write").required().check(has_name());
    command
        .option("--target", arguments->target,
                "What gradients and blank-out explain: predicted, label, output(X), difference(X, Y) or margin "
                "(default: predicted for gradients; the label, if there is one, for blank-out)")
        .shows_as("TARGET");
    const Option scale = command.option("--target-scale", arguments->scale, "logit or probability, of gradients")
                             .one_of(target_scale_names())
                             .shows_default();
    command
        .option("--with", arguments->with,
                "Besides attention, separated by commas: gradients, attention_gradients, blank_out, internals")
        .comma_separated()
        .one_of({"gradients", "attention_gradients", "blank_out", "internals"});
    command.option("--weights", arguments->weights,
                   "Edge weights, separated by commas: " + edge_weights().forms());
    const Option replace =
        command.option("--replace", arguments->replacement, "What blank-out puts in: unk, mask, pad or remove")
            .one_of(replacement_names())
            .shows_default();
    command.option("--precision", arguments->precision, "Numbers to compute with: float32 or float64")
        .one_of(precision_names())
        .shows_default();
    add_jobs(command, arguments->jobs);
    command.runs([arguments, scale, replace] {
        arguments->scale_given = scale.given();
        arguments->replacement_given = replace.given();
        return extract_texts(*arguments);
    });
}

}  // namespace attnflow
