#include "attention/row_diagnosis.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "attention/padding.hpp"
#include "attention/tensor_axes.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

enum Entry : std::size_t {
    log_weights,
    scores,
    triangle_of_scores,
    mask_added,
    below_zero,
    masked_nan,
    some_nan,
    overflow,
    zero_rows,
    zero_queries,
    zero_heads,
    zero_heads_of_layers,
    zero_layers,
    some_zero_rows,
    inverted_mask,
    attended_padding,
    other_axis,
    skip_included,
    summed,
    percents,
    too_coarse,
    dropout,
    long_dropout,
    mean_of_dropout,
    scaled,
    cut_small,
    masked_after,
    sink,
    rounded,
    not_normalised,
    other,
    entries
};

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"rows/logarithms", "no weight is above 0, and rows of `{function}(weights)` sum to 1",
     "these are logarithms of attention weights (log_softmax)", "`weights = {function}(weights)`"},
    {"rows/scores", "weights go from {smallest} to {largest}",
     "these are scores before the softmax, or signed weights (gradients, attention times gradients, differential "
     "attention)",
     "scores: save what comes after the softmax, or, where scores hold the masks (causal, padding) already, "
     "`weights = numpy.exp(scores - scores.max(-1, keepdims=True)); weights /= weights.sum(-1, keepdims=True)`; "
     "signed weights are no distributions: what of them is meant, for instance `numpy.clip(weights, 0, None)`, is "
     "given as `--edge-weights NAME`"},
    {"rows/triangle_of_scores", "weights go from {smallest} to {largest}, and all above the diagonal are {value}",
     "these are scores before the softmax whose causal mask is not in them, or signed weights (gradients, "
     "attention times gradients, differential attention)",
     "scores: save what comes after the softmax, or `scores = numpy.where(numpy.tri(scores.shape[-1], "
     "dtype=bool), "
     "scores, -numpy.inf); weights = numpy.exp(scores - scores.max(-1, keepdims=True)); "
     "weights /= weights.sum(-1, keepdims=True)`; signed weights are no distributions: what of them is meant, for "
     "instance `numpy.clip(weights, 0, None)`, is given as `--edge-weights NAME`"},
    {"rows/mask_added", "all weights below 0 are {smallest}, and the others go from 0 to {largest}",
     "a mask was added to the weights after the softmax, or these are scores of which none is below 0",
     "save what comes after the softmax, the mask added to the scores before it"},
    {"rows/below_zero", "the smallest weight is {smallest}, and rows sum to 1",
     "weights after the softmax were rounded by a later computation (a difference, a quantisation)",
     "`weights = numpy.clip(weights, 0, None)`"},
    {"rows/masked_nan",
     "rows that are NaN throughout in every head belong to {positions}, to which no other position attends",
     "a softmax over a row that is masked whole gives NaN: these are queries of padding",
     "cut padding off: `weights = weights[:, :, mask][:, :, :, mask]` with a boolean mask, or save the mask as "
     "`attention_mask`"},
    {"rows/nan", "{count} of the weights looked at are NaN",
     "the model's numbers went beyond its precision, or the file was damaged",
     "run the model again in float32, `model.float()`; these positions are no padding"},
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
    {"rows/zero_heads", "rows are 0 throughout in some heads and not in others, in every layer: {heads}",
     "these heads were pruned or masked (head_mask)",
     "leave them out: `weights = numpy.delete(weights, [{heads}], axis=1)`, or run the model with all heads"},
    {"rows/zero_heads_of_layers", "rows are 0 throughout in {heads}, and in other layers or heads they are not",
     "these heads were pruned or masked (head_mask) in these layers only",
     "layers cannot have different numbers of heads, so save the mean over the heads that are left, which is what "
     "`heads = mean` makes of them: `weights = numpy.stack([layer[layer.any((1, 2))].mean(0, keepdims=True) "
     "for layer in weights])`; or run the model with all heads"},
    {"rows/zero_layers", "layer {layers} is 0 throughout",
     "the tensor was not filled there, or the layer has no attention of this kind",
     "save the weights of all layers as the softmax gives them"},
    {"rows/some_zero_rows",
     "rows are 0 throughout in no whole head or position ({count}), for instance row {row} in {heads}, and other "
     "rows of "
     "the same heads and positions are not",
     "the tensor was not filled there, or weights were set to 0 after the softmax",
     "save the weights as the softmax gives them, before anything is masked or cut"},
    {"rows/inverted_mask",
     "attention_mask keeps {positions}, to which no position attends, and the rows of the others sum to 1",
     "the mask is inverted: 1 stands for padding in it, as in PyTorch's key_padding_mask",
     "1 stands for tokens: `attention_mask = 1 - mask`"},
    {"rows/attended_padding", "with the columns that attention_mask leaves out, the rows sum to 1",
     "the model attended to padding, because it was not given the mask",
     "give it: `model(**inputs, output_attentions=True)`, with inputs[\"attention_mask\"] among them"},
    {"rows/other_axis", "weights sum to 1 over the {axis}, and not over the keys",
     "the softmax was taken over another axis than the last one",
     "take it over the last axis of the scores; these weights cannot be put right"},
    {"rows/skip_included", "every row sums to 2, and all weights on the diagonal are at least 1",
     "the skip connection was added: attention + I",
     "`weights = weights - numpy.eye(weights.shape[-1])`; attnflow adds the skip connection itself"},
    {"rows/summed", "every row sums to {sum}",
     "weights were summed over {sum} heads or layers, or are percents or bytes", "`weights = weights / {sum}`"},
    {"rows/percents", "rows sum to {smallest} to {largest}, about {total}",
     "weights are percents, bytes or another part of {total}, rounded",
     "divide by the sum: `weights = weights / weights.sum(-1, keepdims=True)`"},
    {"rows/too_coarse", "rows sum to {smallest} to {largest}, and all weights are multiples of {unit}",
     "the values are rounded to 1/{parts} of a row's sum, which is too coarse: small weights became 0",
     "store more digits: the weights as the softmax gives them, in float32 or float16"},
    {"rows/dropout", "rows sum to {sum} = 1/(1 - {rate}), or less where weights are missing",
     "dropout was on: weights were dropped and the rest scaled up", "call `model.eval()` before the model is run"},
    {"rows/long_dropout",
     "rows sum to {smallest} to {largest}, and {share} % of the weights are 0 in no pattern that heads or rows "
     "share",
     "dropout was on: weights were dropped and the rest scaled up", "call `model.eval()` before the model is run"},
    {"rows/mean_of_dropout", "rows sum to {smallest} to {largest}, and to 1 on the mean",
     "dropout was on, and weights were averaged over heads, layers or runs; or noise was added to them",
     "call `model.eval()` before the model is run, and save the weights as the softmax gives them"},
    {"rows/scaled", "every row sums to {sum}", "the weights were multiplied by a number after the softmax",
     "`weights = weights / weights.sum(-1, keepdims=True)`"},
    {"rows/small_weights_cut",
     "rows sum to {smallest} to {largest}, and {share} % of the weights are 0 in no pattern that heads or rows "
     "share",
     "small weights were set to 0 (a threshold, the largest k, a sparse attention)",
     "save the weights before that; attnflow prunes by itself (`--pruning`, see `attnflow list`)"},
    {"rows/masked_after",
     "rows sum to {smallest} to {largest}, all weights above the diagonal are 0, and last rows sum to 1",
     "a causal mask was applied to the weights after the softmax",
     "apply it to the scores before the softmax, which gives `weights = weights / weights.sum(-1, "
     "keepdims=True)`"},
    {"rows/sink", "rows sum to {smallest} to {largest}, never more than 1",
     "a share of the attention goes to no position of the file: an attention sink outside the sequence (a learned "
     "logit); positions or a window that were cut off although they were attended to; or weights of no softmax "
     "(a sigmoid, powers, norms)",
     "a sink, and only that: say `--row-sum-tolerance {tolerance}` (in a config `dataset.row_sum_tolerance`), and "
     "rows are divided by their sum, so that scores tell of the attention inside the file and not of the sink's "
     "share; positions cut off: keep them, or run the model without them; no softmax: `--edge-weights NAME`"},
    {"rows/rounded", "rows sum to {smallest} to {largest}, as rounded weights do",
     "weights were rounded before they were stored: 8-bit numbers, decimals, a mean in low precision",
     "save them as computed; if that is all there is, say `--row-sum-tolerance {tolerance}` (in a config "
     "`dataset.row_sum_tolerance`), and rows are divided by their sum"},
    {"rows/not_normalised", "rows sum to {smallest} to {largest}, and no weight is below 0",
     "these are weights that were not normalised (exponentials of scores), or edge weights (attention times "
     "norms or gradients)",
     "not normalised: `weights = weights / weights.sum(-1, keepdims=True)`; edge weights: save them under a name "
     "and say `--edge-weights NAME`; else save what the softmax over the last axis gives"},
    {"rows/other", "rows sum to {smallest} to {largest}", "none of the usual causes fits",
     "attention is what a softmax over the last axis gives: look at `weights.sum(-1)`, and at "
     "docs/getting-attention.md"},
}};

