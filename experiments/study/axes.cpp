#include "experiments/study/axes.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/attribution_method.hpp"
#include "attention/network/heads/head_aggregator.hpp"
#include "attention/network/pruning/edge_pruner.hpp"

namespace attnflow {
namespace {

std::function<ParameterValue(const ParameterValue&, const std::string&)> checked_by(ParameterSpec spec) {
    return [spec = std::move(spec)](const ParameterValue& value, const std::string& where) {
        return spec.check(value, where);
    };
}

// A word of `words` or an integer >= minimum; text that spells such an integer is taken too,
// because on the command line everything is text.
ParameterValue word_or_index(const ParameterValue& value, const std::string& name,
                             const std::vector<std::string>& words, std::int64_t minimum,
                             const std::string& where) {
    const ParameterSpec index{
        .name = name, .summary = "", .fallback = minimum, .minimum = static_cast<double>(minimum)};
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (std::find(words.begin(), words.end(), *text) != words.end()) return value;
        if (!text->empty() &&
            std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '9'; })) {
            return index.parse(*text, where);
        }
    } else if (std::holds_alternative<std::int64_t>(value)) {
        return index.check(value, where);
    }
    const std::string nearest = nearest_name(to_text(value), words);
    throw ParameterError(fmt::format("{}: {} is {}, expected an integer >= {} or one of {}{}", where, name,
                                     excerpt(to_text(value)), minimum, join(words, ", "),
                                     nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

// A member of a registry with its parameters, such as "single(3)", spelled out in full.
template <class Registry>
ParameterValue called(const Registry& registry, const ParameterValue& value, const std::string& name,
                      const std::string& where) {
    const ParameterSpec text{.name = name, .summary = "", .fallback = std::string()};
    return registry.canonical(std::get<std::string>(text.check(value, where)), where + ": " + name);
}

ParameterSpec skip_spec() {
    return {.name = "skip_weight", .summary = "", .fallback = 0.5, .minimum = 0.0, .maximum = 1.0};
}

// The weights of per_layer(w1, ..., wL), nothing for another call.
std::vector<double> per_layer_weights(const Call& call, const std::string& where) {
    std::vector<double> weights;
    for (const CallArgument& argument : call.arguments) {
        if (call.name != "per_layer" || !argument.name.empty()) return {};
        weights.push_back(std::get<double>(skip_spec().parse(argument.value, where)));
    }
    return weights;
}

ParameterValue skip_value(const ParameterValue& value, const std::string& where) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return skip_spec().check(value, where);
    if (*text == "none") return 0.0;
    if (text->find_first_not_of("+-.0123456789eE") == std::string::npos) return skip_spec().parse(*text, where);
    const auto weights = per_layer_weights(parse_call(*text, where + ": skip_weight"), where);
    if (weights.empty()) {
        throw ParameterError(
            fmt::format("{}: skip_weight is {}, expected a real in [0, 1], none or per_layer(w1, ..., wL)", where,
                        excerpt(*text)));
    }
    std::vector<std::string> texts;
    for (const double weight : weights) texts.push_back(to_text(weight));
    return "per_layer(" + join(texts, ", ") + ")";
}

AxisInfo word_axis(const std::string& name, const std::string& summary, const std::vector<std::string>& words,
                   const std::string& taken_with, AxisStage stage = AxisStage::network) {
    return {name,
            summary,
            join(words, ", "),
            words.front(),
            taken_with,
            checked_by({.name = name, .summary = "", .fallback = words.front(), .choices = words}),
            stage};
}

std::vector<AxisInfo> make_axes() {
    return {
        {"heads", "how the heads of a layer become one matrix", "one of " + head_strategies().forms(),
         head_strategies().names().front(), axis::heads,
         [](const ParameterValue& value, const std::string& where) {
             return called(head_strategies(), value, "heads", where);
         }},
        {"edge_weights", "what the capacities are made of",
         "attention, the NAME of tensors ID.NAME in the dataset, or an edge weight that the model gives",
         std::string("attention"), axis::heads,
         [](const ParameterValue& value, const std::string& where) {
             const ParameterSpec text{.name = "edge_weights", .summary = "", .fallback = std::string("attention")};
             if (!std::get<std::string>(text.check(value, where)).empty()) return value;
             throw ParameterError(where +
                                  ": edge_weights is empty, expected attention or the name of other edge weights");
         }},
        {"pruning", "which weights of a fused layer are dropped", "one of " + edge_pruners().forms(),
         edge_pruners().names().front(), axis::heads,
         [](const ParameterValue& value, const std::string& where) {
             return called(edge_pruners(), value, "pruning", where);
         }},
        word_axis("special_tokens",
                  "special tokens as keys: kept, or nothing attends to them (before rows are renormalised)",
                  {"keep", "drop"}, axis::heads),
        word_axis("receptive_field",
                  "correction of causal attention: columns divided by the number of positions that see them, rows "
                  "multiplied by the number of keys they see, or scores on uniform attention subtracted",
                  {"none", "column_count", "row_count", "minus_uniform"}, axis::heads),
        word_axis("renormalise", "where rows are divided by their sum", {"after_heads", "after_skip", "never"},
                  axis::heads),
        {"skip_weight", "share w of the skip connection in A = w I + (1-w) W",
         "a real in [0, 1], none, or per_layer(w1, ..., wL)", 0.5, axis::skip_weight, skip_value},
        {"layer", "layer of the source, counted from 1 = nearest the input",
         "an integer >= 1, top, or all (one grid point a layer)", std::string("top"), axis::layer,
         [](const ParameterValue& value, const std::string& where) {
             return word_or_index(value, "layer", {"top", "all"}, 1, where);
         },
         AxisStage::attribution},
        {"source", "position whose output is explained",
         "cls (position 0), mask (that which a masked language model fills in; the default where every example "
         "has one), last, all, or an index from 0",
         std::string("cls"), axis::source,
         [](const ParameterValue& value, const std::string& where) {
             return word_or_index(value, "source", {"cls", "mask", "last", "all"}, 0, where);
         },
         AxisStage::attribution},
        word_axis("readout", "how the rows of several sources become one score a token",
                  {"row", "column_max", "column_sum"}, axis::source, AxisStage::reading),
        word_axis("positions", "tokens that are scored: all, or without special tokens", {"all", "no_special"}, "",
                  AxisStage::reading),
    };
}

}  // namespace

