#include <sstream>

#include <catch2/catch.hpp>

#include "graph/dimacs.hpp"
#include "graph/generators/network_generator.hpp"
#include "graph/quantiser.hpp"

using namespace attnflow;

namespace {

FlowProblem read(const std::string& text) {
    std::istringstream in(text);
    return read_dimacs(in, "x.max");
}

std::string refusal(const std::string& text) {
    try {
        read(text);
    } catch (const InputError& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a DIMACS problem is read, whatever its blanks and line ends", "[dimacs]") {
    const FlowProblem problem = read(
        "c example\r\n\n  p  max\t3 3\r\nn 1 s\nc between\nn 3 t\na 1 2 5\na 2 3 4611686018427387898\n a 1 1 0");
    CHECK(problem.vertices == 3);
    CHECK(problem.source == 0);
    CHECK(problem.sink == 2);
    REQUIRE(problem.edges.size() == 3);
    CHECK(problem.edges[1].from == 1);
    CHECK(problem.edges[1].to == 2);
    CHECK(problem.edges[1].capacity == 4611686018427387898);
    CHECK(read("c " + std::string(5000, 'x') + "\np max 2 0\nn 1 s\nn 2 t\n").edges.empty());
}

TEST_CASE("what is written is read back", "[dimacs]") {
    const auto g = Quantiser()(network_generators().at("varying_widths").make()->generate({4, 6}, 3)).network;
    const Vertex source = g.vertex(4, g.width(4) - 1);
    std::ostringstream out;
    write_dimacs(out, g, source, 2, "two\nlines");
    CHECK(out.str().rfind("c two\nc lines\np max ", 0) == 0);
    const FlowProblem problem = read(out.str());
    CHECK(problem.vertices == g.vertices());
    CHECK(problem.edges.size() == g.edges());
    CHECK(problem.source == source);
    CHECK(problem.sink == 2);
    for (const FlowEdge& edge : problem.edges) {
        const std::size_t l = g.layer_of(edge.from);
        CHECK(g.layer_of(edge.to) + 1 == l);
        CHECK(g.capacity(l, g.position_of(edge.from), g.position_of(edge.to)) == edge.capacity);
    }
    std::ostringstream flow;
    write_dimacs_flow(flow, read("p max 3 2\nn 1 s\nn 3 t\na 1 2 5\na 2 3 4\n"), 4,
                      std::vector<std::int64_t>{4, 0});
    CHECK(flow.str() == "s 4\nf 1 2 4\n");
}

TEST_CASE("files that are no DIMACS problem are refused with their line", "[dimacs]") {
    const std::string head = "p max 3 1\nn 1 s\nn 3 t\n";
    const struct {
        std::string text;
        std::string message;
    } cases[] = {
        {"", "line 0: the file ends without a problem line 'p max VERTICES EDGES'"},
        {"c nothing\n", "line 1: the file ends without a problem line 'p max VERTICES EDGES'"},
        {"a 1 2 3\n", "line 1: comes before the problem line 'p max VERTICES EDGES'"},
        {"n 1 s\n", "line 1: comes before the problem line 'p max VERTICES EDGES'"},
        {"p max 3\n", "line 1: 3 words, expected 'p max VERTICES EDGES'"},
        {"p min 3 1\n", "line 1: a problem of kind 'min', expected 'max'"},
        {"p max -3 1\n", "line 1: the number of vertices is '-3', expected an integer in [2, 2147483647]"},
        {"p max 3 99999999999999999999\n",
         "line 1: the number of edges is '99999999999999999999', expected an integer in [0, 2147483647]"},
        {head + head, "line 4: a second problem line"},
        {"p max 3 1\nn 1 s\nn 2 s\n", "line 3: a second source"},
        {"p max 3 1\nn 1 s\nn 2 x\n", "line 3: 'x', expected s or t"},
        {"p max 3 1\nn 4 s\n", "line 2: the vertex is '4', expected an integer in [1, 3]"},
        {head + "a 0 2 3\n", "line 4: the vertex is '0', expected an integer in [1, 3]"},
        {head + "a 1 2\n", "line 4: 3 words, expected 'a FROM TO CAPACITY'"},
        {head + "a 1 2 3 4\n", "line 4: 5 words, expected 'a FROM TO CAPACITY'"},
        {head + "a 1 2 1.5\n", "line 4: the capacity is '1.5', expected an integer in [0, 4611686018427387903]"},
        {head + "a 1 2 -1\n", "line 4: the capacity is '-1', expected an integer in [0, 4611686018427387903]"},
        {head + "a 1 2 4611686018427387904\n",
         "line 4: the capacity is '4611686018427387904', expected an integer in [0, 4611686018427387903]"},
        {head + "a 1 2 1\na 2 3 1\n", "line 5: more edges than the 1 of the problem line"},
        {head, "line 3: the file ends after 0 edges, the problem line says 1; is it complete?"},
        {"p max 3 1000000000\nn 1 s\nn 3 t\na 1 3 2\n",
         "line 4: the file ends after 1 edges, the problem line says 1000000000; is it complete?"},
        {"p max 2000000000 1\nn 1 s\nn 3 t\na 1 3 2\n",
         "line 4: 2000000000 vertices, of which 1 edges can touch few; at most 1000000 may have no edge"},
        {"p max 3 1\nn 1 s\na 1 3 2\n", "line 3: the file ends without a sink, 'n VERTEX t'"},
        {"p max 3 1\nn 1 t\na 1 3 2\n", "line 3: the file ends without a source, 'n VERTEX s'"},
        {"p max 3 1\nn 1 t\nn 1 s\na 1 3 2\n", "line 4: source and sink are the same vertex, 1"},
        {"p max 3 2\nn 1 s\nn 3 t\na 1 2 4611686018427387903\na 2 3 1\n",
         "line 5: the capacities so far sum to 2^62 or more; scale them down"},
        {head + "e 1 2 3\n", "line 4: 'e' begins no line of a max-flow problem, expected c, p, n or a"},
        {head + "a 1 2 \x1b[2J\n",
         "line 4: the capacity is '\\u001b[2J', expected an integer in [0, 4611686018427387903]"},
        {head + std::string(5000, 'a') + "\n", "line 4: longer than 1000 characters"},
    };
    for (const auto& c : cases) {
        INFO(c.text.substr(0, 80));
        CHECK(refusal(c.text) == "x.max: " + c.message);
    }
}
