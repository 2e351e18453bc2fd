#include "algorithms/maxflow/engine/residual_bits.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "graph/support/random.hpp"
#include "tests/every_target.hpp"

using namespace attnflow;
using namespace attnflow::engine;

TEMPLATE_TEST_CASE("residual bits: those of a row say what its cells do", "[flow_engine]", std::int32_t,
                   std::int64_t) {
    testing::on_every_target([] {
        Random random(3);
        for (const std::size_t n : {1, 15, 16, 63, 64, 65, 130}) {
            Panel<TestType> capacity(1, n);
            Panel<TestType> flow(1, n);
            for (std::size_t x = 0; x < n; ++x) {
                capacity(0, x) = static_cast<TestType>(random.below(3));
                flow(0, x) = static_cast<TestType>(random.below(static_cast<std::size_t>(capacity(0, x)) + 1));
            }
            const std::size_t words = words_of(n);
            for (const std::size_t from : {std::size_t{0}, Panel<TestType>::padded(n) / 2 / 16 * 16}) {
                std::vector<Word> room(words, ~Word{0});
                std::vector<Word> carried(words, ~Word{0});
                residual_bits(capacity.row(0), flow.row(0), from, Panel<TestType>::padded(n), words, room.data(),
                              carried.data());
                std::vector<std::size_t> with_room;
                std::vector<std::size_t> with_flow;
                for (std::size_t x = from; x < n; ++x) {
                    if (capacity(0, x) > flow(0, x)) with_room.push_back(x);
                    if (flow(0, x) > 0) with_flow.push_back(x);
                }
                std::vector<std::size_t> members;
                const auto collect = [&](std::size_t x) { members.push_back(x); };
                for_each(room.data(), words, collect);
                CHECK(members == with_room);
                members.clear();
                for_each(carried.data(), words, collect);
                CHECK(members == with_flow);
                CHECK(intersect(room.data(), carried.data(), words) ==
                      std::any_of(with_room.begin(), with_room.end(),
                                  [&](std::size_t x) { return flow(0, x) > 0; }));
            }
        }
    });
}
