/// The criterion that other tests rest on is tested too.

#include "tests/comparison.hpp"

using attnflow::testing::deviation;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

double of(const std::vector<double>& ours, const std::vector<double>& expected) {
    return deviation(ours, expected);
}

}  // namespace

TEST_CASE("a deviation is relative to the largest expected number, at least to 1", "[contract]") {
    CHECK(of({}, {}) == 0.0);
    CHECK(of({1.0, 2.0}, {1.0, 2.0}) == 0.0);
    CHECK(of({0.5, 0.25}, {0.25, 0.25}) == 0.25);
    CHECK(of({7.0, -8.0}, {5.0, -8.0}) == 0.25);
}

TEST_CASE("what is no number deviates without bound, wherever it stands", "[contract]") {
    for (const std::size_t place : {0, 1, 2}) {
        std::vector<double> numbers{1.0, 2.0, 3.0};
        for (const double none : {no_number, infinity, -infinity}) {
            numbers[place] = none;
            CHECK(of(numbers, {1.0, 2.0, 3.0}) == infinity);
            CHECK(of({1.0, 2.0, 3.0}, numbers) == infinity);
            CHECK(of(numbers, numbers) == infinity);
        }
    }
}
