#include "algorithms/maxflow/engine/packed_network.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/maxflow/engine/kernels.hpp"
#include "algorithms/maxflow/engine/sweeps.hpp"

namespace attnflow::engine {

template <class T>
bool PackedNetwork<T>::fits(const FixedNetwork& network, std::size_t low, std::size_t high) {
    for (std::size_t l = low + 1; l <= high; ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            const auto row = network.row(l, i);
            if (std::accumulate(row.begin(), row.end(), std::int64_t{0}) > std::numeric_limits<T>::max() / 2 + 1) {
                return false;
            }
        }
    }
    return true;
}

template <class T>
PackedNetwork<T>::PackedNetwork(const FixedNetwork& network, std::size_t low, std::size_t high)
    : down_(1), up_(1), row_sum_(1), column_sum_(1) {
    for (std::size_t l = low; l <= high; ++l) widths_.push_back(network.width(l));
    constexpr std::size_t block = 16;  // columns transposed together: a cache line or two
    for (std::size_t l = low + 1; l <= high; ++l) {
        const std::size_t rows = network.width(l);
        const std::size_t columns = network.width(l - 1);
        Panel<T> down(rows, columns);
        Panel<T> up(columns, rows);
        std::vector<std::int64_t> row_sum(rows, 0);
        std::vector<std::int64_t> column_sum(columns, 0);
        full_ = full_ && network.is_full(l);
        for (std::size_t i = 0; i < rows; ++i) {
            const auto row = network.row(l, i);
            T* const out = down.row(i);
            for (std::size_t j = 0; j < columns; ++j) {
                out[j] = static_cast<T>(row[j]);
                row_sum[i] += row[j];
                column_sum[j] += row[j];
            }
        }
        for (std::size_t first = 0; first < columns; first += block) {
            const std::size_t last = std::min(first + block, columns);
            for (std::size_t i = 0; i < rows; ++i) {
                for (std::size_t j = first; j < last; ++j) up(j, i) = down(i, j);
            }
        }
        down_.push_back(std::move(down));
        up_.push_back(std::move(up));
        row_sum_.push_back(std::move(row_sum));
        column_sum_.push_back(std::move(column_sum));
    }
    fill_lanes();
    fill_guide();
    fill_room();
    fill_lift();
}

template <class T>
void PackedNetwork<T>::fill_lanes() {
    const std::size_t n = widths_[0];
    if (std::any_of(widths_.begin(), widths_.end(), [&](std::size_t w) { return w != n; })) return;
    lane_ = Panel<T>(widths_.size(), n);
    causal_ = n > 1 && !full_;
    double on_lanes = 0.0;
    double total = 0.0;
    for (std::size_t l = 1; l < widths_.size(); ++l) {
        for (std::size_t x = 0; x < n; ++x) {
            lane_(l, x) = down_[l](x, x);
            on_lanes += static_cast<double>(lane_(l, x));
            total += static_cast<double>(row_sum_[l][x]);
            const T* const row = down_[l].row(x);
            causal_ = causal_ && std::all_of(row + x + 1, row + n, [](T c) { return c == 0; });
        }
    }
    has_lanes_ = on_lanes > 0.2 * total;
    full_below_mask_ = causal_;
    for (std::size_t l = 1; l < widths_.size(); ++l) {
        for (std::size_t x = 0; full_below_mask_ && x < n; ++x) {
            const T* const row = down_[l].row(x);
            full_below_mask_ = std::all_of(row, row + x + 1, [](T c) { return c > 0; });
        }
    }
}

