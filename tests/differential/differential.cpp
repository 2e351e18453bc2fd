#include "tests/differential/differential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>

#include "algorithms/maxflow/dinic.hpp"
#include "algorithms/maxflow/layered_flow.hpp"
#include "graph/certificate.hpp"
#include "graph/support/random.hpp"

#ifdef ATTNFLOW_LEMON
#include "bench/lemon_preflow.hpp"
#endif

namespace attnflow::testing {
namespace {

/// What is true of one pair.
struct Truth {
    std::int64_t value;
    std::vector<Vertex> source_side;
    BindingCut cut;
};

struct Disagreement {
    std::string text;
};

/// Every pair is solved when it is first asked for.
class Reference {
public:
    Reference(const FixedNetwork& network, [[maybe_unused]] bool lemon)
        : network_(network), layers_(network.layers() + 1) {
#ifdef ATTNFLOW_LEMON
        if (lemon) lemon_ = std::make_unique<bench::LemonPreflow>(network_);
#endif
    }

    const Truth& at(std::size_t layer, std::size_t source, std::size_t sink) {
        auto& pairs = layers_[layer];
        if (pairs.empty()) pairs.resize(network_.width(layer) * network_.width(0));
        auto& truth = pairs[source * network_.width(0) + sink];
        if (!truth) truth = solve(layer, source, sink);
        return *truth;
    }
    std::size_t solved() const { return solved_; }

private:
    Truth solve(std::size_t layer, std::size_t source, std::size_t sink) {
        solved_ += layer > 1;  // the flow of layer 1 is an edge
        const Vertex from = network_.vertex(layer, source);
        const Vertex to = network_.vertex(0, sink);
        const std::int64_t value = dinic_.solve(network_, from, to, state_);
        Certificate proof = certify_max_flow(network_, from, to, value, state_.forward());
        if (!proof.holds)
            throw Disagreement{fmt::format("dinic finds {}, which is no proof: {}", value, proof.failure)};
#ifdef ATTNFLOW_LEMON
        if (const std::int64_t other = lemon_ ? lemon_->solve(from, to) : value; other != value) {
            throw Disagreement{fmt::format("dinic finds {}, LEMON {}", value, other)};
        }
#endif
        if (classified_ != layer) {
            classifier_.emplace(network_, layer);
            classified_ = layer;
        }
        return {value, std::move(proof.source_side), classifier_->classify(source, sink, value)};
    }

    const FixedNetwork& network_;
    std::vector<std::vector<std::optional<Truth>>> layers_;
    std::size_t solved_ = 0;
    Dinic dinic_;
    ResidualState<std::int64_t> state_;
    std::optional<CutClassifier> classifier_;
    std::size_t classified_ = 0;
#ifdef ATTNFLOW_LEMON
    std::unique_ptr<bench::LemonPreflow> lemon_;
#endif
};

class Comparison {
public:
    Comparison(const FixedNetwork& network, DifferentialCounts& counts, const Comparing& comparing)
        : network_(network),
          counts_(counts),
          one_in_(comparing.one_in),
          ask_only_(comparing.ask_only),
          reference_(network, comparing.lemon),
          engine_(network, comparing.engine) {
        ++counts_.networks;
    }
    ~Comparison() { counts_.flows += reference_.solved(); }

    void ask(const Question& q) {
        switch (q.kind) {
            case Question::Kind::all_layers: {
                const auto layers = engine_.all_layers();
                if (layers.size() != network_.layers())
                    throw Disagreement{"all_layers: one matrix a layer expected"};
                for (std::size_t l = 1; l <= layers.size(); ++l) compare(layers[l - 1], l, every_source(l));
                break;
            }
            case Question::Kind::all_pairs:
                compare(engine_.all_pairs(q.layer), q.layer, every_source(q.layer));
                break;
            case Question::Kind::flows:
                compare(engine_.flows(q.layer, q.sources), q.layer, q.sources);
                break;
            case Question::Kind::flow: {
                const PairFlow pair = engine_.flow(q.layer, q.sources[0], q.sink);
                compare(q.layer, q.sources[0], q.sink, pair.value, pair.cut);
                break;
            }
            case Question::Kind::source_side:
                compare(q, engine_.source_side(q.layer, q.sources[0], q.sink));
                break;
            case Question::Kind::layered_flow: {
                const Vertex from = network_.vertex(q.layer, q.sources[0]);
                const Vertex to = network_.vertex(0, q.sink);
                const std::int64_t value = solver_.solve(network_, from, to, state_);
                const Certificate proof = certify_max_flow(network_, from, to, value, state_.forward());
                if (!proof.holds) throw Disagreement{fmt::format("{} is no proof: {}", value, proof.failure)};
                compare(q, proof.source_side);
                break;
            }
        }
    }

private:
    std::vector<std::size_t> every_source(std::size_t layer) const {
        std::vector<std::size_t> sources(network_.width(layer));
        std::iota(sources.begin(), sources.end(), std::size_t{0});
        return sources;
    }

