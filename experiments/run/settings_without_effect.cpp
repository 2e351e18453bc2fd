#include "experiments/run/settings_without_effect.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <span>

#include <fmt/format.h>

#include "algorithms/attribution_method.hpp"
#include "attention/dataset.hpp"
#include "attention/extract/edge_weights/edge_weight.hpp"
#include "attention/extract/extraction.hpp"
#include "experiments/metrics/metric.hpp"
#include "experiments/store/run_record.hpp"
#include "experiments/study/axes/readout.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/method_call.hpp"
#include "experiments/study/plan.hpp"
#include "experiments/study/special_tokens.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr const char* names_key = "dataset.special_tokens";

class Search {
public:
    Search(const Config& config, const Plan& plan, const RunRecord& record, const Dataset& dataset)
        : config_(config), plan_(plan), record_(record), dataset_(dataset) {}

    std::vector<std::string> run() {
        refuse_absent_names();
        look_at_special_tokens();
        look_at_axes();
        look_at_parameters();
        look_at_metrics();
        look_at_model();
        return std::move(sentences_);
    }

private:
    bool is_given(const std::string& key) const {
        const auto place = config_.places.find(key);
        return place != config_.places.end() && !place->second.starts_with("preset ");
    }

    /// "axes.layer (file.toml:3:1) has no effect: WHY".
    void say(const std::string& key, const std::string& why) {
        if (is_given(key))
            sentences_.push_back(fmt::format("{} ({}) has no effect: {}", key, config_.places.at(key), why));
    }

    /// A limit may hide the example that has the token; so may a shard of texts, which lies elsewhere.
    void refuse_absent_names() const {
        if (config_.texts && !config_.texts->part.empty()) return;
        std::vector<std::string> absent = config_.special_tokens.value_or(std::vector<std::string>{});
        for (std::size_t i = 0; i < dataset_.size() && !absent.empty(); ++i)
            absent = absent_names(std::move(absent), dataset_.example(i).tokens);
        if (absent.empty()) return;
        std::set<std::string> tokens;
        for (std::size_t i = 0; i < dataset_.size(); ++i) {
            const auto of_example = dataset_.example(i).tokens;
            tokens.insert(of_example.begin(), of_example.end());
        }
        const auto place = config_.places.find(names_key);
        throw ParameterError(
            fmt::format("{}{}: {}", place == config_.places.end() ? "" : place->second + ": ", names_key,
                        no_such_token(absent.front(), "the " + counted(dataset_.size(), "example"),
                                      {tokens.begin(), tokens.end()})));
    }

    void look_at_special_tokens() {
        const auto any = [&](auto wanted) {
            return std::any_of(plan_.options.begin(), plan_.options.end(), wanted);
        };
        std::vector<std::string> uses;
        if (any([](const PointOptions& options) { return options.drop_special_tokens; }))
            uses.emplace_back("special_tokens = drop");
        if (any([](const PointOptions& options) { return !options.score_special_tokens; }))
            uses.emplace_back("positions = no_special");
        // What model metrics may change of a text hangs on them too.
        if (!config_.model_metrics.empty()) uses.emplace_back("model metrics");
        if (uses.empty())
            return say(names_key, "nothing has special_tokens = \"drop\" or positions = \"no_special\"");
        std::vector<std::string> without;
        for (const ExampleRecord& example : record_.examples) {
            if (special_positions(example.tokens, record_.special_tokens).empty())
                without.push_back(escape_controls(example.id));
        }
        if (without.empty()) return;
        const std::size_t count = without.size();
        without.resize(std::min<std::size_t>(count, 3));
        sentences_.push_back(fmt::format(
            "{} {} nothing in {} of {} ({}{}): {}{}", join(uses, " and "), uses.size() == 1 ? "changes" : "change",
            count, counted(record_.examples.size(), "example"), join(without, ", "),
            count > without.size() ? ", ..." : "",
            record_.special_tokens.empty() ? std::string("the list of special tokens is empty")
                                           : "no token there is one of " + some_names(record_.special_tokens),
            config_.special_tokens ? "" : fmt::format("; name them with {}", names_key)));
    }

