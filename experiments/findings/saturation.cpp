#include "experiments/findings/saturation.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "experiments/findings/agreement.hpp"
#include "experiments/metrics/spearman.hpp"
#include "experiments/store/run_store.hpp"
#include "experiments/study/axes/layer.hpp"
#include "experiments/study/axes/source.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

std::vector<double> pick(std::span<const double> row, std::span<const std::size_t> kept) {
    std::vector<double> out;
    for (const std::size_t t : kept) out.push_back(row[t]);
    return out;
}

std::size_t count_tied(std::vector<double> scores) {
    std::sort(scores.begin(), scores.end());
    std::size_t tied = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const bool below = i > 0 && scores[i - 1] == scores[i];
        const bool above = i + 1 < scores.size() && scores[i + 1] == scores[i];
        if (below || above) ++tied;
    }
    return tied;
}

void compare(RankAgreement& agreement, std::span<const double> flow, std::span<const double> bound) {
    const auto correlation = Spearman().evaluate(flow, bound);
    if (!correlation) return;
    agreement.sum += *correlation;
    ++agreement.rows;
}

// The number of another method's attribution, and whether it has a row for each source.
struct OtherTask {
    std::string method;
    std::size_t attribution;
    bool has_sources;
};

// The numbers of a flow's attribution and of those that it is compared with.
struct Task {
    std::size_t point;
    std::size_t flow;
    std::vector<OtherTask> others;
};

std::vector<Task> make_tasks(RunStore& store) {
    const Plan& plan = store.plan();
    std::map<std::string, std::size_t> numbers;
    for (std::size_t p = 0; p < plan.points.size(); ++p) {
        numbers.emplace(plan.points[p].key(AxisStage::attribution), plan.attribution_of[p]);
    }
    const auto with_cuts = store.attributions_with_cuts();
    std::vector<Task> tasks;
    for (std::size_t p = 0; p < plan.grid_size; ++p) {
        if (!std::binary_search(with_cuts.begin(), with_cuts.end(), plan.attribution_of[p])) continue;
        Task task{p, plan.attribution_of[p], {}};
        for (const GridPoint& other : compared_with(plan.points[p])) {
            const auto found = numbers.find(other.key(AxisStage::attribution));
            if (found != numbers.end())
                task.others.push_back({other.method, found->second, other.has(SourceAxis::name)});
        }
        tasks.push_back(std::move(task));
    }
    return tasks;
}

// What one example adds to each task; nothing where its flow failed or names no cuts.
std::vector<Saturation> measure_example(RunStore& store, std::size_t example, const std::vector<Task>& tasks) {
    const auto stored = store.stored_attributions(example);
    const ExampleRecord& record = store.record().examples[example];
    std::map<std::size_t, Attribution> loaded;
    const auto load = [&](std::size_t number) -> const Attribution* {
        if (std::find(stored.begin(), stored.end(), number) == stored.end()) return nullptr;
        auto found = loaded.find(number);
        if (found == loaded.end()) found = loaded.emplace(number, store.attribution(example, number)).first;
        return &found->second;
    };
    std::vector<Saturation> out(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const Attribution* flow = load(tasks[i].flow);
        if (flow == nullptr || flow->binding_cuts.empty()) continue;
        std::vector<Bound> bounds;
        for (const OtherTask& other : tasks[i].others) {
            const Attribution* attribution = load(other.attribution);
            if (attribution == nullptr) continue;
            if (attribution->scores.rows() != (other.has_sources ? flow->scores.rows() : 1)) {
                throw InputError(fmt::format("{}: the stored scores of {} and {} are of different sources",
                                             escape_controls(record.id),
                                             store.plan().points[tasks[i].point].method, other.method));
            }
            bounds.push_back({other.method, &attribution->scores});
        }
        const auto kept = store.plan().options[tasks[i].point].compared_positions(
            record.tokens, store.record().special_tokens, record.words);
        out[i] = measure_saturation(*flow, bounds, kept);
    }
    return out;
}

}  // namespace

std::optional<double> RankAgreement::mean() const {
    if (rows == 0) return std::nullopt;
    return sum / static_cast<double>(rows);
}

double Saturation::share(CutKind kind) const {
    return static_cast<double>(by_cut[static_cast<std::size_t>(kind)]) / static_cast<double>(pairs);
}

double Saturation::share_trivial() const {
    double sum = 0.0;
    for (const CutShape& shape : cut_shapes()) sum += shape.is_trivial ? share(shape.kind) : 0.0;
    return sum;
}

double Saturation::share_tied() const { return static_cast<double>(tied) / static_cast<double>(pairs); }

std::optional<double> Saturation::agreement(const std::string& method) const {
    for (const RankAgreement& one : ranks) {
        if (one.method == method) return one.mean();
    }
    return std::nullopt;
}

void Saturation::add(const Saturation& other) {
    pairs += other.pairs;
    for (std::size_t k = 0; k < std::size(by_cut); ++k) by_cut[k] += other.by_cut[k];
    tied += other.tied;
    for (const RankAgreement& more : other.ranks) {
        auto own =
            std::find_if(ranks.begin(), ranks.end(), [&](const auto& r) { return r.method == more.method; });
        if (own == ranks.end()) own = ranks.insert(ranks.end(), RankAgreement{more.method});
        own->sum += more.sum;
        own->rows += more.rows;
    }
}

