#include "experiments/statistics/moments.hpp"

#include <vector>

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"

using namespace attnflow;

TEST_CASE("moments are those of the definition, of values close together too", "[statistics]") {
    const std::vector<double> values{2, 4, 4, 4, 5, 5, 7, 9};
    CHECK(moments_of(values).mean == 5.0);
    CHECK(moments_of(values).standard_deviation == 2.0);
    CHECK(moments_of(std::vector<double>{0.25}).mean == 0.25);
    CHECK(moments_of(std::vector<double>{0.25}).standard_deviation == 0.0);

    const double step =
        0x1p-30;  // squares of 1 + step lose it, so the mean of squares less the square of the mean
    const std::vector<double> close{1.0, 1.0 + 2.0 * step};
    CHECK(moments_of(close).mean == 1.0 + step);
    CHECK(moments_of(close).standard_deviation == step);

    CHECK_THROWS_AS(moments_of({}), InternalError);
}
