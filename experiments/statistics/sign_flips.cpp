#include "experiments/statistics/sign_flips.hpp"

#include <array>
#include <cmath>

#include "graph/support/error.hpp"
#include "graph/support/random.hpp"

namespace attnflow {
namespace {

using SubsetSums = std::array<double, 256>;

// [byte][bits of the byte]: the sum of the differences that the bits choose.
std::vector<SubsetSums> subset_sums(std::span<const double> values, std::size_t bytes) {
    std::vector<SubsetSums> tables(bytes);
    for (std::size_t byte = 0; byte < bytes; ++byte) {
        SubsetSums& table = tables[byte];
        table[0] = 0.0;
        for (std::size_t bit = 0; bit < 8; ++bit) {
            const std::size_t i = 8 * byte + bit;
            const double value = i < values.size() ? values[i] : 0.0;
            const std::size_t half = std::size_t{1} << bit;
            for (std::size_t low = 0; low < half; ++low) table[half + low] = table[low] + value;
        }
    }
    return tables;
}

}  // namespace

SignFlips::SignFlips(std::size_t n, std::size_t count, std::uint64_t seed) : n_(n), bytes_((n + 7) / 8) {
    exact_ = is_exact(n, count);
    const std::size_t patterns = exact_ ? std::size_t{1} << n : count;
    patterns_.reserve(patterns * bytes_);
    Random random(seed);
    for (std::size_t p = 0; p < patterns; ++p) {
        std::uint64_t bits = p;
        for (std::size_t byte = 0; byte < bytes_; ++byte) {
            if (!exact_ && byte % 8 == 0) bits = random();
            patterns_.push_back(static_cast<std::uint8_t>(bits & 0xFF));
            bits >>= 8;
        }
    }
}

double SignFlips::smallest_p(std::size_t n, std::size_t count) {
    return is_exact(n, count) ? std::ldexp(2.0, -static_cast<int>(n)) : 1.0 / (1.0 + static_cast<double>(count));
}

double SignFlips::p_value(std::span<const double> differences) const {
    if (differences.size() != n_) throw InternalError("permutation test: another number of differences");
    double sum = 0.0;
    double magnitudes = 0.0;
    for (const double difference : differences) {
        sum += difference;
        magnitudes += std::abs(difference);
    }
    // Flipping signs turns the sum into 2 x (sum of those that keep theirs) - sum.
    const double threshold = std::abs(sum) - 1e-13 * magnitudes;
    const auto tables = subset_sums(differences, bytes_);
    std::size_t hits = 0;
    std::size_t patterns = 0;
    for (auto pattern = patterns_.begin(); pattern != patterns_.end(); ++patterns) {
        double kept = 0.0;
        for (const SubsetSums& table : tables) kept += table[*pattern++];
        if (std::abs(2.0 * kept - sum) >= threshold) ++hits;
    }
    if (exact_) return static_cast<double>(hits) / static_cast<double>(patterns);
    return (1.0 + static_cast<double>(hits)) / (1.0 + static_cast<double>(patterns));
}

}  // namespace attnflow
