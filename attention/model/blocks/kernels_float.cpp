// Vectors are padded in arrays here, which takes sizes that are known when compiling.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif

#include "attention/model/blocks/kernels_float.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

// This file is compiled once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention/model/blocks/kernels_float.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// In this order: it is made for the target that highway.h has set.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace attnflow {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr std::size_t lanes = HWY_LANES(float);

/// The last elements of a row in a full vector, `padding` in the lanes behind them.
HWY_INLINE Vector load_tail(const float* from, std::size_t count, float padding) {
    HWY_ALIGN float memory[lanes];
    std::fill(std::copy_n(from, count, memory), memory + lanes, padding);
    return hn::Load(tag, memory);
}

HWY_INLINE void store_tail(Vector vector, float* to, std::size_t count) {
    HWY_ALIGN float memory[lanes];
    hn::Store(vector, tag, memory);
    std::copy_n(memory, count, to);
}

/// body(load, store) for every vector of a row; `load(p, padding)` and `store(v, p)` take pointers to
/// the beginning of rows.
template <class Body>
HWY_INLINE void for_each_vector(std::size_t count, const Body& body) {
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        body([i](const float* row, float) { return hn::LoadU(tag, row + i); },
             [i](Vector v, float* row) { hn::StoreU(v, tag, row + i); });
    }
    if (i == count) return;
    body([i, count](const float* row, float padding) { return load_tail(row + i, count - i, padding); },
         [i, count](Vector v, float* row) { store_tail(v, row + i, count - i); });
}

HWY_INLINE float sum_of(Vector v) { return hn::GetLane(hn::SumOfLanes(tag, v)); }

/// Φ(-a) for a >= 0 and e = exp(-a²/2): e P(t), t = 1 / (1 + 0.3 a), P the polynomial of degree 8
/// without constant term that is nearest to exp(a²/2) Φ(-a) on [0, 13.5] in relative error (1.1e-7,
/// by linear programming); beyond, e is 0 in single precision.
HWY_INLINE Vector normal_tail(Vector a, Vector e) {
    const Vector one = hn::Set(tag, 1.0f);
    const Vector t = hn::Div(one, hn::MulAdd(hn::Set(tag, 0.3f), a, one));
    constexpr float coefficients[] = {-0.15830060839653015f, 0.2081725299358368f,  -0.05528750643134117f,
                                      0.12937241792678833f,  0.09967844188213348f, 0.12079023569822311f,
                                      0.11962699145078659f};
    Vector p = hn::Set(tag, 0.03594743087887764f);
    for (const float coefficient : coefficients) p = hn::MulAdd(p, t, hn::Set(tag, coefficient));
    return hn::Mul(hn::Mul(p, t), e);
}

HWY_INLINE Vector gauss(Vector x) { return hn::Exp(tag, hn::Mul(hn::Mul(x, x), hn::Set(tag, -0.5f))); }

/// Φ(x).
HWY_INLINE Vector normal_distribution(Vector x, Vector e) {
    const Vector tail = normal_tail(hn::Abs(x), e);
    return hn::IfThenElse(hn::Lt(x, hn::Zero(tag)), tail, hn::Sub(hn::Set(tag, 1.0f), tail));
}

/// An activation is a class with value(x) and slope(x).
struct Gelu {
    static HWY_INLINE Vector value(Vector x) { return hn::Mul(x, normal_distribution(x, gauss(x))); }
    static HWY_INLINE Vector slope(Vector x) {
        const Vector e = gauss(x);
        const Vector inverse_sqrt_2pi = hn::Set(tag, 0.3989422804014327f);
        return hn::MulAdd(hn::Mul(x, inverse_sqrt_2pi), e, normal_distribution(x, e));
    }
};

/// σ(u) by exp(-|u|), which is never too large.
HWY_INLINE Vector logistic(Vector u) {
    const Vector one = hn::Set(tag, 1.0f);
    const Vector e = hn::Exp(tag, hn::Neg(hn::Abs(u)));
    return hn::Div(hn::IfThenElse(hn::Lt(u, hn::Zero(tag)), e, one), hn::Add(one, e));
}

/// x σ(u(x)), `Argument` having u and its derivative.
template <class Argument>
struct Gated {
    static HWY_INLINE Vector value(Vector x) { return hn::Mul(x, logistic(Argument::value(x))); }
    static HWY_INLINE Vector slope(Vector x) {
        const Vector s = logistic(Argument::value(x));
        const Vector rest = hn::Sub(hn::Set(tag, 1.0f), s);
        return hn::MulAdd(hn::Mul(hn::Mul(x, s), rest), Argument::slope(x), s);
    }
};