constexpr std::size_t most_weights = std::size_t{1} << 25;
constexpr double same = 1e-3;            // relative, of sums that are called equal
constexpr double holds = 2e-2;           // of a sum that is called 1
constexpr double most_tolerance = 5e-2;  // that is offered for rounded weights

bool is_one(double sum) { return std::abs(sum - 1.0) <= holds; }

std::string number(double value) { return fmt::format("{:.4g}", value); }

// Above the largest deviation, in two digits.
std::string tolerance_above(double deviation) {
    const double unit = std::pow(10.0, std::floor(std::log10(deviation)) - 1.0);
    return fmt::format("{:.2g}", std::ceil(deviation / unit * (1.0 + 1e-9)) * unit);
}

struct HeadPlace {
    std::size_t layer = 0;
    std::size_t head = 0;
};

/// Weights that are whole multiples of `unit`, and rows that miss `total` by no more than that explains.
struct Rounding {
    double total = 1.0;
    double unit = 0.0;
};

/// What rows and columns look like, over as many heads as are looked at.
class Evidence {
public:
    Evidence(const AttentionStack& attention, const RowFault& fault) : attention_(attention) {
        const std::size_t n = attention.tokens();
        const std::size_t cells = n * n <= most_weights ? n * n : 0;
        nonzero_.assign(cells, 0);
        over_layers_.assign(cells, 0.0);
        zero_row_.assign(n, true);
        nan_row_.assign(n, true);
        row_holds_.assign(n, true);
        look_at_layer(fault.layer, fault);
        for (std::size_t l = 0; l < attention.layers(); ++l) {
            if (l != fault.layer) look_at_layer(l, fault);
        }
        over_layers_sum_to_one =
            layers_looked_at_ == attention.layers() && attention.layers() > 1 && all_are_one(over_layers_);
        std::sort(sums.begin(), sums.end());
    }

