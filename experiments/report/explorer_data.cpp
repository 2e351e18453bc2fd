#include "experiments/report/explorer_data.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attention/dataset.hpp"
#include "experiments/findings/agreement.hpp"
#include "experiments/report/base64.hpp"
#include "experiments/report/explorer_network.hpp"
#include "experiments/run/example_attributions.hpp"
#include "experiments/study/axes/heads.hpp"
#include "experiments/study/axes/skip_weight.hpp"
#include "experiments/study/axes/source.hpp"
#include "experiments/study/axes/units.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/special_tokens.hpp"
#include "experiments/tables/columns.hpp"
#include "experiments/tables/result_tables.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_pairs_per_network = 24;
constexpr std::size_t sinks_per_source = 8;

// The axes that say which network is meant; the others say what is asked of it.
GridPoint network_of(const GridPoint& point) {
    GridPoint settings{"", {}};
    for (const auto& [axis, value] : point.values) {
        if (axes().at(axis).stage == AxisStage::network) settings.values.emplace(axis, value);
    }
    return settings;
}

// Head strategies that combine scores have a network for each head.
bool is_late(const GridPoint& point, const AttentionStack& attention) {
    const std::string heads = options_of(point).network.heads;
    return !head_strategies().make(heads, HeadsAxis::name)->passes(attention).empty();
}

bool has_equal_widths(const AttentionStack& attention) {
    for (std::size_t l = 0; l < attention.layers(); ++l) {
        if (attention.queries(l) != attention.tokens()) return false;
    }
    return true;
}

struct Networks {
    std::vector<GridPoint> settings;
    std::vector<std::size_t> raw;  // of each: the index of the same network without skip connection

    std::size_t add(const GridPoint& wanted) {
        const auto found = std::find(settings.begin(), settings.end(), wanted);
        if (found != settings.end()) return static_cast<std::size_t>(found - settings.begin());
        settings.push_back(wanted);
        raw.push_back(0);
        const std::size_t index = settings.size() - 1;
        raw[index] = wanted.has(SkipWeightAxis::name) ? add(wanted.without(SkipWeightAxis::name)) : index;
        return index;
    }
};

UnitChoice::Joined joined_of(const GridPoint& point) { return options_of(point).units.joined; }

// The units that the explorer shows are those of this point, and of all that are joined as it is: the first whose
// scores are of the positions of its network. nullptr where there is none.
const GridPoint* point_of_units(const std::vector<GridPoint>& grid) {
    const auto found = std::find_if(grid.begin(), grid.end(), [](const GridPoint& point) {
        return joined_of(point) != UnitChoice::Joined::after;
    });
    return found == grid.end() ? nullptr : &*found;
}

Networks networks_of(const std::vector<GridPoint>& grid, const AttentionStack& attention,
                     UnitChoice::Joined joined) {
    Networks networks;
    for (const GridPoint& point : grid) {
        if (!point.has(HeadsAxis::name) || joined_of(point) != joined) continue;
        networks.add(
            network_of(is_late(point, attention) ? point.with(HeadsAxis::name, HeadsAxis::fallback()) : point));
    }
    return networks;
}

AttentionStack first_attention(const Results& result, const Dataset& dataset) {
    return dataset.example(dataset.index_of(result.examples.front())).attention;
}

// An edge of a network of one example.
struct NetworkEdge {
    const GridPoint* settings;
    std::size_t layer;
    std::size_t from;
    std::string from_token;
    std::size_t to;
    std::string to_token;
    double weight;
};

Columns<NetworkEdge> edge_columns(const std::vector<GridPoint>& settings) {
    Columns<NetworkEdge> columns;
    columns.add_point(settings, [](const NetworkEdge& edge) -> const GridPoint& { return *edge.settings; });
    columns.add("layer_of_edge", [](const NetworkEdge& edge) { return edge.layer; });
    columns.add("from", [](const NetworkEdge& edge) { return edge.from; });
    columns.add("from_token", [](const NetworkEdge& edge) { return edge.from_token; });
    columns.add("to", [](const NetworkEdge& edge) { return edge.to; });
    columns.add("to_token", [](const NetworkEdge& edge) { return edge.to_token; });
    columns.add("weight", [](const NetworkEdge& edge) { return edge.weight; });
    return columns;
}

