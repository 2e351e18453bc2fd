#include "graph/binding_cut.hpp"

#include <algorithm>
#include <iterator>

namespace attnflow {
namespace {

namespace table {

using enum CutPart;

constexpr CutLayer input{}, layer_1{false, 1}, top{true, 0}, below_top{true, 1}, two_below_top{true, 2};

// A kind a line: for people, trivial; source side above layer k, in it and below it; range of k; downwards; k in
// the name.
constexpr const char* lanes = "lanes and crossings";
constexpr CutShape shapes[] = {
    {CutKind::source_row, "source_row", "everything that leaves the source", "out-capacity of the source", true,
     nothing, source, nothing, top, top, false, false},
    {CutKind::sink_column, "sink_column", "everything that enters the token in layer 1",
     "in-capacity of the token", true, everything, all_but_sink, nothing, input, input, false, false},
    {CutKind::source_lane, "source_lane", "around the source's own lane", lanes, false,  //
     source, source, nothing, layer_1, below_top, true, true},
    {CutKind::sink_lane, "sink_lane", "around the token's own lane", lanes, false,  //
     everything, all_but_sink, all_but_sink, layer_1, two_below_top, false, true},
    {CutKind::crossing, "crossing", "from the source's lane to the token's lane", lanes, false,  //
     source, dearer_above, all_but_sink, layer_1, below_top, false, true},
    {CutKind::interior, "interior", "inside the network", "inside the network", false,  //
     nothing, nothing, nothing, input, input, false, false},
};

}  // namespace table

using table::shapes;
static_assert(std::equal(std::begin(shapes), std::end(shapes), std::begin(all_cut_kinds), std::end(all_cut_kinds),
                         [](const CutShape& shape, CutKind kind) { return shape.kind == kind; }));

// By vertex, 1 where it is reached from (source_layer, source).
std::vector<char> reached_from(const FixedNetwork& g, std::size_t source_layer, std::size_t source) {
    std::vector<char> reached(g.vertices(), 0);
    reached[g.vertex(source_layer, source)] = 1;
    for (std::size_t l = source_layer; l > 0; --l) {
        for (std::size_t i = 0; i < g.width(l); ++i) {
            if (!reached[g.vertex(l, i)]) continue;
            const auto row = g.row(l, i);
            for (std::size_t j = 0; j < row.size(); ++j) {
                if (row[j] > 0) reached[g.vertex(l - 1, j)] = 1;
            }
        }
    }
    return reached;
}

// By vertex, 1 where (0, sink) is reached from it; layers up to `top`.
std::vector<char> reaching(const FixedNetwork& g, std::size_t top, std::size_t sink) {
    std::vector<char> reaches(g.vertices(), 0);
    reaches[g.vertex(0, sink)] = 1;
    for (std::size_t l = 1; l <= top; ++l) {
        for (std::size_t i = 0; i < g.width(l); ++i) {
            const auto row = g.row(l, i);
            for (std::size_t j = 0; j < row.size(); ++j) {
                if (row[j] > 0 && reaches[g.vertex(l - 1, j)]) {
                    reaches[g.vertex(l, i)] = 1;
                    break;
                }
            }
        }
    }
    return reaches;
}

}  // namespace

std::span<const CutShape> cut_shapes() { return shapes; }

const CutShape& shape_of(CutKind kind) { return shapes[static_cast<std::size_t>(kind)]; }

const char* to_string(CutKind kind) { return shape_of(kind).name; }

const char* to_string(CutPart part) {
    switch (part) {
        case CutPart::nothing:
            return "nothing";
        case CutPart::source:
            return "source";
        case CutPart::dearer_above:
            return "dearer_above";
        case CutPart::all_but_sink:
            return "all_but_sink";
        case CutPart::everything:
            return "everything";
    }
    throw InternalError("no such part of a cut");
}

std::string BindingCut::text() const {
    const CutShape& shape = shape_of(kind);
    return shape.has_layer ? fmt::format("{}({})", shape.name, layer) : shape.name;
}

CutClassifier::CutClassifier(const FixedNetwork& network, std::size_t source_layer)
    : g_(network), top_(source_layer), reaches_(network.width(0)) {
    for (std::size_t l = 1; l <= top_; ++l) full_ = full_ && g_.is_full(l);
}

void CutClassifier::enter_source(std::size_t source) {
    if (source_ == source) return;
    source_ = source;
    reached_ = reached_from(g_, top_, source);
}

const CutClassifier::Mask& CutClassifier::reaches(std::size_t sink) {
    Mask& mask = reaches_[sink];
    if (mask.empty()) mask = reaching(g_, top_, sink);
    return mask;
}

// Vertices of the source's and of the input layer always count: the closed forms contain
// whole rows of layer 1 and columns of layer L.
bool CutClassifier::on_path(std::size_t layer, std::size_t position) const {
    if (full_ || layer == 0 || layer == top_) return true;
    const Vertex v = g_.vertex(layer, position);
    return reached_[v] && (*to_sink_)[v];
}

std::int64_t CutClassifier::row_sum(std::size_t layer, std::size_t position, bool with_diagonal) const {
    if (position >= g_.width(layer) || !on_path(layer, position)) return 0;
    const auto row = g_.row(layer, position);
    std::int64_t sum = 0;
    for (std::size_t j = 0; j < row.size(); ++j) {
        if ((with_diagonal || j != position) && on_path(layer - 1, j)) sum += row[j];
    }
    return sum;
}

std::int64_t CutClassifier::column_sum(std::size_t layer, std::size_t position, bool with_diagonal) const {
    if (position >= g_.width(layer - 1) || !on_path(layer - 1, position)) return 0;
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < g_.width(layer); ++i) {
        if ((with_diagonal || i != position) && on_path(layer, i)) sum += g_.capacity(layer, i, position);
    }
    return sum;
}