    std::size_t weights = 0;
    std::size_t heads = 0;
    std::size_t negative = 0;
    std::size_t nan = 0;
    std::size_t infinite = 0;
    double smallest = std::numeric_limits<double>::infinity();  // of the finite weights
    double largest = -std::numeric_limits<double>::infinity();
    double largest_negative = -std::numeric_limits<double>::infinity();
    std::vector<double> sums;  // of rows that are finite and not 0 throughout, ascending
    std::size_t zero_rows = 0;
    std::size_t nan_rows = 0;
    bool columns_sum_to_one = true;
    bool over_heads_sum_to_one = true;
    bool over_layers_sum_to_one = false;
    bool head_means_are_one = true;  ///< of row sums, as in what was transposed
    bool diagonal_above_one = true;  ///< or 1
    bool last_rows_hold = true;
    bool upper_is_constant = true;  ///< above the diagonal, where all are upper_value
    double upper_value = std::numeric_limits<double>::quiet_NaN();
    std::vector<HeadPlace> zero_heads;
    std::optional<HeadPlace> head_of_zero_row;
    std::size_t place_of_zero_row = 0;

    double smallest_sum() const { return sums.empty() ? 0.0 : sums.front(); }
    double largest_sum() const { return sums.empty() ? 0.0 : sums.back(); }
    double mean_sum() const {
        return std::accumulate(sums.begin(), sums.end(), 0.0) /
               static_cast<double>(std::max<std::size_t>(1, sums.size()));
    }
    bool sums_hold() const { return !sums.empty() && is_one(sums.front()) && is_one(sums.back()); }

