#pragma once
/// From scores to values: what a run does with the scores of one example once they are
/// known, and what `evaluate` does again with those of a stored run.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/metrics/metric.hpp"
#include "experiments/store/results.hpp"
#include "experiments/store/run_record.hpp"
#include "experiments/study/plan.hpp"

namespace attnflow {

/// The scores of one example at the points of a plan, as they are read off.
class PointScores {
public:
    explicit PointScores(const Plan& plan) : plan_(&plan), scores_(plan.points.size()), why_(plan.points.size()) {}

    /// For every point that this attribution is of.
    void set(std::size_t attribution, const RowMajor<double>& scores);
    void set_failed(std::size_t attribution, const std::string& message);

    const std::vector<double>& at(std::size_t point) const { return scores_[point]; }
    /// "" unless the attribution failed or was not set.
    const std::string& failure(std::size_t point) const { return why_[point]; }

private:
    const Plan* plan_;
    std::vector<std::vector<double>> scores_;  // one a token
    std::vector<std::string> why_;
};

/// What model metrics say of one example, by grid point.
class ModelValues {
public:
    explicit ModelValues(std::size_t points) : points_(points) {}

    /// One value a model metric of the config, in its order; nothing where it is undefined.
    void set(std::size_t point, std::vector<std::optional<double>> values) {
        points_[point].values = std::move(values);
    }
    void set_failed(std::size_t point, const std::string& message) { points_[point].failure = message; }

    /// Throws InputError where the point failed.
    const std::vector<std::optional<double>>& at(std::size_t point) const;

private:
    struct Point {
        std::vector<std::optional<double>> values;
        std::string failure;
    };
    std::vector<Point> points_;
};

/// Compares scores with every reference of a config by every metric. Safe for use by several
/// threads.
class Comparison {
public:
    /// Keeps references to config and plan. Throws ParameterError when a reference by method
    /// is not among the points of the plan.
    Comparison(const Config& config, const Plan& plan, std::vector<std::string> special_tokens);

    /// `model`: what the model metrics of the config say, nullptr where it has none.
    ExampleResults compare(std::size_t example, const ExampleRecord& record, const PointScores& scores,
                           const ModelValues* model) const;

    /// Throws InputError, beginning with `where`, when the example lacks a reference of the
    /// config or has a number that is not finite in it.
    void check(const ExampleRecord& record, const std::string& where) const;

private:
    void compare_point(std::size_t example, std::size_t point, const ExampleRecord& record,
                       const PointScores& scores, const ModelValues* model, ExampleResults& out) const;

    const Config& config_;
    const Plan& plan_;
    std::vector<std::string> special_;
    std::vector<std::unique_ptr<MetricFamily::Interface>> metrics_;
    std::vector<std::vector<std::optional<std::size_t>>> reference_points_;  // by reference, grid point
};

}  // namespace attnflow
