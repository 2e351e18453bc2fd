#include "algorithms/maxflow/engine/certificates/packed_network.hpp"

namespace attnflow::engine {

PackedNetwork::PackedNetwork(const FixedNetwork& network, std::size_t low, std::size_t high)
    : down_(1), up_(1), row_sum_(1), column_sum_(1) {
    for (std::size_t l = low; l <= high; ++l) widths_.push_back(network.width(l));
    for (std::size_t l = low + 1; l <= high; ++l) pack(network, low, l);
    find_chains();
    guide_ = Guide(*this);
}

// Layer l of the network.
void PackedNetwork::pack(const FixedNetwork& network, std::size_t low, std::size_t l) {
    const std::size_t rows = widths_[l - low];
    const std::size_t columns = widths_[l - low - 1];
    Panel<Amount> down(rows, columns);
    Panel<Amount> up(columns, rows);
    std::vector<Amount> row_sum(rows, 0);
    std::vector<Amount> column_sum(columns, 0);
    full_ = full_ && network.is_full(l);
    for (std::size_t i = 0; i < rows; ++i) {
        const auto row = network.row(l, i);
        std::copy(row.begin(), row.end(), down.row(i));
        for (std::size_t j = 0; j < columns; ++j) {
            row_sum[i] += row[j];
            column_sum[j] += row[j];
        }
    }
    transpose(down, up);
    down_.push_back(std::move(down));
    up_.push_back(std::move(up));
    row_sum_.push_back(std::move(row_sum));
    column_sum_.push_back(std::move(column_sum));
}

void PackedNetwork::find_chains() {
    const std::size_t n = widths_[0];
    if (std::any_of(widths_.begin(), widths_.end(), [&](std::size_t w) { return w != n; })) return;
    chain_ = Panel<Amount>(widths_.size(), n);
    causal_ = n > 1 && !full_;
    full_below_mask_ = true;
    double on_chains = 0.0;
    double total = 0.0;
    for (std::size_t l = 1; l < widths_.size(); ++l) {
        for (std::size_t x = 0; x < n; ++x) {
            const Amount* const row = down_[l].row(x);
            chain_(l, x) = row[x];
            on_chains += static_cast<double>(row[x]);
            total += static_cast<double>(row_sum_[l][x]);
            causal_ = causal_ && std::all_of(row + x + 1, row + n, [](Amount c) { return c == 0; });
            full_below_mask_ = full_below_mask_ && std::all_of(row, row + x + 1, [](Amount c) { return c > 0; });
        }
    }
    has_chains_ = on_chains > 0.2 * total;
    full_below_mask_ = full_below_mask_ && causal_;
}

bool PackedNetwork::equals(const FixedNetwork& network, std::size_t low) const {
    if (low + layers() > network.layers()) return false;
    for (std::size_t l = 0; l <= layers(); ++l) {
        if (width(l) != network.width(low + l)) return false;
    }
    for (std::size_t l = 1; l <= layers(); ++l) {
        for (std::size_t i = 0; i < width(l); ++i) {
            const auto row = network.row(low + l, i);
            if (!std::equal(row.begin(), row.end(), down_[l].row(i))) return false;
        }
    }
    return true;
}

Amount PackedNetwork::row_off_chain(std::size_t l, std::size_t i) const {
    if (i >= width(l)) return 0;
    return row_sum_[l][i] - (i < width(l - 1) ? down_[l](i, i) : 0);
}

Amount PackedNetwork::column_off_chain(std::size_t l, std::size_t j) const {
    if (j >= width(l - 1)) return 0;
    return column_sum_[l][j] - (j < width(l) ? down_[l](j, j) : 0);
}

}  // namespace attnflow::engine