    /// The function whose values of the weights sum to 1 in every row.
    std::string_view inverse_of_logarithm() const {
        for (std::size_t b = 0; b < std::size(bases); ++b) {
            if (powers_sum_to_one_[b]) return bases[b].function;
        }
        return "";
    }
    /// The coarsest one that fits: as many decimals, or parts of a power of two.
    std::optional<Rounding> rounding() const {
        constexpr double totals[] = {1.0, 100.0, 127.0, 128.0, 255.0, 256.0, 1000.0};
        const auto n = static_cast<double>(zero_row_.size());
        for (std::size_t g = 0; g < std::size(grids); ++g) {
            if (!on_grid_[g]) continue;
            for (const double total : totals) {
                const double half = 0.5 / grids[g];
                if (total <= 2.0 * half || (total > 1.0 && std::abs(mean_sum() - total) > 0.3 * total)) continue;
                // A weight that was rounded up is not 0.
                const auto fits = [&](const Row& row) {
                    return row.sum - total <= row.nonzero * half + same && total - row.sum <= n * half + same;
                };
                if (std::all_of(rows_.begin(), rows_.end(), fits)) return Rounding{total, 1.0 / grids[g]};
            }
        }
        return std::nullopt;
    }
    /// Rows miss 1 by no more than numbers of so few significant bits explain.
    bool is_of_few_bits() const {
        return bits_ >= 3 && bits_ <= 8 && !rows_.empty() &&
               std::all_of(rows_.begin(), rows_.end(), [&](const Row& row) {
                   return std::abs(row.sum - 1.0) <= 1.1 * std::ldexp(std::max(1.0, row.sum), -bits_);
               });
    }
    /// Weights that are 0 where another head's are not, as a share of those; of one head those that are 0 in no
    /// triangle and no whole column.
    double scattered_zeros() const {
        if (nonzero_.empty()) return 0.0;
        if (cells_of_heads_ > 0) return 1.0 - static_cast<double>(present_) / static_cast<double>(cells_of_heads_);
        const std::size_t n = zero_row_.size();
        std::vector<bool> column(n, heads > 1);
        for (std::size_t i = 0; i < nonzero_.size(); ++i) column[i % n] = column[i % n] || nonzero_[i] > 0;
        const bool triangle = upper_is_constant && upper_value == 0.0;
        std::size_t cells = 0;
        std::size_t present = 0;
        for (std::size_t i = 0; i < nonzero_.size(); ++i) {
            if (heads > 1 ? nonzero_[i] == 0 : !column[i % n] || (triangle && i % n > i / n)) continue;
            ++cells;
            present += nonzero_[i];
        }
        return cells == 0 ? 0.0 : 1.0 - static_cast<double>(present) / static_cast<double>(cells * heads);
    }
    /// Positions that none attends to, themselves included.
    std::vector<std::size_t> zero_columns() const {
        const std::size_t n = zero_row_.size();
        std::vector<bool> zero(n, !nonzero_.empty());
        for (std::size_t i = 0; i < nonzero_.size(); ++i) zero[i % n] = zero[i % n] && nonzero_[i] == 0;
        return positions(zero);
    }
    std::vector<std::size_t> zero_positions() const { return positions(zero_row_); }
    std::vector<std::size_t> nan_positions() const { return positions(nan_row_); }
    /// Whether the rows of all positions but `inside` sum to 1 in every head.
    bool others_hold(const std::vector<std::size_t>& inside) const {
        for (std::size_t q = 0; q < row_holds_.size(); ++q) {
            if (!row_holds_[q] && !std::binary_search(inside.begin(), inside.end(), q)) return false;
        }
        return true;
    }
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
    bool looked_at_all() const { return layers_looked_at_ == attention_.layers(); }

private:
    struct Row {
        double sum = 0.0;
        double nonzero = 0.0;  ///< how many weights are not 0
    };
    struct Base {
        std::string_view function;
        double base;
    };