const std::vector<AxisInfo>& axes() {
    static const std::vector<AxisInfo> table = make_axes();
    return table;
}

const AxisInfo& axis_info(const std::string& name) {
    std::vector<std::string> names;
    for (const AxisInfo& info : axes()) {
        if (info.name == name) return info;
        names.push_back(info.name);
    }
    throw ParameterError(fmt::format("no axis '{}'{}", excerpt(name), name_hint(name, names)));
}

bool takes(const EntryInfo& method, const AxisInfo& axis) {
    return axis.taken_with.empty() ||
           std::find(method.axes.begin(), method.axes.end(), axis.taken_with) != method.axes.end();
}

std::string GridPoint::text(const std::string& axis) const {
    const auto found = values.find(axis);
    return found == values.end() ? "" : to_text(found->second);
}

std::optional<std::int64_t> GridPoint::layer() const {
    const auto found = values.find("layer");
    return found == values.end() ? std::nullopt : std::optional(std::get<std::int64_t>(found->second));
}

std::string GridPoint::key(AxisStage last) const {
    // Networks do not depend on the method, so their key leaves it out.
    std::string key = last == AxisStage::network ? "" : method;
    for (const AxisInfo& axis : axes()) {
        if (axis.stage <= last) key += '\n' + text(axis.name);
    }
    return key;
}

NetworkOptions network_options(const GridPoint& point, const std::vector<std::size_t>& special_positions) {
    NetworkOptions options{.skip_weight = 0.0};
    if (point.has("heads")) options.heads = point.text("heads");
    if (point.has("pruning")) options.pruning = point.text("pruning");
    if (point.text("special_tokens") == "drop") options.dropped_keys = special_positions;
    const std::string field = point.text("receptive_field");
    if (field == "column_count") options.receptive_field = ReceptiveField::column_count;
    if (field == "row_count") options.receptive_field = ReceptiveField::row_count;
    if (field == "minus_uniform") options.receptive_field = ReceptiveField::minus_uniform;
    if (point.text("renormalise") == "after_skip") options.renormalise = Renormalise::after_skip;
    if (point.text("renormalise") == "never") options.renormalise = Renormalise::never;
    if (point.has("skip_weight")) {
        const ParameterValue& skip = point.values.at("skip_weight");
        if (const auto* weight = std::get_if<double>(&skip)) {
            options.skip_weight = *weight;
        } else {
            options.layer_skip_weights =
                per_layer_weights(parse_call(std::get<std::string>(skip), "axis"), "axis");
        }
    }
    return options;
}

std::vector<std::size_t> resolve_sources(const ParameterValue& source, std::size_t n,
                                         std::optional<std::size_t> masked, const std::string& where) {
    if (const auto* index = std::get_if<std::int64_t>(&source)) {
        if (*index < 0 || static_cast<std::size_t>(*index) >= n) {
            throw ParameterError(fmt::format("{}: source {} does not exist, the {} positions count from 0",
                                             escape_controls(where), *index, n));
        }
        return {static_cast<std::size_t>(*index)};
    }
    const auto& word = std::get<std::string>(source);
    if (word == "cls") return {0};
    if (word == "last") return {n - 1};
    if (word == "mask") {
        if (masked) return {*masked};
        throw ParameterError(fmt::format(
            "{}: source mask: no masked position is known, expected a masked language model and a text with one "
            "mask token, or a dataset whose metadata `examples` gives `position`; else cls, last, all or an index",
            escape_controls(where)));
    }
    std::vector<std::size_t> every(n);
    std::iota(every.begin(), every.end(), std::size_t{0});
    return every;
}

std::vector<std::size_t> kept_positions(const std::string& positions, const std::vector<std::string>& tokens,
                                        const std::vector<std::string>& special) {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const bool is_special = std::find(special.begin(), special.end(), tokens[i]) != special.end();
        if (positions == "all" || !is_special) kept.push_back(i);
    }
    return kept;
}

std::vector<double> read_out(const RowMajor<double>& scores, const std::string& readout) {
    const auto first = scores.row(0);
    std::vector<double> tokens(first.begin(), first.end());
    for (std::size_t s = 1; s < scores.rows(); ++s) {
        const auto row = scores.row(s);
        for (std::size_t t = 0; t < row.size(); ++t) {
            tokens[t] = readout == "column_max" ? std::max(tokens[t], row[t]) : tokens[t] + row[t];
        }
    }
    return tokens;
}

}  // namespace attnflow
