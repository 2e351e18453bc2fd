/// attnflow attribute FILE: the scores of one example, for eyes (table) or programs (JSON, CSV).

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <span>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "attention/model/attend.hpp"
#include "attention/model/edge_weights/edge_weight.hpp"
#include "attention/validate.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/blank_out_sets.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/cli/terminal.hpp"
#include "experiments/config.hpp"
#include "experiments/output/csv.hpp"
#include "experiments/presets.hpp"
#include "experiments/session.hpp"
#include "experiments/settings.hpp"

namespace attnflow {
namespace {

struct AttributeArguments {
    std::string file;
    std::string model;
    std::string text;
    std::string target;
    std::string scale = "logit";
    bool scale_given = false;
    std::size_t blank_out = 0;  // tokens in a set, 0 for none
    std::string replacement = "unk";
    std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
    std::string example;
    std::string method;
    std::map<std::string, std::string> axes;  // as given: --heads, --skip, ...
    std::vector<std::string> parameters;
    std::string preset;
    std::string format = "table";
    Color color = Color::automatic;
    std::optional<double> row_sum_tolerance;
};

// What is to be attributed, with everything resolved.
struct Request {
    Example example;
    GridPoint point;     ///< as asked for and shown
    GridPoint computed;  ///< the same on the example at hand, whose heads may be fused already
    std::map<std::string, ParameterValue> parameters;
    std::vector<std::string> special_tokens;
    bool source_given = false;
    /// What the weights were extracted with, as Dataset::extraction(); for a model what of it matters.
    std::map<std::string, std::string> extraction = {};
    std::optional<TextModel> model = {};  ///< where there is one, and what it made of the text
    Encoding encoding = {};
    std::vector<double> outputs = {};
    std::optional<BlankOutSets> blanked = {};
};

// Every token is shown, so the positions that are compared play no part.
bool is_shown(const AxisInfo& axis) { return axis.name != "positions"; }

// Of an axis: "--edge-weights", and "--skip" for short.
std::string option_of(const std::string& axis) {
    if (axis == "skip_weight") return "--skip";
    std::string option = "--" + axis;
    std::replace(option.begin(), option.end(), '_', '-');
    return option;
}

// The point and the method's parameters: fallbacks, then the preset, then what was given. `source_given`
// says whether any but the fallback names the source.
void resolve_point(const AttributeArguments& arguments, GridPoint& point,
                   std::map<std::string, ParameterValue>& parameters, bool& source_given) {
    const EntryInfo& method = attribution_methods().at(arguments.method).info;
    point.method = method.name;
    for (const AxisInfo& axis : axes()) {
        if (takes(method, axis)) point.values[axis.name] = axis.fallback;
    }
    const auto set = [&](const std::string& name, ParameterValue value) {
        point.values[name] = std::move(value);
        source_given = source_given || name == "source";
    };
    if (!arguments.preset.empty()) {
        const std::string parameter_prefix = "parameters." + method.name + ".";
        for (const PresetSetting& setting : preset(arguments.preset).settings) {
            const Settings parsed = setting_from_argument(setting.key + "=" + setting.value);
            const ParameterValue& value = parsed.at(setting.key).values.front();
            if (setting.key.starts_with(parameter_prefix)) {
                parameters[setting.key.substr(parameter_prefix.size())] = value;
            } else if (setting.key.starts_with("axes.") && point.has(setting.key.substr(5))) {
                const std::string name = setting.key.substr(5);
                set(name, axis_info(name).check(value, "preset " + arguments.preset));
            }
        }
    }
    for (const auto& [name, text] : arguments.axes) {
        const AxisInfo& axis = axis_info(name);
        if (!takes(method, axis)) {
            throw ParameterError(fmt::format("{}: {} does not take {}", option_of(name), method.name, name));
        }
        set(name, axis.check(text, option_of(name)));
    }
    if (point.text("layer") == "all") {
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

bool is_made_of_gradients(const std::string& edge_weights_name) {
    const auto* entry = edge_weights().find(edge_weights_name);
    return entry != nullptr && entry->make()->needs_gradient();
}

// What a model must give besides the attention that `point` asks for.
AttendOptions attend_options(const AttributeArguments& arguments, const GridPoint& point) {
    AttendOptions options{.heads = network_options(point).heads, .jobs = arguments.jobs};
    const std::string weights = point.text("edge_weights");
    if (!weights.empty() && weights != "attention") {
        options.weights = weights;
        if (!edge_weights().at(weights).make()->has_heads())
            refuse_heads_of_one_matrix(weights, options.heads, option_of("heads"));
    }
    if (arguments.scale == "probability") options.scale = TargetScale::probability;
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
    extraction["model.target_scale"] = options.scale == TargetScale::logit ? "logit" : "probability";
    return extraction;
}

Request make_request(const AttributeArguments& arguments) {
    GridPoint point;
    std::map<std::string, ParameterValue> parameters;
    bool source_given = false;
    resolve_point(arguments, point, parameters, source_given);
    const auto finish = [&](Example example, std::vector<std::string> special, bool fused) {
        GridPoint computed = point;
        if (fused && point.has("heads")) computed.values["heads"] = std::string("mean");  // of one matrix
        return Request{std::move(example), point,       std::move(computed), parameters,
                       std::move(special), source_given};
    };
    if (!arguments.model.empty()) {
        refuse_blank(arguments.text);
        const AttendOptions options = attend_options(arguments, point);
        TextModel model = TextModel::open(arguments.model);
        Attended attended = attend(model, arguments.text, "text", options);
        Request request = finish(std::move(attended.example), model.tokenizer.special_tokens(), attended.fused);
        request.encoding = std::move(attended.encoding);
        request.outputs = std::move(attended.outputs);
        request.extraction = extraction_of(options);
        request.model = std::move(model);
        return request;
    }
    const Dataset dataset = Dataset::open(arguments.file);
    if (arguments.example.empty() && dataset.size() > 1) {
        throw ParameterError(fmt::format("{} holds {} examples ({}, ...), choose one with --example",
                                         escape_controls(arguments.file), dataset.size(),
                                         escape_controls(dataset.ids().front())));
    }
    Request request = finish(dataset.example(arguments.example.empty() ? 0 : dataset.index_of(arguments.example)),
                             special_tokens({}, dataset), false);
    request.extraction = dataset.extraction();
    return request;
}

// JSON text from strangers' tokens: valid, and harmless in a terminal.
std::string dump(const nlohmann::ordered_json& json) {
    return escape_controls_keep_lines(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

nlohmann::ordered_json axis_json(const GridPoint& point, const std::string& axis) {
    if (!point.has(axis)) return nullptr;
    return std::visit([](const auto& value) { return nlohmann::ordered_json(value); }, point.values.at(axis));
}

void print_json(const Request& request, Session& session, const Attribution& attribution, std::size_t layer,
                bool whole_matrix, const std::vector<double>& scores) {
    const Example& example = request.example;
    const GridPoint& point = request.point;
    const auto sources = session.sources(point);
    nlohmann::ordered_json json;
    json["example"] = example.id;
    json["tokens"] = example.tokens;
    json["method"] = point.method;
    for (const AxisInfo& axis : axes()) {
        if (!is_shown(axis)) continue;
        if (axis.name == "readout" && point.text("source") != "all") continue;
        json[axis.name] = axis_json(point, axis.name);
    }
    if (point.has("layer")) json["layer"] = layer;
    json["source_index"] = nullptr;
    if (point.has("source") && sources.size() == 1) json["source_index"] = sources.front();
    const auto cut_row = [&](std::size_t s) {
        auto row = nlohmann::ordered_json::array();
        for (const BindingCut& cut : attribution.binding_cuts.row(s)) row.push_back(cut.text());
        return row;
    };
    json[whole_matrix ? "matrix" : "scores"] = scores;
    json["binding_cut"] = nullptr;
    if (whole_matrix) {
        auto matrix = nlohmann::ordered_json::array();
        for (std::size_t s = 0; s < attribution.scores.rows(); ++s) {
            const auto row = attribution.scores.row(s);
            matrix.push_back(std::vector<double>(row.begin(), row.end()));
        }
        json["matrix"] = std::move(matrix);
    }
    if (!attribution.binding_cuts.empty()) {
        if (whole_matrix) {
            json["binding_cut"] = nlohmann::ordered_json::array();
            for (std::size_t s = 0; s < attribution.binding_cuts.rows(); ++s)
                json["binding_cut"].push_back(cut_row(s));
        } else if (attribution.binding_cuts.rows() == 1) {
            json["binding_cut"] = cut_row(0);
        }
    }
    json["pruned_share"] = nullptr;
    if (attribution.pruned_share) json["pruned_share"] = *attribution.pruned_share;
    if (attribution.fixed_point) {
        json["fixed_point"] = {{"bits", attribution.fixed_point->bits},
                               {"error_bound", attribution.fixed_point->error_bound},
                               {"rounded_to_zero", attribution.fixed_point->rounded_to_zero}};
    }
    if (!attribution.interior_cuts.empty()) {
        const auto& network = session.network(request.computed);
        auto cuts = nlohmann::ordered_json::array();
        for (const InteriorCut& cut : attribution.interior_cuts) {
            auto side = nlohmann::ordered_json::array();
            for (const Vertex v : cut.source_side) side.push_back({network.layer_of(v), network.position_of(v)});
            cuts.push_back(
                {{"source_index", sources[cut.source]}, {"token_index", cut.token}, {"source_side", side}});
        }
        json["interior_cuts"] = std::move(cuts);
    }
    if (!attribution.paths.empty()) {
        // Positions from the source down to the token, null where there is no path.
        const auto paths_of = [&](std::size_t s) {
            auto row = nlohmann::ordered_json::array();
            for (std::size_t t = 0; t < attribution.scores.columns(); ++t) {
                const auto path = attribution.paths(s, t);
                row.push_back(path.empty() ? nlohmann::ordered_json(nullptr)
                                           : nlohmann::ordered_json(std::vector(path.begin(), path.end())));
            }
            return row;
        };
        json["paths"] = nlohmann::ordered_json::array();
        if (attribution.scores.rows() == 1) {
            json["paths"] = paths_of(0);
        } else {
            for (std::size_t s = 0; s < attribution.scores.rows(); ++s) json["paths"].push_back(paths_of(s));
        }
    }
    if (!request.extraction.empty()) json["extraction"] = request.extraction;
    if (request.blanked) {
        const auto set_json = [](const BlankOutSets::Set& set) {
            return nlohmann::ordered_json{{"positions", set.positions}, {"probability_change", set.change}};
        };
        const Target& target = request.blanked->target;
        json["blank_out"] = {{"output", target.output},
                             {"minus", target.minus ? nlohmann::ordered_json(*target.minus) : nullptr},
                             {"replace", request.blanked->replacement},
                             {"probability", request.blanked->probability},
                             {"top", set_json(request.blanked->top)},
                             {"bottom", set_json(request.blanked->bottom)}};
    }
    fmt::print("{}\n", dump(json));
}

void print_csv(const Request& request, const Session& session, const Attribution& attribution, std::size_t layer,
               bool whole_matrix, const std::vector<double>& scores) {
    const Example& example = request.example;
    const GridPoint& point = request.point;
    const auto sources = session.sources(point);
    std::vector<std::string> header{"example", "method"};
    for (const AxisInfo& axis : axes()) {
        if (is_shown(axis)) header.push_back(axis.name);
    }
    for (const char* column : {"source_index", "position", "token", "score", "binding_cut", "path"}) {
        header.emplace_back(column);
    }
    fmt::print("{}", csv_line(header));
    const auto line = [&](std::optional<std::size_t> source_row, std::size_t t, double score) {
        const bool has_cut = source_row && !attribution.binding_cuts.empty();
        const bool has_path = source_row && !attribution.paths.empty();
        std::vector<std::string> cells{csv_text(example.id), csv_text(point.method)};
        for (const AxisInfo& axis : axes()) {
            if (!is_shown(axis)) continue;
            const bool resolved = axis.name == "layer" && point.has("layer");
            cells.push_back(resolved ? fmt::format("{}", layer) : csv_text(point.text(axis.name)));
        }
        cells.push_back(point.has("source") && source_row ? fmt::format("{}", sources[*source_row]) : "");
        cells.push_back(fmt::format("{}", t));
        cells.push_back(csv_text(example.tokens[t]));
        cells.push_back(fmt::format("{}", score));
        cells.push_back(has_cut ? attribution.binding_cuts(*source_row, t).text() : "");
        cells.push_back(has_path ? fmt::format("{}", fmt::join(attribution.paths(*source_row, t), " ")) : "");
        fmt::print("{}", csv_line(cells));
    };
    if (!whole_matrix) {
        const bool single = attribution.scores.rows() == 1;
        for (std::size_t t = 0; t < scores.size(); ++t)
            line(single ? std::optional<std::size_t>(0) : std::nullopt, t, scores[t]);
        return;
    }
    for (std::size_t s = 0; s < attribution.scores.rows(); ++s) {
        for (std::size_t t = 0; t < example.tokens.size(); ++t) line(s, t, attribution.scores(s, t));
    }
}

// The name of a position: that of the token, where the layer has a position for each.
std::string position_name(const Request& request, std::size_t layer, std::size_t position) {
    const AttentionStack& attention = request.example.attention;
    const std::size_t width = layer == 0 ? attention.tokens() : attention.queries(layer - 1);
    return width == attention.tokens() ? escape_controls(request.example.tokens[position])
                                       : fmt::format("#{}", position);
}

std::string heading(const Request& request, const Session& session, std::size_t layer) {
    const GridPoint& point = request.point;
    std::string text = fmt::format("{}, {}", escape_controls(request.example.id), point.method);
    for (const AxisInfo& axis : axes()) {
        if (axis.stage != AxisStage::network || !point.has(axis.name)) continue;
        const bool always = axis.name == "heads" || axis.name == "skip_weight";
        std::string name = axis.name;
        std::replace(name.begin(), name.end(), '_', ' ');
        if (always || point.values.at(axis.name) != axis.fallback) {
            text += fmt::format(", {} {}", name, escape_controls(point.text(axis.name)));
        }
    }
    const auto target = request.extraction.find("model.target");
    if (target != request.extraction.end() && is_made_of_gradients(point.text("edge_weights"))) {
        const auto scale = request.extraction.find("model.target_scale");
        const bool by_default = target->second == "default";  // of gradients that is
        text += fmt::format(", target {} ({})", by_default ? "predicted" : escape_controls(target->second),
                            scale == request.extraction.end() ? "?" : escape_controls(scale->second));
    }
    if (point.has("layer")) text += fmt::format(", layer {} of {}", layer, request.example.attention.layers());
    if (point.has("source")) {
        const auto sources = session.sources(point);
        text += sources.size() == 1 ? fmt::format(", source {} ({})", sources.front(),
                                                  position_name(request, layer, sources.front()))
                                    : ", every source";
    }
    return text;
}

// "the -3-> key": from `the`, in layer 3 on to `key`; in the layers between the path stays at its
// position. "none" where there is no path.
std::string path_text(std::span<const PathTable::Position> path, const Request& request) {
    if (path.empty()) return "none";
    const std::size_t layer = path.size() - 1;
    std::string last = position_name(request, layer, path.front());
    std::string text = last;
    for (std::size_t k = 1; k < path.size(); ++k) {
        const std::string name = position_name(request, layer - k, path[k]);
        if (path[k] != path[k - 1] || name != last) text += fmt::format(" -{}-> {}", path.size() - k, name);
        last = name;
    }
    return text;
}

void print_blanked(const BlankOutSets& blanked, const std::vector<std::string>& tokens) {
    fmt::print("\n{} {:.6f}; change without the\n",
               blanked.target.minus ? "difference of the targets' probabilities" : "probability of the target",
               blanked.probability);
    for (const auto& [name, set] : {std::pair("highest", &blanked.top), std::pair("lowest", &blanked.bottom)}) {
        std::vector<std::string> names;
        for (const std::size_t position : set->positions)
            names.push_back(fmt::format("{}@{}", tokens[position], position));
        const double change = std::abs(set->change) < 5e-7 ? 0.0 : set->change;  // not -0.000000
        fmt::print("{:>8} {} {:+.6f}  {}\n", name, names.size(), change, join(names, " "));
    }
}

void print_table(const Request& request, const Session& session, const Attribution& attribution, std::size_t layer,
                 bool whole_matrix, const std::vector<double>& scores, bool color) {
    std::vector<std::string> tokens;
    std::size_t width = 5;
    for (const std::string& token : request.example.tokens) {
        tokens.push_back(escape_controls(token));
        width = std::max(width, std::min<std::size_t>(display_width(tokens.back()), 40));
    }
    fmt::print("{}\n", heading(request, session, layer));
    double largest = 0.0;
    for (const double score : attribution.scores.values()) largest = std::max(largest, score);
    if (!whole_matrix) {
        largest = 0.0;
        for (const double score : scores) largest = std::max(largest, score);
    }
    const auto share = [&](double score) { return largest > 0.0 ? score / largest : 0.0; };
    if (whole_matrix) {
        fmt::print("rows: sources, columns: tokens by position; scores in hundredths\n\n{} ",
                   padded("", width + 5));
        for (std::size_t t = 0; t < tokens.size(); ++t) fmt::print("{:>4}", t);
        fmt::print("\n");
        for (std::size_t s = 0; s < attribution.scores.rows(); ++s) {
            fmt::print("{:>4} {} ", s, padded(position_name(request, layer, s), width));
            for (const double score : attribution.scores.row(s)) {
                const std::string cell = fmt::format("{:>4.0f}", 100.0 * score);
                fmt::print("{}", color ? shaded(cell, share(score)) : cell);
            }
            fmt::print("\n");
        }
        return;
    }
    // What limits or makes the score of a token, if the method says so.
    const bool single = attribution.scores.rows() == 1;
    const bool has_cuts = single && !attribution.binding_cuts.empty();
    const bool has_paths = single && !attribution.paths.empty();
    const auto reason = [&](std::size_t t) -> std::string {
        if (has_cuts) return "  " + attribution.binding_cuts(0, t).text();
        return has_paths ? "  " + path_text(attribution.paths(0, t), request) : "";
    };
    fmt::print("\n{:>4} {} {:>10}  {:<20}{}\n", "", padded("token", width), "score", "",
               has_cuts    ? "  binding cut"
               : has_paths ? "  path (-l-> in layer l)"
                           : "");
    for (std::size_t t = 0; t < tokens.size(); ++t) {
        const std::string token = padded(tokens[t], width);
        const auto bar = static_cast<std::size_t>(20.0 * std::max(0.0, share(scores[t])) + 0.5);
        fmt::print("{:>4} {} {:>10.6f}  {:<20}{}\n", t, color ? shaded(token, share(scores[t])) : token, scores[t],
                   std::string(bar, '#'), reason(t));
    }
    if (attribution.pruned_share) {
        fmt::print("\npruning dropped {:.2f}% of the attention\n", 100.0 * *attribution.pruned_share);
    }
    if (attribution.fixed_point) {
        fmt::print("\nfixed point: {} bits, error at most {:.1e}, {} positive weights rounded to 0\n",
                   attribution.fixed_point->bits, attribution.fixed_point->error_bound,
                   attribution.fixed_point->rounded_to_zero);
    }
    if (request.blanked) print_blanked(*request.blanked, tokens);
}

BlankOutSets blank_out(const AttributeArguments& arguments, const Request& asked, bool whole_matrix,
                       const std::vector<double>& scores) {
    if (whole_matrix)
        throw ParameterError("--blank-out needs one score a token, expected one --source or another --readout");
    if (arguments.format == "csv") throw ParameterError("--blank-out: not in csv, expected table or json");
    BlankOutSetsRequest request{
        .k = arguments.blank_out, .replacement = arguments.replacement, .jobs = arguments.jobs};
    if (!arguments.target.empty()) request.target = TargetSpec::parse(arguments.target);
    return blank_out_sets(*asked.model, asked.encoding, asked.outputs, scores, request);
}

int attribute(const AttributeArguments& arguments) {
    Request request = make_request(arguments);
    Validator validator(request.example.attention, request.example.id, arguments.row_sum_tolerance);
    request.example.attention = validator.watched();
    MethodSet methods({{request.point.method, request.parameters}});
    Session session(request.example, methods, request.special_tokens, /*with_paths=*/true);
    session.check(request.computed);
    // Validated while it is read for the network, where that is made at one go.
    if (session.has_one_network(request.computed)) session.network(request.computed);
    const ValidationReport report = validator.finish();
    // A masked language model's output is at the mask; under a causal mask position 0 sees only itself, and the
    // last one is what is asked about.
    const bool masked = request.example.masked.has_value();
    if ((masked || report.causal) && request.point.has("source") && !request.source_given) {
        for (GridPoint* point : {&request.point, &request.computed})
            point->values["source"] = std::string(masked ? "mask" : "last");
    }
    const Attribution attribution = session.attribution(request.computed);
    const std::size_t layer = session.layer(request.point);
    const auto scores = read_out(attribution.scores, request.point.text("readout"));
    // Several sources are shown as a matrix unless a read-out makes one score of them.
    const bool whole_matrix = request.point.text("source") == "all" && request.point.text("readout") == "row";
    if (arguments.blank_out > 0) request.blanked = blank_out(arguments, request, whole_matrix, scores);
    if (arguments.format == "json") {
        print_json(request, session, attribution, layer, whole_matrix, scores);
    } else if (arguments.format == "csv") {
        print_csv(request, session, attribution, layer, whole_matrix, scores);
    } else {
        print_table(request, session, attribution, layer, whole_matrix, scores, use_color(arguments.color));
    }
    return exit_done;
}

}  // namespace

void add_attribute(CLI::App& app, int& exit_code) {
    auto arguments = std::make_shared<AttributeArguments>();
    CLI::App* command = app.add_subcommand("attribute", "Score the input tokens of one example");
    auto* source =
        command->add_option_group("source", "What to explain: a file with attention, or a text for a model");
    source->add_option("FILE", arguments->file,
                       "safetensors, npz or npy file with attention [layer, head, query, key]");
    auto* model =
        source->add_option("--model", arguments->model, "Hugging Face directory of a model to run on --text");
    source->require_option(1);
    auto* text_option =
        command->add_option("--text", arguments->text, "The text that the model reads")->needs(model);
    model->needs(text_option);
    command
        ->add_option("--target", arguments->target,
                     "What edge weights with gradients explain and --blank-out looks at: predicted, output(X) or "
                     "difference(X, Y) (default: predicted)")
        ->option_text("TARGET")
        ->needs(model);
    auto* scale = command->add_option("--target-scale", arguments->scale,
                                      "logit or probability, of edge weights with gradients");
    scale->check(CLI::IsMember({"logit", "probability"}))->capture_default_str()->needs(model);
    auto* blank_out =
        command
            ->add_option(
                "--blank-out", arguments->blank_out,
                "K: also replace the K highest, and the K lowest tokens at once, special tokens left out, "
                "and show how the target's probability changes")
            ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
            ->needs(model);
    command->add_option("--replace", arguments->replacement, "What --blank-out puts in: unk, mask, pad or remove")
        ->check(CLI::IsMember({"unk", "mask", "pad", "remove"}))
        ->capture_default_str()
        ->needs(blank_out);
    auto* jobs = add_jobs(*command, arguments->jobs);
    jobs->description("Threads of the model; the results do not depend on it");
    jobs->needs(model);
    command->add_option("--example", arguments->example, "Id of the example (needed when the file has several)")
        ->excludes(model);
    command->add_option("--method", arguments->method, join(attribution_methods().names(), ", "))->required();
    for (const AxisInfo& axis : axes()) {
        if (!is_shown(axis)) continue;
        const std::string option = option_of(axis.name);
        const std::string names = option == "--" + axis.name ? option : option + ",--" + axis.name;
        const std::string fallback = axis.name == "source"
                                         ? "cls; mask where a token is masked, last for causal attention"
                                         : to_text(axis.fallback);
        command->add_option_function<std::string>(
            names, [arguments, name = axis.name](const std::string& text) { arguments->axes[name] = text; },
            fmt::format("{}: {} (default: {})", axis.summary, axis.values, fallback));
    }
    command->add_option("--param", arguments->parameters, "NAME=VALUE, a parameter of the method; repeatable")
        ->allow_extra_args(false);
    command->add_option("--preset", arguments->preset, "Start from a preset; `attnflow list` names them");
    command->add_option("--format", arguments->format, "table, json or csv")
        ->check(CLI::IsMember({"table", "json", "csv"}))
        ->capture_default_str();
    const std::vector<std::pair<std::string, Color>> colors{
        {"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}};
    command->add_option("--color", arguments->color, "Shade tokens in the table: auto, always or never")
        ->transform(one_of(colors));
    command
        ->add_option("--row-sum-tolerance", arguments->row_sum_tolerance,
                     "How far from 1 an attention row may sum")
        ->check(is_tolerance());
    command->callback([arguments, scale, &exit_code] {
        arguments->scale_given = scale->count() > 0;
        exit_code = attribute(*arguments);
    });
}

}  // namespace attnflow