    static bool all_are_one(const std::vector<double>& values) {
        return !values.empty() && std::all_of(values.begin(), values.end(), is_one);
    }
    static std::vector<std::size_t> positions(const std::vector<bool>& of) {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < of.size(); ++i) {
            if (of[i]) out.push_back(i);
        }
        return out;
    }

    // The faulty head first.
    void look_at_layer(std::size_t layer, const RowFault& fault) {
        const std::size_t count = attention_.heads(layer);
        const std::size_t first = layer == fault.layer ? fault.head : 0;
        over_heads_.assign(nonzero_.size(), 0.0);
        nonzero_in_layer_.assign(nonzero_.size(), 0);
        std::size_t looked_at = 0;
        for (std::size_t i = 0; i < count && (weights == 0 || weights < most_weights); ++i) {
            look_at_head(layer, (first + i) % count);
            ++looked_at;
        }
        layers_looked_at_ += looked_at == count ? 1 : 0;
        if (looked_at < 2) {
            over_heads_sum_to_one = false;
            return;
        }
        over_heads_sum_to_one = over_heads_sum_to_one && looked_at == count && all_are_one(over_heads_);
        for (const std::uint32_t nonzero : nonzero_in_layer_) {
            cells_of_heads_ += nonzero > 0 ? looked_at : 0;
            present_ += nonzero;
        }
    }

    void look_at_head(std::size_t layer, std::size_t head) {
        const std::size_t n = attention_.keys(layer);
        const std::size_t zero_before = zero_rows;
        const std::size_t rows_before = sums.size();
        std::vector<double> columns(n, 0.0);
        for_each_run(attention_, layer, head, run_, [&](std::size_t first, std::span<const double> run) {
            for (std::size_t r = 0; r < run.size() / n; ++r)
                look_at_row({layer, head}, first / n + r, run.subspan(r * n, n), columns);
        });
        weights += n * n;
        ++heads;
        if (zero_rows - zero_before == n) zero_heads.push_back({layer, head});
        // Where keys come before queries, the column of padding is 0 throughout.
        bool all = std::any_of(columns.begin(), columns.end(), [](double sum) { return sum != 0.0; });
        for (const double sum : columns) all = all && (is_one(sum) || sum == 0.0);
        columns_sum_to_one = columns_sum_to_one && all;
        const double total =
            std::accumulate(sums.begin() + static_cast<std::ptrdiff_t>(rows_before), sums.end(), 0.0);
        head_means_are_one = head_means_are_one && std::abs(total / static_cast<double>(n) - 1.0) <= same;
    }

    void look_at_row(HeadPlace place, std::size_t q, std::span<const double> row, std::vector<double>& columns) {
        double sum = 0.0;
        double powers[std::size(bases)] = {};
        std::size_t row_zeros = 0;
        std::size_t row_nan = 0;
        bool any_grid = std::any_of(std::begin(on_grid_), std::end(on_grid_), [](bool on) { return on; });
        for (std::size_t k = 0; k < row.size(); ++k) {
            const double w = row[k];
            sum += w;
            columns[k] += w;
            for (std::size_t b = 0; b < std::size(bases); ++b) {
                if (powers_sum_to_one_[b]) powers[b] += std::pow(bases[b].base, w);
            }
            row_zeros += w == 0.0 ? 1 : 0;
            row_nan += std::isnan(w) ? 1 : 0;
            infinite += std::isinf(w) ? 1 : 0;
            negative += w < 0.0 ? 1 : 0;
            if (std::isfinite(w)) {
                smallest = std::min(smallest, w);
                largest = std::max(largest, w);
                if (w < 0.0) largest_negative = std::max(largest_negative, w);
                if (bits_ <= 8 && w != 0.0) bits_ = std::max(bits_, significant_bits(w));
            }
            if (any_grid) check_grids(w);
            if (k > q) {
                if (std::isnan(upper_value)) upper_value = w;
                upper_is_constant = upper_is_constant && w == upper_value;
            }
            if (nonzero_.empty()) continue;
            const std::size_t cell = q * row.size() + k;
            nonzero_[cell] += w != 0.0 ? 1 : 0;
            nonzero_in_layer_[cell] += w != 0.0 ? 1 : 0;
            over_heads_[cell] += w;
            if (place.head == 0) over_layers_[cell] += w;
        }
        nan += row_nan;
        for (std::size_t b = 0; b < std::size(bases); ++b)
            powers_sum_to_one_[b] = powers_sum_to_one_[b] && is_one(powers[b]);
        diagonal_above_one = diagonal_above_one && row[q] >= 1.0 - holds / 2.0;
        const bool zero = row_zeros == row.size();
        nan_row_[q] = nan_row_[q] && row_nan == row.size();
        nan_rows += row_nan == row.size() ? 1 : 0;
        zero_rows += zero ? 1 : 0;
        if (zero && !head_of_zero_row) {
            head_of_zero_row = place;
            place_of_zero_row = q;
        }
        zero_row_[q] = zero_row_[q] && zero;
        row_holds_[q] = row_holds_[q] && is_one(sum);
        if (q + 1 == row.size()) last_rows_hold = last_rows_hold && std::abs(sum - 1.0) <= same;
        if (!std::isfinite(sum)) return;
        rows_.push_back({sum, static_cast<double>(row.size() - row_zeros)});
        if (!zero) sums.push_back(sum);
    }

    void check_grids(double w) {
        for (std::size_t g = 0; g < std::size(grids); ++g) {
            const double units = w * grids[g];
            on_grid_[g] = on_grid_[g] && std::abs(units - std::round(units)) < 1e-2;
        }
    }

    static int significant_bits(double w) {
        int exponent = 0;
        const auto mantissa = static_cast<std::uint64_t>(std::ldexp(std::frexp(std::abs(w), &exponent), 53));
        return 53 - std::countr_zero(mantissa);
    }

    const AttentionStack& attention_;
    std::size_t layers_looked_at_ = 0;
    std::vector<double> run_;
    std::vector<Row> rows_;
    std::vector<std::uint32_t> nonzero_;  // by query and key: heads in which the weight is not 0
    std::vector<std::uint32_t> nonzero_in_layer_;
    std::vector<double> over_heads_;   // by query and key: the sum of the weights of a layer
    std::vector<double> over_layers_;  // of the first heads
    std::size_t cells_of_heads_ = 0;   // where some head of a layer with several is not 0, once for each of them
    std::size_t present_ = 0;          // of these, those that are not 0
    std::vector<bool> zero_row_;       // in every head
    std::vector<bool> nan_row_;        // in every head
    std::vector<bool> row_holds_;      // sums to 1 in every head
    int bits_ = 0;
    static constexpr Base bases[] = {{"numpy.exp", 2.718281828459045}, {"numpy.exp2", 2.0}, {"10.0 ** ", 10.0}};
    bool powers_sum_to_one_[std::size(bases)] = {true, true, true};
    static constexpr double grids[] = {1.0,   10.0,  15.0,  16.0,  31.0,  32.0,   63.0,    64.0,
                                       100.0, 127.0, 128.0, 255.0, 256.0, 1000.0, 10'000.0};
    bool on_grid_[std::size(grids)] = {true, true, true, true, true, true, true, true,
                                       true, true, true, true, true, true, true};
};

