/// Binding cuts against an independent reading of their definition: every cut of the
/// vocabulary is built as a vertex set and its capacity summed edge by edge.

#include <algorithm>

#include <catch2/catch.hpp>

#include "graph/binding_cut.hpp"
#include "graph/support/random.hpp"
#include "tests/oracles.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

struct Problem {
    FixedNetwork network;  // without the inner vertices that are on no path
    std::size_t top, source, sink;

    Problem(const FixedNetwork& g, std::size_t layer, std::size_t s, std::size_t t)
        : network(pruned(g, layer, s, t)), top(layer), source(s), sink(t) {}

    static FixedNetwork pruned(const FixedNetwork& g, std::size_t layer, std::size_t s, std::size_t t) {
        std::vector<bool> used(g.vertices(), false);
        for_each_path(g, layer, s, t, [&](const std::vector<std::size_t>& positions) {
            for (std::size_t l = 0; l <= layer; ++l) used[g.vertex(l, positions[l])] = true;
        });
        std::vector<std::int64_t> capacities(g.capacities().begin(), g.capacities().end());
        for (std::size_t l = 1; l <= layer; ++l) {
            for (std::size_t i = 0; i < g.width(l); ++i) {
                for (std::size_t j = 0; j < g.width(l - 1); ++j) {
                    const bool upper_counts = l == layer || used[g.vertex(l, i)];
                    const bool lower_counts = l == 1 || used[g.vertex(l - 1, j)];
                    if (!upper_counts || !lower_counts) capacities[g.slot(l, i, j)] = 0;
                }
            }
        }
        return {{g.widths().begin(), g.widths().end()}, std::move(capacities)};
    }

    // Capacity from the vertices for which on_source_side(l, i) holds to the others.
    template <class Side>
    std::int64_t cut(Side on_source_side) const {
        std::int64_t sum = 0;
        for (std::size_t l = 1; l <= top; ++l) {
            for (std::size_t i = 0; i < network.width(l); ++i) {
                for (std::size_t j = 0; j < network.width(l - 1); ++j) {
                    if (on_source_side(l, i) && !on_source_side(l - 1, j)) sum += network.capacity(l, i, j);
                }
            }
        }
        return sum;
    }

    bool on_source_lane_from(std::size_t k, std::size_t l, std::size_t i) const {
        return l >= k && l <= top && i == source;
    }
    bool on_sink_lane_to(std::size_t k, std::size_t l, std::size_t i) const { return l <= k && i == sink; }

    std::int64_t source_lane(std::size_t k) const {
        return cut([&](std::size_t l, std::size_t i) { return on_source_lane_from(k, l, i); });
    }
    std::int64_t sink_lane(std::size_t k) const {
        return cut([&](std::size_t l, std::size_t i) { return !on_sink_lane_to(k, l, i); });
    }
    std::int64_t crossing(std::size_t b) const {
        std::int64_t best = std::numeric_limits<std::int64_t>::max();
        for (std::size_t side = 0; side < std::size_t{1} << network.width(b); ++side) {
            best = std::min(best, cut([&](std::size_t l, std::size_t i) {
                                return l > b ? i == source : l == b ? (side >> i & 1) != 0 : i != sink;
                            }));
        }
        return best;
    }

    BindingCut expected(std::int64_t value) const {
        if (source_lane(top) == value) return {CutKind::source_row, 0};
        if (sink_lane(0) == value) return {CutKind::sink_column, 0};
        for (std::size_t k = top - 1; k >= 1; --k) {
            if (source_lane(k) == value) return {CutKind::source_lane, static_cast<std::uint32_t>(k)};
        }
        for (std::size_t k = 1; k + 2 <= top; ++k) {
            if (sink_lane(k) == value) return {CutKind::sink_lane, static_cast<std::uint32_t>(k)};
        }
        for (std::size_t b = 1; b + 1 <= top; ++b) {
            if (crossing(b) == value) return {CutKind::crossing, static_cast<std::uint32_t>(b)};
        }
        return {CutKind::interior, 0};
    }

    // The first cut of the vocabulary's table that has this capacity.
    BindingCut first_of_table(std::int64_t value) const {
        for (const CutShape& shape : cut_shapes()) {
            const std::int64_t lowest = shape.lowest.of(top), highest = shape.highest.of(top);
            for (std::int64_t step = 0; step <= highest - lowest; ++step) {
                const std::int64_t k = shape.is_downwards ? highest - step : lowest + step;
                if (shape.kind == CutKind::interior || capacity(shape, static_cast<std::size_t>(k)) != value)
                    continue;
                return {shape.kind, shape.has_layer ? static_cast<std::uint32_t>(k) : 0};
            }
        }
        return {CutKind::interior, 0};
    }

    std::int64_t capacity(const CutShape& shape, std::size_t k) const {
        return cut([&](std::size_t l, std::size_t i) {
            switch (l > k ? shape.above : l == k ? shape.at : shape.below) {
                case CutPart::nothing:
                    return false;
                case CutPart::source:
                    return i == source;
                case CutPart::dearer_above:
                    return is_dearer_above(k, i);
                case CutPart::all_but_sink:
                    return i != sink;
                case CutPart::everything:
                    return true;
            }
            return false;
        });
    }
    bool is_dearer_above(std::size_t k, std::size_t x) const {
        const std::int64_t above = source < network.width(k + 1) ? network.capacity(k + 1, source, x) : 0;
        return above > (sink < network.width(k - 1) ? network.capacity(k, x, sink) : 0);
    }
};

