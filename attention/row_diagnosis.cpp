#include "attention/row_diagnosis.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "attention/padding.hpp"
#include "attention/tensor_axes.hpp"
#include "graph/support/error.hpp"

namespace attnflow {
namespace {

enum Entry : std::size_t {
    log_weights,
    scores,
    below_zero,
    masked_nan,
    some_nan,
    overflow,
    zero_rows,
    zero_queries,
    zero_heads,
    attended_padding,
    summed,
    dropout,
    long_dropout,
    scaled,
    cut_small,
    sink,
    rounded,
    other,
    entries
};

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"rows/logarithms", "no weight is above 0, and the exponentials of rows sum to 1",
     "these are logarithms of attention weights (log_softmax)", "`weights = numpy.exp(weights)`"},
    {"rows/scores", "weights go from {smallest} to {largest}", "these are scores before the softmax",
     "save what comes after it: `weights = numpy.exp(scores - scores.max(-1, keepdims=True)); "
     "weights /= weights.sum(-1, keepdims=True)`"},
    {"rows/below_zero", "the smallest weight is {smallest}, and rows sum to 1",
     "weights after the softmax were rounded by a later computation (a difference, a quantisation)",
     "`weights = numpy.clip(weights, 0, None)`"},
    {"rows/masked_nan", "rows that are NaN throughout belong to {positions}",
     "a softmax over a row that is masked whole gives NaN: these are queries of padding",
     "cut padding off: `weights = weights[:, :, mask][:, :, :, mask]` with a boolean mask, or save the mask as "
     "`attention_mask`"},
    {"rows/nan", "{count} of the weights looked at are NaN", "the model's numbers went beyond its precision",
     "compute in float32: `model.float()`"},
    {"rows/infinite", "{count} of the weights looked at are infinite",
     "these are masked scores before the softmax, or numbers beyond the model's precision",
     "save what comes after the softmax, computed in float32: `model.float()`"},
    {"rows/zero", "rows that are 0 throughout belong to {positions}, to which no other position attends",
     "these are queries of padding that were masked whole",
     "cut padding off: `weights = weights[:, :, mask][:, :, :, mask]` with a boolean mask, or save the mask as "
     "`attention_mask`"},
    {"rows/zero_queries", "rows that are 0 throughout belong to {positions}, to which others attend",
     "weights were multiplied by a mask of queries, or rows were left out when the tensor was filled",
     "save the weights as the softmax gives them, before anything is masked or cut"},
    {"rows/zero_heads", "rows are 0 throughout in some heads and not in others",
     "these heads were pruned or masked (head_mask)",
     "leave them out: `weights = numpy.delete(weights, HEADS, axis=1)`, or run the model with all heads"},
    {"rows/attended_padding", "with the columns that attention_mask leaves out, the rows sum to 1",
     "the model attended to padding, because it was not given the mask",
     "give it: `model(**inputs, output_attentions=True)`, with inputs[\"attention_mask\"] among them"},
    {"rows/summed", "every row sums to {sum}",
     "weights were summed over {sum} heads or layers, or are percents or "
     "bytes",
     "`weights = weights / {sum}`"},
    {"rows/dropout", "rows sum to {sum} = 1/(1 - {rate}), or less where weights are missing",
     "dropout was on: weights were dropped and the rest scaled up", "call `model.eval()` before the model is run"},
    {"rows/long_dropout",
     "rows sum to {smallest} to {largest}, and {share} % of the weights are 0 in one head and not "
     "in others",
     "dropout was on: weights were dropped and the rest scaled up", "call `model.eval()` before the model is run"},
    {"rows/scaled", "every row sums to {sum}", "the weights were multiplied by a number after the softmax",
     "`weights = weights / weights.sum(-1, keepdims=True)`"},
    {"rows/small_weights_cut",
     "rows sum to {smallest} to {largest}, and {share} % of the weights are 0 in one head "
     "and not in others",
     "small weights were set to 0 (a threshold, the largest k, a sparse attention)",
     "save the weights before that; attnflow prunes by itself (`--pruning`, see `attnflow list`)"},
    {"rows/sink", "rows sum to {smallest} to {largest}, never more than 1",
     "a share of the attention goes to no position of the file: an attention sink outside the sequence (a learned "
     "logit), or positions that were cut off although they were attended to",
     "a sink: say `--row-sum-tolerance {tolerance}` (in a config `dataset.row_sum_tolerance`), and rows are "
     "divided by "
     "their sum; positions cut off: keep them, or run the model without them"},
    {"rows/rounded", "rows sum to {smallest} to {largest}, as rounded weights do",
     "weights were rounded before they were stored: 8-bit numbers, decimals, a mean in low precision",
     "save them as computed; if that is all there is, say `--row-sum-tolerance {tolerance}` (in a config "
     "`dataset.row_sum_tolerance`), and rows are divided by their sum"},
    {"rows/other", "rows sum to {smallest} to {largest}", "none of the usual causes fits",
     "attention is what a softmax over the last axis gives: look at `weights.sum(-1)`, and at "
     "docs/getting-attention.md"},
}};

