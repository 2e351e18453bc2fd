#include "experiments/run/example_attributions.hpp"

#include <algorithm>
#include <memory>
#include <numeric>

#include "attention/network/build_network.hpp"
#include "attention/validate.hpp"
#include "experiments/study/axes/heads.hpp"
#include "experiments/study/axes/source.hpp"
#include "experiments/study/special_tokens.hpp"

namespace attnflow {
namespace {

std::unique_ptr<HeadFamily::Interface> strategy(const PointOptions& options) {
    return head_strategies().make(options.network.heads, HeadsAxis::name);
}

// Every combination of scores moves by no more than its largest input does, so the largest error bound holds.
Attribution combine(const std::vector<const Attribution*>& parts, const HeadFamily::Interface& heads) {
    Attribution result;
    for (const Attribution* part : parts) {
        if (part->pruned_share) {
            const double share = *part->pruned_share / static_cast<double>(parts.size());
            result.pruned_share = result.pruned_share.value_or(0.0) + share;
        }
        result.emptied_rows = std::max(result.emptied_rows, part->emptied_rows);
        result.checked += part->checked;
        result.diagnostics.add(part->diagnostics);
        const auto& fixed_point = part->fixed_point;
        if (!fixed_point) continue;
        if (!result.fixed_point) result.fixed_point = FixedPoint{.bits = fixed_point->bits};
        result.fixed_point->error_bound = std::max(result.fixed_point->error_bound, fixed_point->error_bound);
        result.fixed_point->rounded_to_zero += fixed_point->rounded_to_zero;
    }
    result.scores = RowMajor<double>(parts.front()->scores.rows(), parts.front()->scores.columns());
    std::vector<double> scores(parts.size());
    for (std::size_t k = 0; k < result.scores.values().size(); ++k) {
        for (std::size_t p = 0; p < parts.size(); ++p) scores[p] = parts[p]->scores.values()[k];
        result.scores.values()[k] = heads.combine(scores);
    }
    return result;
}

bool has_one_matrix(const AttentionStack& weights) {
    for (std::size_t l = 0; l < weights.layers(); ++l) {
        if (weights.heads(l) > 1) return false;
    }
    return true;
}

}  // namespace

void refuse_heads_of_one_matrix(const std::string& name, const std::string& heads, const std::string& where) {
    if (heads == HeadsAxis::fallback()) return;
    throw ParameterError(
        fmt::format("{}: heads {} with edge weights '{}', which have one matrix a layer and no heads, expected "
                    "heads {} (in a config, a [[matrix]] of their own)",
                    where, heads, excerpt(name), HeadsAxis::fallback()));
}

ExampleAttributions::ExampleAttributions(const Example& example, MethodSet& methods,
                                         const std::vector<std::string>& special_tokens, Computing computing,
                                         bool with_paths, std::optional<Words> words)
    : example_(example),
      methods_(methods),
      computing_(computing),
      with_paths_(with_paths),
      special_positions_(special_positions(example.tokens, special_tokens)),
      words_(std::move(words)) {
    if (!words_) return;
    for (const JoinRows rows : {JoinRows::mean, JoinRows::max})
        in_words_.emplace(rows, in_words(example_, *words_, rows));
}

const Example& ExampleAttributions::example(const GridPoint& point) const {
    const UnitChoice units = options_of(point).units;
    if (!units.are_words()) return example_;
    if (!words_) throw InternalError(fmt::format("{}: words are asked for and not known", example_.id));
    return in_words_.at(units.rows);
}

const Example& ExampleAttributions::network_example(const UnitChoice& units) const {
    if (units.are_words() && !words_)
        throw InternalError(fmt::format("{}: words are asked for and not known", example_.id));
    return units.joined == UnitChoice::Joined::before ? in_words_.at(units.rows) : example_;
}

PointOptions ExampleAttributions::resolved(const GridPoint& point) const {
    PointOptions options = options_of(point);
    if (!options.drop_special_tokens) return options;
    const bool of_words = options.units.joined == UnitChoice::Joined::before;
    options.network.dropped_keys = of_words ? words_.value().holding(special_positions_) : special_positions_;
    return options;
}

ExampleAttributions::Question ExampleAttributions::question(const GridPoint& point) const {
    Question question{point, resolved(point), 0, {}, {}};
    const Example& units = example(point);
    question.layer = question.options.source_layer(units.attention.layers(), escape_controls(units.id));
    const std::size_t n = units.attention.queries(question.layer - 1);
    // Positions of a narrower layer are not those of the tokens.
    const auto masked = n == units.tokens.size() ? units.masked : std::nullopt;
    question.sources = question.options.source.positions(n, masked, escape_controls(units.id));
    if (question.options.units.joined != UnitChoice::Joined::after) {
        question.asked = question.sources;
        return question;
    }
    for (const std::size_t word : question.sources) {
        for (std::size_t t = words_->begin(word); t < words_->end(word); ++t) question.asked.push_back(t);
    }
    return question;
}

AttentionStack ExampleAttributions::weights(const PointOptions& options) const {
    return weights_by_name(network_example(options.units), options.edge_weights);
}

bool ExampleAttributions::has_one_network(const GridPoint& point) const {
    const PointOptions options = resolved(point);
    return strategy(options)->passes(weights(options)).empty();
}

const LayeredNetwork<double>& ExampleAttributions::network(const GridPoint& point) {
    return network(question(point));
}

const LayeredNetwork<double>& ExampleAttributions::network(const Question& question) {
    NetworkOptions options = question.options.network;
    std::string key = question.point.key(AxisStage::network);
    if (strategy(question.options)->depends_on_source_layer()) {
        options.source_layer = question.layer;
        key += fmt::format("\n{}", options.source_layer);
    }
    if (!network_ || network_key_ != key) {
        network_.reset();  // before the next one is built: two may not fit
        network_ = build_network(weights(question.options), options, &loss_);
        for (const auto& step : question.options.network_steps) network_ = step(*network_);
        network_key_ = std::move(key);
    }
    return *network_;
}

std::vector<std::size_t> ExampleAttributions::sources(const GridPoint& point) const {
    return question(point).sources;
}

std::size_t ExampleAttributions::layer(const GridPoint& point) const {
    return options_of(point).source_layer(example_.attention.layers(), escape_controls(example_.id));
}

void ExampleAttributions::check_source(const GridPoint& point, const LeftPadding& padding) const {
    if (!point.has(SourceAxis::name)) return;
    const auto* name = std::get_if<std::string>(&point.values.at(SourceAxis::name));
    const Question asked = question(point);
    if (name == nullptr || !asked.options.source.is_single() || *name == SourceAxis::masked) return;
    if (example_.attention.queries(asked.layer - 1) != example_.tokens.size()) return;  // of other positions
    const std::size_t source = asked.sources.front();
    std::vector<std::size_t> positions{source};
    if (asked.options.units.are_words()) {
        positions.resize(words_->end(source) - words_->begin(source));
        std::iota(positions.begin(), positions.end(), words_->begin(source));
    }
    refuse_padding_source(*name, positions, example_.id, padding, example_.tokens);
}

void ExampleAttributions::check(const GridPoint& point) {
    const PointOptions options = question(point).options;
    // The rest is of the network alone, which many points share, and takes time with its layers.
    const std::string key = point.key(AxisStage::network);
    if (checked_networks_.contains(key)) return;
    const AttentionStack weights = this->weights(options);
    const std::string& name = options.edge_weights;
    if (name != attention_weights) {
        if (checked_weights_.insert(name).second)  // those of tokens: sums could hide what is wrong
            validate(weights_by_name(example_, name),
                     fmt::format("{}: edge weights '{}'", escape_controls(example_.id), excerpt(name)));
        if (example_.attention.heads() > 1 && has_one_matrix(weights))
            refuse_heads_of_one_matrix(name, options.network.heads, escape_controls(example_.id));
    }
    NetworkOptions network = options.network;
    const auto passes = strategy(options)->passes(weights);
    if (!passes.empty()) network.heads = passes.front();
    try {
        check_options(weights, network);
    } catch (const ParameterError& error) {
        throw ParameterError(fmt::format("{}: {}", escape_controls(example_.id), error.what()));
    }
    checked_networks_.insert(key);
}

Attribution ExampleAttributions::attribution(const GridPoint& point) {
    return std::move(attributions(std::span(&point, 1)).front());
}

std::vector<Attribution> ExampleAttributions::attributions(std::span<const GridPoint> points) {
    std::vector<Question> questions;
    for (const GridPoint& point : points) questions.push_back(question(point));
    std::vector<Attribution> results = of_network(points, questions);
    if (questions.front().options.units.joined != UnitChoice::Joined::after) return results;
    for (std::size_t i = 0; i < results.size(); ++i) results[i] = joined(questions[i], std::move(results[i]));
    return results;
}

// Rows of sources become one a word, columns are summed. Which cut binds a sum of flows, and which path makes a
// sum of scores, has no answer.
Attribution ExampleAttributions::joined(const Question& question, Attribution attribution) const {
    const Words& words = *words_;
    const RowMajor<double>& scores = attribution.scores;
    RowMajor<double> of_words(scores.rows(), words.size());
    for (std::size_t s = 0; s < scores.rows(); ++s) {
        const auto sums = words.sums(scores.row(s));
        std::copy(sums.begin(), sums.end(), of_words.row(s).begin());
    }
    Attribution out{.scores = RowMajor<double>(scores.rows() == 1 ? 1 : question.sources.size(), words.size())};
    std::size_t first = 0;  // row of the first token of a source
    for (std::size_t s = 0; s < out.scores.rows(); ++s) {
        const std::size_t source = question.sources.at(s);
        const std::size_t count = scores.rows() == 1 ? 1 : words.end(source) - words.begin(source);
        join_rows(std::as_const(of_words).values().subspan(first * words.size(), count * words.size()),
                  words.size(), question.options.units.rows, out.scores.row(s));
        first += count;
    }
    out.pruned_share = attribution.pruned_share;
    out.emptied_rows = attribution.emptied_rows;
    out.diagnostics = std::move(attribution.diagnostics);
    out.fixed_point = attribution.fixed_point;
    if (out.fixed_point) out.fixed_point->error_bound *= static_cast<double>(words.longest());
    return out;
}

std::vector<Attribution> ExampleAttributions::of_network(std::span<const GridPoint> points,
                                                         const std::vector<Question>& questions) {
    const auto heads = strategy(questions.front().options);
    const auto passes = heads->passes(weights(questions.front().options));
    if (passes.empty()) return with_fused_heads(questions);
    // What the passes depend on besides the heads.
    if (std::string key = points.front().without(HeadsAxis::name).key(AxisStage::network); key != passes_key_) {
        passes_.clear();
        passes_key_ = std::move(key);
    }
    std::vector<std::vector<const Attribution*>> parts(points.size());  // by point, one a pass
    for (const std::string& name : passes) {
        const auto of_pass = pass(points, name);
        for (std::size_t i = 0; i < points.size(); ++i) parts[i].push_back(of_pass[i]);
    }
    std::vector<Attribution> results;
    for (const auto& part : parts) results.push_back(combine(part, *heads));
    return results;
}

std::vector<const Attribution*> ExampleAttributions::pass(std::span<const GridPoint> points,
                                                          const std::string& heads) {
    std::vector<Question> missing;
    std::vector<std::string> keys;
    for (const GridPoint& point : points) {
        GridPoint fused = point.with(HeadsAxis::name, heads);
        keys.push_back(fused.key(AxisStage::attribution));
        if (!passes_.contains(keys.back())) missing.push_back(question(fused));
    }
    if (!missing.empty()) {
        auto made = with_fused_heads(missing);
        for (std::size_t i = 0; i < missing.size(); ++i) {
            passes_.emplace(missing[i].point.key(AxisStage::attribution), std::move(made[i]));
        }
    }
    std::vector<const Attribution*> found;
    for (const std::string& key : keys) found.push_back(&passes_.at(key));
    return found;
}

std::vector<Attribution> ExampleAttributions::with_fused_heads(std::span<const Question> questions) {
    const Question& first = questions.front();
    const NetworkOptions& options = first.options.network;
    auto& method = methods_.method(first.point.method);
    std::vector<Attribution> results;
    std::vector<std::size_t> layers;
    bool share_network = !strategy(first.options)->depends_on_source_layer();
    for (const Question& question : questions) {
        layers.push_back(question.layer);
        share_network = share_network && question.asked == first.asked;  // "last" where widths differ
    }
    const bool prunes = options.pruning != NetworkOptions().pruning;
    const auto add_loss = [&](Attribution& result) {
        if (!prunes) return;
        result.pruned_share = loss_.share();
        result.emptied_rows = loss_.emptied_rows;
    };
    if (questions.size() > 1 && share_network) {
        results = method.attribute_layers({network(first), std::move(layers), first.asked, computing_});
        for (Attribution& result : results) add_loss(result);
    } else {
        for (const Question& question : questions) {
            results.push_back(
                method.attribute({network(question), question.layer, question.asked, with_paths_, computing_}));
            add_loss(results.back());
        }
    }
    if (options.receptive_field == ReceptiveField::minus_uniform) {
        for (std::size_t i = 0; i < questions.size(); ++i) subtract_uniform(questions[i], results[i]);
    }
    return results;
}

void ExampleAttributions::subtract_uniform(const Question& question, Attribution& attribution) {
    NetworkOptions options = question.options.network;
    options.heads = NetworkOptions().heads;  // it has one
    options.pruning = NetworkOptions().pruning;
    AttentionStack attention = uniform_causal_attention(example_.attention.layers(), example_.attention.tokens());
    if (const auto& join = network_example(question.options.units).joined) attention = attention.joined(join);
    LayeredNetwork<double> uniform = build_network(attention, options);
    for (const auto& step : question.options.network_steps) uniform = step(uniform);
    const Attribution subtracted =
        methods_.method(question.point.method).attribute({uniform, question.layer, question.asked});
    attribution.diagnostics.add(subtracted.diagnostics);
    const RowMajor<double>& scores = subtracted.scores;
    for (std::size_t k = 0; k < scores.values().size(); ++k) {
        attribution.scores.values()[k] -= scores.values()[k];
    }
}

}  // namespace attnflow