// The side holds the source and not the sink, and the edges out of it have the capacity of the cut.
void check_side(const FixedNetwork& g, std::size_t top, std::size_t source, std::size_t sink,
                CutClassifier& classifier, const BindingCut& cut, std::int64_t value) {
    const auto side = classifier.source_side(source, sink, cut);
    CHECK(side[g.vertex(top, source)] == 1);
    CHECK(side[g.vertex(0, sink)] == 0);
    std::int64_t sum = 0;
    for (std::size_t l = 1; l <= top; ++l) {
        for (std::size_t i = 0; i < g.width(l); ++i) {
            for (std::size_t j = 0; j < g.width(l - 1); ++j) {
                if (side[g.vertex(l, i)] == 1 && side[g.vertex(l - 1, j)] == 0) sum += g.capacity(l, i, j);
            }
        }
    }
    CHECK(sum == value);
}

}  // namespace

TEST_CASE("the binding cut is the first of the vocabulary with the flow's capacity", "[binding_cut]") {
    std::size_t seen[std::size(all_cut_kinds)] = {};
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        Random random(seed);
        const std::size_t layers = 1 + random.below(5);
        const std::size_t n = 2 + random.below(3);
        const bool causal = random.below(4) == 0;
        const double density = 0.3 + 0.7 * random.uniform();
        const std::uint64_t largest = 1 + random.below(30);
        const std::uint64_t lane = random.below(2) == 0 ? 0 : largest * random.below(4);  // a skip connection
        std::vector<std::size_t> widths(layers + 1, n);
        if (random.below(3) == 0) {
            for (auto& width : widths) width = 1 + random.below(4);
        }
        std::vector<std::int64_t> capacities;
        for (std::size_t l = 1; l <= layers; ++l) {
            for (std::size_t i = 0; i < widths[l]; ++i) {
                for (std::size_t j = 0; j < widths[l - 1]; ++j) {
                    std::uint64_t capacity = random.uniform() < density ? random.below(largest + 1) : 0;
                    if (i == j) capacity += lane;
                    if (causal && j > i) capacity = 0;
                    capacities.push_back(static_cast<std::int64_t>(capacity));
                }
            }
        }
        const FixedNetwork network(std::move(widths), std::move(capacities));
        CutClassifier classifier(network, layers);
        for (std::size_t s = 0; s < network.width(layers); ++s) {
            for (std::size_t t = 0; t < network.width(0); ++t) {
                const Problem problem(network, layers, s, t);
                const std::int64_t value =
                    brute_force_min_cut(network, network.vertex(layers, s), network.vertex(0, t));
                const BindingCut cut = classifier.classify(s, t, value);
                INFO("seed " << seed << ", source " << s << ", sink " << t << ", value " << value);
                CHECK(cut.text() == problem.expected(value).text());
                CHECK(cut.text() == problem.first_of_table(value).text());
                if (cut.kind != CutKind::interior) check_side(network, layers, s, t, classifier, cut, value);
                ++seen[static_cast<std::size_t>(cut.kind)];
            }
        }
    }
    for (const CutKind kind : all_cut_kinds) {
        INFO(to_string(kind));
        CHECK(seen[static_cast<std::size_t>(kind)] > 10);
    }
}

TEST_CASE("an interior cut has no side of its own", "[binding_cut]") {
    const FixedNetwork network({2, 2}, {1, 1, 1, 1});
    CHECK_THROWS_AS(CutClassifier(network, 1).source_side(0, 0, {CutKind::interior, 0}), InternalError);
}

TEST_CASE("cuts have names", "[binding_cut]") {
    CHECK(BindingCut{CutKind::source_row, 0}.text() == "source_row");
    CHECK(BindingCut{CutKind::sink_lane, 2}.text() == "sink_lane(2)");
    CHECK(BindingCut{CutKind::crossing, 3}.text() == "crossing(3)");
    CHECK(BindingCut{}.text() == "interior");
}

TEST_CASE("parts of cuts have names, and trivial cuts are those without a layer in between", "[binding_cut]") {
    CHECK(to_string(CutPart::nothing) == std::string("nothing"));
    CHECK(to_string(CutPart::dearer_above) == std::string("dearer_above"));
    CHECK(to_string(CutPart::all_but_sink) == std::string("all_but_sink"));
    CHECK(to_string(CutPart::everything) == std::string("everything"));
    for (const CutShape& shape : cut_shapes()) {
        INFO(shape.name);
        CHECK(&shape == &shape_of(shape.kind));
        CHECK(shape.is_trivial == (!shape.has_layer && shape.kind != CutKind::interior));
    }
}

TEST_CASE("a lane whose sum would pass 64 bits binds nothing", "[binding_cut]") {
    // All 10 units of layer 5 flow. Along the source's lane eight layers of 2^61 sum to 2^64, which wraps to 0 and
    // would leave for crossing(1) nothing but its meeting layer of 10 units.
    constexpr std::int64_t wide = std::int64_t{1} << 61;
    std::vector<std::int64_t> capacities{100, 100, 100, 100, 4, 6, 100, 100};
    for (std::size_t l = 3; l <= 11; ++l) {
        const std::vector<std::int64_t> narrow{2, 3, 1, 4};
        const std::vector<std::int64_t> layer{1, l == 11 ? wide - 3 : wide, 100, 100};
        capacities.insert(capacities.end(), l == 5 ? narrow.begin() : layer.begin(),
                          l == 5 ? narrow.end() : layer.end());
    }
    const FixedNetwork network(std::vector<std::size_t>(12, 2), std::move(capacities));
    CHECK(CutClassifier(network, 11).classify(0, 0, 10).text() == "interior");
}
