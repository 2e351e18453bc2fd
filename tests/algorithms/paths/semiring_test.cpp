#include "algorithms/paths/semiring.hpp"

#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>

using namespace attnflow;

namespace {

/// All laws on all triples of `values`, exactly: the values are chosen so that nothing rounds.
template <Semiring S>
void check_laws(const S& s, std::vector<typename S::Value> values) {
    values.push_back(s.zero());
    values.push_back(s.one());
    for (const auto a : values) {
        CHECK(s.add(a, s.zero()) == a);
        CHECK(s.multiply(a, s.one()) == a);
        CHECK(s.multiply(s.one(), a) == a);
        CHECK(s.multiply(a, s.zero()) == s.zero());
        CHECK(s.multiply(s.zero(), a) == s.zero());
        for (const auto b : values) {
            CHECK(s.add(a, b) == s.add(b, a));
            if constexpr (SelectiveSemiring<S>) {
                CHECK(s.add(a, b) == (s.better(a, b) ? a : b));
                CHECK_FALSE((s.better(a, b) && s.better(b, a)));
            }
            for (const auto c : values) {
                CHECK(s.add(s.add(a, b), c) == s.add(a, s.add(b, c)));
                CHECK(s.multiply(s.multiply(a, b), c) == s.multiply(a, s.multiply(b, c)));
                CHECK(s.multiply(a, s.add(b, c)) == s.add(s.multiply(a, b), s.multiply(a, c)));
                CHECK(s.multiply(s.add(a, b), c) == s.add(s.multiply(a, c), s.multiply(b, c)));
            }
        }
    }
}

}  // namespace

TEST_CASE("semirings keep their laws exactly where nothing rounds", "[paths]") {
    check_laws(PlusTimes<double>(), {0.125, 0.5, 0.75, 2.0, 3.0});
    check_laws(PlusTimes<float>(), {0.125f, 0.5f, 0.75f, 2.0f});
    check_laws(PlusTimes<std::int64_t>(), {1, 2, 3, 10, 1000});
    check_laws(MaxTimes<double>(), {0.125, 0.5, 0.75, 2.0});
    check_laws(MaxTimes<float>(), {0.125f, 0.5f, 0.75f});
    check_laws(MaxMin<double>(), {0.1, 0.2, 1.0 / 3.0, 0.9});
    check_laws(MaxMin<float>(), {0.1f, 0.2f, 0.9f});
    check_laws(MaxMin<std::int64_t>(), {1, 2, 3, 1000});
    check_laws(MinPlus(), {1.0, 2.0, 3.5, 1024.0});
}

TEST_CASE("the soft semiring keeps all laws but distribution, up to rounding", "[paths]") {
    const double inf = std::numeric_limits<double>::infinity();
    for (const double temperature : {1e-6, 0.01, 0.3, 1.0}) {
        const SoftMaxMin s{temperature};
        const std::vector<double> values{0.0, 0.01, 0.2, 0.2, 0.9, 1.0};
        for (const double a : values) {
            CHECK(s.add(a, s.zero()) == a);
            CHECK(s.multiply(a, s.one()) == a);
            CHECK(s.multiply(a, s.zero()) == s.zero());
            for (const double b : values) {
                CHECK(s.add(a, b) == s.add(b, a));
                CHECK(s.add(a, b) >= std::max(a, b));
                CHECK(s.add(a, b) <= std::max(a, b) + temperature * std::log(2.0) + 1e-15);
                CHECK(s.multiply(a, b) <= std::min(a, b));
                for (const double c : values) {
                    CHECK(s.add(s.add(a, b), c) == Approx(s.add(a, s.add(b, c))).margin(1e-12));
                    CHECK(s.multiply(s.multiply(a, b), c) ==
                          Approx(s.multiply(a, s.multiply(b, c))).margin(1e-12));
                }
            }
        }
    }
    const SoftMaxMin s{0.1};
    CHECK(s.add(s.zero(), s.zero()) == -inf);
    CHECK(s.multiply(s.one(), s.one()) == inf);
    CHECK(s.multiply(s.zero(), s.one()) == -inf);
    // By hand: add(x, x) = x + t log 2, multiply(x, x) = x - t log 2.
    CHECK(s.multiply(s.add(0.5, 0.5), 0.5) == Approx(0.5 - 0.1 * std::log(1.5)));
    CHECK(s.add(s.multiply(0.5, 0.5), s.multiply(0.5, 0.5)) == Approx(0.5));
    CHECK_FALSE(is_distributive<SoftMaxMin>());
    CHECK(is_distributive<MaxMin<double>>());
}

TEST_CASE("an edge of weight 0 does not exist, and no path scores 0", "[paths]") {
    for (const double exponent : {0.125, 1.0, 16.0}) {
        const MinPlus lengths{exponent};
        CHECK(lengths.edge(0.0) == lengths.zero());
        CHECK(lengths.score(lengths.zero(), 3) == 0.0);
        CHECK(lengths.score(lengths.edge(0.3), 1) == Approx(0.3));
    }
    const SoftMaxMin soft{0.01};
    CHECK(soft.edge(0.0) == soft.zero());
    CHECK(soft.score(soft.zero(), 3) == 0.0);
    CHECK(soft.score(soft.edge(0.3), 1) == 0.3);
}
