#pragma once
/// The norms of a transformer, row by row:
///
///   LayerNorm(u) = (u - mean(u)) / sqrt(var(u) + eps) ⊙ gamma + beta     var: the biased variance
///   RMSNorm(u)   = u / sqrt(mean(u²) + eps) ⊙ gamma
///
/// In single precision sums are single, means and roots double.
///
/// Ba, Kiros & Hinton 2016, arXiv:1607.06450; Zhang & Sennrich 2019, arXiv:1910.07467

#include <cstddef>
#include <vector>

namespace attnflow {

enum class NormKind { layer_norm, rms_norm };

struct NormSpec {
    NormKind kind = NormKind::layer_norm;
    double epsilon = 1e-12;  ///< under the root

    bool operator==(const NormSpec&) const = default;
};

/// A norm with its weights, d of each.
template <class Real>
struct Norm {
    NormSpec spec = {};
    std::vector<Real> gamma = {};
    std::vector<Real> beta = {};  ///< zeros where there is none
};

/// What a norm leaves behind for its gradient.
template <class Real>
struct NormTrace {
    Real* normalised;  ///< [rows, d] before gamma and beta
    Real* scale;       ///< [rows] 1 / root
};

/// out = norm(x + y), [rows, d]; y may be null, and so may pointers of `trace`; `out` may be x or y. On up to
/// `jobs` threads.  O(rows · d).
template <class Real>
void norm(const Norm<Real>& norm, std::size_t rows, const Real* x, const Real* y, Real* out, NormTrace<Real> trace,
          std::size_t jobs);

/// The gradient of the sum x + y from that of the output, in place.
template <class Real>
void norm_backward(const Norm<Real>& norm, std::size_t rows, NormTrace<const Real> trace, Real* gradient,
                   std::size_t jobs);

}  // namespace attnflow