// What layer b contributes to crossing(b): each of its vertices is cut on its cheaper side.
std::int64_t CutClassifier::meeting(std::size_t b, std::size_t source, std::size_t sink) const {
    if (source >= g_.width(b + 1) || sink >= g_.width(b - 1)) return 0;
    if (!on_path(b + 1, source) || !on_path(b - 1, sink)) return 0;
    const auto row = g_.row(b + 1, source);
    std::int64_t sum = 0;
    for (std::size_t x = 0; x < row.size(); ++x) sum += std::min(row[x], g_.capacity(b, x, sink));
    return sum;
}

BindingCut CutClassifier::classify(std::size_t source, std::size_t sink, std::int64_t value) {
    if (!full_) {
        enter_source(source);
        to_sink_ = &reaches(sink);
    }
    const Question asked{source, sink, value};
    out_of_source_lane_.assign(1, 0);
    into_sink_lane_.assign(1, 0);
    for (const CutShape& shape : shapes) {
        if (shape.kind == CutKind::interior) break;
        const std::int64_t lowest = shape.lowest.of(top_);
        const std::int64_t highest = shape.highest.of(top_);
        for (std::int64_t step = 0; step <= highest - lowest; ++step) {
            const auto k = static_cast<std::uint32_t>(shape.is_downwards ? highest - step : lowest + step);
            if (has_capacity(asked, shape, k)) return {shape.kind, shape.has_layer ? k : 0};
        }
    }
    return {CutKind::interior, 0};
}