constexpr std::size_t most_weights = std::size_t{1} << 25;
constexpr double same = 1e-3;  // relative, of sums that are called equal

std::string number(double value) { return fmt::format("{:.4g}", value); }

// Above the largest deviation, in two digits.
std::string tolerance_above(double deviation) {
    const double unit = std::pow(10.0, std::floor(std::log10(deviation)) - 1.0);
    return fmt::format("{:.2g}", std::ceil(deviation / unit * (1.0 + 1e-9)) * unit);
}

/// What rows and columns look like, over as many heads as are looked at.
class Evidence {
public:
    Evidence(const AttentionStack& attention, const RowFault& fault) : attention_(attention) {
        const std::size_t n = attention.tokens();
        nonzero_.assign(n * n <= most_weights ? n * n : 0, 0);
        zero_row_.assign(n, true);
        nan_row_.assign(n, false);
        look_at_head(fault.layer, fault.head);
        for (std::size_t l = 0; l < attention.layers(); ++l) {
            for (std::size_t h = 0; h < attention.heads(l); ++h) {
                if ((l != fault.layer || h != fault.head) && weights < most_weights) look_at_head(l, h);
            }
        }
        std::sort(sums.begin(), sums.end());
    }

    std::size_t weights = 0;
    std::size_t heads = 0;
    std::size_t negative = 0;
    std::size_t nan = 0;
    std::size_t infinite = 0;
    std::size_t above_one = 0;
    std::size_t zeros = 0;
    double smallest = std::numeric_limits<double>::infinity();  // of the finite weights
    double largest = -std::numeric_limits<double>::infinity();
    std::vector<double> sums;  // of rows that are finite and not 0 throughout, ascending
    std::size_t zero_rows = 0;
    std::size_t nan_rows = 0;
    bool columns_sum_to_one = true;
    bool exponentials_sum_to_one = true;

    double smallest_sum() const { return sums.empty() ? 0.0 : sums.front(); }
    double largest_sum() const { return sums.empty() ? 0.0 : sums.back(); }

    /// How far from 1 the rows of n weights can sum that were rounded to as many decimals, or to as coarse parts
    /// of 255, as all the weights have; 0 where they are finer.
    double rounding_bound() const {
        for (std::size_t g = 0; g < std::size(grids); ++g) {
            if (on_grid_[g]) return static_cast<double>(zero_row_.size()) / (2.0 * grids[g]);
        }
        return 0.0;
    }
    /// Weights that are 0 in one head and not in another, as a share of those that are not 0 everywhere.
    double scattered_zeros() const {
        if (nonzero_.empty() || heads < 2) return 0.0;
        const auto cells = static_cast<std::size_t>(
            std::count_if(nonzero_.begin(), nonzero_.end(), [](std::uint32_t count) { return count > 0; }));
        std::size_t present = 0;
        for (const std::uint32_t count : nonzero_) present += count;
        return cells == 0 ? 0.0 : 1.0 - static_cast<double>(present) / static_cast<double>(cells * heads);
    }
    std::vector<std::size_t> positions(const std::vector<bool>& of) const {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < of.size(); ++i) {
            if (of[i]) out.push_back(i);
        }
        return out;
    }
    std::vector<std::size_t> zero_positions() const { return positions(zero_row_); }
    std::vector<std::size_t> nan_positions() const { return positions(nan_row_); }
    /// Whether a position outside `inside` attends to one of them.
    bool attended(const std::vector<std::size_t>& inside) const {
        const std::size_t n = zero_row_.size();
        for (std::size_t q = 0; q < n && !nonzero_.empty(); ++q) {
            if (std::binary_search(inside.begin(), inside.end(), q)) continue;
            for (const std::size_t k : inside) {
                if (nonzero_[q * n + k] > 0) return true;
            }
        }
        return nonzero_.empty();
    }

