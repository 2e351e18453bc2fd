#include "attention/validate.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
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

bool is_valid(double weight) { return weight >= 0.0 && weight <= std::numeric_limits<double>::max(); }

struct RowFacts {
    double sum = 0.0;
    std::size_t zeros = 0;
    bool valid = true;
};

/// In four lanes: one sum would wait for each addition before the next. The row is read again to say
/// what is wrong with it.
RowFacts look_at(std::span<const double> weights) {
    constexpr std::size_t lanes = 4;
    double sums[lanes] = {};
    std::size_t zeros[lanes] = {};
    std::size_t invalid[lanes] = {};
    const auto look = [&](std::size_t lane, double weight) {
        sums[lane] += weight;
        zeros[lane] += weight == 0.0 ? 1 : 0;
        invalid[lane] += is_valid(weight) ? 0 : 1;
    };
    const std::size_t whole = weights.size() / lanes * lanes;
    for (std::size_t k = 0; k < whole; k += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) look(lane, weights[k + lane]);
    }
    for (std::size_t k = whole; k < weights.size(); ++k) look(k - whole, weights[k]);
    return {(sums[0] + sums[1]) + (sums[2] + sums[3]), zeros[0] + zeros[1] + zeros[2] + zeros[3],
            invalid[0] + invalid[1] + invalid[2] + invalid[3] == 0};
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
    std::vector<double> run;

    const auto check_row = [&](std::size_t layer, std::size_t head, std::size_t row,
                               std::span<const double> weights) {
        const auto place = [&] {
            return fmt::format("{}: layer {}, head {}, row {}", escape_controls(where), layer + 1, head, row);
        };
        const RowFacts facts = look_at(weights);
        if (!facts.valid) {
            const auto wrong = std::find_if(weights.begin(), weights.end(), [](double w) { return !is_valid(w); });
            throw InputError(fmt::format("{}, column {} is {}, expected a finite weight >= 0", place(),
                                         wrong - weights.begin(), weight_text(*wrong)));
        }
        report.zeros += facts.zeros;
        if (report.causal && row + 1 < weights.size()) {
            const auto later = weights.subspan(row + 1);
            report.causal = std::all_of(later.begin(), later.end(), [](double w) { return w == 0.0; });
        }
        const double sum = facts.sum;
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
        const std::size_t keys = attention.keys(layer);
        report.causal = report.causal && attention.queries(layer) == keys;
        for (std::size_t head = 0; head < attention.heads(layer); ++head) {
            for_each_run(attention, layer, head, run, [&](std::size_t first, std::span<const double> weights) {
                for (std::size_t begin = 0; begin < weights.size(); begin += keys) {
                    check_row(layer, head, (first + begin) / keys, weights.subspan(begin, keys));
                }
            });
        }
    }
    return report;
}

}  // namespace attnflow