template <class T>
bool PackedNetwork<T>::equals(const FixedNetwork& network, std::size_t low) const {
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

template <class T>
void PackedNetwork<T>::fill_guide() {
    guide_ = Panel<Real<T>>(widths_.size(), *std::max_element(widths_.begin(), widths_.end()));
    std::vector<double> mass(widths_.back(), 1.0 / static_cast<double>(widths_.back()));
    std::vector<double> below;
    constexpr double trace = 1e-6;
    for (std::size_t l = widths_.size(); l-- > 0;) {
        for (std::size_t i = 0; i < widths_[l]; ++i) guide_(l, i) = static_cast<Real<T>>(mass[i]);
        if (l == 0) break;
        below.assign(widths_[l - 1], 0.0);
        for (std::size_t i = 0; i < widths_[l]; ++i) {
            if (row_sum_[l][i] == 0) continue;
            const double share = mass[i] / static_cast<double>(row_sum_[l][i]);
            const T* const row = down_[l].row(i);
            for (std::size_t j = 0; j < below.size(); ++j) below[j] += share * static_cast<double>(row[j]);
        }
        const double total = std::accumulate(below.begin(), below.end(), 0.0);
        const double uniform = 1.0 / static_cast<double>(below.size());
        for (double& m : below) m = total > 0.0 ? (1.0 - trace) * m / total + trace * uniform : uniform;
        mass.swap(below);
    }
}

template <class T>
void PackedNetwork<T>::fill_room() {
    const std::size_t widest = this->widest();
    per_guide_ = room_down_ = room_up_ = Panel<Real<T>>(widths_.size(), widest);
    for (std::size_t l = 0; l < widths_.size(); ++l) {
        for (std::size_t i = 0; i < widths_[l]; ++i) per_guide_(l, i) = 1 / guide_(l, i);
    }
    std::size_t light = 0;
    std::size_t all = 0;
    for (std::size_t l = 1; l < widths_.size(); ++l) {
        for (std::size_t i = 0; i < widths_[l]; ++i) {
            room_down_(l, i) = min_ratio(down_[l].row(i), per_guide(l - 1), down_[l].stride());
            light += room_down_(l, i) > static_cast<Real<T>>(row_sum_[l][i]) * guide_(l, i);
            ++all;
        }
        for (std::size_t j = 0; j < widths_[l - 1]; ++j) {
            room_up_(l - 1, j) = min_ratio(up_[l].row(j), per_guide(l), up_[l].stride());
        }
    }
    is_light_ = 2 * light > all;
}

template <class T>
void PackedNetwork<T>::fill_lift() {
    const std::size_t widest = this->widest();
    lift_down_ = lift_up_ = Panel<Real<T>>(widths_.size(), widest);
    if (causal_) {  // nearly every pair has a lane sweep instead
        for (std::size_t l = 0; l < widths_.size(); ++l) {
            std::fill_n(lift_down_.row(l), lift_down_.stride(), Real<T>(1));
            std::fill_n(lift_up_.row(l), lift_up_.stride(), Real<T>(1));
        }
        return;
    }
    Needs<T> needs(widest);
    const std::vector<Real<T>, AlignedAllocator<Real<T>>> ones(Panel<T>::padded(widest), 1);
    Panel<T> masses(2, widest);
    const auto fill = [&](const Panel<T>& matrix, std::int64_t total, std::size_t from, std::size_t to,
                          Real<T>* lift) {
        T* const mass = masses.row(0);
        std::fill_n(masses.row(0), 2 * masses.stride(), T(0));
        std::int64_t rest = 0;
        for (std::size_t v = 0; v < matrix.rows(); ++v) {
            mass[v] = static_cast<T>(static_cast<Real<T>>(total) * static_cast<Real<T>>(0.999) * guide_(from, v));
            rest += mass[v];
        }
        needs.reset(guide(to), widths_[to], rest);
        sweep_layer(matrix, mass, matrix.rows(), ones.data(), needs.floor(), needs.data(), needs.cells(), 0, lift,
                    masses.row(1));
        for (std::size_t v = 0; v < matrix.rows(); ++v) {
            const auto unlimited =
                static_cast<Real<T>>(mass[v]) / static_cast<Real<T>>(std::max<std::int64_t>(rest, 1));
            lift[v] = unlimited > 0 ? std::clamp(lift[v] / unlimited, Real<T>(1), Real<T>(1e6)) : Real<T>(1);
            rest -= mass[v];
        }
    };
    for (std::size_t l = 1; l < widths_.size(); ++l) {
        const std::int64_t total = *std::max_element(row_sum_[l].begin(), row_sum_[l].end());
        fill(down_[l], total, l, l - 1, lift_down_.row(l));
        fill(up_[l], total, l - 1, l, lift_up_.row(l - 1));
    }
}

template <class T>
std::int64_t PackedNetwork<T>::row_off_lane(std::size_t l, std::size_t i) const {
    if (i >= width(l)) return 0;
    return row_sum_[l][i] - (i < width(l - 1) ? std::int64_t{down_[l](i, i)} : 0);
}

template <class T>
std::int64_t PackedNetwork<T>::column_off_lane(std::size_t l, std::size_t j) const {
    if (j >= width(l - 1)) return 0;
    return column_sum_[l][j] - (j < width(l) ? std::int64_t{down_[l](j, j)} : 0);
}

template class PackedNetwork<std::int32_t>;
template class PackedNetwork<std::int64_t>;

}  // namespace attnflow::engine
