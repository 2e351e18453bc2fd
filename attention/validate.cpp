#include "attention/validate.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "attention/row_diagnosis.hpp"
#include "attention/tensor_axes.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

/// Which positions are attended to by others, from rows that come in any order.
class Attended {
public:
    explicit Attended(std::size_t n) : first_(n, n), last_(n), full_(n, false), causal_(n, false) {}

    /// Row q, of which `zeros` weights are 0; `causal`: all after q are.
    void add(std::size_t q, std::span<const double> weights, std::size_t zeros, bool causal) {
        if (zeros == 0) {
            full_[q] = true;
        } else if (causal && zeros == weights.size() - 1 - q) {
            causal_[q] = true;
        } else {
            for (std::size_t k = 0; k < weights.size(); ++k) {
                if (weights[k] != 0.0 && k != q) add_pair(q, k);
            }
        }
    }

    /// Positions of padding: those that no other attends to, and the longest run at the beginning, or at the end
    /// of what is not causal, that only itself attends to. The end of causal attention is attended to by none, so
    /// one such position says nothing. None where it would be all.
    std::vector<std::size_t> padding(bool causal) {
        const std::size_t n = full_.size();
        join_whole_rows();
        std::vector<bool> found(n, false);
        for (std::size_t k = 0; k < n; ++k) found[k] = first_[k] == n;
        if (causal && n > 1 && !found[n - 2]) found[n - 1] = false;
        std::size_t end = 0;
        std::size_t latest = 0;  // position that attends to one of those before `end`, counted from 1
        for (std::size_t p = 1; p < n; ++p) {
            latest = std::max(latest, last_[p - 1]);
            if (latest <= p) end = p;
        }
        std::fill_n(found.begin(), end, true);
        std::size_t begin = n;
        std::size_t earliest = n;
        for (std::size_t p = n; !causal && p-- > 1;) {
            earliest = std::min(earliest, first_[p]);
            if (earliest >= p) begin = p;
        }
        std::fill(found.begin() + static_cast<std::ptrdiff_t>(begin), found.end(), true);
        std::vector<std::size_t> positions;
        for (std::size_t k = 0; k < n; ++k) {
            if (found[k]) positions.push_back(k);
        }
        return positions.size() == n ? std::vector<std::size_t>{} : positions;
    }

private:
    void add_pair(std::size_t q, std::size_t k) {
        first_[k] = std::min(first_[k], q);
        last_[k] = std::max(last_[k], q + 1);
    }

    // Rows that attend to all, or to all up to themselves, in time linear in n.
    void join_whole_rows() {
        const std::size_t n = full_.size();
        for (std::size_t k = 0, below = n; k < n; ++k) {  // below: the first full row before k
            if (below < n) add_pair(below, k);
            if (full_[k] && below == n) below = k;
        }
        std::size_t first = n;  // full or causal row after k, the nearest
        std::size_t last = n;   // and the farthest
        for (std::size_t k = n; k-- > 0;) {
            if (first < n) add_pair(first, k);
            if (last < n) add_pair(last, k);
            if (!full_[k] && !causal_[k]) continue;
            first = k;
            if (last == n) last = k;
        }
    }

    std::vector<std::size_t> first_;  // by key: the first other position that attends to it, n for none
    std::vector<std::size_t> last_;   // the last one, counted from 1, 0 for none
    std::vector<bool> full_;          // by query
    std::vector<bool> causal_;
};

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
        report_.precision = attention_.dtype();
        for (std::size_t layer = 0; layer < attention_.layers(); ++layer) {
            report_.causal = report_.causal && attention_.queries(layer) == attention_.keys(layer);
            next_row_.emplace_back(attention_.heads(layer), 0);
        }
        if (attention_.rows_sum_to_one()) attended_.emplace(attention_.tokens());
        heads_may_be_queries_ = attention_.tokens() > 1;
        for (std::size_t layer = 0; layer < attention_.layers(); ++layer) {
            heads_may_be_queries_ = heads_may_be_queries_ && attention_.heads(layer) == attention_.queries(layer);
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
        if (attended_ && heads_may_be_queries_ && !report_.causal && queries_attend_to_themselves()) {
            throw InputError(fmt::format(
                "{}: {}", escape_controls(where_),
                heads_between_queries_and_keys().text({{"heads", std::to_string(attention_.heads())}})));
        }
        if (attended_) report_.unattended = attended_->padding(report_.causal);
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
            const auto column = static_cast<std::size_t>(wrong - weights.begin());
            throw InputError(fmt::format("{}, column {} is {}, expected a finite weight >= 0{}", place(), column,
                                         weight_text(*wrong), why({layer, head, row, column, 0.0})));
        }
        report_.zeros += facts.zeros;
        const bool later_zero = (report_.causal || attended_) && row < weights.size() &&
                                facts.zeros >= weights.size() - 1 - row && is_zero(weights.subspan(row + 1));
        report_.causal = report_.causal && later_zero;
        heads_may_be_queries_ = heads_may_be_queries_ && is_zero(weights.subspan(head + 1));
        if (heads_may_be_queries_ && weights[head] != 0.0) ++to_own_number_;
        if (attended_) attended_->add(row, weights, facts.zeros, later_zero);
        const double deviation = std::abs(facts.sum - 1.0);
        if (attention_.rows_sum_to_one() && !(deviation <= allowed(deviation))) {
            const double tolerance = allowed(deviation);
            throw InputError(
                fmt::format("{} sums to {:.6g}, expected 1 ± {}{}{}", place(), facts.sum, scientific(tolerance),
                            tolerance_ ? std::string() : fmt::format(" for {}", dtype_name(report_.precision)),
                            why({layer, head, row, std::nullopt, tolerance})));
        }
        if (deviation > report_.largest_deviation) {
            report_.largest_deviation = deviation;
            report_.layer = layer + 1;
            report_.head = head;
            report_.row = row;
        }
    }

    /// If heads are queries: nearly all do in causal attention, and not to themselves alone. Where rows are
    /// one-hot, heads may attend to early keys only by chance.
    bool queries_attend_to_themselves() const {
        const std::size_t n = attention_.tokens();
        const std::size_t rows = attention_.layers() * n * n;
        return 8 * to_own_number_ >= 7 * rows && report_.zeros < rows * (n - 1);
    }

    static bool is_zero(std::span<const double> weights) {
        return std::all_of(weights.begin(), weights.end(), [](double w) { return w == 0.0; });
    }

    /// What a row's sum may miss 1 by: as the values themselves are precise, which is looked into when it matters.
    double allowed(double deviation) {
        if (tolerance_) return *tolerance_;
        const double stored = row_sum_tolerance(report_.precision);
        if (deviation <= stored || deviation > row_sum_tolerance(DType::bf16) || looked_into_) return stored;
        looked_into_ = true;
        report_.precision = precision_of_values(attention_);
        return row_sum_tolerance(report_.precision);
    }

    /// ": " and the diagnosis. Weights of a chain may be anything but negative, NaN or infinite.
    std::string why(const RowFault& fault) const {
        return attention_.rows_sum_to_one() ? ": " + diagnose_rows(attention_, fault) : "";
    }

    AttentionStack attention_;
    std::string where_;
    std::optional<double> tolerance_;
    ValidationReport report_;
    std::optional<Attended> attended_;
    bool looked_into_ = false;
    bool heads_may_be_queries_ = false;               // of causal attention: head j attends to no key after j
    std::size_t to_own_number_ = 0;                   // rows of a head j that attend to key j
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
