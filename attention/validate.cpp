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

class Validator::Checks {
public:
    Checks(AttentionStack attention, std::string where, std::optional<double> tolerance)
        : attention_(std::move(attention)), where_(std::move(where)), tolerance_(tolerance) {
        if (tolerance && !(*tolerance >= 0.0)) {
            throw ParameterError(fmt::format("row-sum tolerance is {}, expected a number >= 0", *tolerance));
        }
        for (std::size_t layer = 0; layer < attention_.layers(); ++layer) {
            report_.causal = report_.causal && attention_.queries(layer) == attention_.keys(layer);
            next_row_.emplace_back(attention_.heads(layer), 0);
        }
    }

    const AttentionStack& attention() const { return attention_; }

    /// Rows of a head from `first` on. Those that were seen are passed over, and so are rows after a gap.
    void look(std::size_t layer, std::size_t head, std::size_t first, std::span<const double> weights) {
        const std::size_t keys = attention_.keys(layer);
        std::size_t& next = next_row_[layer][head];
        const std::size_t end = first + weights.size() / keys;
        if (first > next) return;
        for (; next < end; ++next) check_row(layer, head, next, weights.subspan((next - first) * keys, keys));
    }

    ValidationReport finish() {
        std::vector<double> run;
        for (std::size_t layer = 0; layer < attention_.layers(); ++layer) {
            for (std::size_t head = 0; head < attention_.heads(layer); ++head) {
                if (next_row_[layer][head] == attention_.queries(layer)) continue;
                for_each_run(attention_, layer, head, run,
                             [&](std::size_t first, std::span<const double> weights) {
                                 look(layer, head, first / attention_.keys(layer), weights);
                             });
            }
        }
        return report_;
    }

private:
    void check_row(std::size_t layer, std::size_t head, std::size_t row, std::span<const double> weights) {
        const auto place = [&] {
            return fmt::format("{}: layer {}, head {}, row {}", escape_controls(where_), layer + 1, head, row);
        };
        const RowFacts facts = look_at(weights);
        if (!facts.valid) {
            const auto wrong = std::find_if(weights.begin(), weights.end(), [](double w) { return !is_valid(w); });
            throw InputError(fmt::format("{}, column {} is {}, expected a finite weight >= 0", place(),
                                         wrong - weights.begin(), weight_text(*wrong)));
        }
        report_.zeros += facts.zeros;
        if (report_.causal && row + 1 < weights.size()) {
            const auto later = weights.subspan(row + 1);
            report_.causal = std::all_of(later.begin(), later.end(), [](double w) { return w == 0.0; });
        }
        const double deviation = std::abs(facts.sum - 1.0);
        const double allowed = tolerance_.value_or(row_sum_tolerance(attention_.dtype()));
        if (!(deviation <= allowed) && attention_.rows_sum_to_one()) {
            throw InputError(
                fmt::format("{} sums to {:.6g}, expected 1 ± {}{} (use --row-sum-tolerance or "
                            "renormalise)",
                            place(), facts.sum, scientific(allowed),
                            tolerance_ ? std::string() : fmt::format(" for {}", dtype_name(attention_.dtype()))));
        }
        if (deviation > report_.largest_deviation) {
            report_.largest_deviation = deviation;
            report_.layer = layer + 1;
            report_.head = head;
            report_.row = row;
        }
    }

    AttentionStack attention_;
    std::string where_;
    std::optional<double> tolerance_;
    ValidationReport report_;
    std::vector<std::vector<std::size_t>> next_row_;  // of each layer and head: how many were seen
};

Validator::Validator(AttentionStack attention, std::string where, std::optional<double> tolerance)
    : checks_(std::make_shared<Checks>(std::move(attention), std::move(where), tolerance)) {}

AttentionStack Validator::watched() const {
    return checks_->attention().watched(
        [checks = checks_](std::size_t layer, std::size_t head, std::size_t first,
                           std::span<const double> weights) { checks->look(layer, head, first, weights); });
}

ValidationReport Validator::finish() { return checks_->finish(); }

ValidationReport validate(const AttentionStack& attention, const std::string& where,
                          std::optional<double> tolerance) {
    return Validator(attention, where, tolerance).finish();
}

}  // namespace attnflow