    static std::string none_takes(const std::vector<std::string>& methods, const AxisInfo& axis) {
        const bool taken = std::any_of(methods.begin(), methods.end(), [&](const std::string& method) {
            return takes(method_entry(method).info, axis);
        });
        return taken ? "" : "of the methods " + join(methods, ", ") + " none takes it";
    }

    void look_at_axes() {
        for (const AxisInfo& axis : axes()) {
            const std::string key = "axes." + axis.name;
            if (const auto why = none_takes(config_.methods(), axis); !why.empty()) say(key, why);
            for (std::size_t b = 0; b < config_.blocks.size(); ++b) {
                if (const auto why = none_takes(config_.blocks[b].methods, axis); !why.empty())
                    say(fmt::format("matrix[{}].{}", b + 1, key), why);
            }
        }
        const bool several = std::any_of(plan_.options.begin(), plan_.options.end(),
                                         [](const PointOptions& options) { return !options.source.is_single(); });
        const std::string readout = std::string("axes.") + ReadoutAxis::name;
        const bool taken = none_takes(config_.methods(), axes().at(ReadoutAxis::name)).empty();
        if (!several && taken) say(readout, "every source is a single position");
    }

    void look_at_parameters() {
        std::set<std::string> run;
        for (const GridPoint& point : plan_.points) run.insert(method_entry(point.method).info.name);
        for (const auto& [method, values] : config_.parameters) {
            if (run.contains(method)) continue;
            for (const auto& [name, value] : values)
                say(fmt::format("parameters.{}.{}", method, name), method + " is not among the methods");
        }
    }

    /// Whether a metric has a value for two equal rankings of as many units as are compared, of any example.
    void look_at_metrics() {
        std::set<std::size_t> counts;
        for (const PointOptions& options : plan_.options) {
            for (const ExampleRecord& example : record_.examples)
                counts.insert(
                    options.compared_positions(example.tokens, record_.special_tokens, example.words).size());
        }
        for (const std::string& name : config_.metrics) {
            const auto metric = metrics().make(name, "evaluation.metrics");
            const auto has_value = [&](std::size_t count) {
                std::vector<double> ranking(count);
                std::iota(ranking.begin(), ranking.end(), 1.0);
                return metric->evaluate(ranking, ranking).has_value();
            };
            if (std::any_of(counts.begin(), counts.end(), has_value)) continue;
            sentences_.push_back(fmt::format(
                "evaluation.metrics: {} has no value in any of {}, where {} compared at most: it takes more",
                escape_controls(name), counted(record_.examples.size(), "example"),
                *counts.rbegin() == 1 ? "1 token is" : fmt::format("{} tokens are", *counts.rbegin())));
        }
    }

    bool compares_with(std::span<const char* const> names) const {
        return std::any_of(config_.references.begin(), config_.references.end(), [&](const Reference& reference) {
            return reference.kind != Reference::Kind::method &&
                   std::find(names.begin(), names.end(), reference.name) != names.end();
        });
    }

    void look_at_model() {
        if (!config_.texts) {
            for (const auto& [key, value] : config_.given) {
                if (key.starts_with("model.")) say(key, "there are no dataset.sentences for a model to read");
            }
            return;
        }
        const bool blanks = compares_with(blank_out_scores);
        const bool derives =
            compares_with(gradient_scores) ||
            std::any_of(plan_.options.begin(), plan_.options.end(), [](const PointOptions& options) {
                const auto* entry = find_edge_weight(options.edge_weights);
                return entry != nullptr && entry->make()->needs_gradient();
            });
        if (!blanks) say("model.replace", "no reference is made by blank-out");
        if (!derives) say("model.target_scale", "no reference and no edge weights are made of gradients");
        if (!blanks && !derives && config_.model_metrics.empty()) {
            say("model.target",
                "no reference is made by blank-out, nothing is made of gradients, and no metric asks the model");
        }
    }

    const Config& config_;
    const Plan& plan_;
    const RunRecord& record_;
    const Dataset& dataset_;
    std::vector<std::string> sentences_;
};

}  // namespace

std::vector<std::string> settings_without_effect(const Config& config, const Plan& plan, const RunRecord& record,
                                                 const Dataset& dataset) {
    return Search(config, plan, record, dataset).run();
}

}  // namespace attnflow
