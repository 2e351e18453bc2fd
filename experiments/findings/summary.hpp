#pragma once
/// From the values of a run to means over its examples, and to tests between methods.
///
/// An example whose metric is undefined at a grid point has no value there and is left out of
/// that mean and of that pair (evaluation.undefined = "skip"), or counts as 0 ("zero"); n says
/// how many remain.

#include <optional>
#include <string>
#include <vector>

#include "experiments/statistics/inference.hpp"
#include "experiments/store/results.hpp"

namespace attnflow {

struct Config;

/// The values of one grid point, reference and metric over the examples.
struct SummaryRow {
    std::size_t point;
    std::size_t reference;
    std::size_t metric;
    std::size_t n = 0;                              ///< values that the mean is over
    std::size_t n_undefined = 0;                    ///< examples for which the metric is undefined
    std::optional<double> mean = {};                ///< nothing when n = 0
    std::optional<double> standard_deviation = {};  ///< of the population (divided by n)
    /// Of the mean, by bootstrap over examples. With evaluation.cumulative_layer_mean an
    /// example's values of several layers are averaged first: they are not independent.
    std::optional<Interval> interval = {};
};

/// Two methods on the same examples, at grid points that agree in every axis both take.
struct MethodPair {
    std::size_t first;  ///< grid points; differences are first minus second
    std::size_t second;
    std::size_t reference;
    std::size_t metric;
    std::size_t n = 0;  ///< examples with a value at both
    PairedResult result = {};
    /// Holm's correction over the pairs of one table of summary.md: those with the same reference,
    /// metric and positions, whatever the values of the other axes.
    std::optional<double> p_holm = {};
};

struct Summary {
    std::vector<SummaryRow> rows;    ///< by point, reference, metric
    std::vector<MethodPair> pairs;   ///< by first, second, reference, metric
    std::size_t largest_family = 0;  ///< pairs with a test that are corrected together, at most
};

/// Metrics that are undefined for every example, grid point and reference, by name: a side is constant, or too few
/// tokens are compared.
std::vector<std::string> metrics_without_value(const Summary& summary, const Config& config);

/// The same for every `jobs` (threads).
Summary summarise(const Results& results, const Config& config, std::size_t jobs = 1);

}  // namespace attnflow
