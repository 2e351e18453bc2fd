#include "attention/model/blocks/rotary.hpp"

#include <cmath>

#include "attention/model/blocks/in_blocks.hpp"

namespace attnflow {

RotarySpec RotarySpec::with_theta(double theta, std::size_t width) {
    RotarySpec spec;
    for (std::size_t j = 0; j < width / 2; ++j)
        spec.frequencies.push_back(std::pow(theta, -2.0 * static_cast<double>(j) / static_cast<double>(width)));
    return spec;
}

template <class Real>
Rotary<Real>::Rotary(const RotarySpec& spec, std::size_t length)
    : length_(length), pairs_(spec.frequencies.size()), cosines_(length * pairs_), sines_(length * pairs_) {
    for (std::size_t p = 0; p < length; ++p) {
        for (std::size_t j = 0; j < pairs_; ++j) {
            const double angle = static_cast<double>(p) * spec.frequencies[j];
            cosines_[p * pairs_ + j] = static_cast<Real>(spec.magnitude * std::cos(angle));
            sines_[p * pairs_ + j] = static_cast<Real>(spec.magnitude * std::sin(angle));
        }
    }
}

template <class Real>
void Rotary<Real>::turn_by(Real sign, Real* x, std::size_t rows, std::size_t stride, std::size_t heads,
                           std::size_t head_width, std::size_t jobs) const {
    in_blocks(rows, heads * head_width, jobs, [&](std::size_t first, std::size_t count) {
        for (std::size_t r = first; r < first + count; ++r) {
            const Real* cosine = cosines_.data() + r % length_ * pairs_;
            const Real* sine = sines_.data() + r % length_ * pairs_;
            for (std::size_t h = 0; h < heads; ++h) {
                Real* left = x + r * stride + h * head_width;
                Real* right = left + pairs_;
                for (std::size_t j = 0; j < pairs_; ++j) {
                    const Real a = left[j];
                    const Real b = right[j];
                    left[j] = a * cosine[j] - b * (sign * sine[j]);
                    right[j] = b * cosine[j] + a * (sign * sine[j]);
                }
            }
        }
    });
}

template class Rotary<float>;
template class Rotary<double>;

}  // namespace attnflow
