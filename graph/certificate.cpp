#include "graph/certificate.hpp"

namespace attnflow {
namespace {

class Checker {
public:
    Checker(const FixedNetwork& network, Vertex source, Vertex sink, std::int64_t value,
            std::span<const std::int64_t> residual)
        : g_(network),
          source_(source),
          sink_(sink),
          value_(value),
          residual_(residual),
          low_(network.layer_of(sink)),
          high_(network.layer_of(source)) {}

    Certificate run() {
        Certificate result;
        result.failure = capacity_failure();
        if (result.failure.empty()) result.failure = conservation_failure();
        if (result.failure.empty()) {
            find_source_side();
            result.failure = cut_failure(result);
        }
        result.holds = result.failure.empty();
        return result;
    }

private:
    std::int64_t flow(std::size_t slot) const { return g_.capacities()[slot] - residual_[slot]; }

    std::string name(Vertex v) const {
        return fmt::format("vertex (layer {}, position {})", g_.layer_of(v), g_.position_of(v));
    }

    std::string capacity_failure() const {
        for (std::size_t s = g_.first_slot(low_ + 1); s < g_.first_slot(high_ + 1); ++s) {
            if (residual_[s] >= 0 && residual_[s] <= g_.capacities()[s]) continue;
            std::size_t l = low_ + 1;
            while (s >= g_.first_slot(l + 1)) ++l;
            const std::size_t local = s - g_.first_slot(l);
            return fmt::format("capacity: the edge from {} to {} carries {}, its capacity is {}",
                               name(g_.vertex(l, local / g_.width(l - 1))),
                               name(g_.vertex(l - 1, local % g_.width(l - 1))), flow(s), g_.capacities()[s]);
        }
        return "";
    }

    std::string conservation_failure() const {
        std::vector<std::int64_t> net(g_.first_vertex(high_ + 1) - g_.first_vertex(low_), 0);  // in minus out
        const Vertex first = g_.first_vertex(low_);
        for (std::size_t l = low_ + 1; l <= high_; ++l) {
            std::int64_t* const below = net.data() + (g_.first_vertex(l - 1) - first);
            for (std::size_t i = 0; i < g_.width(l); ++i) {
                const std::size_t begin = g_.slot(l, i, 0);
                std::int64_t out = 0;
                for (std::size_t j = 0; j < g_.width(l - 1); ++j) {
                    const std::int64_t f = flow(begin + j);
                    below[j] += f;
                    out += f;
                }
                net[g_.vertex(l, i) - first] -= out;
            }
        }
        for (std::size_t k = 0; k < net.size(); ++k) {
            const Vertex v = first + static_cast<Vertex>(k);
            const std::int64_t expected = v == source_ ? -value_ : v == sink_ ? value_ : 0;
            if (net[k] == expected) continue;
            if (expected == 0) {
                return fmt::format("conservation: {} receives {} more than it sends", name(v), net[k]);
            }
            return fmt::format("value: {} {} {} net, the reported value is {}", name(v),
                               v == source_ ? "sends" : "receives", v == source_ ? -net[k] : net[k], value_);
        }
        return "";
    }

    // Breadth-first search from the source over residual edges.
    void find_source_side() {
        reached_.assign(g_.vertices(), false);
        reached_[source_] = true;
        queue_.assign(1, source_);
        const auto reach = [&](Vertex v) {
            if (reached_[v]) return;
            reached_[v] = true;
            queue_.push_back(v);
        };
        for (std::size_t head = 0; head < queue_.size(); ++head) {
            const Vertex v = queue_[head];
            const std::size_t l = g_.layer_of(v);
            const std::size_t p = g_.position_of(v);
            if (l > low_) {
                const std::size_t begin = g_.slot(l, p, 0);
                for (std::size_t j = 0; j < g_.width(l - 1); ++j) {
                    if (residual_[begin + j] > 0) reach(g_.vertex(l - 1, j));
                }
            }
            if (l < high_) {
                for (std::size_t i = 0; i < g_.width(l + 1); ++i) {
                    if (flow(g_.slot(l + 1, i, p)) > 0) reach(g_.vertex(l + 1, i));
                }
            }
        }
    }

    std::string cut_failure(Certificate& result) const {
        if (reached_[sink_]) {
            return fmt::format(
                "maximality: {} can still be reached from {} in the residual network, so {} is not "
                "the maximum",
                name(sink_), name(source_), value_);
        }
        for (Vertex v = g_.first_vertex(low_); v < g_.first_vertex(high_ + 1); ++v) {
            if (!reached_[v]) continue;
            result.source_side.push_back(v);
            const std::size_t l = g_.layer_of(v);
            if (l == low_) continue;
            const auto row = g_.row(l, g_.position_of(v));
            for (std::size_t j = 0; j < row.size(); ++j) {
                if (!reached_[g_.vertex(l - 1, j)]) result.cut_capacity += row[j];
            }
        }
        if (result.cut_capacity == value_) return "";
        return fmt::format("cut: the cut around {} has capacity {}, the flow is {}", name(source_),
                           result.cut_capacity, value_);
    }

    const FixedNetwork& g_;
    Vertex source_;
    Vertex sink_;
    std::int64_t value_;
    std::span<const std::int64_t> residual_;
    std::size_t low_;
    std::size_t high_;
    std::vector<char> reached_;
    std::vector<Vertex> queue_;
};

}  // namespace

Certificate certify_max_flow(const FixedNetwork& network, Vertex source, Vertex sink, std::int64_t value,
                             std::span<const std::int64_t> residual) {
    return Checker(network, source, sink, value, residual).run();
}

}  // namespace attnflow
