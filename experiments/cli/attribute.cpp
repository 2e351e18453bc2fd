/// attnflow attribute FILE: the scores of one example, for eyes (table) or programs (JSON, CSV).

#include <algorithm>
#include <memory>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "attention/extract/attend.hpp"
#include "attention/extract/edge_weights/edge_weight.hpp"
#include "attention/model/text_model.hpp"
#include "attention/padding.hpp"
#include "attention/validate.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/attribute_output.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/notes.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/cli/terminal.hpp"
#include "experiments/run/example_attributions.hpp"
#include "experiments/study/axes/edge_weights.hpp"
#include "experiments/study/axes/heads.hpp"
#include "experiments/study/axes/layer.hpp"
#include "experiments/study/axes/positions.hpp"
#include "experiments/study/axes/pruning.hpp"
#include "experiments/study/axes/skip_weight.hpp"
#include "experiments/study/axes/source.hpp"
#include "experiments/study/axes/special_tokens.hpp"
#include "experiments/study/expectations.hpp"
#include "experiments/study/presets.hpp"
#include "experiments/study/settings.hpp"
#include "experiments/study/special_tokens.hpp"

namespace attnflow {
namespace {

struct AttributeArguments {
    std::string file;
    std::string attention;
    std::string model;
    std::string text;
    std::optional<std::string> pair;
    std::string target;
    std::string scale = "logit";
    bool scale_given = false;
    std::size_t blank_out = 0;  // tokens in a set, 0 for none
    std::string replacement = "unk";
    std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
    std::string example;
    std::string method;
    std::map<std::string, std::string> axes;  // as given: --heads, --skip, ...
    std::vector<std::string> special;         // names of special tokens
    std::vector<std::string> parameters;
    std::string preset;
    std::string format = "table";
    Color color = Color::automatic;
    std::optional<double> row_sum_tolerance;
};

// Of an axis: "--edge-weights", and "--skip" for short.
std::string option_of(const std::string& axis) {
    if (axis == SkipWeightAxis::name) return "--skip";
    std::string option = "--" + axis;
    std::replace(option.begin(), option.end(), '_', '-');
    return option;
}

// The point and the method's parameters: fallbacks, what members expect instead, then the preset, then what was
// given. `source_given` says whether any but the fallback names the source.
void resolve_point(const AttributeArguments& arguments, GridPoint& point,
                   std::map<std::string, ParameterValue>& parameters, bool& source_given) {
    const EntryInfo& method = attribution_methods().at(arguments.method).info;
    point.method = method.name;
    std::set<std::string> unasked;
    for (const AxisInfo& axis : axes()) {
        if (takes(method, axis) && !axis.only_where_asked) point.values[axis.name] = axis.fallback;
        unasked.insert(axis.name);
    }
    const auto set = [&](const std::string& name, ParameterValue value) {
        point.values[name] = std::move(value);
        unasked.erase(name);
        source_given = source_given || name == SourceAxis::name;
    };
    if (!arguments.preset.empty()) {
        const std::string parameter_prefix = "parameters." + method.name + ".";
        for (const PresetSetting& setting : preset(arguments.preset).settings) {
            const Settings parsed = setting_from_argument(setting.key + "=" + setting.value);
            const ParameterValue& value = parsed.at(setting.key).values.front();
            if (setting.key.starts_with(parameter_prefix)) {
                parameters[setting.key.substr(parameter_prefix.size())] = value;
            } else if (setting.key.starts_with("axes.") && takes(method, axes().at(setting.key.substr(5)))) {
                const std::string name = setting.key.substr(5);
                set(name, axes().at(name).check(value, "preset " + arguments.preset));
            }
        }
    }
    for (const auto& [name, text] : arguments.axes) {
        const AxisInfo& axis = axes().at(name);
        if (!takes(method, axis)) {
            throw ParameterError(fmt::format("{}: {} does not take {}", option_of(name), method.name, name));
        }
        set(name, axis.check(text, option_of(name)));
    }
    const std::string source = point.text(SourceAxis::name);
    point = with_expected(std::move(point), unasked);
    source_given = source_given || point.text(SourceAxis::name) != source;
    if (point.text(LayerAxis::name) == LayerAxis::every) {
        throw ParameterError("--layer: all is for `attnflow run`; choose one layer");
    }
    for (const std::string& assignment : arguments.parameters) {
        if (assignment.find('=') == std::string::npos || assignment.front() == '=')
            throw ParameterError(fmt::format("--param {}: expected NAME=VALUE", excerpt(assignment)));
        const Settings parsed = setting_from_argument(assignment);
        const auto& [name, setting] = *parsed.begin();
        if (setting.values.size() != 1)
            throw ParameterError(fmt::format("--param {}: expected one value", excerpt(name)));
        parameters[name] = setting.values.front();
    }
}

// What a model must give besides the attention that `point` asks for.
AttendOptions attend_options(const AttributeArguments& arguments, const GridPoint& point) {
    const PointOptions asked = options_of(point);
    AttendOptions options{.heads = asked.network.heads, .jobs = arguments.jobs, .pair = arguments.pair};
    // Heads are fused after tokens are joined, which for most strategies is not the same the other way round.
    if (asked.units.joined == UnitChoice::Joined::before) options.heads = "";
    const std::string& weights = asked.edge_weights;
    if (weights != attention_weights) {
        options.weights = weights;
        if (!edge_weights().make(weights, option_of(EdgeWeightsAxis::name))->has_heads())
            refuse_heads_of_one_matrix(weights, options.heads, option_of(HeadsAxis::name));
    }
    options.scale = target_scale_from_name(arguments.scale);
    if (arguments.scale_given && !is_made_of_gradients(weights)) {
        throw ParameterError(
            "--target-scale: expected with edge weights made of gradients, such as --edge-weights agf; nothing "
            "else "
            "depends on it");
    }
    if (arguments.target.empty()) return options;
    if (!is_made_of_gradients(weights) && arguments.blank_out == 0) {
        throw ParameterError(
            "--target: expected with --blank-out, or with edge weights made of gradients, such as "
            "--edge-weights agf; other scores do not depend on it");
    }
    options.target = TargetSpec::parse(arguments.target);
    return options;
}

std::map<std::string, std::string> extraction_of(const AttendOptions& options) {
    std::map<std::string, std::string> extraction{{"model.precision", "float32"}};
    if (!is_made_of_gradients(options.weights)) return extraction;
    extraction["model.target"] = options.target.text();
    extraction["model.target_scale"] = target_scale_name(options.scale);
    return extraction;
}

std::string shown_separator(const TextModel& model) {
    const auto separator = model.tokenizer.separator();
    return separator ? excerpt(model.tokenizer.vocabulary().text(*separator)) : "";
}

// The words of the example, where they are asked for; `dataset` that it is of, if it is of any.
void find_words(AttributeRequest& request, const Dataset* dataset) {
    if (!options_of(request.point).units.are_words()) return;
    const Example& example = request.example;
    const WordFinder::Text text = example.text();
    const WordFinder finder = dataset == nullptr ? WordFinder({&text, 1}, request.special_tokens, example.id)
                                                 : dataset->word_finder(dataset->size(), request.special_tokens);
    request.words = finder.find(text);
    print_note(request.words->size() == request.words->tokens()
                   ? std::string("every word of the text is one token, so that words give what tokens give")
                   : fmt::format("{} in {}, told by {}", counted(request.words->tokens(), "token"),
                                 counted(request.words->size(), "word"),
                                 !finder.sign().empty() ? finder.sign()
                                 : dataset == nullptr   ? "the tokenizer"
                                                        : "word_ids"));
}

AttributeRequest make_request(const AttributeArguments& arguments) {
    GridPoint point;
    std::map<std::string, ParameterValue> parameters;
    bool source_given = false;
    resolve_point(arguments, point, parameters, source_given);
    const auto finish = [&](Example example, std::vector<std::string> special, bool fused) {
        const bool is_fused = fused && point.has(HeadsAxis::name);
        GridPoint computed = is_fused ? point.with(HeadsAxis::name, HeadsAxis::fallback()) : point;
        return AttributeRequest{std::move(example),
                                point,
                                std::move(computed),
                                parameters,
                                arguments.special.empty() ? std::move(special) : arguments.special,
                                source_given};
    };
    if (!arguments.model.empty()) {
        refuse_blank(arguments.text, "--text");
        if (arguments.pair) refuse_blank(*arguments.pair, "--text-pair");
        const AttendOptions options = attend_options(arguments, point);
        TextModel model = TextModel::open(arguments.model);
        print_notes_of_model(arguments.model);
        Attended attended = attend(model, arguments.text, "text", options);
        AttributeRequest request =
            finish(std::move(attended.example), model.tokenizer.wordless_tokens(), attended.fused);
        const bool is_pair = arguments.pair.has_value();
        if (model.misreads_separators(attended.encoding, is_pair))
            print_note(separators_note(is_pair ? "the pair" : "the text", shown_separator(model), is_pair));
        request.encoding = std::move(attended.encoding);
        request.outputs = std::move(attended.outputs);
        find_words(request, nullptr);
        request.extraction = extraction_of(options);
        if (is_made_of_gradients(options.weights)) {
            request.target_words =
                target_words(resolve(options.target, model, request.outputs, std::nullopt), options.scale, model);
        }
        request.model = std::move(model);
        return request;
    }
    const Dataset dataset = Dataset::open(arguments.file, {.attention = arguments.attention});
    for (const std::string& note : dataset.notes()) print_note(note);
    if (arguments.example.empty() && dataset.size() > 1) {
        throw ParameterError(fmt::format("{} holds {} examples ({}, ...), choose one with --example",
                                         escape_controls(arguments.file), dataset.size(),
                                         escape_controls(dataset.ids().front())));
    }
    AttributeRequest request =
        finish(dataset.example(arguments.example.empty() ? 0 : dataset.index_of(arguments.example)),
               special_tokens({}, dataset), false);
    request.extraction = dataset.extraction();
    find_words(request, &dataset);
    request.dataset = dataset;
    return request;
}

/// Throws for a name of --special that is no token; says it where there is nothing to drop.
void check_special_tokens(const AttributeArguments& arguments, const AttributeRequest& request) {
    const Example& example = request.example;
    const std::string option = option_of(SpecialTokensAxis::name);
    if (!options_of(request.point).drop_special_tokens) {
        if (arguments.special.empty()) return;
        throw ParameterError(fmt::format("--special: expected with {} drop; nothing else depends on it", option));
    }
    const std::string id = escape_controls(example.id);
    for (const std::string& name : absent_names(arguments.special, example.tokens))
        throw ParameterError("--special: " + no_such_token(name, id, example.tokens));
    if (!special_positions(example.tokens, request.special_tokens).empty()) return;
    print_note(fmt::format("{} drop changes nothing: {}; name them with --special", option,
                           request.special_tokens.empty() ? "the list of special tokens is empty"
                                                          : fmt::format("no token of {} is one of {}", id,
                                                                        some_names(request.special_tokens))));
}

BlankOutSets blank_out(const AttributeArguments& arguments, const AttributeRequest& asked, bool whole_matrix,
                       const std::vector<double>& scores) {
    if (whole_matrix)
        throw ParameterError("--blank-out needs one score a token, expected one --source or another --readout");
    if (arguments.format == "csv") throw ParameterError("--blank-out: not in csv, expected table or json");
    BlankOutSetsRequest request{.k = arguments.blank_out,
                                .replacement = arguments.replacement,
                                .jobs = arguments.jobs,
                                .words = asked.words};
    if (!arguments.target.empty()) request.target = TargetSpec::parse(arguments.target);
    return blank_out_sets(*asked.model, asked.encoding, asked.outputs, scores, request);
}

/// Pruning that drops nothing, or more than was meant.
void note_pruning(const GridPoint& point, const Attribution& attribution) {
    if (!attribution.pruned_share) return;
    const std::string given = option_of(PruningAxis::name) + " " + escape_controls(point.text(PruningAxis::name));
    if (*attribution.pruned_share == 0.0) {
        print_note(given + " drops nothing: the scores are those without it");
    } else if (attribution.emptied_rows > 0) {
        print_note(fmt::format(
            "{} drops {} of the attention and leaves {} without any: there a position draws on "
            "itself at most, by the skip connection",
            given, *attribution.pruned_share == 1.0 ? "all" : "some", counted(attribution.emptied_rows, "row")));
    }
}

void print_answer(const AttributeArguments& arguments, AttributeRequest& request) {
    Validator validator(request.example.attention, request.example.id, arguments.row_sum_tolerance);
    request.example.attention = validator.watched();
    MethodSet methods({{request.point.method, request.parameters}});
    ExampleAttributions attributions(request.example, methods, request.special_tokens, {.jobs = arguments.jobs},
                                     /*with_paths=*/true, request.words);
    attributions.check(request.computed);
    // Validated while it is read for the network, where there is one network.
    if (attributions.has_one_network(request.computed)) attributions.network(request.computed);
    const ValidationReport report = validator.finish();
    const LeftPadding padding = left_padding(report.unattended, request.example.tokens,
                                             special_positions(request.example.tokens, request.special_tokens));
    // A masked language model's output is at the mask; under a causal mask position 0 sees only itself, and the
    // last one is what is asked about.
    const bool masked = request.example.masked.has_value();
    if ((masked || report.causal) && request.point.has(SourceAxis::name) && !request.source_given) {
        for (GridPoint* point : {&request.point, &request.computed})
            point->values[SourceAxis::name] = std::string(masked ? SourceAxis::masked : SourceAxis::last);
    }
    attributions.check_source(request.computed, padding);
    for (const std::string& note : padding_notes(request.example.id, padding, request.example.tokens))
        print_note(note);
    const Attribution attribution = attributions.attribution(request.computed);
    for (const Contradiction& one : contradictions({request.point})) print_note(escape_controls(one.sentence));
    note_pruning(request.point, attribution);
    if (arguments.format != "table") {  // which has them
        for (const std::string& warning : attribution.diagnostics.warnings)
            print_note(fmt::format("{} warns: {}", request.point.method, escape_controls(warning)));
    }
    const Example& shown = attributions.example(request.point);
    const std::size_t layer = attributions.layer(request.point);
    const PointOptions options = options_of(request.point);
    const auto scores = options.scores(attribution.scores);
    // Several sources are shown as a matrix unless a read-out makes one score of them.
    const bool whole_matrix = options.has_row_for_each_source();
    if (arguments.blank_out > 0) request.blanked = blank_out(arguments, request, whole_matrix, scores);
    if (request.dataset) request.dataset->check_unchanged();  // while nothing is printed
    const AttributeAnswer answer{attribution, shown, layer, whole_matrix, scores};
    if (arguments.format == "json") {
        print_json(request, attributions, answer);
    } else if (arguments.format == "csv") {
        print_csv(request, attributions, answer);
    } else {
        print_table(request, attributions, answer, use_color(arguments.color));
    }
}

int attribute(const AttributeArguments& arguments) {
    AttributeRequest request = make_request(arguments);
    check_special_tokens(arguments, request);
    const auto print = [&] { print_answer(arguments, request); };
    if (request.dataset) {
        unless_changed(*request.dataset, print);
    } else {
        print();
    }
    return exit_done;
}

}  // namespace

void add_attribute(CommandLine& line) {
    auto arguments = std::make_shared<AttributeArguments>();
    Command command = line.command("attribute", "Score the input tokens of one example");
    Command source =
        command.exactly_one("source", "What to explain: a file with attention, or a text for a model");
    source.option("FILE", arguments->file,
                  "safetensors, npz or npy file with attention [layer, head, query, key]");
    Option model =
        source.option("--model", arguments->model, "Hugging Face directory of a model to run on --text");
    command
        .option("--attention", arguments->attention,
                "Name of the tensor with the attention, a * standing for the number of a layer (default: "
                "attentions)")
        .check(has_name())
        .excludes(model);
    const Option text = command.option("--text", arguments->text, "The text that the model reads").needs(model);
    model.needs(text);
    command
        .option(
            "--text-pair", [arguments](const std::string& pair) { arguments->pair = pair; },
            "The second text of a pair, which the model reads with it")
        .needs(text);
    command
        .option("--target", arguments->target,
                "What edge weights with gradients explain and --blank-out looks at: predicted, output(X), "
                "difference(X, Y) or margin (default: predicted)")
        .shows_as("TARGET")
        .needs(model);
    const Option scale =
        command.option("--target-scale", arguments->scale, "Of edge weights with gradients: logit or probability")
            .one_of(target_scale_names())
            .shows_default()
            .needs(model);
    const Option blank_out =
        command
            .option("--blank-out", arguments->blank_out,
                    "K: also replace the K highest, and the K lowest tokens at once, special tokens left out, "
                    "and show how the target's probability changes")
            .between(1, 1'000'000)
            .needs(model);
    command.option("--replace", arguments->replacement, "What --blank-out puts in: unk, mask, pad or remove")
        .one_of(replacement_names())
        .shows_default()
        .needs(blank_out);
    add_jobs(command, arguments->jobs)
        .describes("Threads of the model and of the flow engine; the results do not depend on it");
    command.option("--example", arguments->example, "Id of the example (needed when the file has several)")
        .excludes(model);
    command.option("--method", arguments->method, join(attribution_methods().names(), ", ")).required();
    for (const AxisInfo& axis : axes()) {
        if (!is_shown(axis)) continue;
        const std::string option = option_of(axis.name);
        const std::string names = option == "--" + axis.name ? option : option + ",--" + axis.name;
        const std::string fallback = axis.name == SourceAxis::name
                                         ? "cls; mask where a token is masked, last for causal attention"
                                         : to_text(axis.fallback);
        command.option(
            names, [arguments, name = axis.name](const std::string& value) { arguments->axes[name] = value; },
            fmt::format("{}: {} (default: {})", axis.summary, axis.values, fallback));
    }
    command
        .option("--special", arguments->special,
                "A token that --special-tokens drop leaves out, by its exact text; repeatable (default: those of "
                "the model or file, else the usual names)")
        .one_value();
    command.option("--param", arguments->parameters, "NAME=VALUE, a parameter of the method; repeatable")
        .one_value();
    command.option("--preset", arguments->preset, "Start from a preset; `attnflow list` names them");
    command.option("--format", arguments->format, "table, json or csv")
        .one_of({"table", "json", "csv"})
        .shows_default();
    command.choice("--color", arguments->color, color_names(), "Shade tokens in the table: auto, always or never")
        .shows_as("WHEN");
    command.option("--row-sum-tolerance", arguments->row_sum_tolerance, "How far from 1 an attention row may sum")
        .check(is_tolerance());
    command.runs([arguments, scale] {
        arguments->scale_given = scale.given();
        return attribute(*arguments);
    });
}

}  // namespace attnflow
