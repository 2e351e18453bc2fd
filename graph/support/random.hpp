#pragma once
/// Random numbers that are the same on every platform: a seed always names the same instance.
///
/// std::*_distribution differ between standard libraries, so none is used. Uniform numbers
/// come from integer arithmetic alone; `normal` also uses log and sqrt, of which only log may differ
/// between C libraries, in the last bit.

#include <cmath>
#include <cstdint>

namespace attnflow {

/// xoshiro256** seeded by splitmix64 (Blackman & Vigna, "Scrambled Linear Pseudorandom Number
/// Generators", ACM TOMS 47, 2021). A UniformRandomBitGenerator.
class Random {
public:
    using result_type = std::uint64_t;

    explicit Random(std::uint64_t seed) {
        for (std::uint64_t& word : state_) {
            seed += 0x9E3779B97F4A7C15u;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
            word = z ^ (z >> 31);
        }
    }

    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return UINT64_MAX; }

    result_type operator()() {
        const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotate(state_[3], 45);
        return result;
    }

    /// In [0, 1), a multiple of 2^-53.
    double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

    /// In [0, bound), bound >= 1, without bias.
    std::uint64_t below(std::uint64_t bound) {
        const std::uint64_t reject = (0 - bound) % bound;  // 2^64 mod bound
        for (;;) {
            const std::uint64_t x = (*this)();
            if (x >= reject) return x % bound;
        }
    }

    /// Mean 0, standard deviation 1: the polar method of Marsaglia.
    double normal() {
        for (;;) {
            const double u = 2.0 * uniform() - 1.0;
            const double v = 2.0 * uniform() - 1.0;
            const double s = u * u + v * v;
            if (s > 0.0 && s < 1.0) return u * std::sqrt(-2.0 * std::log(s) / s);
        }
    }

private:
    static std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

    std::uint64_t state_[4];
};

}  // namespace attnflow