std::string with_numbers(const std::vector<std::size_t>& positions) {
    std::vector<std::string> names;
    for (std::size_t i = 0; !positions.empty() && i <= positions.back(); ++i)
        names.push_back("#" + std::to_string(i));
    return positions_text(positions, names);
}

std::string heads_text(const std::vector<HeadPlace>& heads) {
    constexpr std::size_t most = 4;
    std::vector<std::string> names;
    for (const HeadPlace& place : heads) {
        if (names.size() < most) names.push_back(fmt::format("head {} of layer {}", place.head, place.layer + 1));
    }
    return join(names, ", ") + (heads.size() > most ? ", ..." : "");
}

std::string no_weights(const Evidence& seen) {
    const std::string_view function = seen.inverse_of_logarithm();
    if (seen.negative > 0 && seen.largest <= 0.0 && !function.empty())
        return diagnoses[log_weights].text({{"function", std::string(function)}});
    if (seen.nan > 0) {
        const auto positions = seen.nan_positions();
        if (!positions.empty() && seen.nan_rows == positions.size() * seen.heads && !seen.attended(positions))
            return diagnoses[masked_nan].text({{"positions", with_numbers(positions)}});
        return diagnoses[some_nan].text({{"count", std::to_string(seen.nan)}});
    }
    if (seen.infinite > 0) return diagnoses[overflow].text({{"count", std::to_string(seen.infinite)}});
    const Diagnosis::Values range = {{"smallest", number(seen.smallest)},
                                     {"largest", number(seen.largest)},
                                     {"value", number(seen.upper_value)}};
    if (seen.sums_hold() && seen.smallest > -1e-2) return diagnoses[below_zero].text(range);
    if (seen.largest_negative == seen.smallest && seen.smallest < -10.0 && seen.largest <= 1.0 + same)
        return diagnoses[mask_added].text(range);
    // Far below the others it is the mask.
    const bool triangle = seen.upper_is_constant && seen.upper_value > -100.0;
    return diagnoses[triangle ? triangle_of_scores : scores].text(range);
}