private:
    void look_at_head(std::size_t layer, std::size_t head) {
        const std::size_t n = attention_.keys(layer);
        std::vector<double> columns(n, 0.0);
        for_each_run(attention_, layer, head, run_, [&](std::size_t first, std::span<const double> run) {
            for (std::size_t r = 0; r < run.size() / n; ++r)
                look_at_row(first / n + r, run.subspan(r * n, n), columns);
        });
        weights += n * n;
        ++heads;
        // Where keys come before queries, the column of padding is 0 throughout.
        bool all = std::any_of(columns.begin(), columns.end(), [](double sum) { return sum != 0.0; });
        for (const double sum : columns) all = all && (std::abs(sum - 1.0) <= 2e-2 || sum == 0.0);
        columns_sum_to_one = columns_sum_to_one && all;
    }

    void look_at_row(std::size_t q, std::span<const double> row, std::vector<double>& columns) {
        double sum = 0.0;
        double exponentials = 0.0;
        std::size_t row_zeros = 0;
        std::size_t row_nan = 0;
        for (std::size_t k = 0; k < row.size(); ++k) {
            const double w = row[k];
            sum += w;
            columns[k] += w;
            exponentials += std::exp(w);
            row_zeros += w == 0.0 ? 1 : 0;
            row_nan += std::isnan(w) ? 1 : 0;
            infinite += std::isinf(w) ? 1 : 0;
            negative += w < 0.0 ? 1 : 0;
            above_one += w > 1.0 + 1e-3 ? 1 : 0;
            if (std::isfinite(w)) {
                smallest = std::min(smallest, w);
                largest = std::max(largest, w);
            }
            for (std::size_t g = 0; g < std::size(grids); ++g) {
                const double units = w * grids[g];
                on_grid_[g] = on_grid_[g] && std::abs(units - std::round(units)) < 1e-2;
            }
            if (!nonzero_.empty()) nonzero_[q * row.size() + k] += w != 0.0 ? 1 : 0;
        }
        zeros += row_zeros;
        nan += row_nan;
        exponentials_sum_to_one = exponentials_sum_to_one && std::abs(exponentials - 1.0) <= 2e-2;
        if (row_nan == row.size()) nan_row_[q] = true;
        nan_rows += row_nan == row.size() ? 1 : 0;
        zero_rows += row_zeros == row.size() ? 1 : 0;
        zero_row_[q] = zero_row_[q] && row_zeros == row.size();
        if (row_zeros < row.size() && std::isfinite(sum)) sums.push_back(sum);
    }

    const AttentionStack& attention_;
    std::vector<double> run_;
    std::vector<std::uint32_t> nonzero_;  // by query and key: heads in which the weight is not 0
    std::vector<bool> zero_row_;          // in every head
    std::vector<bool> nan_row_;           // in some head
    static constexpr double grids[] = {10.0, 100.0, 1000.0, 10'000.0, 255.0};
    bool on_grid_[std::size(grids)] = {true, true, true, true, true};
};

std::string with_numbers(const std::vector<std::size_t>& positions) {
    std::vector<std::string> names;
    for (std::size_t i = 0; !positions.empty() && i <= positions.back(); ++i)
        names.push_back("#" + std::to_string(i));
    return positions_text(positions, names);
}