CutClassifier::Mask CutClassifier::source_side(std::size_t source, std::size_t sink, const BindingCut& cut) {
    const CutShape& shape = shape_of(cut.kind);
    if (shape.kind == CutKind::interior)
        throw InternalError("the side of an interior cut comes from a certificate");
    const std::size_t k = shape.has_layer ? cut.layer : static_cast<std::size_t>(shape.lowest.of(top_));
    const auto is_dearer_above = [&](std::size_t x) {
        return edge_or_none(k + 1, source, x) > edge_or_none(k, x, sink);
    };
    const auto is_on_source_side = [&](std::size_t l, std::size_t i) {
        switch (shape.in_layer(l, k)) {
            case CutPart::nothing:
                return false;
            case CutPart::source:
                return i == source;
            case CutPart::dearer_above:
                return is_dearer_above(i);
            case CutPart::all_but_sink:
                return i != sink;
            case CutPart::everything:
                return true;
        }
        return false;
    };
    enter_source(source);
    const Mask& to_sink = reaches(sink);
    Mask side(g_.vertices(), 0);
    for (std::size_t l = 0; l <= top_; ++l) {
        for (std::size_t i = 0; i < g_.width(l); ++i) {
            const Vertex v = g_.vertex(l, i);
            side[v] = !to_sink[v] || (reached_[v] && is_on_source_side(l, i));
        }
    }
    return side;
}

// An edge to or from a position that a layer lacks has capacity 0.
std::int64_t CutClassifier::edge_or_none(std::size_t layer, std::size_t from, std::size_t to) const {
    return from < g_.width(layer) && to < g_.width(layer - 1) ? g_.capacity(layer, from, to) : 0;
}

std::int64_t CutClassifier::out_of_source_lane(const Question& asked, std::size_t layers) {
    auto& sums = out_of_source_lane_;
    while (sums.size() <= layers) {
        const std::int64_t sum = sums.back();
        const std::size_t layer = top_ + 1 - sums.size();
        sums.push_back(sum > asked.value ? sum : add_capacities(sum, row_sum(layer, asked.source, false)));
    }
    return sums[layers];
}

std::int64_t CutClassifier::into_sink_lane(const Question& asked, std::size_t layers) {
    auto& sums = into_sink_lane_;
    while (sums.size() <= layers) {
        const std::int64_t sum = sums.back();
        const std::size_t layer = sums.size();
        sums.push_back(sum > asked.value ? sum : add_capacities(sum, column_sum(layer, asked.sink, false)));
    }
    return sums[layers];
}

// What leaves the source side through the matrix of a layer, where that side holds `from` above the matrix and
// another part, `to`, below it.
std::int64_t CutClassifier::out_of_layer(const Question& asked, std::size_t layer, CutPart from,
                                         CutPart to) const {
    using enum CutPart;
    if (from == CutPart::source && to == nothing) return row_sum(layer, asked.source, true);
    if (from == everything && to == all_but_sink) return column_sum(layer, asked.sink, true);
    if (from == CutPart::source && to == dearer_above) return meeting(layer - 1, asked.source, asked.sink);
    if (from == dearer_above && to == all_but_sink) return 0;  // the meeting holds both of its layers
    throw InternalError("a cut of the vocabulary has no closed form");
}

// Each closed form is the lane of the source above layer k, the lane of the sink below it, and what changes there.
bool CutClassifier::has_capacity(const Question& asked, const CutShape& shape, std::size_t k) {
    std::int64_t sum = 0;
    if (shape.above == CutPart::source) {
        const std::size_t first = shape.at == shape.above ? k + 1 : k + 2;
        sum = add_capacities(sum, out_of_source_lane(asked, top_ + 1 - first));
    }
    if (shape.below == CutPart::all_but_sink) {
        const std::size_t last = shape.at == shape.below ? k : k - 1;
        sum = add_capacities(sum, into_sink_lane(asked, last));
    }
    if (sum <= asked.value && k < top_ && shape.above != shape.at)
        sum = add_capacities(sum, out_of_layer(asked, k + 1, shape.above, shape.at));
    if (sum <= asked.value && k >= 1 && shape.at != shape.below)
        sum = add_capacities(sum, out_of_layer(asked, k, shape.at, shape.below));
    return sum == asked.value;
}

}  // namespace attnflow
