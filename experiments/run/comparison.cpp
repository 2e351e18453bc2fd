#include "experiments/run/comparison.hpp"

#include <cmath>
#include <map>
#include <new>

#include "experiments/study/config.hpp"
#include "experiments/study/measures.hpp"

namespace attnflow {

void PointScores::set(std::size_t attribution, const RowMajor<double>& scores) {
    for (const std::size_t p : plan_->points_of[attribution]) scores_[p] = plan_->options[p].scores(scores);
}

void PointScores::set_failed(std::size_t attribution, const std::string& message) {
    for (const std::size_t p : plan_->points_of[attribution]) why_[p] = message;
}

Comparison::Comparison(const Config& config, const Plan& plan, std::vector<std::string> special_tokens)
    : config_(config), plan_(plan), special_(std::move(special_tokens)) {
    for (const std::string& name : config.metrics) {
        metrics_.push_back(metrics().make(name, "evaluation.metrics"));
    }
    std::map<std::string, std::size_t> by_key;
    for (std::size_t p = 0; p < plan.points.size(); ++p)
        by_key.emplace(plan.points[p].key(AxisStage::comparing), p);
    for (const Reference& reference : config.references) {
        auto& row = reference_points_.emplace_back(plan.grid_size);
        for (std::size_t p = 0; p < plan.grid_size; ++p) {
            const auto other = reference_point(reference, plan.points[p], plan.own_defaults);
            if (!other) continue;
            const auto found = by_key.find(other->key(AxisStage::comparing));
            if (found == by_key.end()) {
                throw ParameterError(
                    fmt::format("evaluation.references: the run holds no scores of {} to compare {} with; methods "
                                "that are compared must be run",
                                reference.name, plan.points[p].method));
            }
            row[p] = found->second;
        }
    }
}

const std::vector<std::optional<double>>& ModelValues::at(std::size_t point) const {
    if (!points_[point].failure.empty()) throw InputError(points_[point].failure);
    return points_[point].values;
}

ExampleResults Comparison::compare(std::size_t example, const ExampleRecord& record, const PointScores& scores,
                                   const ModelValues* model) const {
    ExampleResults out;
    for (std::size_t p = 0; p < plan_.grid_size; ++p) {
        const std::size_t before = out.rows.size();
        try {
            compare_point(example, p, record, scores, model, out);
        } catch (const std::bad_alloc&) {
            throw;  // no property of the cell
        } catch (const std::exception& error) {
            out.rows.resize(before, ResultRow{});  // a cell counts whole or not at all
            out.failures.push_back({example, p, error.what()});
        }
    }
    return out;
}

void Comparison::compare_point(std::size_t example, std::size_t point, const ExampleRecord& record,
                               const PointScores& scores, const ModelValues* model, ExampleResults& out) const {
    if (!scores.failure(point).empty()) throw InputError(scores.failure(point));
    const PointOptions& options = plan_.options[point];
    const auto kept = options.compared_positions(record.tokens, special_, record.words);
    const auto pick = [&](const std::vector<double>& all, bool absolute) {
        std::vector<double> picked;
        for (const std::size_t i : kept) picked.push_back(absolute ? std::abs(all.at(i)) : all.at(i));
        return picked;
    };
    const auto compared = pick(scores.at(point), false);
    for (std::size_t r = 0; r < config_.references.size(); ++r) {
        const Reference& reference = config_.references[r];
        const std::vector<double>* expected = nullptr;
        std::vector<double> of_words;
        if (reference.kind == Reference::Kind::method) {
            const auto other = reference_points_[r][point];
            if (!other) continue;
            if (!scores.failure(*other).empty()) {
                throw InputError(fmt::format("reference {}: {}", reference.text, scores.failure(*other)));
            }
            expected = &scores.at(*other);
        } else {
            expected = &record.references.at(reference.name);
            if (options.units.are_words()) {
                of_words = Words(record.words, record.tokens.size()).sums(*expected);
                expected = &of_words;
            }
        }
        const auto wanted = pick(*expected, reference.kind == Reference::Kind::absolute_scores);
        for (std::size_t m = 0; m < metrics_.size(); ++m) {
            out.rows.push_back({example, point, r, m, metrics_[m]->evaluate(compared, wanted)});
        }
    }
    if (model == nullptr) return;
    const auto& values = model->at(point);
    for (std::size_t m = 0; m < values.size(); ++m) {
        const Measure measure = model_measure(config_, m);
        out.rows.push_back({example, point, measure.reference, measure.metric, values[m]});
    }
}

void Comparison::check(const ExampleRecord& record, const std::string& where) const {
    for (const Reference& reference : config_.references) {
        if (reference.kind == Reference::Kind::method) continue;
        const auto found = record.references.find(reference.name);
        if (found == record.references.end()) {
            std::vector<std::string> names;
            for (const auto& [name, scores] : record.references) names.push_back(name);
            throw InputError(fmt::format(
                "{}: {}: no reference '{}'{}", where, escape_controls(record.id), excerpt(reference.name),
                names.empty() ? "; the file holds none, use evaluation.references = [\"method(column_sum)\"] to "
                                "compare methods with each other"
                              : name_hint(reference.name, names)));
        }
        for (const double score : found->second) {
            if (!std::isfinite(score)) {
                throw InputError(fmt::format("{}: {}: reference '{}' holds {}, expected finite numbers", where,
                                             escape_controls(record.id), excerpt(reference.name), score));
            }
        }
    }
}

}  // namespace attnflow
