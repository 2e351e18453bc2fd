/// Every head strategy of the registry against what it promises, on seeded random attention.

#include "tests/contract/head_contract.hpp"

#include <catch2/catch.hpp>

using namespace attnflow;
using namespace attnflow::testing;

namespace {

constexpr std::uint64_t seeds = 20;

struct Size {
    std::size_t heads;
    std::size_t tokens;
};
constexpr Size sizes[] = {{1, 1}, {1, 5}, {2, 3}, {3, 8}, {8, 13}};

std::vector<std::string> complaints(HeadFamily::Interface& strategy, const EntryInfo& info, const Size& size,
                                    std::uint64_t seed) {
    const auto instance = HeadInstance::random(2, size.heads, size.tokens, seed);
    auto all = HeadContract(strategy, info, false).complaints(instance);
    const auto source = HeadContract(strategy, info, true).complaints(instance);
    all.insert(all.end(), source.begin(), source.end());
    return all;
}

}  // namespace

TEST_CASE("every head strategy keeps its promises", "[contract][heads]") {
    std::size_t fusing = 0;
    for (const auto& entry : head_strategies().entries()) {
        const auto strategy = entry.make();
        INFO(entry.info.name);
        CHECK_FALSE(entry.info.summary.empty());
        CHECK_FALSE(entry.info.complexity.empty());
        if (!strategy->passes(HeadInstance::random(1, 2, 2, 1).stack()).empty()) continue;
        ++fusing;
        for (const Size& size : sizes) {
            for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
                INFO(size.heads << " heads, " << size.tokens << " tokens, seed " << seed);
                CHECK(complaints(*strategy, entry.info, size, seed) == std::vector<std::string>());
            }
        }
    }
    CHECK(fusing >= 9);
}

TEST_CASE("late strategies combine within the range of their passes", "[contract][heads]") {
    std::size_t late = 0;
    for (const auto& entry : head_strategies().entries()) {
        const auto attention = HeadInstance::random(2, 5, 4, 3).stack();
        const auto strategy = entry.make();
        const auto passes = strategy->passes(attention);
        if (passes.empty()) continue;
        ++late;
        INFO(entry.info.name);
        for (const std::string& pass : passes) {
            const auto single = head_strategies().make(pass, "pass");
            CHECK_NOTHROW(single->check(attention));
            CHECK(single->passes(attention).empty());
        }
        Random random(7);
        for (int round = 0; round < 100; ++round) {
            std::vector<double> scores(passes.size());
            for (double& score : scores) score = random.normal();
            const auto [least, largest] = std::minmax_element(scores.begin(), scores.end());
            const double low = *least;
            const double high = *largest;
            const double combined = strategy->combine(scores);
            CHECK(combined >= low - 1e-12);
            CHECK(combined <= high + 1e-12);
        }
    }
    CHECK(late >= 1);
}

namespace {

// Each wraps the mean and breaks one law.
enum class Break { nothing, leaves_a_weight, drifts, rows, range, order, tokens, scale, sign };

template <Break broken>
class BrokenMean {
public:
    static EntryInfo describe() {
        EntryInfo info = head_strategies().at("mean").info;
        info.name = "broken";
        return info;
    }
    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        const std::size_t n = attention.tokens();
        const double last = out.back();
        mean_->fuse(attention, layer, out);
        if (broken == Break::leaves_a_weight) out.back() = last;
        if (broken == Break::drifts) out[0] += 1e-6 * calls_++;
        if (broken == Break::rows) out[n] *= 0.5;
        if (broken == Break::range) std::swap(out[0], out[1]);
        if (broken == Break::order) attention.read_head(layer, 1, out);
        if (broken == Break::tokens) std::reverse(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
        if (broken == Break::scale) out[2] = std::sqrt(out[2]);
        if (broken == Break::sign) out[1] -= 2.0;
    }

private:
    std::unique_ptr<HeadFamily::Interface> mean_ = head_strategies().at("mean").make();
    int calls_ = 0;
};

template <Break broken>
bool is_caught() {
    HeadFamily::Adapter<BrokenMean<broken>> strategy;
    return !complaints(strategy, BrokenMean<broken>::describe(), {3, 8}, 1).empty();
}

}  // namespace

TEST_CASE("a broken head strategy is caught", "[contract][heads]") {
    CHECK_FALSE(is_caught<Break::nothing>());
    CHECK(is_caught<Break::leaves_a_weight>());
    CHECK(is_caught<Break::drifts>());
    CHECK(is_caught<Break::rows>());
    CHECK(is_caught<Break::range>());
    CHECK(is_caught<Break::order>());
    CHECK(is_caught<Break::tokens>());
    CHECK(is_caught<Break::scale>());
    CHECK(is_caught<Break::sign>());
}
