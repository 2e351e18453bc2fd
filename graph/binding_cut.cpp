#include "graph/binding_cut.hpp"

#include <algorithm>
#include <iterator>

namespace attnflow {
namespace {

namespace table {

using enum CutPart;

constexpr CutLayer input{}, layer_1{false, 1}, top{true, 0}, below_top{true, 1}, two_below_top{true, 2};

// A kind a line: source side above layer k, in it and below it; range of k; downwards; k in the name.
constexpr CutShape shapes[] = {
    {CutKind::source_row, "source_row", "everything that leaves the source",  //
     nothing, source, nothing, top, top, false, false},
    {CutKind::sink_column, "sink_column", "everything that enters the token in layer 1",  //
     everything, all_but_sink, nothing, input, input, false, false},
    {CutKind::source_lane, "source_lane", "around the source's own lane",  //
     source, source, nothing, layer_1, below_top, true, true},
    {CutKind::sink_lane, "sink_lane", "around the token's own lane",  //
     everything, all_but_sink, all_but_sink, layer_1, two_below_top, false, true},
    {CutKind::crossing, "crossing", "from the source's lane to the token's lane",  //
     source, dearer_above, all_but_sink, layer_1, below_top, false, true},
    {CutKind::interior, "interior", "inside the network",  //
     nothing, nothing, nothing, input, input, false, false},
};

}  // namespace table

using table::shapes;
static_assert(std::equal(std::begin(shapes), std::end(shapes), std::begin(all_cut_kinds), std::end(all_cut_kinds),
                         [](const CutShape& shape, CutKind kind) { return shape.kind == kind; }));

const CutShape& shape_of(CutKind kind) { return shapes[static_cast<std::size_t>(kind)]; }

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

const char* to_string(CutKind kind) { return shape_of(kind).name; }
const char* meaning(CutKind kind) { return shape_of(kind).meaning; }

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
    if (row_sum(top_, source, true) == value) return {CutKind::source_row, 0};
    if (column_sum(1, sink, true) == value) return {CutKind::sink_column, 0};
    if (const auto cut = match_source_lane(source, value)) return *cut;
    if (const auto cut = match_sink_lane(sink, value)) return *cut;
    if (const auto cut = match_crossing(source, sink, value)) return *cut;
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
        switch (l > k ? shape.above : l == k ? shape.at : shape.below) {
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

std::optional<BindingCut> CutClassifier::match_source_lane(std::size_t source, std::int64_t value) const {
    std::int64_t above = 0;
    for (std::size_t k = top_ - 1; k >= 1; --k) {
        above = add_capacities(above, row_sum(k + 1, source, false));
        if (above > value) break;
        if (add_capacities(above, row_sum(k, source, true)) == value) {
            return BindingCut{CutKind::source_lane, static_cast<std::uint32_t>(k)};
        }
    }
    return std::nullopt;
}

std::optional<BindingCut> CutClassifier::match_sink_lane(std::size_t sink, std::int64_t value) const {
    std::int64_t below = 0;
    for (std::size_t k = 1; k + 2 <= top_; ++k) {
        below = add_capacities(below, column_sum(k, sink, false));
        if (below > value) break;
        if (add_capacities(below, column_sum(k + 1, sink, true)) == value) {
            return BindingCut{CutKind::sink_lane, static_cast<std::uint32_t>(k)};
        }
    }
    return std::nullopt;
}

std::optional<BindingCut> CutClassifier::match_crossing(std::size_t source, std::size_t sink,
                                                        std::int64_t value) const {
    std::vector<std::int64_t> above(top_ + 2, 0);  // above[l] = sum of o_m(source) over m >= l
    for (std::size_t l = top_; l >= 3; --l) above[l] = add_capacities(above[l + 1], row_sum(l, source, false));
    std::int64_t below = 0;  // sum of c_l(sink) over l <= b-1
    for (std::size_t b = 1; b + 1 <= top_; ++b) {
        if (below > value) break;
        const std::int64_t lanes = add_capacities(above[b + 2], below);
        if (lanes <= value && add_capacities(lanes, meeting(b, source, sink)) == value) {
            return BindingCut{CutKind::crossing, static_cast<std::uint32_t>(b)};
        }
        below = add_capacities(below, column_sum(b, sink, false));
    }
    return std::nullopt;
}

}  // namespace attnflow
