#include "algorithms/maxflow/dinic.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace attnflow {
namespace {

constexpr std::int64_t all = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t no_level = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t exhausted = std::numeric_limits<std::uint32_t>::max();  // a cursor at the end

}  // namespace

EntryInfo Dinic::describe() {
    return {.name = "dinic",
            .summary = "Dinic's blocking flows; the layers are the first level graph",
            .paper = "Dinic 1970; Dinitz 2006, doi:10.1007/11685654_10",
            .complexity = "O(V^2 E) worst case; memory one capacity a slot"};
}

std::int64_t Dinic::solve(const FixedNetwork& network, Vertex source, Vertex sink,
                          ResidualState<std::int64_t>& state) {
    view_.reset(network, source, sink);
    state.reset_forward(network, view_.low(), view_.high());
    capacity_ = network.capacities().data();
    residual_ = state.data();
    std::int64_t value = first_blocking_flow();
    if (is_closed()) return value;
    while (find_levels()) value += blocking_flow();
    return value;
}

// Without flow the level of a vertex is its layer, so the path of frames has one vertex a
// layer: frame k is in layer high - k.
std::int64_t Dinic::first_blocking_flow() {
    const std::size_t low = view_.low();
    cursor_.assign(view_.size(), 0);
    const auto slot = [&](Vertex v) { return view_.down(v).index + cursor_[v]; };
    const auto has_edges = [&](Vertex v) { return cursor_[v] < view_.down(v).count; };

    if (view_.high() == low + 1) {
        if (!has_edges(view_.source())) return 0;
        return std::exchange(residual_[slot(view_.source())], 0);
    }
    const Extent window = view_.window(low + 1);
    const auto outlet_slot = [&](std::size_t x) {
        return view_.network().slot(low + 1, x, view_.network().position_of(view_.to_network(view_.sink())));
    };
    outlet_.resize(window.size());
    for (std::size_t x = window.begin; x < window.end; ++x) outlet_[x - window.begin] = residual_[outlet_slot(x)];
    outlet_left_ = std::accumulate(outlet_.begin(), outlet_.end(), std::int64_t{0});

    frames_.assign(1, {view_.source(), all, 0});
    for (;;) {
        Frame& frame = frames_.back();
        const Vertex v = frame.vertex;
        if (view_.high() - (frames_.size() - 1) == low + 2) {
            frame.sent = drain(v, frame.wanted);
        } else {
            // Most edges of a dense layer are passed over here, so the loop touches nothing else.
            const ResidualRun run = view_.down(v);
            const std::int64_t* const row = residual_ + run.index;
            const std::uint32_t* const below = cursor_.data() + (run.to_minus_index + run.index);
            std::uint32_t k = cursor_[v];
            while (k < run.count && (row[k] == 0 || below[k] == exhausted)) ++k;
            cursor_[v] = k;
            if (k < run.count && frame.sent < frame.wanted && outlet_left_ > 0) {
                const Vertex to = run.to_minus_index + run.index + k;
                frames_.push_back({to, std::min(frame.wanted - frame.sent, row[k]), 0});
                continue;
            }
        }
        if (!has_edges(v)) cursor_[v] = exhausted;
        const Frame done = frame;
        frames_.pop_back();
        if (frames_.empty()) {
            for (std::size_t x = window.begin; x < window.end; ++x) {
                residual_[outlet_slot(x)] = outlet_[x - window.begin];
            }
            return done.sent;
        }
        Frame& parent = frames_.back();
        parent.sent += done.sent;
        residual_[slot(parent.vertex)] -= done.sent;
        if (cursor_[v] == exhausted) ++cursor_[parent.vertex];
    }
}

// The last two hops from v, in layer low + 2, in one pass over its row.
std::int64_t Dinic::drain(Vertex v, std::int64_t wanted) {
    const ResidualRun& run = view_.down(v);
    std::int64_t* const row = residual_ + run.index;
    std::int64_t* const outlet = outlet_.data() + (run.to_minus_index + run.index - 1);  // vertex 0 is the sink
    std::uint32_t k = cursor_[v];
    std::int64_t left = wanted;
    for (; k < run.count; ++k) {
        const std::int64_t amount = std::min(left, std::min(row[k], outlet[k]));
        row[k] -= amount;
        outlet[k] -= amount;
        left -= amount;
        if (left == 0) break;
    }
    cursor_[v] = k;
    outlet_left_ -= wanted - left;
    return wanted - left;
}