std::string no_weights(const Evidence& seen) {
    if (seen.negative > 0 && seen.largest <= 0.0 && seen.exponentials_sum_to_one)
        return diagnoses[log_weights].text();
    if (seen.nan_rows > 0) return diagnoses[masked_nan].text({{"positions", with_numbers(seen.nan_positions())}});
    if (seen.nan > 0) return diagnoses[some_nan].text({{"count", std::to_string(seen.nan)}});
    if (seen.infinite > 0) return diagnoses[overflow].text({{"count", std::to_string(seen.infinite)}});
    const bool sums_hold = seen.smallest_sum() > 0.98 && seen.largest_sum() < 1.02;
    if (sums_hold && seen.smallest > -1e-2)
        return diagnoses[below_zero].text({{"smallest", number(seen.smallest)}});
    return diagnoses[scores].text({{"smallest", number(seen.smallest)}, {"largest", number(seen.largest)}});
}

// 1/(1 - p) of rows where nothing was dropped, which is what the largest sums share, or two of them where as many
// weights are missing; 0 where they share nothing.
double undropped_sum(const Evidence& seen, double missing) {
    const double top = seen.largest_sum();
    const auto equal = static_cast<std::size_t>(
        std::count_if(seen.sums.begin(), seen.sums.end(), [&](double sum) { return sum > top * (1.0 - same); }));
    const bool fits = equal >= 2 && std::abs(1.0 / top - (1.0 - missing)) < 0.05;
    return top > 1.03 && top < 10.0 && (equal >= 3 || 10 * equal >= seen.sums.size() || fits) ? top : 0.0;
}

// How far the mean of the sums may be from 1 by chance, at three standard errors.
double chance(const Evidence& seen, double mean) {
    double squares = 0.0;
    for (const double sum : seen.sums) squares += (sum - mean) * (sum - mean);
    const auto count = static_cast<double>(std::max<std::size_t>(1, seen.sums.size()));
    return 3.0 * std::sqrt(squares) / count;
}

}  // namespace