// Of rows that are 0 throughout among rows that sum to 1.
std::string no_rows(const Evidence& seen, const AttentionStack& attention) {
    if (const auto positions = seen.zero_positions(); !positions.empty()) {
        return diagnoses[seen.attended(positions) ? zero_queries : zero_rows].text(
            {{"positions", with_numbers(positions)}});
    }
    std::vector<std::size_t> of_layer(attention.layers(), 0);
    std::vector<std::size_t> of_head(attention.heads(), 0);
    for (const HeadPlace& place : seen.zero_heads) {
        ++of_layer[place.layer];
        ++of_head[place.head];
    }
    if (seen.zero_heads.size() * attention.tokens() != seen.zero_rows) {
        return diagnoses[some_zero_rows].text({{"count", std::to_string(seen.zero_rows)},
                                               {"row", std::to_string(seen.place_of_zero_row)},
                                               {"heads", heads_text({*seen.head_of_zero_row})}});
    }
    std::vector<std::string> layers;
    for (std::size_t l = 0; l < of_layer.size(); ++l) {
        if (of_layer[l] == attention.heads(l)) layers.push_back(std::to_string(l + 1));
    }
    if (!layers.empty()) return diagnoses[zero_layers].text({{"layers", join(layers, ", ")}});
    std::vector<std::string> heads;
    for (std::size_t h = 0; h < of_head.size(); ++h) {
        if (of_head[h] == attention.layers()) heads.push_back(std::to_string(h));
    }
    if (seen.looked_at_all() && heads.size() * attention.layers() == seen.zero_heads.size())
        return diagnoses[zero_heads].text({{"heads", join(heads, ", ")}});
    return diagnoses[zero_heads_of_layers].text({{"heads", heads_text(seen.zero_heads)}});
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

// Whether the mean of the sums is 1 but for chance, at three standard errors, and at least `margin`.
bool is_one_on_the_mean(const Evidence& seen, double margin) {
    const double mean = seen.mean_sum();
    double squares = 0.0;
    for (const double sum : seen.sums) squares += (sum - mean) * (sum - mean);
    const auto count = static_cast<double>(std::max<std::size_t>(1, seen.sums.size()));
    return std::abs(mean - 1.0) < std::max(margin, 3.0 * std::sqrt(squares) / count);
}

/// The rows of a mask that leaves something out.
std::string wrong_mask(const Evidence& seen, const AttentionStack& attention, const RowFault& fault) {
    if (!attention.is_cropped()) return "";
    const Evidence whole(attention.uncropped(), {fault.layer, fault.head, 0, std::nullopt, 0.0});
    const auto padding = whole.zero_columns();
    // Padding does not attend to padding, so that nothing is left where padding was kept.
    if (seen.sums.empty() && padding.size() == attention.tokens() && whole.others_hold(padding))
        return diagnoses[inverted_mask].text({{"positions", with_numbers(padding)}});
    return whole.sums_hold() && whole.zero_rows == 0 ? diagnoses[attended_padding].text() : "";
}

std::string rounded_text(double low, double high) {
    const double deviation = std::max(high - 1.0, 1.0 - low);
    return diagnoses[rounded].text(
        {{"smallest", number(low)}, {"largest", number(high)}, {"tolerance", tolerance_above(deviation)}});
}

bool is_near(const Evidence& seen, double total) {
    return seen.smallest_sum() > (1.0 - holds) * total && seen.largest_sum() < (1.0 + holds) * total;
}

}  // namespace

