#include "experiments/cli/attribute_output.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "attention/extract/edge_weights/edge_weight.hpp"
#include "attention/files/json.hpp"
#include "experiments/cli/terminal.hpp"
#include "experiments/tables/csv.hpp"

namespace attnflow {

bool is_made_of_gradients(const std::string& edge_weights_name) {
    const auto* entry = edge_weights().find(edge_weights_name);
    return entry != nullptr && entry->make()->needs_gradient();
}

namespace {

// JSON text from strangers' tokens: valid, and harmless in a terminal.
std::string dump(const Json& json) { return escape_controls_keep_lines(json.dump(2, JsonText::repaired)); }

Json axis_json(const GridPoint& point, const std::string& axis) {
    if (!point.has(axis)) return nullptr;
    return std::visit([](const auto& value) { return Json(value); }, point.values.at(axis));
}

}  // namespace

void print_json(const AttributeRequest& request, Session& session, const AttributeAnswer& answer) {
    const Attribution& attribution = answer.attribution;
    const std::size_t layer = answer.layer;
    const bool whole_matrix = answer.whole_matrix;
    const std::vector<double>& scores = answer.scores;
    const Example& example = request.example;
    const GridPoint& point = request.point;
    const auto sources = session.sources(point);
    Json json;
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
        auto row = Json::array();
        for (const BindingCut& cut : attribution.binding_cuts.row(s)) row.push_back(cut.text());
        return row;
    };
    json[whole_matrix ? "matrix" : "scores"] = scores;
    json["binding_cut"] = nullptr;
    if (whole_matrix) {
        auto matrix = Json::array();
        for (std::size_t s = 0; s < attribution.scores.rows(); ++s) {
            const auto row = attribution.scores.row(s);
            matrix.push_back(std::vector<double>(row.begin(), row.end()));
        }
        json["matrix"] = std::move(matrix);
    }
    if (!attribution.binding_cuts.empty()) {
        if (whole_matrix) {
            json["binding_cut"] = Json::array();
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
        auto cuts = Json::array();
        for (const InteriorCut& cut : attribution.interior_cuts) {
            auto side = Json::array();
            for (const Vertex v : cut.source_side) side.push_back({network.layer_of(v), network.position_of(v)});
            cuts.push_back(
                {{"source_index", sources[cut.source]}, {"token_index", cut.token}, {"source_side", side}});
        }
        json["interior_cuts"] = std::move(cuts);
    }
    if (!attribution.paths.empty()) {
        // Positions from the source down to the token, null where there is no path.
        const auto paths_of = [&](std::size_t s) {
            auto row = Json::array();
            for (std::size_t t = 0; t < attribution.scores.columns(); ++t) {
                const auto path = attribution.paths(s, t);
                row.push_back(path.empty() ? Json(nullptr) : Json(std::vector(path.begin(), path.end())));
            }
            return row;
        };
        json["paths"] = Json::array();
        if (attribution.scores.rows() == 1) {
            json["paths"] = paths_of(0);
        } else {
            for (std::size_t s = 0; s < attribution.scores.rows(); ++s) json["paths"].push_back(paths_of(s));
        }
    }
    if (!request.extraction.empty()) json["extraction"] = request.extraction;
    if (request.blanked) {
        const auto set_json = [](const BlankOutSets::Set& set) {
            return Json{{"positions", set.positions}, {"probability_change", set.change}};
        };
        const Target& target = request.blanked->target;
        json["blank_out"] = {{"output", target.output},
                             {"minus", target.minus ? Json(*target.minus) : nullptr},
                             {"replace", request.blanked->replacement},
                             {"probability", request.blanked->probability},
                             {"top", set_json(request.blanked->top)},
                             {"bottom", set_json(request.blanked->bottom)}};
    }
    fmt::print("{}\n", dump(json));
}

void print_csv(const AttributeRequest& request, const Session& session, const AttributeAnswer& answer) {
    const Attribution& attribution = answer.attribution;
    const std::size_t layer = answer.layer;
    const bool whole_matrix = answer.whole_matrix;
    const std::vector<double>& scores = answer.scores;
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

namespace {

// The name of a position: that of the token, where the layer has a position for each.
std::string position_name(const AttributeRequest& request, std::size_t layer, std::size_t position) {
    const AttentionStack& attention = request.example.attention;
    const std::size_t width = layer == 0 ? attention.tokens() : attention.queries(layer - 1);
    return width == attention.tokens() ? escape_controls(request.example.tokens[position])
                                       : fmt::format("#{}", position);
}

std::string heading(const AttributeRequest& request, const Session& session, std::size_t layer) {
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
std::string path_text(std::span<const PathTable::Position> path, const AttributeRequest& request) {
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

}  // namespace

void print_table(const AttributeRequest& request, const Session& session, const AttributeAnswer& answer,
                 bool color) {
    const Attribution& attribution = answer.attribution;
    const std::size_t layer = answer.layer;
    const bool whole_matrix = answer.whole_matrix;
    const std::vector<double>& scores = answer.scores;
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

}  // namespace attnflow
