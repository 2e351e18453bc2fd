#include <map>

#include <catch2/catch.hpp>

#include "graph/residual.hpp"

using namespace attnflow;

namespace {

FixedNetwork numbered(std::vector<std::size_t> widths) {
    std::vector<std::int64_t> capacities(FixedNetwork::slots_for(widths));
    for (std::size_t s = 0; s < capacities.size(); ++s) capacities[s] = static_cast<std::int64_t>(s + 1);
    return {std::move(widths), std::move(capacities)};
}

}  // namespace

TEST_CASE("the residual view holds source, sink and all between them, each edge with its partner", "[graph]") {
    const FixedNetwork g = numbered({2, 3, 1, 4});
    const struct {
        std::size_t high, source, low, sink, vertices, slots;
    } cases[] = {
        {3, 2, 0, 1, 1 + 3 + 1 + 1, 3 + 3 + 1},
        {3, 0, 1, 2, 1 + 1 + 1, 1 + 1},
        {1, 2, 0, 0, 2, 1},
        {2, 0, 0, 1, 1 + 3 + 1, 3 + 3},
    };
    for (const auto& c : cases) {
        const ResidualView<std::int64_t> view(g, g.vertex(c.high, c.source), g.vertex(c.low, c.sink));
        INFO("from layer " << c.high << " to layer " << c.low);
        CHECK(view.size() == c.vertices);
        CHECK(view.to_network(view.source()) == g.vertex(c.high, c.source));
        CHECK(view.to_network(view.sink()) == g.vertex(c.low, c.sink));
        CHECK(num_edges(view) == 2 * c.slots);
        std::map<std::uint32_t, ResidualEdge> by_index;
        for (auto [e, end] = edges(view); e != end; ++e) CHECK(by_index.emplace((*e).index, *e).second);
        CHECK(by_index.size() == 2 * c.slots);
        for (const auto& [index, e] : by_index) {
            const auto partner = by_index.find(e.partner);
            REQUIRE(partner != by_index.end());
            CHECK(partner->second.partner == index);
            CHECK(partner->second.from == e.to);
            CHECK(partner->second.to == e.from);
            const Vertex from = view.to_network(e.from);
            const Vertex to = view.to_network(e.to);
            const bool forward = g.layer_of(from) > g.layer_of(to);
            CHECK((index < g.slots()) == forward);
            if (forward) CHECK(index == g.slot(g.layer_of(from), g.position_of(from), g.position_of(to)));
            const auto [found, exists] = edge(e.from, e.to, view);
            CHECK(exists);
            CHECK(found.index == index);
            CHECK(found.partner == e.partner);
        }
    }
    const ResidualView<std::int64_t> view(g, g.vertex(3, 0), g.vertex(0, 0));
    CHECK_FALSE(edge(view.source(), view.sink(), view).second);
    CHECK_THROWS_AS((ResidualView<std::int64_t>(g, g.vertex(0, 0), g.vertex(0, 1))), ParameterError);
}

TEST_CASE("a residual state starts with all capacity forward and none back", "[graph]") {
    const FixedNetwork g = numbered({2, 3, 1, 4});
    ResidualState<std::int64_t> state;
    state.reset(g, 0, 3);
    for (std::size_t s = 0; s < g.slots(); ++s) {
        CHECK(state.forward()[s] == g.capacities()[s]);
        CHECK(state.data()[g.slots() + s] == 0);
    }
    state.data()[0] = -7;  // a smaller problem resets its layers only
    state.reset(g, 1, 3);
    CHECK(state.data()[0] == -7);
    state.reset(g, 0, 1);
    CHECK(state.data()[0] == 1);
}

TEST_CASE("the residual view leaves out what is not between source and sink", "[graph]") {
    // Causal: position i sees 0..i. From 3 to 1 only the positions 1..3 can carry flow.
    const std::size_t n = 5;
    std::vector<std::int64_t> capacities;
    for (std::size_t l = 0; l < 3; ++l) {
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) capacities.push_back(j <= i ? 1 : 0);
        }
    }
    const FixedNetwork g({n, n, n, n}, std::move(capacities));
    const ResidualView<std::int64_t> view(g, g.vertex(3, 3), g.vertex(0, 1));
    CHECK(view.window(3) == Extent{3, 4});
    CHECK(view.window(2) == Extent{1, 4});
    CHECK(view.window(1) == Extent{1, 4});
    CHECK(view.window(0) == Extent{1, 2});
    CHECK(view.size() == 1 + 3 + 3 + 1);
    // Down: 3 from the source; 1, 2, 3 from layer 2; one each from layer 1. Each has a partner.
    CHECK(num_edges(view) == 2 * (3 + 6 + 3));
    for (auto [e, end] = edges(view); e != end; ++e) {
        const auto [found, exists] = edge((*e).from, (*e).to, view);
        CHECK(exists);
        CHECK(found.index == (*e).index);
        CHECK(found.partner == (*e).partner);
    }
    CHECK_FALSE(edge(view.vertex(2, 1), view.vertex(1, 2), view).second);
    for (std::size_t p = 1; p < 4; ++p) CHECK(view.to_network(view.vertex(2, p)) == g.vertex(2, p));

    // Nothing between: only source and sink, no edges.
    const ResidualView<std::int64_t> apart(g, g.vertex(3, 1), g.vertex(0, 4));
    CHECK(apart.size() == 2);
    CHECK(num_edges(apart) == 0);
}

TEST_CASE("a view sets the flow of its own edges to zero, whatever was there", "[graph]") {
    const FixedNetwork g = numbered({2, 3, 1, 4});
    const ResidualView<std::int64_t> view(g, g.vertex(3, 2), g.vertex(0, 1));
    ResidualState<std::int64_t> state;
    state.make_room(2 * g.slots());
    std::fill_n(state.data(), 2 * g.slots(), -7);
    view.reset_flow(state);
    for (std::size_t s = 0; s < g.slots(); ++s) CHECK(state.forward()[s] == g.capacities()[s]);
    for (auto [e, end] = edges(view); e != end; ++e) {
        const bool forward = (*e).index < g.slots();
        CHECK(state.data()[(*e).index] == (forward ? g.capacities()[(*e).index] : 0));
    }
}