struct TanhArgument {  // of gelu_tanh: (1 + tanh(v)) / 2 = σ(2 v)
    static constexpr float linear = 1.5957691216057308f;
    static constexpr float cubic = 1.5957691216057308f * 0.044715f;
    static HWY_INLINE Vector value(Vector x) {
        return hn::Mul(x, hn::MulAdd(hn::Mul(x, x), hn::Set(tag, cubic), hn::Set(tag, linear)));
    }
    static HWY_INLINE Vector slope(Vector x) {
        return hn::MulAdd(hn::Mul(x, x), hn::Set(tag, 3.0f * cubic), hn::Set(tag, linear));
    }
};

struct QuickArgument {
    static HWY_INLINE Vector value(Vector x) { return hn::Mul(x, hn::Set(tag, 1.702f)); }
    static HWY_INLINE Vector slope(Vector) { return hn::Set(tag, 1.702f); }
};

struct SiluArgument {
    static HWY_INLINE Vector value(Vector x) { return x; }
    static HWY_INLINE Vector slope(Vector) { return hn::Set(tag, 1.0f); }
};

template <class Curve>
void ApplyCurve(std::size_t count, const float* x, float* out) {
    for_each_vector(count, [&](const auto& load, const auto& store) { store(Curve::value(load(x, 0.0f)), out); });
}

template <class Curve>
void ApplySlope(std::size_t count, const float* x, float* gradient) {
    for_each_vector(count, [&](const auto& load, const auto& store) {
        store(hn::Mul(load(gradient, 0.0f), Curve::slope(load(x, 0.0f))), gradient);
    });
}

bool Activate(Activation kind, std::size_t count, const float* x, float* out) {
    switch (kind) {
        case Activation::gelu:
            ApplyCurve<Gelu>(count, x, out);
            return true;
        case Activation::gelu_tanh:
            ApplyCurve<Gated<TanhArgument>>(count, x, out);
            return true;
        case Activation::quick_gelu:
            ApplyCurve<Gated<QuickArgument>>(count, x, out);
            return true;
        case Activation::silu:
            ApplyCurve<Gated<SiluArgument>>(count, x, out);
            return true;
        default:
            return false;
    }
}

bool ActivateBackward(Activation kind, std::size_t count, const float* x, float* gradient) {
    switch (kind) {
        case Activation::gelu:
            ApplySlope<Gelu>(count, x, gradient);
            return true;
        case Activation::gelu_tanh:
            ApplySlope<Gated<TanhArgument>>(count, x, gradient);
            return true;
        case Activation::quick_gelu:
            ApplySlope<Gated<QuickArgument>>(count, x, gradient);
            return true;
        case Activation::silu:
            ApplySlope<Gated<SiluArgument>>(count, x, gradient);
            return true;
        default:
            return false;
    }
}

void SoftmaxRows(std::size_t rows, std::size_t columns, float* scores) {
    constexpr float lowest = -std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < rows; ++i) {
        float* row = scores + i * columns;
        Vector largest = hn::Set(tag, lowest);
        for_each_vector(columns,
                        [&](const auto& load, const auto&) { largest = hn::Max(largest, load(row, lowest)); });
        largest = hn::MaxOfLanes(tag, largest);
        Vector sum = hn::Zero(tag);
        for_each_vector(columns, [&](const auto& load, const auto& store) {
            const Vector e = hn::Exp(tag, hn::Sub(load(row, lowest), largest));
            sum = hn::Add(sum, e);
            store(e, row);
        });
        const Vector scale = hn::Set(tag, 1.0f / sum_of(sum));
        for_each_vector(columns,
                        [&](const auto& load, const auto& store) { store(hn::Mul(load(row, 0.0f), scale), row); });
    }
}

void SoftmaxRowsBackward(std::size_t rows, std::size_t columns, const float* softmax, float* gradient) {
    for (std::size_t i = 0; i < rows; ++i) {
        const float* p = softmax + i * columns;
        float* g = gradient + i * columns;
        Vector sum = hn::Zero(tag);
        for_each_vector(
            columns, [&](const auto& load, const auto&) { sum = hn::MulAdd(load(p, 0.0f), load(g, 0.0f), sum); });
        const Vector mean = hn::Set(tag, sum_of(sum));
        for_each_vector(columns, [&](const auto& load, const auto& store) {
            store(hn::Mul(load(p, 0.0f), hn::Sub(load(g, 0.0f), mean)), g);
        });
    }
}