    void compare(const FlowMatrix& flows, std::size_t layer, const std::vector<std::size_t>& sources) {
        if (flows.layer != layer || flows.sources != sources || flows.values.rows() != sources.size() ||
            flows.values.columns() != network_.width(0)) {
            throw Disagreement{"the matrix is not for what was asked"};
        }
        for (std::size_t r = 0; r < sources.size(); ++r) {
            for (std::size_t t = 0; t < network_.width(0); ++t) {
                if (sample_.below(one_in_) > 0) continue;
                compare(layer, sources[r], t, flows.values(r, t), flows.cuts(r, t));
            }
        }
        counts_.settled.add(flows.counters);
    }

    void compare(const Question& q, const std::vector<Vertex>& side) {
        ++counts_.answers;
        if (ask_only_) return;
        const auto& right = reference_.at(q.layer, q.sources[0], q.sink).source_side;
        if (side == right) return;
        throw Disagreement{
            fmt::format("source side {}, the minimal one is {}", fmt::join(side, " "), fmt::join(right, " "))};
    }

    void compare(std::size_t layer, std::size_t source, std::size_t sink, std::int64_t value,
                 const BindingCut& cut) {
        ++counts_.answers;
        if (ask_only_) return;
        const Truth& truth = reference_.at(layer, source, sink);
        ++counts_.binding[static_cast<std::size_t>(cut.kind)];
        if (value != truth.value) {
            throw Disagreement{fmt::format("from ({}, {}) to (0, {}): flow {}, right is {} ({:+d})", layer, source,
                                           sink, value, truth.value, value - truth.value)};
        }
        if (cut != truth.cut) {
            throw Disagreement{fmt::format("from ({}, {}) to (0, {}): flow {} bound by {}, right is {}", layer,
                                           source, sink, value, cut.text(), truth.cut.text())};
        }
        if (cut.kind == CutKind::interior) return;
        if (const std::int64_t capacity = cut_capacity(network_, layer, source, sink, cut); capacity != value) {
            throw Disagreement{fmt::format("from ({}, {}) to (0, {}): flow {}, the cut {} has capacity {}", layer,
                                           source, sink, value, cut.text(), capacity)};
        }
    }

    const FixedNetwork& network_;
    DifferentialCounts& counts_;
    std::size_t one_in_;
    bool ask_only_;
    Random sample_{1};
    Reference reference_;
    FlowEngine engine_;
    LayeredFlow solver_;
    ResidualState<std::int64_t> state_;
};

using Kind = Question::Kind;

bool is_pair(Kind kind) { return kind == Kind::flow || kind == Kind::source_side || kind == Kind::layered_flow; }

/// Without position `position` of layer `layer`.
FixedNetwork without_vertex(const FixedNetwork& network, std::size_t layer, std::size_t position) {
    std::vector<std::size_t> widths(network.widths().begin(), network.widths().end());
    --widths[layer];
    std::vector<std::int64_t> capacities;
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            if (l == layer && i == position) continue;
            for (std::size_t j = 0; j < network.width(l - 1); ++j) {
                if (l - 1 == layer && j == position) continue;
                capacities.push_back(network.capacity(l, i, j));
            }
        }
    }
    return FixedNetwork(std::move(widths), std::move(capacities));
}

/// Questions for what is left after without_vertex().
std::vector<Question> without_vertex(std::vector<Question> questions, std::size_t layer, std::size_t position) {
    std::vector<Question> left;
    for (Question& q : questions) {
        if (q.layer == layer) {
            std::erase(q.sources, position);
            for (std::size_t& s : q.sources) s -= s > position ? 1 : 0;
        }
        if (is_pair(q.kind)) {
            if (q.sources.empty() || (layer == 0 && q.sink == position)) continue;
            q.sink -= layer == 0 && q.sink > position ? 1 : 0;
        }
        left.push_back(std::move(q));
    }
    return left;
}

FixedNetwork without_top(const FixedNetwork& network) {
    const std::size_t slots = network.first_slot(network.layers());
    return FixedNetwork(
        {network.widths().begin(), network.widths().end() - 1},
        {network.capacities().begin(), network.capacities().begin() + static_cast<std::ptrdiff_t>(slots)});
}

}  // namespace