class Gatherer {
public:
    /// `units`: a point of the grid, see point_of_units().
    Gatherer(const Config& config, const Results& result, const Dataset& dataset, const GridPoint& units)
        : config_(config),
          result_(result),
          dataset_(dataset),
          units_(units),
          networks_(networks_of(result.grid, first_attention(result, dataset), joined_of(units))),
          score_points_(scored_points(result.grid)) {
        std::erase_if(score_points_,
                      [&](std::size_t point) { return joined_of(result.grid[point]) != joined_of(units_); });
        scores_.resize(result.examples.size());
        for (const AttributionRow& row : result.attributions) scores_[row.example].push_back(&row);
    }

    std::string networks() const {
        Json list = Json::array();
        for (std::size_t k = 0; k < networks_.settings.size(); ++k) {
            Json settings = Json::object();
            for (const auto& [axis, value] : networks_.settings[k].values)
                settings[axis] = std::visit([](const auto& v) { return Json(v); }, value);
            list.push_back({{"settings", std::move(settings)}, {"raw", networks_.raw[k]}});
        }
        return list.dump(-1, ' ', true, Json::error_handler_t::replace);
    }
    std::string score_points() const { return Json(score_points_).dump(); }

    Table edges_table(std::size_t index) const {
        Shown shown(*this, index);
        const Example& example = shown.example();
        std::vector<NetworkEdge> edges;
        for (const GridPoint& settings : networks_.settings) {
            const auto& network = shown.attributions.network(settings);
            for (std::size_t l = 1; l <= network.layers(); ++l) {
                for (std::size_t i = 0; i < network.width(l); ++i) {
                    const auto row = network.row(l, i);
                    for (const std::size_t j : kept_columns(row)) {
                        edges.push_back({&settings, l, i, name_of(example, network.width(l), i), j,
                                         name_of(example, network.width(l - 1), j), row[j]});
                    }
                }
            }
        }
        return edge_columns(networks_.settings).table("attention_graph", edges);
    }

    Table scores_table(std::size_t index) const {
        std::vector<const AttributionRow*> rows;
        for (const AttributionRow* row : scores_[index]) {
            if (std::find(score_points_.begin(), score_points_.end(), row->point) != score_points_.end())
                rows.push_back(row);
        }
        Table table = attributions_table(result_, rows);
        const Shown shown(*this, index);
        const Example& example = shown.example();
        table.columns.emplace_back("unknown");
        for (std::size_t r = 0; r < table.rows.size(); ++r) {
            const std::size_t position =
                r % example.tokens.size();  // a row a token, one attribution after the other
            table.rows[r].emplace_back(std::size_t{example.unknown.has(position)});
        }
        return table;
    }

    /// Nothing for an example whose layers differ in width: the explorer has a row a token.
    std::optional<std::string> example(std::size_t index) const {
        Shown shown(*this, index);
        const Example& example = shown.example();
        if (!has_equal_widths(example.attention)) return std::nullopt;
        Json json{{"id", example.id},
                  {"tokens", example.tokens},
                  {"layers", example.attention.layers()},
                  {"heads", example.attention.heads()}};
        if (example.joined) json["unit"] = "word";
        if (!example.unknown.positions.empty()) {
            json["unknown"] = example.unknown.positions;
            json["unknown_token"] = example.unknown.token;
        }
        json["sources"] = sources_of(example);
        if (example.label) json["label"] = *example.label;
        if (example.predicted) json["predicted"] = *example.predicted;
        if (!example.group.empty()) json["group"] = example.group;
        json["references"] = Json::object();
        for (const Reference& reference : config_.references) {
            const auto* found = example.reference(reference.name);
            if (reference.kind != Reference::Kind::method && found != nullptr)
                json["references"][reference.name] = *found;
        }
        add_scores(index, example.tokens.size(), json);
        add_failures(index, json);
        std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
        text.pop_back();
        return text + ",\"networks\":" + network_list(shown.attributions, example) + "}";
    }

private:
    // An example of the run, in the units that are shown.
    struct Shown {
        const GridPoint& units;
        Example tokens;
        MethodSet methods;
        ExampleAttributions attributions;

        Shown(const Gatherer& all, std::size_t index)
            : units(all.units_),
              tokens(all.dataset_.example(all.dataset_.index_of(all.result_.examples[index]))),
              methods(all.config_.parameters),
              attributions(tokens, methods, special_tokens(all.config_.special_tokens, all.dataset_), {},
                           /*with_paths=*/false, all.words_of(index)) {}
        const Example& example() const { return attributions.example(units); }
    };