void NormRows(const Norm<float>& norm, std::size_t rows, const float* x, const float* y, float* out,
              NormTrace<float> trace) {
    const std::size_t columns = norm.gamma.size();
    const float* gamma = norm.gamma.data();
    const float* beta = norm.beta.data();
    const bool centered = norm.spec.kind == NormKind::layer_norm;
    const double share = 1.0 / static_cast<double>(columns);
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t offset = i * columns;
        float* row = out + offset;
        Vector sum = hn::Zero(tag);
        for_each_vector(columns, [&](const auto& load, const auto& store) {
            Vector v = load(x + offset, 0.0f);
            if (y != nullptr) v = hn::Add(v, load(y + offset, 0.0f));
            sum = hn::Add(sum, v);
            store(v, row);
        });
        const float mean = centered ? static_cast<float>(static_cast<double>(sum_of(sum)) * share) : 0.0f;
        const Vector center = hn::Set(tag, mean);
        Vector squares = hn::Zero(tag);
        for_each_vector(columns, [&](const auto& load, const auto&) {
            const Vector deviation = hn::Sub(load(row, mean), center);
            squares = hn::MulAdd(deviation, deviation, squares);
        });
        const float scale =
            static_cast<float>(1.0 / std::sqrt(static_cast<double>(sum_of(squares)) * share + norm.spec.epsilon));
        if (trace.scale != nullptr) trace.scale[i] = scale;
        const Vector factor = hn::Set(tag, scale);
        for_each_vector(columns, [&](const auto& load, const auto& store) {
            const Vector normalised = hn::Mul(hn::Sub(load(row, 0.0f), center), factor);
            if (trace.normalised != nullptr) store(normalised, trace.normalised + offset);
            store(hn::MulAdd(normalised, load(gamma, 0.0f), load(beta, 0.0f)), row);
        });
    }
}

void NormRowsBackward(const Norm<float>& norm, std::size_t rows, NormTrace<const float> trace, float* gradient) {
    const std::size_t columns = norm.gamma.size();
    const float* gamma = norm.gamma.data();
    // The mean is subtracted by LayerNorm only, and so is that of the gradient.
    const float mean_share = norm.spec.kind == NormKind::layer_norm ? 1.0f / static_cast<float>(columns) : 0.0f;
    const float share = 1.0f / static_cast<float>(columns);
    for (std::size_t i = 0; i < rows; ++i) {
        const float* normalised = trace.normalised + i * columns;
        float* g = gradient + i * columns;
        Vector sum = hn::Zero(tag);
        Vector along = hn::Zero(tag);  // the part of the gradient along the normalised vector
        for_each_vector(columns, [&](const auto& load, const auto& store) {
            const Vector scaled = hn::Mul(load(g, 0.0f), load(gamma, 0.0f));
            sum = hn::Add(sum, scaled);
            along = hn::MulAdd(scaled, load(normalised, 0.0f), along);
            store(scaled, g);
        });
        const Vector mean = hn::Set(tag, sum_of(sum) * mean_share);
        const Vector slope = hn::Set(tag, sum_of(along) * share);
        const Vector scale = hn::Set(tag, trace.scale[i]);
        for_each_vector(columns, [&](const auto& load, const auto& store) {
            const Vector centered = hn::Sub(load(g, 0.0f), mean);
            store(hn::Mul(scale, hn::NegMulAdd(load(normalised, 0.0f), slope, centered)), g);
        });
    }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace attnflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attnflow {

HWY_EXPORT(Activate);
HWY_EXPORT(ActivateBackward);
HWY_EXPORT(SoftmaxRows);
HWY_EXPORT(SoftmaxRowsBackward);
HWY_EXPORT(NormRows);
HWY_EXPORT(NormRowsBackward);

namespace float_kernels {

bool activate(Activation kind, std::size_t count, const float* x, float* out) {
    return HWY_DYNAMIC_DISPATCH(Activate)(kind, count, x, out);
}

bool activate_backward(Activation kind, std::size_t count, const float* x, float* gradient) {
    return HWY_DYNAMIC_DISPATCH(ActivateBackward)(kind, count, x, gradient);
}

void softmax_rows(std::size_t rows, std::size_t columns, float* scores) {
    HWY_DYNAMIC_DISPATCH(SoftmaxRows)(rows, columns, scores);
}

void softmax_rows_backward(std::size_t rows, std::size_t columns, const float* softmax, float* gradient) {
    HWY_DYNAMIC_DISPATCH(SoftmaxRowsBackward)(rows, columns, softmax, gradient);
}

void norm(const Norm<float>& norm, std::size_t rows, const float* x, const float* y, float* out,
          NormTrace<float> trace) {
    HWY_DYNAMIC_DISPATCH(NormRows)(norm, rows, x, y, out, trace);
}

void norm_backward(const Norm<float>& norm, std::size_t rows, NormTrace<const float> trace, float* gradient) {
    HWY_DYNAMIC_DISPATCH(NormRowsBackward)(norm, rows, trace, gradient);
}

}  // namespace float_kernels
}  // namespace attnflow
#endif