std::string Question::text() const {
    switch (kind) {
        case Kind::all_layers:
            return "all_layers()";
        case Kind::all_pairs:
            return fmt::format("all_pairs({})", layer);
        case Kind::flows:
            return fmt::format("flows({}, {{{}}})", layer, fmt::join(sources, ", "));
        case Kind::flow:
            return fmt::format("flow({}, {}, {})", layer, sources.at(0), sink);
        case Kind::source_side:
            return fmt::format("source_side({}, {}, {})", layer, sources.at(0), sink);
        case Kind::layered_flow:
            return fmt::format("layered_flow({}, {}, {})", layer, sources.at(0), sink);
    }
    return "";
}

std::vector<Question> draw_questions(const FixedNetwork& network, std::uint64_t seed) {
    Random random(seed ^ 0x51ED270B4F1C2A93u);
    std::vector<Question> questions;
    const std::size_t count = 2 + random.below(5);
    const std::size_t whole = random.below(count);
    for (std::size_t k = 0; k < count; ++k) {
        Question q;
        q.layer = random.below(3) > 0 ? network.layers() : 1 + random.below(network.layers());
        q.kind = k == whole ? Kind::all_pairs : static_cast<Kind>(random.below(6));
        if (q.kind == Kind::all_layers || q.kind == Kind::all_pairs) {
            questions.push_back(q);
            continue;
        }
        const std::size_t sources = q.kind == Kind::flows ? random.below(network.width(q.layer) + 2) : 1;
        for (std::size_t s = 0; s < sources; ++s) q.sources.push_back(random.below(network.width(q.layer)));
        q.sink = random.below(network.width(0));
        questions.push_back(q);
    }
    return questions;
}

std::vector<Question> all_questions(const FixedNetwork& network) {
    std::vector<Question> questions{{Kind::all_layers}};
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        for (std::size_t s = 0; s < network.width(l); ++s) {
            questions.push_back({Kind::flows, l, {s}});
            for (std::size_t t = 0; t < network.width(0); ++t) {
                for (const Kind kind : {Kind::flow, Kind::source_side, Kind::layered_flow}) {
                    questions.push_back({kind, l, {s}, t});
                }
            }
        }
    }
    return questions;
}

void DifferentialCounts::add(const DifferentialCounts& other) {
    networks += other.networks;
    flows += other.flows;
    answers += other.answers;
    settled.add(other.settled);
    for (std::size_t k = 0; k < std::size(binding); ++k) binding[k] += other.binding[k];
}

std::string DifferentialCounts::text() const {
    std::string result = fmt::format("{} flows of {} networks, {} answers compared\n", flows, networks, answers);
    result += "settled by:";
    for (const SettledBy by : all_settled_by) result += fmt::format(" {} {}", to_string(by), settled.pairs(by));
    result += "\nbound by:";
    for (const CutKind kind : all_cut_kinds) {
        result += fmt::format(" {} {}", to_string(kind), binding[static_cast<std::size_t>(kind)]);
    }
    return result + '\n';
}

bool has_lemon() {
#ifdef ATTNFLOW_LEMON
    return true;
#else
    return false;
#endif
}

std::string disagreement(const FixedNetwork& network, const std::vector<Question>& questions,
                         DifferentialCounts& counts, const Comparing& comparing) {
    std::string asked = "FlowEngine()";
    try {
        Comparison comparison(network, counts, comparing);
        for (const Question& q : questions) {
            asked = q.text();
            comparison.ask(q);
        }
    } catch (const Disagreement& difference) {
        return fmt::format("{}: {}", asked, difference.text);
    } catch (const std::exception& error) {
        return fmt::format("{}: {}", asked, error.what());
    }
    return "";
}