std::string diagnose_rows(const AttentionStack& attention, const RowFault& fault) {
    const Evidence seen(attention, fault);
    if (fault.column) return no_weights(seen);

    const double tolerance = std::max(fault.tolerance, same);
    const double low = seen.smallest_sum();
    const double high = seen.largest_sum();
    const Diagnosis::Values range = {{"smallest", number(low)}, {"largest", number(high)}};
    const double deviation = std::max(high - 1.0, 1.0 - low);

    if (seen.zero_rows > 0 && deviation <= std::max(tolerance, 2e-2)) {
        const auto positions = seen.zero_positions();
        if (!positions.empty()) {
            return diagnoses[seen.attended(positions) ? zero_queries : zero_rows].text(
                {{"positions", with_numbers(positions)}});
        }
        return diagnoses[zero_heads].text();
    }
    if (seen.columns_sum_to_one) {
        const bool tells = attention.heads() != attention.tokens();
        return (tells ? swapped_axes() : swapped_or_heads_last()).text();
    }
    if (attention.is_cropped()) {
        const Evidence whole(attention.uncropped(), {fault.layer, fault.head, 0, std::nullopt, 0.0});
        if (whole.smallest_sum() > 0.98 && whole.largest_sum() < 1.02) return diagnoses[attended_padding].text();
    }
    const double scattered = seen.scattered_zeros();
    const bool alike = low > 0.0 && high - low <= same * high;
    if (alike && high > 1.5 && std::abs(high - std::round(high)) <= same * high && scattered == 0.0)
        return diagnoses[summed].text({{"sum", fmt::format("{:.0f}", high)}});
    if (deviation > 0.0 && deviation <= seen.rounding_bound()) {
        return diagnoses[rounded].text(
            {{"smallest", number(low)}, {"largest", number(high)}, {"tolerance", tolerance_above(deviation)}});
    }
    if (scattered > 0.0 && high > 1.0 + tolerance) {
        const double whole = undropped_sum(seen, scattered);
        if (whole > 0.0)
            return diagnoses[dropout].text(
                {{"sum", number(whole)}, {"rate", fmt::format("{:.2g}", 1.0 - 1.0 / whole)}});
        const double mean = std::accumulate(seen.sums.begin(), seen.sums.end(), 0.0) /
                            static_cast<double>(std::max<std::size_t>(1, seen.sums.size()));
        if (std::abs(mean - 1.0) < std::max(0.1, chance(seen, mean)) && scattered > 5e-3) {
            return diagnoses[long_dropout].text({{"smallest", number(low)},
                                                 {"largest", number(high)},
                                                 {"share", fmt::format("{:.1f}", 100.0 * scattered)}});
        }
    }
    if (seen.above_one > 0)
        return diagnoses[scores].text({{"smallest", number(seen.smallest)}, {"largest", number(seen.largest)}});
    if (alike && deviation > 2e-2) {
        const double rate = 1.0 - 1.0 / high;
        const bool usual_rate = high > 1.0 && std::abs(rate * 20.0 - std::round(rate * 20.0)) < 0.02;
        if (usual_rate)
            return diagnoses[dropout].text({{"sum", number(high)}, {"rate", fmt::format("{:.2g}", rate)}});
        return diagnoses[scaled].text({{"sum", number(high)}});
    }
    if (deviation > 0.0 && high <= 1.0 + tolerance) {
        if (scattered > 0.1) {
            return diagnoses[cut_small].text({{"smallest", number(low)},
                                              {"largest", number(high)},
                                              {"share", fmt::format("{:.1f}", 100.0 * scattered)}});
        }
        return diagnoses[low < 0.98 ? sink : rounded].text(
            {{"smallest", number(low)}, {"largest", number(high)}, {"tolerance", tolerance_above(deviation)}});
    }
    if (deviation > 0.0 && deviation <= 5e-2) {
        return diagnoses[rounded].text(
            {{"smallest", number(low)}, {"largest", number(high)}, {"tolerance", tolerance_above(deviation)}});
    }
    return diagnoses[other].text(range);
}

DType precision_of_values(const AttentionStack& attention) {
    const DType stored = attention.dtype();
    if (stored == DType::bf16) return stored;
    // A finite float with zeros in its last 16 of 24 bits is a BF16, with zeros in the last 13 and an exponent of
    // at least -14 an F16. What has the last bit that the type can hold is no coarser number by chance.
    std::size_t used = 0, bf16_ends = 0, f16_ends = 0;
    bool bf16 = true, f16 = stored != DType::f16;
    std::vector<double> run;
    for (std::size_t l = 0; l < attention.layers() && (bf16 || f16); ++l) {
        for (std::size_t h = 0; h < attention.heads(l) && (bf16 || f16); ++h) {
            for_each_run(attention, l, h, run, [&](std::size_t, std::span<const double> weights) {
                for (const double w : weights) {
                    if (w == 0.0) continue;
                    const auto value = static_cast<float>(w);
                    const auto bits = std::bit_cast<std::uint32_t>(value);
                    const bool exact = static_cast<double>(value) == w;
                    ++used;
                    bf16 = bf16 && exact && (bits & 0xFFFFu) == 0;
                    const bool normal = std::abs(w) >= 0x1p-14;
                    f16 = f16 && exact && (normal ? (bits & 0x1FFFu) == 0 : w * 0x1p24 == std::trunc(w * 0x1p24));
                    bf16_ends += (bits & 0x10000u) != 0 ? 1 : 0;
                    f16_ends += (bits & 0x2000u) != 0 ? 1 : 0;
                }
            });
        }
    }
    if (bf16 && 16 * bf16_ends >= used && bf16_ends > 0) return DType::bf16;
    if (f16 && 16 * f16_ends >= used && f16_ends > 0) return DType::f16;
    return stored;
}

Diagnoses row_diagnoses() { return {"Rows that do not sum to 1", diagnoses}; }

}  // namespace attnflow
