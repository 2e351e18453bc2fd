/// Every metric against SciPy, or against all ways to break ties (scripts/make_statistics_goldens.py).

#include <limits>

#include <catch2/catch.hpp>

#include "experiments/metrics/metric.hpp"
#include "graph/support/error.hpp"
#include "graph/support/random.hpp"
#include "tests/golden_json.hpp"

using namespace attnflow;

namespace {

std::optional<double> value_of(const std::string& metric, const std::vector<double>& x,
                               const std::vector<double>& y) {
    return metrics().make(metric, "test")->evaluate(x, y);
}

}  // namespace

TEST_CASE("metrics equal their golden values", "[metrics]") {
    const Json golden = attnflow::testing::golden_json("metrics.json");
    REQUIRE(golden["cases"].size() > 30);
    std::size_t defined = 0;
    for (const auto& entry : golden["cases"]) {
        const auto x = entry["x"].get<std::vector<double>>();
        const auto y = entry["y"].get<std::vector<double>>();
        for (const auto& [metric, expected] : entry["values"].items()) {
            INFO(metric << " of " << entry["x"].dump() << " and " << entry["y"].dump());
            const auto value = value_of(metric, x, y);
            REQUIRE(value.has_value() == !expected.is_null());
            if (!value) continue;
            CHECK(std::abs(*value - expected.get<double>()) < 1e-12);
            ++defined;
        }
    }
    CHECK(defined > 200);
}

TEST_CASE("Kendall's tau-b equals a count of all pairs", "[metrics]") {
    Random random(7);
    for (int repeat = 0; repeat < 200; ++repeat) {
        const std::size_t n = 2 + random.below(40);
        const std::uint64_t levels = 1 + random.below(2 * n);
        std::vector<double> x, y;
        for (std::size_t i = 0; i < n; ++i) {
            x.push_back(static_cast<double>(random.below(levels)));
            y.push_back(static_cast<double>(random.below(levels)) - 3.0);
        }
        double concordant = 0, discordant = 0, x_only = 0, y_only = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                const double product = (x[i] - x[j]) * (y[i] - y[j]);
                if (product > 0) ++concordant;
                if (product < 0) ++discordant;
                if (x[i] == x[j] && y[i] != y[j]) ++x_only;
                if (x[i] != x[j] && y[i] == y[j]) ++y_only;
            }
        }
        const double untied = std::sqrt((concordant + discordant + x_only) * (concordant + discordant + y_only));
        const auto tau = value_of("kendall_tau_b", x, y);
        INFO("seed 7, repeat " << repeat);
        REQUIRE(tau.has_value() == (untied > 0));
        if (tau) CHECK(*tau == Approx((concordant - discordant) / untied).margin(1e-14));
    }
}

TEST_CASE("NaN and too few values make every metric undefined, and lengths must agree", "[metrics]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const std::string& name : metrics().names()) {
        INFO(name);
        CHECK_FALSE(value_of(name, {1, nan, 3, 4}, {1, 2, 3, 4}).has_value());
        CHECK_FALSE(value_of(name, {1, 2, 3, 4}, {1, 2, 3, nan}).has_value());
        CHECK_FALSE(value_of(name, {}, {}).has_value());
        CHECK_FALSE(value_of(name, {1}, {1}).has_value());
        CHECK(value_of(name, {4, 3, 2, 1}, {4, 3, 2, 1}).value_or(-1) > 0.3);
        CHECK_THROWS_AS(value_of(name, {1, 2}, {1, 2, 3}), InternalError);
    }
    CHECK_FALSE(value_of("pearson", {1, 2, std::numeric_limits<double>::infinity()}, {1, 2, 3}).has_value());
}

TEST_CASE("one large value moves Pearson, not the rank correlations", "[metrics]") {
    const std::vector<double> x{1, 2, 3, 4, 5}, y{1, 2, 3, 4, 1e6};
    CHECK(value_of("spearman", x, y) == 1.0);
    CHECK(value_of("kendall_tau_b", x, y) == 1.0);
    CHECK(*value_of("pearson", x, y) < 0.8);
}
