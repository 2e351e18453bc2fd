/// Every metric of the registry against its contract, and broken ones that the contract must notice.

#include "experiments/contracts/metric_contract.hpp"

#include <catch2/catch.hpp>

#include "tests/contract/complaints.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("every metric keeps its contract", "[contract][metrics]") {
    for (const auto& entry : metrics().entries()) {
        INFO(entry.info.name);
        CHECK(complaints(MetricContract{[&] { return entry.make(); }, entry.info}) == std::vector<Complaint>());
    }
}

namespace {

enum class Break {
    nothing,
    zero,
    twice,
    negated,
    first_scores,
    first_tokens,
    values,
    drifts,
    not_finite,
    says_nothing
};

// Spearman's correlation with one law broken.
template <Break broken>
class BrokenSpearman {
public:
    static EntryInfo describe() {
        EntryInfo info = metrics().at("spearman").info;
        info.name = "broken";
        return info;
    }
    static std::vector<KnownAgreement> known_agreements() {
        if (broken == Break::says_nothing) return {};
        return metrics().at("spearman").make()->known_agreements();
    }
    std::optional<double> evaluate(std::span<const double> scores, std::span<const double> reference) const {
        if (broken == Break::values) return metrics().at("pearson").make()->evaluate(scores, reference);
        auto value = spearman_->evaluate(scores, reference);
        if (!value) return value;
        if (broken == Break::zero) return 0.0;
        if (broken == Break::twice) return 2.0 * *value;
        if (broken == Break::negated) return -*value;
        if (broken == Break::first_scores) return *value + (scores[0] > reference[0] ? 0.01 : 0.0);
        if (broken == Break::first_tokens) return *value - (scores[0] > scores[1] ? 0.01 : 0.0);
        if (broken == Break::drifts) return *value + 1e-9 * ++calls_;
        if (broken == Break::not_finite) return 1.0 / 0.0;
        return value;
    }

private:
    std::unique_ptr<MetricFamily::Interface> spearman_ = metrics().at("spearman").make();
    mutable int calls_ = 0;
};

template <Break broken>
std::vector<std::string> laws() {
    using Adapter = MetricFamily::Adapter<BrokenSpearman<broken>>;
    return laws_of(complaints(
        MetricContract{[] { return std::make_unique<Adapter>(); }, BrokenSpearman<broken>::describe(), 5}));
}

using Broken = std::vector<std::string>;

}  // namespace

TEST_CASE("a broken metric is noticed", "[contract][metrics][mutants]") {
    CHECK(laws<Break::nothing>() == Broken());
    CHECK(has(laws<Break::zero>(), metric_promise::one_for_equal));
    CHECK(has(laws<Break::twice>(), metric_promise::at_most_one));
    CHECK(has(laws<Break::negated>(), law::right));
    CHECK(has(laws<Break::first_scores>(), metric_promise::symmetric));
    CHECK(has(laws<Break::first_tokens>(), metric_promise::order_free));
    CHECK(has(laws<Break::values>(), metric_promise::ranks_only));
    CHECK(has(laws<Break::drifts>(), law::repeatable));
    CHECK(laws<Break::not_finite>() == Broken{law::thrown});
    CHECK(laws<Break::says_nothing>() == Broken{law::known});
}
