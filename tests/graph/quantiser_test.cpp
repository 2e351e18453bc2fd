#include <cmath>
#include <numeric>

#include <catch2/catch.hpp>

#include "graph/quantiser.hpp"
#include "graph/support/random.hpp"
#include "tests/exponential.hpp"

using namespace attnflow;

TEST_CASE("row sums are kept by largest remainder", "[quantiser]") {
    // In units of 1/256: 1/3 = 85.33 three times; the one missing unit goes to the first column.
    const LayeredNetwork<double> thirds({3, 1}, {1.0 / 3, 1.0 / 3, 1.0 / 3});
    const auto result = Quantiser(8)(thirds);
    CHECK(std::vector<std::int64_t>(result.network.row(1, 0).begin(), result.network.row(1, 0).end()) ==
          std::vector<std::int64_t>{86, 85, 85});
    // 0.2 = 51.2, 0.3 = 76.8, 0.5 = 128: the remainders 0.2 and 0.8 make one unit, for 0.3.
    const auto uneven = Quantiser(8)(LayeredNetwork<double>({3, 1}, {0.2, 0.3, 0.5}));
    CHECK(uneven.network.row(1, 0)[0] == 51);
    CHECK(uneven.network.row(1, 0)[1] == 77);
    CHECK(uneven.network.row(1, 0)[2] == 128);

    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Random random(seed);
        const std::size_t n = 1 + random.below(40);
        std::vector<double> weights(n * n);
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0.0;
            for (std::size_t j = 0; j < n; ++j) sum += weights[i * n + j] = attnflow::testing::exponential(random);
            for (std::size_t j = 0; j < n; ++j) weights[i * n + j] /= sum;
        }
        const LayeredNetwork<double> network({n, n}, std::move(weights));
        for (const int bits : {8, 30, 40, 48}) {
            INFO("seed " << seed << ", bits " << bits);
            const auto fixed = Quantiser(bits)(network);
            CHECK(fixed.fixed_point.bits == bits);
            const double unit = fixed.fixed_point.unit();
            CHECK(unit == std::ldexp(1.0, -bits));
            for (std::size_t i = 0; i < n; ++i) {
                const auto row = fixed.network.row(1, i);
                CHECK(std::accumulate(row.begin(), row.end(), std::int64_t{0}) == std::int64_t{1} << bits);
                for (std::size_t j = 0; j < n; ++j) {
                    CHECK(std::abs(static_cast<double>(row[j]) * unit - network.capacity(1, i, j)) < unit);
                }
            }
        }
    }
}

TEST_CASE("zeros stay zeros, and positive weights that vanish are counted", "[quantiser]") {
    const LayeredNetwork<double> network({4, 1}, {1e-6, 0.0, 0.5, 1e-9});
    const auto result = Quantiser(8)(network);
    CHECK(result.fixed_point.rounded_to_zero == 2);
    CHECK(result.network.row(1, 0)[1] == 0);
    CHECK(Quantiser(40)(network).fixed_point.rounded_to_zero == 0);
}

TEST_CASE("the error bound counts the edges of the largest cut", "[quantiser]") {
    // One layer of 2 x 3: 6 edges at most. Two layers of 2 x 2: one of them, 4. Three: first and third.
    CHECK(Quantiser(8)(LayeredNetwork<double>({3, 2}, std::vector<double>(6, 0.1))).fixed_point.error_bound ==
          6.0 / 256);
    CHECK(Quantiser(8)(LayeredNetwork<double>({2, 2, 2}, std::vector<double>(8, 0.1))).fixed_point.error_bound ==
          4.0 / 256);
    CHECK(
        Quantiser(8)(LayeredNetwork<double>({2, 2, 2, 2}, std::vector<double>(12, 0.1))).fixed_point.error_bound ==
        8.0 / 256);
}

TEST_CASE("what could overflow is refused with the bits that fit", "[quantiser]") {
    const LayeredNetwork<double> heavy({1, 4}, {6.5, 6.5, 6.5, 6.5});
    CHECK(Quantiser(48)(heavy).network.capacity(1, 0, 0) == 13 * (std::int64_t{1} << 47));
    const LayeredNetwork<double> huge({1, 1}, {1e9});
    CHECK_THROWS_WITH(
        Quantiser(40)(huge),
        "quantiser: the capacities of layer 1 sum to 1e+09, too much for 40 fractional bits in 64-bit "
        "integers; use at most 32 bits");
    CHECK(Quantiser(32)(huge).network.capacity(1, 0, 0) == std::int64_t{1000000000} << 32);
    CHECK_THROWS_WITH(Quantiser(40)(LayeredNetwork<double>({1, 1}, {1e300})),
                      Catch::Contains("scale the weights down"));
    CHECK_THROWS_WITH(Quantiser(7), "quantiser: 7 bits, expected 8 to 48");
    CHECK_THROWS_WITH(Quantiser(49), "quantiser: 49 bits, expected 8 to 48");
}
