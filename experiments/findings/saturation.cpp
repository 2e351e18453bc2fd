#include "experiments/findings/saturation.hpp"

#include <algorithm>
#include <map>

#include "experiments/metrics/spearman.hpp"
#include "experiments/store/run_store.hpp"
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

// The numbers of a flow's attribution and of those that bound it.
struct Task {
    std::size_t point;
    std::size_t flow;
    std::optional<std::size_t> column_sum;
    std::optional<std::size_t> rollout;
};

std::vector<Task> make_tasks(const Plan& plan) {
    std::map<std::string, std::size_t> numbers;
    for (std::size_t p = 0; p < plan.points.size(); ++p) {
        numbers.emplace(plan.points[p].key(AxisStage::attribution), plan.attribution_of[p]);
    }
    const auto number_of = [&](const std::optional<GridPoint>& point) -> std::optional<std::size_t> {
        if (!point) return std::nullopt;
        const auto found = numbers.find(point->key(AxisStage::attribution));
        return found == numbers.end() ? std::nullopt : std::optional(found->second);
    };
    std::vector<Task> tasks;
    for (std::size_t p = 0; p < plan.grid_size; ++p) {
        const FlowBounds bounds = flow_bounds(plan.points[p]);
        if (!bounds.column_sum && !bounds.rollout) continue;
        tasks.push_back({p, plan.attribution_of[p], number_of(bounds.column_sum), number_of(bounds.rollout)});
    }
    return tasks;
}

// What one example adds to each task; nothing where its flow failed or names no cuts.
std::vector<Saturation> measure_example(RunStore& store, std::size_t example, const std::vector<Task>& tasks) {
    const auto stored = store.stored_attributions(example);
    std::map<std::size_t, Attribution> loaded;
    const auto load = [&](std::optional<std::size_t> number) -> const Attribution* {
        if (!number || std::find(stored.begin(), stored.end(), *number) == stored.end()) return nullptr;
        auto found = loaded.find(*number);
        if (found == loaded.end()) found = loaded.emplace(*number, store.attribution(example, *number)).first;
        return &found->second;
    };
    const auto scores = [](const Attribution* attribution) {
        return attribution == nullptr ? nullptr : &attribution->scores;
    };
    std::vector<Saturation> out(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const Attribution* flow = load(tasks[i].flow);
        if (flow == nullptr || flow->binding_cuts.empty()) continue;
        const auto kept = kept_positions(store.plan().points[tasks[i].point].text("positions"),
                                         store.record().examples[example].tokens, store.record().special_tokens);
        const auto* rollout = scores(load(tasks[i].rollout));
        if (rollout != nullptr && rollout->rows() != flow->scores.rows()) {
            throw InputError(fmt::format("{}: the stored scores of flow and rollout are of different sources",
                                         escape_controls(store.record().examples[example].id)));
        }
        out[i] = measure_saturation(*flow, scores(load(tasks[i].column_sum)), rollout, kept);
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

double Saturation::share_tied() const { return static_cast<double>(tied) / static_cast<double>(pairs); }

void Saturation::add(const Saturation& other) {
    pairs += other.pairs;
    for (std::size_t k = 0; k < std::size(by_cut); ++k) by_cut[k] += other.by_cut[k];
    tied += other.tied;
    column_sum.sum += other.column_sum.sum;
    column_sum.rows += other.column_sum.rows;
    rollout.sum += other.rollout.sum;
    rollout.rows += other.rollout.rows;
}

Saturation measure_saturation(const Attribution& flow, const RowMajor<double>* column_sum,
                              const RowMajor<double>* rollout, std::span<const std::size_t> kept) {
    Saturation out;
    for (std::size_t s = 0; s < flow.scores.rows(); ++s) {
        for (const std::size_t t : kept) ++out.by_cut[static_cast<std::size_t>(flow.binding_cuts(s, t).kind)];
        const auto scores = pick(flow.scores.row(s), kept);
        out.pairs += kept.size();
        out.tied += count_tied(scores);
        if (column_sum != nullptr) compare(out.column_sum, scores, pick(column_sum->row(0), kept));
        if (rollout != nullptr) compare(out.rollout, scores, pick(rollout->row(s), kept));
    }
    return out;
}

std::vector<Saturation> saturation_of(RunStore& store, std::size_t jobs) {
    const auto tasks = make_tasks(store.plan());
    std::vector<std::vector<Saturation>> parts(tasks.empty() ? 0 : store.record().examples.size());
    parallel_for(parts.size(), jobs,
                 [&](std::size_t i, std::size_t) { parts[i] = measure_example(store, i, tasks); });
    std::vector<Saturation> out;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        Saturation total{.point = tasks[i].point};
        for (const auto& part : parts) total.add(part[i]);
        if (total.pairs > 0) out.push_back(total);
    }
    return out;
}

}  // namespace attnflow
