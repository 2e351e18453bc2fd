#include "attention/model/blocks/rotary.hpp"

#include <cmath>

#include "tests/attention/model/finite_differences.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("the usual frequencies are powers of theta", "[model]") {
    const RotarySpec spec = RotarySpec::with_theta(10000.0, 8);
    REQUIRE(spec.frequencies.size() == 4);
    CHECK(spec.frequencies[0] == 1.0);
    CHECK(spec.frequencies[1] == Approx(0.1));
    CHECK(spec.frequencies[3] == Approx(0.001));
    CHECK(spec.magnitude == 1.0);
}

TEST_CASE("a pair is turned by position times frequency; what no frequency is for stays", "[model]") {
    const Rotary<double> rotary({{0.5, 0.25}, 2.0}, 3);
    // Two heads of 5 components in rows that are 12 apart; the second text begins at row 3.
    Vector x = random_values(4 * 12, 1);
    const Vector before = x;
    rotary.turn(x.data(), 4, 12, 2, 5, 1);
    for (std::size_t r = 0; r < 4; ++r) {
        const double position = static_cast<double>(r % 3);
        for (std::size_t h = 0; h < 2; ++h) {
            const double* from = before.data() + r * 12 + h * 5;
            const double* to = x.data() + r * 12 + h * 5;
            for (std::size_t j = 0; j < 2; ++j) {
                const double angle = position * (j == 0 ? 0.5 : 0.25);
                CHECK(to[j] == Approx(2.0 * (from[j] * std::cos(angle) - from[j + 2] * std::sin(angle))));
                CHECK(to[j + 2] == Approx(2.0 * (from[j + 2] * std::cos(angle) + from[j] * std::sin(angle))));
            }
            CHECK(to[4] == from[4]);
        }
        CHECK(x[r * 12 + 10] == before[r * 12 + 10]);
    }
}

TEST_CASE("the derivative of turning is that of finite differences", "[model]") {
    const Rotary<double> rotary({{0.5, 0.25}, 1.5}, 3);
    const Vector x = random_values(3 * 10, 2);
    Vector gradient = random_values(3 * 10, 3);
    const Vector expected = finite_differences(
        [&](Vector at) {
            rotary.turn(at.data(), 3, 10, 2, 5, 2);
            return at;
        },
        x, gradient);
    rotary.turn_backward(gradient.data(), 3, 10, 2, 5, 1);
    CHECK(deviation(gradient, expected) < 1e-8);
}
