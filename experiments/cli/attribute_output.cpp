#include "experiments/cli/attribute_output.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attention/extract/edge_weights/edge_weight.hpp"
#include "experiments/cli/terminal.hpp"
#include "experiments/study/axes/heads.hpp"
#include "experiments/study/axes/layer.hpp"
#include "experiments/study/axes/readout.hpp"
#include "experiments/study/axes/skip_weight.hpp"
#include "experiments/study/axes/source.hpp"
#include "experiments/study/axes/special_tokens.hpp"
#include "experiments/study/special_tokens.hpp"
#include "experiments/tables/columns.hpp"
#include "experiments/tables/text_layout.hpp"

namespace attnflow {

bool is_made_of_gradients(const std::string& edge_weights_name) {
    const auto* entry = find_edge_weight(edge_weights_name);
    return entry != nullptr && entry->make()->needs_gradient();
}

namespace {

using Json = nlohmann::ordered_json;

// JSON text from strangers' tokens: valid, and harmless in a terminal.
std::string dump(const Json& json) {
    return escape_controls_keep_lines(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

Json axis_json(const GridPoint& point, const std::string& axis) {
    if (!point.has(axis)) return nullptr;
    return std::visit([](const auto& value) { return Json(value); }, point.values.at(axis));
}

Json matrix_json(const RowMajor<double>& matrix) {
    Json rows = Json::array();
    for (std::size_t s = 0; s < matrix.rows(); ++s) {
        const auto row = matrix.row(s);
        rows.push_back(std::vector<double>(row.begin(), row.end()));
    }
    return rows;
}

// By source for a whole matrix, one row for a single source, null where several were read off as one.
Json cuts_json(const RowMajor<BindingCut>& cuts, bool whole_matrix) {
    if (cuts.empty() || (!whole_matrix && cuts.rows() != 1)) return nullptr;
    Json rows = Json::array();
    for (std::size_t s = 0; s < cuts.rows(); ++s) {
        Json row = Json::array();
        for (const BindingCut& cut : cuts.row(s)) row.push_back(cut.text());
        rows.push_back(std::move(row));
    }
    return whole_matrix ? rows : rows.front();
}

Json interior_cuts_json(const std::vector<InteriorCut>& cuts, const LayeredNetwork<double>& network,
                        const std::vector<std::size_t>& sources) {
    Json list = Json::array();
    for (const InteriorCut& cut : cuts) {
        Json side = Json::array();
        for (const Vertex v : cut.source_side) side.push_back({network.layer_of(v), network.position_of(v)});
        list.push_back({{"source_index", sources[cut.source]}, {"token_index", cut.token}, {"source_side", side}});
    }
    return list;
}

// Positions from the source down to the token, null where there is no path; by source where there are several.
Json paths_json(const Attribution& attribution) {
    Json rows = Json::array();
    for (std::size_t s = 0; s < attribution.scores.rows(); ++s) {
        Json row = Json::array();
        for (std::size_t t = 0; t < attribution.scores.columns(); ++t) {
            const auto path = attribution.paths(s, t);
            row.push_back(path.empty() ? Json(nullptr) : Json(std::vector(path.begin(), path.end())));
        }
        rows.push_back(std::move(row));
    }
    return rows.size() == 1 ? rows.front() : rows;
}

Json blanked_json(const BlankOutSets& blanked) {
    const bool has_probability = has_probabilities(blanked.target.task);
    const auto set_json = [&](const BlankOutSets::Set& set) {
        return Json{{"positions", set.positions}, {has_probability ? "probability_change" : "change", set.change}};
    };
    return {{"output", blanked.target.output},
            {"minus", blanked.target.minus ? Json(*blanked.target.minus) : nullptr},
            {"replace", blanked.replacement},
            {"target", blanked.words},
            {has_probability ? "probability" : "value", blanked.value},
            {"top", set_json(blanked.top)},
            {"bottom", set_json(blanked.bottom)}};
}

// What was asked: example, method and axes as resolved.
Json question_json(const AttributeRequest& request, const std::vector<std::size_t>& sources,
                   const AttributeAnswer& answer) {
    const Example& example = answer.example;
    const GridPoint& point = request.point;
    const SourceChoice source = options_of(point).source;
    const bool one_source = source.is_single();
    Json json;
    json["example"] = example.id;
    json["tokens"] = example.tokens;
    if (request.words) json["first_tokens"] = request.words->first();
    json["unknown"] = example.unknown.positions;
    if (!example.unknown.positions.empty()) json["unknown_token"] = example.unknown.token;
    json["method"] = point.method;
    for (const AxisInfo& axis : axes()) {
        if (!is_shown(axis, point) || (axis.name == ReadoutAxis::name && one_source)) continue;
        json[axis.name] = axis_json(point, axis.name);
    }
    if (options_of(point).drop_special_tokens) {
        const auto dropped = special_positions(request.example.tokens, request.special_tokens);
        json["dropped"] = request.words ? request.words->holding(dropped) : dropped;
    }
    if (point.has(LayerAxis::name)) json[LayerAxis::name] = answer.layer;
    json["source_index"] = nullptr;
    if (point.has(SourceAxis::name) && sources.size() == 1) json["source_index"] = sources.front();
    if (!one_source && source.kind != SourceChoice::Kind::every) json["source_indices"] = sources;
    return json;
}

}  // namespace

void print_json(const AttributeRequest& request, ExampleAttributions& attributions,
                const AttributeAnswer& answer) {
    const Attribution& attribution = answer.attribution;
    const auto sources = attributions.sources(request.point);
    Json json = question_json(request, sources, answer);
    json[answer.whole_matrix ? "matrix" : "scores"] =
        answer.whole_matrix ? matrix_json(attribution.scores) : Json(answer.scores);
    json["binding_cut"] = cuts_json(attribution.binding_cuts, answer.whole_matrix);
    json["pruned_share"] = nullptr;
    if (attribution.pruned_share) json["pruned_share"] = *attribution.pruned_share;
    if (attribution.fixed_point) {
        json["fixed_point"] = {{"bits", attribution.fixed_point->bits},
                               {"error_bound", attribution.fixed_point->error_bound},
                               {"rounded_to_zero", attribution.fixed_point->rounded_to_zero}};
    }
    if (!attribution.interior_cuts.empty()) {
        json["interior_cuts"] =
            interior_cuts_json(attribution.interior_cuts, attributions.network(request.computed), sources);
    }
    if (!attribution.paths.empty()) json["paths"] = paths_json(attribution);
    if (!attribution.diagnostics.numbers.empty()) json["diagnostics"] = attribution.diagnostics.numbers;
    if (!attribution.diagnostics.warnings.empty()) json["warnings"] = attribution.diagnostics.warnings;
    if (!request.extraction.empty()) json["extraction"] = request.extraction;
    if (!request.target_words.empty()) json["target"] = request.target_words;
    if (request.blanked) json["blank_out"] = blanked_json(*request.blanked);
    fmt::print("{}\n", dump(json));
}

namespace {

// A score of one answer: of a token, by a source of the attribution or, where several were read off as one, by
// none.
struct ScoreRow {
    std::optional<std::size_t> source_row;
    std::size_t position;
    double score;
};

Columns<ScoreRow> score_columns(const AttributeRequest& request, const ExampleAttributions& attributions,
                                const AttributeAnswer& answer) {
    const Example& example = answer.example;
    const GridPoint& point = request.point;
    const Attribution& attribution = answer.attribution;
    Columns<ScoreRow> columns;
    columns.add("example", [&](const ScoreRow&) { return example.id; });
    columns.add("method", [&](const ScoreRow&) { return point.method; });
    for (const AxisInfo& axis : axes()) {
        if (!is_shown(axis, point)) continue;
        const bool resolved = axis.name == LayerAxis::name && point.has(LayerAxis::name);
        columns.add(axis.name, [value = resolved ? fmt::format("{}", answer.layer)
                                                 : point.text(axis.name)](const ScoreRow&) { return value; });
    }
    columns.add("source_index", [&point, sources = attributions.sources(point)](const ScoreRow& row) {
        const bool known = point.has(SourceAxis::name) && row.source_row;
        return known ? Cell(sources[*row.source_row]) : Cell();
    });
    columns.add("position", [](const ScoreRow& row) { return row.position; });
    columns.add("token", [&](const ScoreRow& row) { return example.tokens[row.position]; });
    columns.add("score", [](const ScoreRow& row) { return row.score; });
    columns.add("binding_cut", [&](const ScoreRow& row) {
        const bool known = row.source_row && !attribution.binding_cuts.empty();
        return known ? attribution.binding_cuts(*row.source_row, row.position).text() : std::string();
    });
    columns.add("path", [&](const ScoreRow& row) {
        const bool known = row.source_row && !attribution.paths.empty();
        return known ? fmt::format("{}", fmt::join(attribution.paths(*row.source_row, row.position), " "))
                     : std::string();
    });
    columns.add("unknown", [&](const ScoreRow& row) { return std::size_t{example.unknown.has(row.position)}; });
    return columns;
}

}  // namespace

void print_csv(const AttributeRequest& request, const ExampleAttributions& attributions,
               const AttributeAnswer& answer) {
    const Columns<ScoreRow> columns = score_columns(request, attributions, answer);
    const RowMajor<double>& matrix = answer.attribution.scores;
    fmt::print("{}", columns.csv_header());
    if (!answer.whole_matrix) {
        const auto source_row = matrix.rows() == 1 ? std::optional<std::size_t>(0) : std::nullopt;
        for (std::size_t t = 0; t < answer.scores.size(); ++t)
            fmt::print("{}", columns.csv_row({source_row, t, answer.scores[t]}));
        return;
    }
    for (std::size_t s = 0; s < matrix.rows(); ++s) {
        for (std::size_t t = 0; t < matrix.columns(); ++t) fmt::print("{}", columns.csv_row({s, t, matrix(s, t)}));
    }
}

namespace {

// A token with what the model read in its place, where that is another: "word [UNK]".
std::string token_text(const Example& example, std::size_t position) {
    const std::string token = shown_token(example.tokens[position]);
    const std::string read = example.unknown.has(position) ? shown_token(example.unknown.token) : token;
    return read == token ? token : token + " " + read;
}

// The name of a position: that of the token, where the layer has a position for each.
std::string position_name(const Example& example, std::size_t layer, std::size_t position) {
    const AttentionStack& attention = example.attention;
    const std::size_t width = layer == 0 ? attention.tokens() : attention.queries(layer - 1);
    return width == attention.tokens() ? token_text(example, position) : fmt::format("#{}", position);
}

// Behind "special tokens drop": what that did to this example.
std::string dropped_text(const AttributeRequest& request) {
    if (!options_of(request.point).drop_special_tokens) return "";
    std::vector<std::string> names;
    for (const std::size_t p : special_positions(request.example.tokens, request.special_tokens)) {
        const std::string name = shown_token(request.example.tokens[p]);
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names.empty() ? " (there are none)" : " (" + join(names, " ") + ")";
}

// What the gradients are of: of a model's text known, of a file as far as it says.
std::string target_text(const AttributeRequest& request) {
    if (!request.target_words.empty()) return ", target " + request.target_words;
    const auto target = request.extraction.find("model.target");
    if (target == request.extraction.end()) return "";
    const auto scale = request.extraction.find("model.target_scale");
    const bool by_default = target->second == "default";  // of gradients that is
    return fmt::format(", target {} ({})", by_default ? "predicted" : escape_controls(target->second),
                       scale == request.extraction.end() ? "?" : escape_controls(scale->second));
}

// What the positions of an example are.
const char* unit_name(const Example& example) { return example.joined ? "word" : "token"; }

std::string heading(const AttributeRequest& request, const ExampleAttributions& attributions,
                    const AttributeAnswer& answer) {
    const GridPoint& point = request.point;
    std::string text = fmt::format("{}, {}", escape_controls(answer.example.id), point.method);
    for (const AxisInfo& axis : axes()) {
        if (axis.stage != AxisStage::network || !point.has(axis.name)) continue;
        const bool always = axis.name == HeadsAxis::name || axis.name == SkipWeightAxis::name;
        std::string name = axis.name;
        std::replace(name.begin(), name.end(), '_', ' ');
        if (always || point.values.at(axis.name) != axis.fallback) {
            text += fmt::format(", {} {}", name, escape_controls(point.text(axis.name)));
        }
        if (axis.name == SpecialTokensAxis::name) text += dropped_text(request);
    }
    if (is_made_of_gradients(options_of(point).edge_weights)) text += target_text(request);
    if (point.has(LayerAxis::name))
        text += fmt::format(", layer {} of {}", answer.layer, answer.example.attention.layers());
    if (point.has(SourceAxis::name)) {
        const auto sources = attributions.sources(point);
        text += sources.size() == 1 ? fmt::format(", source {} ({})", sources.front(),
                                                  position_name(answer.example, answer.layer, sources.front()))
                : options_of(point).source.kind == SourceChoice::Kind::every
                    ? ", every source"
                    : ", sources " + point.text(SourceAxis::name);
    }
    return text;
}

// "the -3-> key": from `the`, in layer 3 on to `key`; in the layers between the path stays at its
// position. "none" where there is no path.
std::string path_text(std::span<const PathTable::Position> path, const Example& example) {
    if (path.empty()) return "none";
    const std::size_t layer = path.size() - 1;
    std::string last = position_name(example, layer, path.front());
    std::string text = last;
    for (std::size_t k = 1; k < path.size(); ++k) {
        const std::string name = position_name(example, layer - k, path[k]);
        if (path[k] != path[k - 1] || name != last) text += fmt::format(" -{}-> {}", path.size() - k, name);
        last = name;
    }
    return text;
}

void print_blanked(const BlankOutSets& blanked, const std::vector<std::string>& tokens) {
    fmt::print("\n{} {:.6f}; change without the\n", blanked.words, blanked.value);
    for (const auto& [name, set] : {std::pair("highest", &blanked.top), std::pair("lowest", &blanked.bottom)}) {
        std::vector<std::string> names;
        for (const std::size_t position : set->positions)
            names.push_back(fmt::format("{}@{}", tokens[position], position));
        const double change = std::abs(set->change) < 5e-7 ? 0.0 : set->change;  // not -0.000000
        fmt::print("{:>8} {} {:+.6f}  {}\n", name, names.size(), change, join(names, " "));
    }
}

// The tokens as they are shown, and how wide their column is.
struct ShownTokens {
    std::vector<std::string> texts;
    std::size_t width = 5;

    explicit ShownTokens(const Example& example) {
        for (std::size_t t = 0; t < example.tokens.size(); ++t) {
            texts.push_back(token_text(example, t));
            width = std::max(width, std::min<std::size_t>(display_width(texts.back()), 40));
        }
    }
};

// Shades go by the share of the largest score.
class Shares {
public:
    explicit Shares(std::span<const double> scores) {
        for (const double score : scores) largest_ = std::max(largest_, score);
    }
    double operator()(double score) const { return largest_ > 0.0 ? score / largest_ : 0.0; }

private:
    double largest_ = 0.0;
};

void print_matrix(const AttributeAnswer& answer, const std::vector<std::size_t>& sources,
                  const ShownTokens& tokens, bool color) {
    const RowMajor<double>& rows = answer.attribution.scores;
    const Shares share(rows.values());
    fmt::print("rows: sources, columns: {}s by position; scores in hundredths\n\n{} ", unit_name(answer.example),
               padded("", tokens.width + 5));
    for (std::size_t t = 0; t < tokens.texts.size(); ++t) fmt::print("{:>4}", t);
    fmt::print("\n");
    for (std::size_t s = 0; s < rows.rows(); ++s) {
        fmt::print("{:>4} {} ", sources[s],
                   padded(position_name(answer.example, answer.layer, sources[s]), tokens.width));
        for (const double score : rows.row(s)) {
            const std::string cell = fmt::format("{:>4.0f}", 100.0 * score);
            fmt::print("{}", color ? shaded(cell, share(score)) : cell);
        }
        fmt::print("\n");
    }
}

void print_scores(const AttributeAnswer& answer, const ShownTokens& tokens, bool color) {
    const Attribution& attribution = answer.attribution;
    const Shares share(answer.scores);
    // What limits or makes the score of a token, if the method says so.
    const bool single = attribution.scores.rows() == 1;
    const bool has_cuts = single && !attribution.binding_cuts.empty();
    const bool has_paths = single && !attribution.paths.empty();
    const auto reason = [&](std::size_t t) -> std::string {
        if (has_cuts) return "  " + attribution.binding_cuts(0, t).text();
        return has_paths ? "  " + path_text(attribution.paths(0, t), answer.example) : "";
    };
    fmt::print("\n{:>4} {} {:>10}  {:<20}{}\n", "", padded(unit_name(answer.example), tokens.width), "score", "",
               has_cuts    ? "  binding cut"
               : has_paths ? "  path (-l-> in layer l)"
                           : "");
    for (std::size_t t = 0; t < tokens.texts.size(); ++t) {
        const double score = answer.scores[t];
        const std::string token = padded(tokens.texts[t], tokens.width);
        const auto bar = static_cast<std::size_t>(20.0 * std::max(0.0, share(score)) + 0.5);
        fmt::print("{:>4} {} {:>10.6f}  {:<20}{}\n", t, color ? shaded(token, share(score)) : token, score,
                   std::string(bar, '#'), reason(t));
    }
}

void print_unknown(const Example& example) {
    const std::size_t count = example.unknown.positions.size();
    if (count == 0) return;
    fmt::print("\n{} of {} {} read as {}, the model's token for words that it does not know\n", count,
               counted(example.tokens.size(), unit_name(example)), count == 1 ? "is" : "are",
               shown_token(example.unknown.token));
}

void print_losses(const Attribution& attribution) {
    if (attribution.pruned_share) {
        fmt::print("\npruning dropped {:.2f}% of the attention\n", 100.0 * *attribution.pruned_share);
    }
    if (attribution.fixed_point) {
        fmt::print("\nfixed point: {} bits, error at most {:.1e}, {} positive weights rounded to 0\n",
                   attribution.fixed_point->bits, attribution.fixed_point->error_bound,
                   attribution.fixed_point->rounded_to_zero);
    }
}

void print_diagnostics(const Diagnostics& diagnostics) {
    std::vector<std::string> numbers;
    for (const auto& [name, value] : diagnostics.numbers) numbers.push_back(fmt::format("{} {:.6g}", name, value));
    if (!numbers.empty()) fmt::print("\ndiagnostics: {}\n", join(numbers, ", "));
    for (const std::string& warning : diagnostics.warnings)
        fmt::print("\nwarning: {}\n", escape_controls(warning));
}

}  // namespace

void print_table(const AttributeRequest& request, const ExampleAttributions& attributions,
                 const AttributeAnswer& answer, bool color) {
    const ShownTokens tokens(answer.example);
    fmt::print("{}\n", heading(request, attributions, answer));
    if (answer.whole_matrix) {
        print_matrix(answer, attributions.sources(request.point), tokens, color);
        print_unknown(answer.example);
        return print_diagnostics(answer.attribution.diagnostics);
    }
    print_scores(answer, tokens, color);
    print_unknown(answer.example);
    print_losses(answer.attribution);
    print_diagnostics(answer.attribution.diagnostics);
    if (request.blanked) print_blanked(*request.blanked, tokens.texts);
}

}  // namespace attnflow
