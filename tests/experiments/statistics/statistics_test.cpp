/// Intervals and tests against SciPy (scripts/make_statistics_goldens.py), and against what
/// they promise: coverage, and a p-value that is uniform when there is no difference.

#include <numeric>

#include <catch2/catch.hpp>

#include "experiments/statistics/holm.hpp"
#include "experiments/statistics/inference.hpp"
#include "experiments/statistics/sign_flips.hpp"
#include "graph/support/random.hpp"
#include "tests/exponential.hpp"
#include "tests/golden_json.hpp"

using namespace attnflow;

namespace {

using Sample = std::vector<double>;

Json golden(const char* name) {
    Json list = attnflow::testing::golden_json("statistics.json")[name];
    REQUIRE(list.size() >= 3);
    return list;
}

Interval interval_of(const Sample& values, std::size_t resamples, std::uint64_t seed, double level,
                     IntervalKind kind) {
    const Sample* const one = &values;
    auto means = Resamples(values.size(), resamples, seed).means(std::span(&one, 1));
    return bootstrap_interval(values, std::move(means.front()), level, kind).value();
}

Sample draw(Random& random, std::size_t n, double mean, bool skewed = false) {
    Sample values;
    for (std::size_t i = 0; i < n; ++i)
        values.push_back(mean + (skewed ? attnflow::testing::exponential(random) - 1 : random.normal()));
    return values;
}

}  // namespace

TEST_CASE("bootstrap intervals equal SciPy's on the same resamples", "[statistics]") {
    for (const auto& entry : golden("bootstrap")) {
        const auto values = entry["values"].get<Sample>();
        for (const auto& [name, kind] :
             {std::pair{"percentile", IntervalKind::percentile}, std::pair{"bca", IntervalKind::bca}}) {
            INFO(name << " of " << entry["values"].dump());
            const Interval interval =
                interval_of(values, entry["resamples"].get<std::size_t>(), entry["seed"].get<std::uint64_t>(),
                            entry["level"].get<double>(), kind);
            CHECK(interval.low == Approx(entry[name][0].get<double>()).margin(1e-12));
            CHECK(interval.high == Approx(entry[name][1].get<double>()).margin(1e-12));
        }
    }
}