    std::optional<Words> words_of(std::size_t index) const {
        if (result_.words[index].empty()) return std::nullopt;
        return Words(result_.words[index], result_.tokens[index].size());
    }

    // That of the token, where a layer has a position for each.
    static std::string name_of(const Example& example, std::size_t width, std::size_t position) {
        return width == example.tokens.size() ? example.tokens[position] : fmt::format("#{}", position);
    }

    // Where each source of the run stands in an example, by the axis value; every source, and one that the example
    // does not have, has no place.
    Json sources_of(const Example& example) const {
        Json places = Json::object();
        for (const GridPoint& point : result_.grid) {
            if (!point.has(SourceAxis::name)) continue;
            const SourceChoice source = options_of(point).source;
            if (!source.is_single()) continue;
            try {
                const auto positions = source.positions(example.tokens.size(), example.masked, example.id);
                places[point.text(SourceAxis::name)] = positions.front();
            } catch (const ParameterError&) {
                continue;  // a failed cell, said as such
            }
        }
        return places;
    }

    void add_scores(std::size_t index, std::size_t n, Json& json) const {
        std::vector<float> scores(score_points_.size() * n, std::numeric_limits<float>::quiet_NaN());
        std::vector<std::uint16_t> cuts(score_points_.size() * n, 0xffff);
        bool has_cuts = false;
        for (const AttributionRow* row : scores_[index]) {
            const auto found = std::find(score_points_.begin(), score_points_.end(), row->point);
            if (found == score_points_.end() || row->scores.size() != n) continue;
            const std::size_t first = static_cast<std::size_t>(found - score_points_.begin()) * n;
            for (std::size_t t = 0; t < n; ++t) {
                scores[first + t] = static_cast<float>(row->scores[t]);
                if (row->cuts.size() != n) continue;
                has_cuts = true;
                cuts[first + t] =
                    static_cast<std::uint16_t>(static_cast<unsigned>(row->cuts[t].kind) | row->cuts[t].layer << 3);
            }
        }
        json["scores"] = base64_of(scores);
        if (has_cuts) json["cuts"] = base64_of(cuts);
    }

    // Of grid points that have a place among the scores: the place and why there are none.
    void add_failures(std::size_t index, Json& json) const {
        for (const Failure& failure : result_.failures) {
            if (failure.example != index) continue;
            const auto found = std::find(score_points_.begin(), score_points_.end(), failure.point);
            if (found == score_points_.end()) continue;
            json["failures"].push_back(
                {{"place", found - score_points_.begin()}, {"message", excerpt(failure.message, 300)}});
        }
    }

    std::string network_list(ExampleAttributions& attributions, const Example& example) const {
        std::string list = "[";
        for (std::size_t k = 0; k < networks_.settings.size(); ++k) {
            const auto& network = attributions.network(networks_.settings[k]);
            std::string text = network_json(network);
            const bool is_raw = networks_.raw[k] == k;
            if (example.tokens.size() > max_solvable_tokens && !is_raw) {
                text.pop_back();
                text += ",\"pairs\":" + pairs_json(network, pair_requests(example, network)) + "}";
            }
            list += (k > 0 ? "," : "") + text;
        }
        return list + "]";
    }

    // The sources of the run in its highest layer, where the page opens, each with the tokens that enter the
    // network through the largest columns of layer 1, and with itself.
    std::vector<PairRequest> pair_requests(const Example& example, const LayeredNetwork<double>& network) const {
        const std::size_t n = example.tokens.size();
        std::set<std::size_t> sources;
        std::size_t highest = 0;
        for (const GridPoint& point : result_.grid) {
            if (const auto layer = point.layer()) highest = std::max(highest, static_cast<std::size_t>(*layer));
            if (!point.has(SourceAxis::name)) continue;
            const auto resolved = options_of(point).source.positions(n, example.masked, example.id);
            sources.insert(resolved.front());
            sources.insert(resolved.back());
        }
        const std::size_t layer = highest == 0 ? network.layers() : std::min(highest, network.layers());
        std::vector<double> columns(n, 0.0);
        for (std::size_t i = 0; i < network.width(1); ++i) {
            for (std::size_t t = 0; t < n; ++t) columns[t] += network.capacity(1, i, t);
        }
        std::vector<std::size_t> order(n);
        for (std::size_t t = 0; t < n; ++t) order[t] = t;
        std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return columns[a] > columns[b]; });
        std::vector<PairRequest> requests;
        for (const std::size_t source : sources) {
            std::vector<std::size_t> sinks(order.begin(), order.begin() + sinks_per_source);
            if (std::find(sinks.begin(), sinks.end(), source) == sinks.end()) sinks.push_back(source);
            for (const std::size_t sink : sinks) {
                if (requests.size() < max_pairs_per_network) requests.push_back({layer, source, sink});
            }
        }
        return requests;
    }

    const Config& config_;
    const Results& result_;
    const Dataset& dataset_;
    const GridPoint& units_;
    Networks networks_;
    std::vector<std::size_t> score_points_;
    std::vector<std::vector<const AttributionRow*>> scores_;  // by example
};

}  // namespace