std::int64_t cut_capacity(const FixedNetwork& network, std::size_t layer, std::size_t source, std::size_t sink,
                          const BindingCut& cut) {
    const std::size_t top = layer;
    std::vector<std::vector<char>> reached(top + 1), reaches(top + 1), inside(top + 1);
    for (std::size_t l = 0; l <= top; ++l) {
        reached[l].assign(network.width(l), 0);
        reaches[l].assign(network.width(l), 0);
        inside[l].assign(network.width(l), 0);
    }
    reached[top][source] = 1;
    reaches[0][sink] = 1;
    for (std::size_t l = top; l >= 1; --l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            for (std::size_t j = 0; j < network.width(l - 1); ++j) {
                if (reached[l][i] && network.capacity(l, i, j) > 0) reached[l - 1][j] = 1;
            }
        }
    }
    for (std::size_t l = 1; l <= top; ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            for (std::size_t j = 0; j < network.width(l - 1); ++j) {
                if (reaches[l - 1][j] && network.capacity(l, i, j) > 0) reaches[l][i] = 1;
            }
        }
    }
    const auto counts = [&](std::size_t l, std::size_t x) {
        return l == 0 || l == top || (reached[l][x] && reaches[l][x]);
    };
    const std::size_t k = cut.layer;
    for (std::size_t l = 0; l <= top; ++l) {
        for (std::size_t x = 0; x < network.width(l); ++x) {
            bool in = false;
            switch (cut.kind) {
                case CutKind::source_row:
                    in = l == top && x == source;
                    break;
                case CutKind::sink_column:
                    in = l > 0 || x != sink;
                    break;
                case CutKind::source_lane:
                    in = l >= k && x == source && (l < top || x == source);
                    break;
                case CutKind::sink_lane:
                    in = l > k || x != sink;
                    break;
                case CutKind::crossing:
                    if (l > k) {
                        in = x == source;
                    } else if (l < k) {
                        in = x != sink;
                    } else {
                        const std::int64_t enters = source < network.width(k + 1) && counts(k + 1, source)
                                                        ? network.capacity(k + 1, source, x)
                                                        : 0;
                        const std::int64_t leaves =
                            sink < network.width(k - 1) && counts(k - 1, sink) ? network.capacity(k, x, sink) : 0;
                        in = leaves < enters;
                    }
                    break;
                case CutKind::interior:
                    throw std::logic_error("an interior cut has no set of its own");
            }
            inside[l][x] = in ? 1 : 0;
        }
    }
    std::int64_t capacity = 0;
    for (std::size_t l = 1; l <= top; ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            for (std::size_t j = 0; j < network.width(l - 1); ++j) {
                if (inside[l][i] && !inside[l - 1][j] && counts(l, i) && counts(l - 1, j)) {
                    capacity = add_capacities(capacity, network.capacity(l, i, j));
                }
            }
        }
    }
    return capacity;
}

Case shrink(Case failing, const std::function<bool(const Case&)>& fails) {
    std::size_t tries = 20'000;
    const auto accept = [&](Case smaller) {
        if (tries == 0 || smaller.questions.empty()) return false;
        --tries;
        if (!fails(smaller)) return false;
        failing = std::move(smaller);
        return true;
    };
    for (bool changed = true; changed && tries > 0;) {
        changed = false;
        for (std::size_t q = failing.questions.size(); q-- > 0;) {
            Case smaller = failing;
            smaller.questions.erase(smaller.questions.begin() + static_cast<std::ptrdiff_t>(q));
            changed |= accept(std::move(smaller));
        }
        for (std::size_t q = 0; q < failing.questions.size(); ++q) {
            if (failing.questions[q].kind != Kind::all_layers) continue;
            for (std::size_t l = 1; l <= failing.network.layers(); ++l) {
                Case smaller = failing;
                smaller.questions[q] = {Kind::all_pairs, l};
                if (accept(std::move(smaller))) {
                    changed = true;
                    break;
                }
            }
        }
        const bool top_asked = std::any_of(failing.questions.begin(), failing.questions.end(),
                                           [&](const Question& q) { return q.layer == failing.network.layers(); });
        if (!top_asked && failing.network.layers() > 1) {
            changed |= accept({without_top(failing.network), failing.questions});
        }
        for (std::size_t l = 0; l <= failing.network.layers(); ++l) {
            for (std::size_t x = failing.network.width(l); x-- > 0 && failing.network.width(l) > 1;) {
                changed |=
                    accept({without_vertex(failing.network, l, x), without_vertex(failing.questions, l, x)});
            }
        }
        for (std::size_t s = 0; s < failing.network.slots(); ++s) {
            const std::int64_t c = failing.network.capacities()[s];
            const auto with = [&](std::int64_t capacity) {
                std::vector<std::int64_t> all(failing.network.capacities().begin(),
                                              failing.network.capacities().end());
                all[s] = capacity;
                const auto widths = failing.network.widths();
                return Case{FixedNetwork({widths.begin(), widths.end()}, std::move(all)), failing.questions};
            };
            if (c == 0) continue;
            if (accept(with(0))) {
                changed = true;
                continue;
            }
            for (int bit = 0; bit < 62; ++bit) {  // clear low bits, as many as can be
                const std::int64_t rounded = c >> (bit + 1) << (bit + 1);
                if (rounded == failing.network.capacities()[s] || rounded == 0) continue;
                if (!accept(with(rounded))) break;
                changed = true;
            }
        }
    }
    return failing;
}

}  // namespace attnflow::testing