TEST_CASE("exact permutation tests equal SciPy's", "[statistics]") {
    for (const auto& entry : golden("permutation")) {
        const auto differences = entry["differences"].get<Sample>();
        const SignFlips flips(differences.size(), 10'000, 1);
        INFO(entry["differences"].dump());
        CHECK(flips.exact());
        CHECK(flips.p_value(differences) == Approx(entry["p"].get<double>()).margin(1e-12));
    }
}

TEST_CASE("a sampled permutation test is near the exact one and never 0", "[statistics]") {
    Random random(3);
    for (const double shift : {0.0, 0.3, 0.6}) {
        const auto differences = draw(random, 13, shift);
        const SignFlips exact(13, 1 << 13, 1);
        const SignFlips sampled(13, (1 << 13) - 1, 1);
        REQUIRE(exact.exact());
        REQUIRE_FALSE(sampled.exact());
        // Five standard errors of a share of 8191 draws.
        const double p = exact.p_value(differences);
        CHECK(std::abs(sampled.p_value(differences) - p) < 5 * std::sqrt(p * (1 - p) / 8191) + 2.0 / 8191);
    }
    const SignFlips flips(100, 999, 1);
    CHECK(flips.p_value(Sample(100, 1.0)) == 1.0 / 1000);
    CHECK(flips.p_value(Sample(100, 0.0)) == 1.0);
}

TEST_CASE("Holm's correction equals its definition", "[statistics]") {
    for (const auto& entry : golden("holm")) {
        const auto adjusted = holm(entry["p"].get<Sample>());
        const auto expected = entry["adjusted"].get<Sample>();
        REQUIRE(adjusted.size() == expected.size());
        for (std::size_t i = 0; i < adjusted.size(); ++i) CHECK(adjusted[i] == Approx(expected[i]));
    }
    CHECK(holm({}).empty());
}

TEST_CASE("95% intervals cover the mean about as often as they say", "[statistics]") {
    // 2000 samples of 40: the share that covers has a standard error of 0.5%. Bootstrap
    // intervals of so few values fall a little short, more so for skewed ones.
    Random random(11);
    StatisticsOptions options;
    options.resamples = 1000;
    for (const bool skewed : {false, true}) {
        for (const IntervalKind kind : {IntervalKind::percentile, IntervalKind::bca}) {
            std::vector<Sample> samples;
            for (int s = 0; s < 2000; ++s) samples.push_back(draw(random, 40, 0.7, skewed));
            options.interval = kind;
            std::size_t covered = 0;
            for (const auto& interval : bootstrap_intervals(samples, options, 2)) {
                if (interval->low <= 0.7 && 0.7 <= interval->high) ++covered;
            }
            const double share = static_cast<double>(covered) / 2000;
            INFO("seed 11, " << (skewed ? "skewed" : "normal"));
            CHECK(share > (skewed ? 0.89 : 0.92));
            CHECK(share < 0.97);
        }
    }
}

TEST_CASE("without a difference, p-values are uniform; with one, they are small", "[statistics]") {
    Random random(12);
    StatisticsOptions options;
    options.resamples = 1000;
    for (const PairedTest test : {PairedTest::permutation, PairedTest::bootstrap}) {
        options.test = test;
        std::vector<Sample> none, some;
        for (int s = 0; s < 400; ++s) none.push_back(draw(random, 60, 0.0));
        for (int s = 0; s < 50; ++s) some.push_back(draw(random, 60, 1.0));
        std::size_t below_tenth = 0;
        std::size_t below_half = 0;
        for (const PairedResult& result : paired_tests(none, options, 1, 2)) {
            if (*result.p < 0.1) ++below_tenth;
            if (*result.p < 0.5) ++below_half;
        }
        INFO("seed 12, test " << static_cast<int>(test));
        CHECK(std::abs(static_cast<double>(below_tenth) / 400 - 0.1) < 0.06);  // 4 standard errors
        CHECK(std::abs(static_cast<double>(below_half) / 400 - 0.5) < 0.1);
        for (const PairedResult& result : paired_tests(some, options, 1, 2)) {
            CHECK(*result.p < 0.01);
            CHECK(*result.effect_size == Approx(1.0).margin(0.6));
            CHECK(result.interval->low > 0.2);
        }
    }
}

TEST_CASE("results depend on the seed only, not on threads or company", "[statistics]") {
    Random random(13);
    std::vector<Sample> samples;
    for (std::size_t s = 0; s < 30; ++s) samples.push_back(draw(random, s % 7, 0.1));
    StatisticsOptions options;
    options.resamples = 300;
    const auto one = paired_tests(samples, options, 1, 1);
    const auto four = paired_tests(samples, options, 1, 4);
    const auto alone = paired_tests({samples[11]}, options, 1, 1).front();
    for (std::size_t s = 0; s < samples.size(); ++s) {
        const std::size_t n = samples[s].size();
        CHECK(one[s].mean.has_value() == (n > 0));
        CHECK(one[s].p.has_value() == (n > 0));
        CHECK(one[s].interval.has_value() == (n > 1));
        CHECK(one[s].effect_size.has_value() == (n > 1));
        CHECK(one[s].p == four[s].p);
        if (n < 2) continue;
        CHECK(one[s].interval->low == four[s].interval->low);
        CHECK(one[s].interval->high == four[s].interval->high);
    }
    CHECK(alone.interval->low == one[11].interval->low);
    options.seed = 2;
    CHECK(paired_tests(samples, options, 1, 1)[6].interval->low != one[6].interval->low);
}

TEST_CASE("equal values have an interval of no width and no effect size", "[statistics]") {
    const std::vector<Sample> samples{Sample(5, 0.1), Sample(5, 0.0)};
    const auto results = paired_tests(samples, {}, 1, 1);
    CHECK(results[0].interval->low == results[0].interval->high);
    CHECK(results[0].interval->low == Approx(0.1));
    CHECK_FALSE(results[0].effect_size.has_value());
    CHECK(*results[0].p == 2.0 / 32);
    CHECK(*results[1].p == 1.0);
}

TEST_CASE("differences by rounding alone are no differences", "[statistics]") {
    // Two methods with the same scores; the sums of one are rounded up in most examples.
    Sample noise;
    for (int i = 0; i < 12; ++i) noise.push_back(i == 0 ? -1e-13 : 2e-13 * i);
    Sample shifted = noise;
    for (double& value : shifted) value += 0.25;
    Sample real(12, 0.0);
    real[3] = 1e-8;
    StatisticsOptions options;
    for (const PairedTest test : {PairedTest::permutation, PairedTest::bootstrap}) {
        options.test = test;
        const auto results = paired_tests({noise, shifted, real}, options, 1, 1);
        CHECK(*results[0].mean == 0.0);
        CHECK(*results[0].p == 1.0);
        CHECK(results[0].interval->low == 0.0);
        CHECK(results[0].interval->high == 0.0);
        CHECK_FALSE(results[0].effect_size.has_value());
        CHECK(*results[1].p < 0.01);
        CHECK_FALSE(results[1].effect_size.has_value());  // the differences are all 0.25
        CHECK(*results[2].mean == Approx(1e-8 / 12));
        CHECK(results[2].effect_size.has_value());
    }
}

TEST_CASE("a large family has sign patterns enough to find its clearest difference", "[statistics]") {
    const std::vector<Sample> clear{Sample(40, 0.5)};
    StatisticsOptions options;
    options.resamples = 100;
    const auto p = [&](std::size_t family) { return *paired_tests(clear, options, family, 1).front().p; };
    CHECK(p(1) == 1.0 / 101);
    CHECK(p(500) * 500 < 0.05);
    for (const std::size_t family : {1, 500, 1'000'000}) CHECK(p(family) == smallest_p(40, options, family));
    CHECK(smallest_p(1, options, 1) == 1.0);
    CHECK(smallest_p(5, options, 1) == *paired_tests({Sample(5, 0.1)}, options, 1, 1).front().p);
    options.test = PairedTest::bootstrap;
    CHECK(p(500) == smallest_p(40, options, 500));
}
