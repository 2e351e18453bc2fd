#include "experiments/contracts/model_metric_contract.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace attnflow {
namespace {

using Values = std::vector<double>;

/// Positive and negative, no two alike, not in order, more of one sign than of the other; enough units for shares
/// to differ, and small enough that probabilities stay away from 0 and 1.
const Values& worths() {
    static const Values all{0.0625,    -0.03125, 0.25,    0.015625, -0.125,  0.125,
                            0.0078125, 0.375,    -0.0625, 0.1875,   0.03125, -0.25};
    return all;
}

Values turned(Values values, std::size_t by) {
    std::rotate(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(by), values.end());
    return values;
}

Values negated(Values values) {
    for (double& value : values) value = -value;
    return values;
}

std::string text(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : "undefined"; }

class Checker {
public:
    Checker(const ModelMetricContract& contract, Laws& laws)
        : contract_(contract), info_(contract.info), laws_(laws), metric_(contract.make()) {}

    void known() {
        laws_.at("known answers");
        const auto known = metric_->known_values();
        laws_.require(!known.empty(), law::known);
        for (const KnownModelValue& answer : known) {
            const double whole = std::accumulate(answer.worth.begin(), answer.worth.end(), 0.0);
            require_same(value_of(*metric_, whole, answer.worth, answer.scores), answer.value, law::right);
        }
    }

    void model(const std::string& name, const Values& worth) {
        laws_.at(name);
        Values bad = worth;
        bad[2] = std::numeric_limits<double>::quiet_NaN();
        laws_.require(metric_->sets({}).empty() && metric_->sets(bad).empty(), law::no_question);

        const auto best = value(worth, worth);
        laws_.require(best.has_value(), law::is_defined_for_units);
        if (!best) return;
        laws_.require(value(worth, worth) == best, law::repeatable);
        laws_.require(value_of(*contract_.make(), 0.0, worth, worth) == best, law::fresh);
        const auto worst = value(worth, negated(worth));
        laws_.require(!worst || is_better(*best, *worst, metric_->direction()), law::tells_apart, [&] {
            return fmt::format("{} and {}, where {} is better", text(best), text(worst),
                               direction_name(metric_->direction()));
        });
        const Values nothing(worth.size(), 0.0);
        const auto of_nothing = value(nothing, worth);
        for (std::size_t by = 1; by < worth.size(); ++by) {
            const auto other = value(worth, turned(worth, by));
            const bool is_close = other && close(*other, *best, info_.tolerance);
            laws_.require(!other || is_close || is_better(*best, *other, metric_->direction()), law::best_is_best,
                          [&] { return fmt::format("{}, turned by {} {}", text(best), by, text(other)); });
            require_same(value(nothing, turned(worth, by)), of_nothing, law::nothing_is_nothing);
            look_at_promises(worth, turned(worth, by), other);
            if (promises(info_, model_metric_promise::order_free))
                require_same(value(turned(worth, by), turned(worth, by)), best, model_metric_promise::order_free);
        }
    }

private:
    /// The outputs of a model with the logit `whole` for the text as it is.
    static std::optional<double> value_of(const ModelMetricFamily::Interface& metric, double whole,
                                          const Values& worth, const Values& scores) {
        const Values before{whole, 0.0};
        const Target target{predicted_output(before), {}, Task::classification};
        Values answers;
        for (const UnitSet& set : metric.sets(scores)) {
            double left = whole;
            for (const std::size_t unit : set.units) left -= worth[unit];
            const Values after{left, 0.0};
            answers.push_back(metric.answer({target, before, after}));
        }
        return answers.empty() ? std::nullopt : metric.value(answers);
    }
    std::optional<double> value(const Values& worth, const Values& scores) const {
        return value_of(*metric_, 0.0, worth, scores);
    }

    void look_at_promises(const Values& worth, const Values& scores, const std::optional<double>& expected) {
        if (promises(info_, model_metric_promise::at_most_one))
            laws_.require(!expected || std::abs(*expected) <= 1.0 + info_.tolerance,
                          model_metric_promise::at_most_one, [&] { return text(expected); });
        if (!promises(info_, model_metric_promise::ranks_only)) return;
        Values other = scores;
        for (double& score : other) score = 3.0 * score * score * score + score;
        require_same(value(worth, other), expected, model_metric_promise::ranks_only);
    }

    void require_same(const std::optional<double>& value, const std::optional<double>& expected, const char* law) {
        const bool same =
            value.has_value() == expected.has_value() && (!value || close(*value, *expected, info_.tolerance));
        laws_.require(same, law, [&] { return fmt::format("{}, expected {}", text(value), text(expected)); });
    }

    const ModelMetricContract& contract_;
    const EntryInfo& info_;
    Laws& laws_;
    std::unique_ptr<ModelMetricFamily::Interface> metric_;
};

}  // namespace

void ModelMetricContract::check(Laws& laws) const {
    answers(laws, [&] {
        Checker checker(*this, laws);
        checker.known();
        checker.model("units of mostly positive worth", worths());
        checker.model("units of mostly negative worth", negated(worths()));
    });
}

}  // namespace attnflow