// The flow is maximum for a reason that needs no search: nothing more can leave the source,
// or nothing more can enter the sink.
bool Dinic::is_closed() const {
    const ResidualRun& out = view_.down(view_.source());
    const auto zero = [](std::int64_t residual) { return residual == 0; };
    if (std::all_of(residual_ + out.index, residual_ + out.index + out.count, zero)) return true;
    return view_.high() > view_.low() + 1 && outlet_left_ == 0;
}

// Breadth-first search from the sink against the residual edges, until the source has a level.
bool Dinic::find_levels() {
    const FixedNetwork& g = view_.network();
    level_.assign(view_.size(), no_level);
    level_[view_.sink()] = 0;
    without_level_.resize(view_.high() + 1);
    for (std::size_t l = view_.low() + 1; l <= view_.high(); ++l) {
        const Extent window = view_.window(l);
        without_level_[l].resize(window.size());
        std::iota(without_level_[l].begin(), without_level_[l].end(), window.begin);
    }
    queue_.assign(1, view_.sink());
    for (std::size_t next = 0; next < queue_.size(); ++next) {
        const Vertex v = queue_[next];
        const std::size_t l = g.layer_of(view_.to_network(v));
        const std::size_t p = g.position_of(view_.to_network(v));
        const std::uint32_t level = level_[v] + 1;
        if (l < view_.high()) label(l + 1, level, g.slot(l + 1, 0, p), g.width(l), true);
        if (l > view_.low() + 1) label(l - 1, level, g.slot(l, p, 0), 1, false);
        if (level_[view_.source()] != no_level) return true;
    }
    return false;
}

// Gives `level` to the vertices of a layer that have none and a residual edge to the vertex of
// which first_slot + stride * position are the slots: one of the layer's own (down) or
// the reverse of one that leads to the layer.
void Dinic::label(std::size_t layer, std::uint32_t level, std::size_t first_slot, std::size_t stride, bool down) {
    std::vector<std::uint32_t>& positions = without_level_[layer];
    std::size_t kept = 0;
    for (const std::uint32_t p : positions) {
        const std::size_t slot = first_slot + stride * p;
        if (down ? residual_[slot] > 0 : residual_[slot] < capacity_[slot]) {
            const Vertex v = view_.vertex(layer, p);
            level_[v] = level;
            queue_.push_back(v);
        } else {
            positions[kept++] = p;
        }
    }
    positions.resize(kept);
}

// Saturates all paths on which the level falls by one with every edge.
std::int64_t Dinic::blocking_flow() {
    cursor_.assign(view_.size(), 0);
    frames_.assign(1, {view_.source(), all, 0});
    const auto pass = [this](Frame& frame, const Edge& edge, std::int64_t amount) {
        residual_[edge.slot] += edge.down ? -amount : amount;
        frame.sent += amount;
    };
    for (;;) {
        Frame& frame = frames_.back();
        Edge edge;
        const bool satisfied = frame.sent == frame.wanted;
        if (!satisfied && advance(frame.vertex, edge)) {
            const std::int64_t room =
                edge.down ? residual_[edge.slot] : capacity_[edge.slot] - residual_[edge.slot];
            const std::int64_t amount = std::min(frame.wanted - frame.sent, room);
            if (edge.to == view_.sink()) {
                pass(frame, edge, amount);
            } else {
                frames_.push_back({edge.to, amount, 0});
            }
            continue;
        }
        const Frame done = frame;
        frames_.pop_back();
        if (frames_.empty()) return done.sent;
        Frame& parent = frames_.back();
        advance(parent.vertex, edge);  // stands at the edge to `done`
        pass(parent, edge, done.sent);
        if (!satisfied) ++cursor_[parent.vertex];
    }
}

// Moves the cursor of v to its next residual edge that leads one level down; false when
// there is none left.
bool Dinic::advance(Vertex v, Edge& edge) {
    const ResidualRun& down = view_.down(v);
    const ResidualRun& up = view_.up(v);
    const std::uint32_t level = level_[v] - 1;
    for (std::uint32_t& k = cursor_[v]; k < down.count + up.count; ++k) {
        if (k < down.count) {
            const std::uint32_t slot = down.index + k;
            edge = {slot, down.to_minus_index + slot, true};
            if (level_[edge.to] == level && residual_[slot] > 0) return true;
        } else {
            const std::uint32_t m = k - down.count;
            edge = {up.partner + std::size_t{m} * up.stride, up.to_minus_index + up.index + m, false};
            if (level_[edge.to] == level && residual_[edge.slot] < capacity_[edge.slot]) return true;
        }
    }
    return false;
}

}  // namespace attnflow
