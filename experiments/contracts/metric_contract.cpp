#include "experiments/contracts/metric_contract.hpp"

#include "graph/support/random.hpp"

namespace attnflow {
namespace {

using Values = std::vector<double>;

std::string text(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : "undefined"; }

class Checker {
public:
    Checker(const MetricContract& contract, Laws& laws)
        : contract_(contract), info_(contract.info), laws_(laws), metric_(contract.make()) {}

    void known() {
        laws_.at("known answers");
        const auto known = metric_->known_agreements();
        laws_.require(!known.empty(), law::known);
        for (const KnownAgreement& answer : known)
            require_same(metric_->evaluate(answer.scores, answer.reference), answer.value, law::right);
    }

    void size(std::size_t n, bool ties, std::uint64_t seed) {
        laws_.at(fmt::format("{} tokens{}, seed {}", n, ties ? " with ties" : "", seed));
        Random random(seed);
        const auto draw = [&] {
            Values values(n);
            for (double& value : values) value = ties ? static_cast<double>(random.below(4)) : random.normal();
            return values;
        };
        const Values scores = draw();
        const Values reference = draw();
        const auto value = metric_->evaluate(scores, reference);
        laws_.require(metric_->evaluate(scores, reference) == value, law::repeatable);
        laws_.require(contract_.make()->evaluate(scores, reference) == value, law::fresh);
        if (n >= 20 && !ties) laws_.require(metric_->evaluate(scores, scores).has_value(), law::is_defined);
        if (promises(info_, metric_promise::at_most_one)) {
            laws_.require(!value || std::abs(*value) <= 1.0 + info_.tolerance, metric_promise::at_most_one,
                          [&] { return text(value); });
        }
        if (promises(info_, metric_promise::one_for_equal) && !ties) {
            const auto own = metric_->evaluate(scores, scores);
            if (own) require_same(own, 1.0, metric_promise::one_for_equal);
        }
        if (promises(info_, metric_promise::symmetric))
            require_same(metric_->evaluate(reference, scores), value, metric_promise::symmetric);
        if (promises(info_, metric_promise::ranks_only)) {
            Values other = scores;
            for (double& score : other) score = 3.0 * score * score * score + score;
            require_same(metric_->evaluate(other, reference), value, metric_promise::ranks_only);
        }
        if (promises(info_, metric_promise::order_free)) {
            Values moved_scores = scores;
            Values moved_reference = reference;
            std::rotate(moved_scores.begin(), moved_scores.begin() + 1, moved_scores.end());
            std::rotate(moved_reference.begin(), moved_reference.begin() + 1, moved_reference.end());
            require_same(metric_->evaluate(moved_scores, moved_reference), value, metric_promise::order_free);
        }
        Values missing = scores;
        missing.back() = std::nan("");
        laws_.require(!metric_->evaluate(missing, reference).has_value(), law::nan_is_undefined);
    }

private:
    void require_same(const std::optional<double>& value, const std::optional<double>& expected, const char* law) {
        const bool same =
            value.has_value() == expected.has_value() && (!value || close(*value, *expected, info_.tolerance));
        laws_.require(same, law, [&] { return fmt::format("{}, expected {}", text(value), text(expected)); });
    }

    const MetricContract& contract_;
    const EntryInfo& info_;
    Laws& laws_;
    std::unique_ptr<MetricFamily::Interface> metric_;
};

}  // namespace

void MetricContract::check(Laws& laws) const {
    answers(laws, [&] {
        Checker checker(*this, laws);
        checker.known();
        for (const std::size_t n : {1, 2, 3, 8, 25}) {
            for (const bool ties : {false, true}) {
                for (std::uint64_t seed = 1; seed <= seeds; ++seed) checker.size(n, ties, seed);
            }
        }
    });
}

}  // namespace attnflow
