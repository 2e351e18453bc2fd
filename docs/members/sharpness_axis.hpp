#pragma once
/// Sharpness: the weights of a row raised to a power and scaled to the sum that they had. Above 1 a row leans more
/// on its largest weights, 0 makes all its edges equal.

#include <cmath>
#include <numeric>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

class SharpnessAxis {
public:
    static constexpr const char* name = "sharpness";

    static attnflow::AxisInfo describe() {
        return {.name = name,
                .summary = "power that the capacities of a row are raised to",
                .values = "a real in [0, 10]; 1 leaves them as they are",
                .fallback = 1.0,
                .taken_with = attnflow::axis::heads};
    }
    static attnflow::ParameterValue check(const attnflow::ParameterValue& value, const std::string& where) {
        return attnflow::check_number(
            {.name = name, .summary = "", .fallback = 1.0, .minimum = 0.0, .maximum = 10.0}, value, where);
    }
    static void apply(const attnflow::ParameterValue& value, attnflow::PointOptions& options) {
        const double power = std::get<double>(value);
        if (power == 1.0) return;
        options.network_steps.push_back([power](const attnflow::LayeredNetwork<double>& network) {
            std::vector<double> capacities(network.capacities().begin(), network.capacities().end());
            for (std::size_t l = 1; l <= network.layers(); ++l) {
                for (std::size_t i = 0; i < network.width(l); ++i)
                    sharpen({&capacities[network.slot(l, i, 0)], network.width(l - 1)}, power);
            }
            return attnflow::LayeredNetwork<double>({network.widths().begin(), network.widths().end()},
                                                    std::move(capacities));
        });
    }

private:
    static void sharpen(std::span<double> row, double power) {
        const double before = std::accumulate(row.begin(), row.end(), 0.0);
        for (double& weight : row) weight = weight > 0.0 ? std::pow(weight, power) : 0.0;
        const double after = std::accumulate(row.begin(), row.end(), 0.0);
        for (double& weight : row) weight *= after > 0.0 ? before / after : 0.0;
    }
};
