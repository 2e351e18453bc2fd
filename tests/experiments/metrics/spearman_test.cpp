#include <algorithm>
#include <numeric>

#include <catch2/catch.hpp>

#include "experiments/metrics/metric.hpp"
#include "experiments/metrics/ranks.hpp"
#include "graph/support/random.hpp"

using namespace attnflow;

namespace {

std::optional<double> spearman(const std::vector<double>& x, const std::vector<double>& y) {
    return metrics().at("spearman").make()->evaluate(x, y);
}

}  // namespace

TEST_CASE("tied values share their average rank", "[spearman]") {
    CHECK(average_ranks(std::vector<double>{10, 20, 10, 5}) == std::vector<double>{2.5, 4, 2.5, 1});
    CHECK(average_ranks(std::vector<double>{7, 7, 7}) == std::vector<double>{2, 2, 2});
    CHECK(average_ranks(std::vector<double>{}).empty());
    CHECK(dense_ranks(std::vector<double>{10, 20, 10, 5}) == std::vector<double>{2, 3, 2, 1});
    CHECK(average_ranks(std::vector<double>{0.0, -0.0, 1.0}) == std::vector<double>{1.5, 1.5, 3});
}

TEST_CASE("Spearman by hand, and its limits", "[spearman]") {
    CHECK(*spearman({1, 2, 3}, {10, 20, 30}) == 1.0);
    CHECK(*spearman({1, 2, 3}, {3, 2, 1}) == -1.0);
    // Ranks 1 2 3 4 and 1 3 2 4: 1 - 6 * 2 / (4 * 15) = 0.8.
    CHECK(*spearman({1, 2, 3, 4}, {0.1, 0.3, 0.2, 0.9}) == Approx(0.8));
    // scipy.stats.spearmanr([1, 2, 2, 3], [1, 3, 2, 3]) = 0.8333333333333335
    CHECK(*spearman({1, 2, 2, 3}, {1, 3, 2, 3}) == Approx(0.8333333333333335).epsilon(1e-15));
    CHECK_FALSE(spearman({1, 1, 1}, {1, 2, 3}).has_value());
    CHECK_FALSE(spearman({1, 2, 3}, {5, 5, 5}).has_value());
    CHECK_FALSE(spearman({1}, {2}).has_value());
    CHECK_FALSE(spearman({}, {}).has_value());
}

TEST_CASE("without ties Spearman is 1 - 6 sum d^2 / (n (n^2 - 1)), and dense ranks agree", "[spearman]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Random random(seed);
        const std::size_t n = 2 + random.below(40);
        std::vector<double> x(n);
        std::vector<double> y(n);
        for (std::size_t i = 0; i < n; ++i) {
            x[i] = random.uniform();
            y[i] = random.uniform();
        }
        double squares = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            const auto rank = [&](const std::vector<double>& v) {
                return static_cast<double>(
                    std::count_if(v.begin(), v.end(), [&](double other) { return other < v[i]; }));
            };
            squares += (rank(x) - rank(y)) * (rank(x) - rank(y));
        }
        const double m = static_cast<double>(n);
        INFO("seed " << seed);
        const double expected = 1.0 - 6.0 * squares / (m * (m * m - 1.0));
        CHECK(*spearman(x, y) == Approx(expected).margin(1e-12));
        CHECK(*metrics().at("spearman_dense_rank").make()->evaluate(x, y) == Approx(expected).margin(1e-12));
        CHECK(*spearman(x, y) == *spearman(y, x));
    }
}
