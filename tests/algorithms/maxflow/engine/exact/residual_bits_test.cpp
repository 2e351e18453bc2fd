#include "algorithms/maxflow/engine/exact/residual_bits.hpp"

#include <catch2/catch.hpp>

#include "graph/support/random.hpp"
#include "tests/every_target.hpp"

using namespace attnflow;
using namespace attnflow::engine;

TEST_CASE("residual bits: those of a row say what its cells do", "[flow_engine]") {
    testing::on_every_target([] {
        Random random(3);
        for (const std::size_t n : {1, 15, 16, 63, 64, 65, 130}) {
            Panel<Amount> capacity(1, n);
            Panel<Amount> flow(1, n);
            for (std::size_t x = 0; x < n; ++x) {
                capacity(0, x) = static_cast<Amount>(random.below(3));
                flow(0, x) = static_cast<Amount>(random.below(static_cast<std::size_t>(capacity(0, x)) + 1));
            }
            const std::size_t words = words_of(n);
            for (const std::size_t from : {std::size_t{0}, padded(n) / 2 / 16 * 16}) {
                std::vector<Word> residual(words, ~Word{0});
                std::vector<Word> carried(words, ~Word{0});
                row_kernels().residual_bits(capacity.row(0), flow.row(0), from, padded(n), words, residual.data(),
                                            carried.data());
                std::vector<std::size_t> with_residual;
                std::vector<std::size_t> with_flow;
                for (std::size_t x = from; x < n; ++x) {
                    if (capacity(0, x) > flow(0, x)) with_residual.push_back(x);
                    if (flow(0, x) > 0) with_flow.push_back(x);
                }
                std::vector<std::size_t> members;
                const auto collect = [&](std::size_t x) { members.push_back(x); };
                for_each(residual.data(), words, collect);
                CHECK(members == with_residual);
                members.clear();
                for_each(carried.data(), words, collect);
                CHECK(members == with_flow);
            }
        }
    });
}

TEST_CASE("residual bits: senders are the rows with residual capacity to a given end", "[flow_engine]") {
    Random random(5);
    for (const std::size_t n : {3, 64, 70, 130}) {
        INFO(n << " positions");
        std::vector<std::int64_t> weights;
        for (std::size_t k = 0; k < 2 * n * n; ++k) weights.push_back(static_cast<std::int64_t>(random.below(4)));
        const FixedNetwork network({n, n, n}, weights);
        const PackedNetwork packed(network, 0, 2);
        ResidualBits bits(packed);
        Panel<Amount> flow(n, n);
        for (std::size_t x = 0; x < n; ++x) {
            for (std::size_t y = 0; y < n; ++y) {
                const auto capacity = static_cast<std::size_t>(packed.down(2)(x, y));
                flow(x, y) = static_cast<Amount>(random.below(capacity + 1));
            }
            CHECK(contains(bits.stale(2), x));
            bits.refresh(2, x, packed.down(2), flow, 0, padded(n));
            CHECK_FALSE(contains(bits.stale(2), x));
        }
        std::vector<Word> ends(words_of(n));
        std::vector<Word> rows(words_of(n));
        std::vector<Word> found(words_of(n));
        insert(ends.data(), n / 2);
        insert(ends.data(), n - 1);
        for (std::size_t x = 0; x < n; x += 2) insert(rows.data(), x);
        bits.find_senders(2, rows.data(), ends.data(), found.data());
        for (std::size_t x = 0; x < n; ++x) {
            const bool sends =
                packed.down(2)(x, n / 2) > flow(x, n / 2) || packed.down(2)(x, n - 1) > flow(x, n - 1);
            CHECK(contains(found.data(), x) == (x % 2 == 0 && sends));
        }
        bits.change(2, n - 1);
        CHECK(contains(bits.stale(2), n - 1));
        CHECK_FALSE(contains(bits.stale(2), 0));
    }
}