std::vector<Table> example_tables(const Config& config, const Results& result, const Dataset& dataset,
                                  std::size_t example) {
    const GridPoint* units = point_of_units(result.grid);
    if (units == nullptr) return {};
    const Gatherer gatherer(config, result, dataset, *units);
    return {gatherer.edges_table(example), gatherer.scores_table(example)};
}

ExplorerData gather_explorer(const Config& config, const Results& result, const Dataset* dataset,
                             const ReportOptions& options, std::size_t max_bytes) {
    ExplorerData data;
    if (dataset == nullptr) {
        // That of a run on sentences is an entry of a cache, and may never have been there as a whole.
        const char* reason = options.dataset_changed ? "has changed since the run"
                             : config.texts ? "is not in the cache; `attnflow run` with --resume makes it again"
                                            : "cannot be read any more";
        data.left_out.push_back(fmt::format("The example explorer: the dataset {} {}.",
                                            escape_controls(config.dataset.string()), reason));
        return data;
    }
    if (result.examples.empty()) return data;
    const AttentionStack attention = first_attention(result, *dataset);
    if (std::any_of(result.grid.begin(), result.grid.end(),
                    [&](const GridPoint& point) { return is_late(point, attention); })) {
        data.left_out.push_back(
            "The networks of late head strategies, one for each head: the explorer shows the mean of the heads.");
    }
    const GridPoint* units = point_of_units(result.grid);
    if (units == nullptr) {
        data.left_out.push_back(
            "The example explorer: words that are joined after the attribution have no network of their own.");
        return data;
    }
    if (std::any_of(result.grid.begin(), result.grid.end(),
                    [&](const GridPoint& point) { return joined_of(point) != joined_of(*units); })) {
        data.left_out.push_back(
            fmt::format("Other units than {} in the explorer: it draws one network of an example's positions.",
                        units->has(UnitsAxis::name) ? units->text(UnitsAxis::name) : UnitsAxis::fallback()));
    }
    const Gatherer gatherer(config, result, *dataset, *units);
    data.networks = gatherer.networks();
    data.score_points = gatherer.score_points();
    std::vector<std::size_t> wanted;
    for (std::size_t e = 0; e < result.examples.size(); ++e) {
        if (options.example.empty() ? wanted.size() < options.examples : result.examples[e] == options.example)
            wanted.push_back(e);
    }
    if (!options.example.empty() && wanted.empty()) {
        throw ParameterError(fmt::format("no example '{}' in this run{}", excerpt(options.example),
                                         name_hint(options.example, result.examples)));
    }
    std::size_t bytes = data.networks.size() + data.score_points.size();
    std::size_t other_shapes = 0;
    for (const std::size_t e : wanted) {
        auto text = gatherer.example(e);
        if (!text) {
            ++other_shapes;
            continue;
        }
        if (bytes + text->size() > max_bytes) {
            data.left_out.push_back(
                fmt::format("{} of {} asked-for examples: they would make the page larger than {} MB.",
                            wanted.size() - data.examples.size(), wanted.size(), options.max_bytes / 1'000'000));
            break;
        }
        bytes += text->size();
        data.examples.push_back(std::move(*text));
        data.indices.push_back(e);
    }
    if (other_shapes > 0) {
        data.left_out.push_back(fmt::format("{} whose layers differ in width: the explorer draws one row a token.",
                                            counted(other_shapes, "example")));
    }
    if (options.example.empty() && result.examples.size() > wanted.size()) {
        data.left_out.push_back(
            fmt::format("{} of {} examples in the explorer (--examples {} asks for all of them).",
                        result.examples.size() - wanted.size(), result.examples.size(), result.examples.size()));
    }
    return data;
}

}  // namespace attnflow
