#include <catch2/catch.hpp>

#include "graph/support/random.hpp"

using attnflow::Random;

TEST_CASE("a seed gives the published sequence", "[random]") {
    // xoshiro256** of the state that splitmix64 makes of seed 0.
    Random random(0);
    CHECK(random() == 11091344671253066420u);
    CHECK(random() == 13793997310169335082u);
    CHECK(random() == 1900383378846508768u);
}

TEST_CASE("distributions have their range and moments", "[random]") {
    Random random(1);
    constexpr int draws = 100000;
    double sum = 0.0;
    double normal_sum = 0.0;
    double normal_squares = 0.0;
    int below_count[3] = {};
    for (int i = 0; i < draws; ++i) {
        const double u = random.uniform();
        REQUIRE((u >= 0.0 && u < 1.0));
        sum += u;
        const double z = random.normal();
        normal_sum += z;
        normal_squares += z * z;
        ++below_count[random.below(3)];
    }
    CHECK(sum / draws == Approx(0.5).margin(0.01));
    CHECK(normal_sum / draws == Approx(0.0).margin(0.02));
    CHECK(normal_squares / draws == Approx(1.0).margin(0.03));
    for (const int count : below_count) CHECK(count == Approx(draws / 3.0).epsilon(0.03));
    CHECK(random.below(1) == 0);
}