Saturation measure_saturation(const Attribution& flow, std::span<const Bound> bounds,
                              std::span<const std::size_t> kept) {
    Saturation out;
    for (const Bound& bound : bounds) out.ranks.push_back({bound.method});
    for (std::size_t s = 0; s < flow.scores.rows(); ++s) {
        for (const std::size_t t : kept) ++out.by_cut[static_cast<std::size_t>(flow.binding_cuts(s, t).kind)];
        const auto scores = pick(flow.scores.row(s), kept);
        out.pairs += kept.size();
        out.tied += count_tied(scores);
        for (std::size_t b = 0; b < bounds.size(); ++b) {
            const RowMajor<double>& bound = *bounds[b].scores;
            compare(out.ranks[b], scores, pick(bound.row(bound.rows() == 1 ? 0 : s), kept));
        }
    }
    return out;
}

std::vector<Saturation> saturation_of(RunStore& store, std::size_t jobs) {
    const auto tasks = make_tasks(store);
    std::vector<std::vector<Saturation>> parts(tasks.empty() ? 0 : store.record().examples.size());
    parallel_for(parts.size(), jobs,
                 [&](std::size_t i, std::size_t) { parts[i] = measure_example(store, i, tasks); });
    std::vector<Saturation> out;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        Saturation total{.point = tasks[i].point};
        for (const auto& part : parts) total.add(part[i]);
        if (total.pairs > 0) out.push_back(std::move(total));
    }
    return out;
}

std::vector<std::string> methods_compared_with() {
    std::vector<std::string> names;
    for (const auto& entry : attribution_methods().entries()) {
        for (const std::string& name : entry.info.compared_with) {
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        }
    }
    return names;
}

namespace {

using ByLayer = std::map<std::int64_t, Saturation>;

// In words, what the flows of some points say. Nothing where none is from layer 2 or above.
std::optional<SaturationFinding> finding_of(const ByLayer& layers, GridPoint setting) {
    if (layers.empty() || layers.rbegin()->first < 2) return std::nullopt;
    const auto& [top, there] = *layers.rbegin();
    SaturationFinding finding{.setting = std::move(setting),
                              .top = static_cast<std::size_t>(top),
                              .share_trivial = there.share_trivial(),
                              .is_saturated = there.share_trivial() >= saturated_share,
                              .title = "",
                              .text = ""};
    const auto percent = [](double share) { return fmt::format("{:.0f} %", 100.0 * share); };
    std::vector<std::string> cuts;
    for (const CutShape& shape : cut_shapes()) {
        if (shape.is_trivial)
            cuts.push_back(fmt::format("{} by {}", percent(there.share(shape.kind)), shape.meaning));
    }
    finding.text =
        fmt::format("Of {} from layer {}, {} are limited by a trivial cut: {}. ", counted(there.pairs, "flow"),
                    top, percent(there.share_trivial()), join(cuts, " and "));
    if (!finding.is_saturated) {
        finding.title = layers.size() == 1 ? fmt::format("Flow is not saturated in layer {}", top)
                                           : "Flow is not saturated in the top layer";
        finding.text += "For the others the layers in between count.";
        return finding;
    }
    std::int64_t first = top;
    for (auto layer = layers.rbegin(); layer != layers.rend() && layer->second.share_trivial() >= saturated_share;
         ++layer)
        first = layer->first;
    finding.first = static_cast<std::size_t>(first);
    finding.title = first == top ? fmt::format("Flow is saturated in layer {}", top)
                                 : fmt::format("Flow is saturated from layer {} on", first);
    finding.text +=
        "Such a flow does not depend on the layers in between and ranks tokens much as the column sum does: do "
        "not "
        "read "
        "a path into it.";
    return finding;
}

// Calls use(point, saturation) for each with a layer and scores of its own.
void for_each_flow(const std::vector<Saturation>& saturation, const std::vector<GridPoint>& grid,
                   const std::function<void(const GridPoint&, const Saturation&)>& use) {
    const auto scored = scored_points(grid);
    for (const Saturation& one : saturation) {
        const GridPoint& point = grid[one.point];
        if (point.layer() && std::binary_search(scored.begin(), scored.end(), one.point)) use(point, one);
    }
}

}  // namespace

std::vector<SaturationFinding> saturation_findings(const std::vector<Saturation>& saturation,
                                                   const std::vector<GridPoint>& grid) {
    std::vector<std::pair<GridPoint, ByLayer>> settings;
    for_each_flow(saturation, grid, [&](const GridPoint& point, const Saturation& one) {
        const GridPoint setting = point.without(LayerAxis::name).without(AxisStage::comparing);
        auto found =
            std::find_if(settings.begin(), settings.end(), [&](const auto& s) { return s.first == setting; });
        if (found == settings.end()) found = settings.insert(settings.end(), {setting, {}});
        found->second[*point.layer()].add(one);
    });
    std::vector<SaturationFinding> findings;
    for (auto& [setting, layers] : settings) {
        if (auto finding = finding_of(layers, setting)) findings.push_back(std::move(*finding));
    }
    return findings;
}

std::optional<SaturationFinding> saturation_finding(const std::vector<Saturation>& saturation,
                                                    const std::vector<GridPoint>& grid) {
    ByLayer layers;
    for_each_flow(saturation, grid,
                  [&](const GridPoint& point, const Saturation& one) { layers[*point.layer()].add(one); });
    return finding_of(layers, {});
}

}  // namespace attnflow
