#include "graph/dimacs.hpp"

#include <array>
#include <charconv>
#include <istream>
#include <ostream>
#include <string_view>

#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::int64_t most_vertices = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t most_edges = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t most_isolated_vertices = 1'000'000;

class Reader {
public:
    Reader(std::istream& in, const std::string& name) : in_(in), name_(name) {}

    FlowProblem read() {
        while (next_line()) {
            const std::string_view kind = words_[0];
            if (kind == "p") {
                read_problem();
            } else if (kind == "n") {
                read_end();
            } else if (kind == "a") {
                read_edge();
            } else {
                refuse(fmt::format("'{}' begins no line of a max-flow problem, expected c, p, n or a",
                                   excerpt(kind)));
            }
        }
        finish();
        return std::move(problem_);
    }

private:
    [[noreturn]] void refuse(const std::string& what) const {
        throw InputError(fmt::format("{}: line {}: {}", name_, line_, what));
    }

    // The words of the next line that is neither empty nor a comment; false at the end.
    bool next_line() {
        constexpr std::size_t longest = 1000;
        while (in_.peek() != std::istream::traits_type::eof()) {
            ++line_;
            text_.clear();
            const bool comment = in_.peek() == 'c';
            for (int c = in_.get(); c != '\n' && c != std::istream::traits_type::eof(); c = in_.get()) {
                if (comment) continue;
                if (text_.size() == longest) refuse(fmt::format("longer than {} characters", longest));
                text_ += static_cast<char>(c);
            }
            split();
            if (count_ > 0) return true;
        }
        return false;
    }

    void split() {
        count_ = 0;
        std::string_view rest = text_;
        constexpr std::string_view blanks = " \t\r";
        for (;;) {
            const std::size_t begin = rest.find_first_not_of(blanks);
            if (begin == std::string_view::npos) return;
            rest.remove_prefix(begin);
            const std::size_t end = std::min(rest.find_first_of(blanks), rest.size());
            if (count_ < words_.size()) words_[count_] = rest.substr(0, end);
            ++count_;
            rest.remove_prefix(end);
        }
    }

    void expect_words(std::size_t count, const char* form) const {
        if (count_ != count) refuse(fmt::format("{} words, expected '{}'", count_, form));
    }

    std::int64_t number(std::size_t word, const char* what, std::int64_t least, std::int64_t most) const {
        const std::string_view text = words_[word];
        std::int64_t value = 0;
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
        if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < least || value > most) {
            refuse(fmt::format("{} is '{}', expected an integer in [{}, {}]", what, excerpt(text), least, most));
        }
        return value;
    }

    Vertex vertex(std::size_t word) const {
        return static_cast<Vertex>(number(word, "the vertex", 1, static_cast<std::int64_t>(problem_.vertices)) -
                                   1);
    }

    void need_problem() const {
        if (!has_problem_) refuse("comes before the problem line 'p max VERTICES EDGES'");
    }

    void read_problem() {
        expect_words(4, "p max VERTICES EDGES");
        if (has_problem_) refuse("a second problem line");
        if (words_[1] != "max") refuse(fmt::format("a problem of kind '{}', expected 'max'", excerpt(words_[1])));
        problem_.vertices = static_cast<std::size_t>(number(2, "the number of vertices", 2, most_vertices));
        claimed_edges_ = static_cast<std::size_t>(number(3, "the number of edges", 0, most_edges));
        has_problem_ = true;
    }

    void read_end() {
        need_problem();
        expect_words(3, "n VERTEX s' or 'n VERTEX t");
        const bool source = words_[2] == "s";
        if (!source && words_[2] != "t") refuse(fmt::format("'{}', expected s or t", excerpt(words_[2])));
        std::optional<Vertex>& end = source ? source_ : sink_;
        if (end) refuse(fmt::format("a second {}", source ? "source" : "sink"));
        end = vertex(1);
    }

    void read_edge() {
        need_problem();
        expect_words(4, "a FROM TO CAPACITY");
        if (problem_.edges.size() == claimed_edges_) {
            refuse(fmt::format("more edges than the {} of the problem line", claimed_edges_));
        }
        const FlowEdge edge{vertex(1), vertex(2), number(3, "the capacity", 0, largest_layer_sum<std::int64_t>)};
        if (edge.capacity > largest_layer_sum<std::int64_t> - total_) {
            refuse("the capacities so far sum to 2^62 or more; scale them down");
        }
        total_ += edge.capacity;
        problem_.edges.push_back(edge);
    }

    void finish() {
        const std::size_t edges = problem_.edges.size();
        if (!has_problem_) refuse("the file ends without a problem line 'p max VERTICES EDGES'");
        if (edges != claimed_edges_) {
            refuse(fmt::format("the file ends after {} edges, the problem line says {}; is it complete?", edges,
                               claimed_edges_));
        }
        if (!source_) refuse("the file ends without a source, 'n VERTEX s'");
        if (!sink_) refuse("the file ends without a sink, 'n VERTEX t'");
        if (*source_ == *sink_) refuse(fmt::format("source and sink are the same vertex, {}", *source_ + 1));
        if (problem_.vertices > 2 * edges + most_isolated_vertices) {
            refuse(fmt::format("{} vertices, of which {} edges can touch few; at most {} may have no edge",
                               problem_.vertices, edges, most_isolated_vertices));
        }
        problem_.source = *source_;
        problem_.sink = *sink_;
    }

    std::istream& in_;
    std::string name_;
    std::size_t line_ = 0;
    std::string text_;
    std::array<std::string_view, 4> words_;
    std::size_t count_ = 0;
    FlowProblem problem_;
    bool has_problem_ = false;
    std::size_t claimed_edges_ = 0;
    std::int64_t total_ = 0;
    std::optional<Vertex> source_;
    std::optional<Vertex> sink_;
};

}  // namespace

FlowProblem read_dimacs(std::istream& in, const std::string& name) { return Reader(in, name).read(); }

void write_dimacs(std::ostream& out, const FixedNetwork& network, Vertex source, Vertex sink,
                  const std::string& comment) {
    std::string_view rest = comment;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        out << "c " << rest.substr(0, end) << '\n';
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    out << fmt::format("p max {} {}\nn {} s\nn {} t\n", network.vertices(), network.edges(),
                       source + std::size_t{1}, sink + std::size_t{1});
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            const auto row = network.row(l, i);
            for (std::size_t j = 0; j < row.size(); ++j) {
                if (row[j] == 0) continue;
                out << fmt::format("a {} {} {}\n", network.vertex(l, i) + std::size_t{1},
                                   network.vertex(l - 1, j) + std::size_t{1}, row[j]);
            }
        }
    }
}

void write_dimacs_flow(std::ostream& out, const FlowProblem& problem, std::int64_t value,
                       std::span<const std::int64_t> flow) {
    out << fmt::format("s {}\n", value);
    for (std::size_t e = 0; e < flow.size(); ++e) {
        if (flow[e] == 0) continue;
        out << fmt::format("f {} {} {}\n", problem.edges[e].from + std::size_t{1},
                           problem.edges[e].to + std::size_t{1}, flow[e]);
    }
}

}  // namespace attnflow