std::string diagnose_rows(const AttentionStack& attention, const RowFault& fault) {
    const Evidence seen(attention, fault);
    if (fault.column || seen.negative + seen.nan + seen.infinite > 0) return no_weights(seen);
    if (std::string mask = wrong_mask(seen, attention, fault); !mask.empty()) return mask;

    const double tolerance = std::max(fault.tolerance, same);
    const double low = seen.smallest_sum();
    const double high = seen.largest_sum();
    const Diagnosis::Values range = {{"smallest", number(low)}, {"largest", number(high)}};
    const double deviation = std::max(high - 1.0, 1.0 - low);

    if (seen.zero_rows > 0 && deviation <= std::max(tolerance, holds)) return no_rows(seen, attention);
    if (seen.columns_sum_to_one) {
        const bool tells = attention.heads() != attention.tokens();
        return (tells ? swapped_axes() : swapped_or_heads_last()).text();
    }
    if (seen.over_heads_sum_to_one && attention.layers() == attention.heads() && !attention.is_cropped())
        return queries_first_as_many_layers_as_heads().text();
    if (seen.over_heads_sum_to_one || seen.over_layers_sum_to_one)
        return diagnoses[other_axis].text({{"axis", seen.over_heads_sum_to_one ? "heads" : "layers"}});
    const bool alike = low > 0.0 && high - low <= same * high && seen.zero_rows == 0;
    if (seen.diagonal_above_one && is_near(seen, 2.0) && seen.zero_rows == 0)
        return diagnoses[skip_included].text();
    if (alike && high > 1.5 && std::abs(high - std::round(high)) <= same * high)
        return diagnoses[summed].text({{"sum", fmt::format("{:.0f}", high)}});
    if (const auto rounding = seen.rounding()) {
        const double total = rounding->total;
        const double off = std::max(high / total - 1.0, 1.0 - low / total);
        if (seen.zero_rows > 0 || off > most_tolerance)
            return diagnoses[too_coarse].text({{"smallest", number(low)},
                                               {"largest", number(high)},
                                               {"unit", number(rounding->unit)},
                                               {"parts", number(total / rounding->unit)}});
        if (total == 1.0) return rounded_text(low, high);
        return diagnoses[percents].text(
            {{"smallest", number(low)}, {"largest", number(high)}, {"total", number(total)}});
    }
    const double scattered = seen.scattered_zeros();
    if (scattered > 0.0 && high > 1.0 + tolerance) {
        const double whole = undropped_sum(seen, scattered);
        if (whole > 0.0)
            return diagnoses[dropout].text(
                {{"sum", number(whole)}, {"rate", fmt::format("{:.2g}", 1.0 - 1.0 / whole)}});
        if (is_one_on_the_mean(seen, 0.1) && scattered > 5e-3) {
            return diagnoses[long_dropout].text({{"smallest", number(low)},
                                                 {"largest", number(high)},
                                                 {"share", fmt::format("{:.1f}", 100.0 * scattered)}});
        }
    }
    for (const double total : {100.0, 255.0, 256.0, 1000.0}) {
        if (is_near(seen, total) && seen.zero_rows == 0)
            return diagnoses[percents].text(
                {{"smallest", number(low)}, {"largest", number(high)}, {"total", number(total)}});
    }
    if (alike && deviation > holds) {
        const double rate = 1.0 - 1.0 / high;
        const bool usual_rate = high > 1.0 && std::abs(rate * 20.0 - std::round(rate * 20.0)) < 0.02;
        if (usual_rate)
            return diagnoses[dropout].text({{"sum", number(high)}, {"rate", fmt::format("{:.2g}", rate)}});
        return diagnoses[scaled].text({{"sum", number(high)}});
    }
    const bool offered = seen.zero_rows == 0 && deviation > 0.0 && deviation <= most_tolerance;
    if (offered && (deviation <= 1e-2 || seen.is_of_few_bits())) return rounded_text(low, high);
    if (deviation > 0.0 && high <= 1.0 + tolerance) {
        if (scattered > 0.1) {
            return diagnoses[cut_small].text({{"smallest", number(low)},
                                              {"largest", number(high)},
                                              {"share", fmt::format("{:.1f}", 100.0 * scattered)}});
        }
        const bool causal = seen.upper_is_constant && seen.upper_value == 0.0;
        if (causal && seen.last_rows_hold && seen.zero_rows == 0) return diagnoses[masked_after].text(range);
        if (seen.zero_rows > 0) return diagnoses[other].text(range);
        if (low >= 0.98) return rounded_text(low, high);
        return diagnoses[sink].text(
            {{"smallest", number(low)}, {"largest", number(high)}, {"tolerance", tolerance_above(deviation)}});
    }
    if (seen.head_means_are_one || seen.sums.empty()) return diagnoses[other].text(range);
    if (high < 2.0 && low < 1.0 && seen.zero_rows == 0 && is_one_on_the_mean(seen, 1e-2))
        return diagnoses[mean_of_dropout].text(range);
    return diagnoses[not_normalised].text(range);
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
