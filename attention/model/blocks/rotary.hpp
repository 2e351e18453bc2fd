#pragma once
/// Rotary positions (RoPE): queries and keys are turned by angles that grow with the position, so that their
/// product depends on the distance only.
///
/// Component j of a head and component j + w/2 are a pair (the "rotate half" form of the Hugging Face library;
/// files of other programs may interleave pairs). At position p it is turned by the angle p · frequency_j:
///
///   x'_j       = m (x_j cos - x_{j + w/2} sin)
///   x'_{j+w/2} = m (x_{j + w/2} cos + x_j sin)
///
/// Su et al. 2021, arXiv:2104.09864

#include <cstddef>
#include <vector>

namespace attnflow {

struct RotarySpec {
    /// Radians a position, one for each pair: w/2 of them. The first w = 2 · size components of a head are turned,
    /// the others stay. Ways to stretch a model to longer texts (linear, llama3, YaRN) are other frequencies.
    std::vector<double> frequencies;
    double magnitude = 1.0;  ///< m: 1 but for YaRN

    bool operator==(const RotarySpec&) const = default;

    /// The usual frequencies, theta^(-2 j / w) for j < w/2. `width` w is even.
    static RotarySpec with_theta(double theta, std::size_t width);
};

/// Cosines and sines of the positions of one text.
template <class Real>
class Rotary {
public:
    /// For `length` positions, made in double.  O(length · w).
    Rotary(const RotarySpec& spec, std::size_t length);

    /// Turns `heads` heads of `head_width` components, side by side in each of `rows` rows that lie `stride`
    /// elements apart; row r is at position r modulo length.  O(rows · heads · w).
    void turn(Real* x, std::size_t rows, std::size_t stride, std::size_t heads, std::size_t head_width,
              std::size_t jobs) const {
        turn_by(Real(1), x, rows, stride, heads, head_width, jobs);
    }
    /// The gradient of what was turned from that of the result, in place: the transposed matrix turns back.
    void turn_backward(Real* gradient, std::size_t rows, std::size_t stride, std::size_t heads,
                       std::size_t head_width, std::size_t jobs) const {
        turn_by(Real(-1), gradient, rows, stride, heads, head_width, jobs);
    }

private:
    void turn_by(Real sign, Real* x, std::size_t rows, std::size_t stride, std::size_t heads,
                 std::size_t head_width, std::size_t jobs) const;

    std::size_t length_;
    std::size_t pairs_;
    std::vector<Real> cosines_;  // [length, pairs], times magnitude
    std::vector<Real> sines_;
};

}  // namespace attnflow
