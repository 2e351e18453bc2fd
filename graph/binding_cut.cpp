#include "graph/binding_cut.hpp"

#include <algorithm>

namespace attnflow {

const char* to_string(CutKind kind) {
    constexpr const char* names[] = {"source_row", "sink_column", "source_lane",
                                     "sink_lane",  "crossing",    "interior"};
    return names[static_cast<std::size_t>(kind)];
}

const char* meaning(CutKind kind) {
    constexpr const char* meanings[] = {"everything that leaves the source",
                                        "everything that enters the token in layer 1",
                                        "around the source's own lane",
                                        "around the token's own lane",
                                        "from the source's lane to the token's lane",
                                        "inside the network"};
    return meanings[static_cast<std::size_t>(kind)];
}

std::string BindingCut::text() const {
    const bool indexed = kind == CutKind::source_lane || kind == CutKind::sink_lane || kind == CutKind::crossing;
    return indexed ? fmt::format("{}({})", to_string(kind), layer) : to_string(kind);
}

CutClassifier::CutClassifier(const FixedNetwork& network, std::size_t source_layer)
    : g_(network), top_(source_layer), reaches_(network.width(0)) {
    for (std::size_t l = 1; l <= top_; ++l) full_ = full_ && g_.is_full(l);
}

void CutClassifier::enter_source(std::size_t source) {
    if (source_ == source) return;
    source_ = source;
    reached_.assign(g_.vertices(), 0);
    reached_[g_.vertex(top_, source)] = 1;
    for (std::size_t l = top_; l > 0; --l) {
        for (std::size_t i = 0; i < g_.width(l); ++i) {
            if (!reached_[g_.vertex(l, i)]) continue;
            const auto row = g_.row(l, i);
            for (std::size_t j = 0; j < row.size(); ++j) {
                if (row[j] > 0) reached_[g_.vertex(l - 1, j)] = 1;
            }
        }
    }
}

const CutClassifier::Mask& CutClassifier::reaches(std::size_t sink) {
    Mask& mask = reaches_[sink];
    if (!mask.empty()) return mask;
    mask.assign(g_.vertices(), 0);
    mask[g_.vertex(0, sink)] = 1;
    for (std::size_t l = 1; l <= top_; ++l) {
        for (std::size_t i = 0; i < g_.width(l); ++i) {
            const auto row = g_.row(l, i);
            for (std::size_t j = 0; j < row.size(); ++j) {
                if (row[j] > 0 && mask[g_.vertex(l - 1, j)]) {
                    mask[g_.vertex(l, i)] = 1;
                    break;
                }
            }
        }
    }
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
    Mask side(g_.vertices(), 0);
    const auto set_lane = [&](std::size_t from, std::size_t to, std::size_t position, char value) {
        for (std::size_t l = from; l <= to; ++l) {
            if (position < g_.width(l)) side[g_.vertex(l, position)] = value;
        }
    };
    const std::size_t layer = cut.layer;
    switch (cut.kind) {
        case CutKind::source_row:
            set_lane(top_, top_, source, 1);
            break;
        case CutKind::source_lane:
            set_lane(layer, top_, source, 1);
            break;
        case CutKind::sink_column:
            side.assign(side.size(), 1);
            set_lane(0, 0, sink, 0);
            break;
        case CutKind::sink_lane:
            side.assign(side.size(), 1);
            set_lane(0, layer, sink, 0);
            break;
        case CutKind::crossing:
            std::fill(side.begin(), side.begin() + static_cast<std::ptrdiff_t>(g_.vertex(layer, 0)), 1);
            set_lane(0, layer - 1, sink, 0);
            set_lane(layer + 1, top_, source, 1);
            for (std::size_t x = 0; x < g_.width(layer); ++x)
                side[g_.vertex(layer, x)] =
                    edge_or_none(layer + 1, source, x) > edge_or_none(layer, x, sink) ? 1 : 0;
            break;
        case CutKind::interior:
            throw InternalError("the side of an interior cut comes from a certificate");
    }
    enter_source(source);
    const Mask& to_sink = reaches(sink);
    for (std::size_t v = 0; v < side.size(); ++v) {
        if (to_sink[v] == 0) side[v] = 1;
        if (to_sink[v] != 0 && reached_[v] == 0) side[v] = 0;
    }
    return side;
}

// Of narrow layers some lanes are not there.
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
