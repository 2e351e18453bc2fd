#include "attention/validate.hpp"

#include <cmath>
#include <cstdlib>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

/// "2e-3", with as many digits as it takes to tell the number from others.
std::string scientific(double value) {
    std::string text;
    for (int digits = 0; digits <= 16; ++digits) {
        text = fmt::format("{:.{}e}", value, digits);
        if (std::strtod(text.c_str(), nullptr) == value) break;
    }
    const std::size_t exponent = text.find('e') + 2;
    if (exponent + 1 < text.size() && text[exponent] == '0') text.erase(exponent, 1);
    return text;
}

std::string weight_text(double weight) {
    if (std::isnan(weight)) return "NaN";
    if (std::isinf(weight)) return weight < 0 ? "-infinity" : "infinity";
    return fmt::format("{:.6g}", weight);
}

}  // namespace

double row_sum_tolerance(DType dtype) {
    if (dtype == DType::bf16) return 2e-2;
    if (dtype == DType::f16) return 2e-3;
    return 1e-4;
}

ValidationReport validate(const AttentionStack& attention, const std::string& where,
                          std::optional<double> tolerance) {
    if (tolerance && !(*tolerance >= 0.0)) {
        throw ParameterError(fmt::format("row-sum tolerance is {}, expected a number >= 0", *tolerance));
    }
    const double allowed = tolerance.value_or(row_sum_tolerance(attention.dtype()));
    ValidationReport report;
    std::vector<double> head_weights;

    const auto check_row = [&](std::size_t layer, std::size_t head, std::size_t row) {
        const std::size_t n = attention.keys(layer);
        const auto place = [&] {
            return fmt::format("{}: layer {}, head {}, row {}", escape_controls(where), layer + 1, head, row);
        };
        const std::span<const double> weights(head_weights.data() + row * n, n);
        double sum = 0.0;
        for (std::size_t column = 0; column < n; ++column) {
            const double weight = weights[column];
            if (!(weight >= 0.0) || std::isinf(weight)) {
                throw InputError(fmt::format("{}, column {} is {}, expected a finite weight >= 0", place(), column,
                                             weight_text(weight)));
            }
            sum += weight;
            if (weight == 0.0) {
                ++report.zeros;
            } else if (column > row) {
                report.causal = false;
            }
        }
        const double deviation = std::abs(sum - 1.0);
        if (!(deviation <= allowed) && attention.rows_sum_to_one()) {
            throw InputError(
                fmt::format("{} sums to {:.6g}, expected 1 ± {}{} (use --row-sum-tolerance or "
                            "renormalise)",
                            place(), sum, scientific(allowed),
                            tolerance ? std::string() : fmt::format(" for {}", dtype_name(attention.dtype()))));
        }
        if (deviation > report.largest_deviation) {
            report.largest_deviation = deviation;
            report.layer = layer + 1;
            report.head = head;
            report.row = row;
        }
    };

    for (std::size_t layer = 0; layer < attention.layers(); ++layer) {
        head_weights.resize(attention.queries(layer) * attention.keys(layer));
        report.causal = report.causal && attention.queries(layer) == attention.keys(layer);
        for (std::size_t head = 0; head < attention.heads(layer); ++head) {
            attention.read_head(layer, head, head_weights);
            for (std::size_t row = 0; row < attention.queries(layer); ++row) check_row(layer, head, row);
        }
    }
    return report;
}

}  // namespace attnflow
