#include "attention/model/blocks/activation.hpp"

#include <array>
#include <cmath>
#include <type_traits>

#include "attention/model/blocks/in_blocks.hpp"
#include "attention/model/blocks/kernels_float.hpp"
#include "graph/support/error.hpp"

namespace attnflow {
namespace {

/// A function with its derivative.
struct Curve {
    Activation kind = Activation::count;
    std::array<const char*, 3> names = {};  // the first ones; the others are null
    double (*value)(double x) = nullptr;
    double (*slope)(double x) = nullptr;
};

constexpr double inverse_sqrt2 = 0.70710678118654752440;
constexpr double inverse_sqrt_2pi = 0.39894228040143267794;
constexpr double sqrt_8_over_pi = 1.59576912160573071176;
constexpr double cubic = 0.044715;

double normal_distribution(double x) { return 0.5 * std::erfc(-x * inverse_sqrt2); }

double logistic(double x) {
    const double e = std::exp(-std::abs(x));
    return x < 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
}

/// x σ(u), u a function of x with derivative `du`.
double gated_slope(double x, double u, double du) {
    const double s = logistic(u);
    return s + x * s * (1.0 - s) * du;
}

/// (1 + tanh(v)) / 2 = σ(2 v).
double tanh_argument(double x) { return sqrt_8_over_pi * (x + cubic * x * x * x); }

constexpr std::array<Curve, activation_count> curves{{
    {Activation::gelu,
     {"gelu", "gelu_python"},
     [](double x) { return x * normal_distribution(x); },
     [](double x) { return normal_distribution(x) + x * inverse_sqrt_2pi * std::exp(-0.5 * x * x); }},
    {Activation::gelu_tanh,
     {"gelu_new", "gelu_pytorch_tanh", "gelu_fast"},
     [](double x) { return x * logistic(tanh_argument(x)); },
     [](double x) { return gated_slope(x, tanh_argument(x), sqrt_8_over_pi * (1.0 + 3.0 * cubic * x * x)); }},
    {Activation::quick_gelu,
     {"quick_gelu"},
     [](double x) { return x * logistic(1.702 * x); },
     [](double x) { return gated_slope(x, 1.702 * x, 1.702); }},
    {Activation::silu,
     {"silu", "swish"},
     [](double x) { return x * logistic(x); },
     [](double x) { return gated_slope(x, x, 1.0); }},
    // The value of what is no number stays that.
    {Activation::relu,
     {"relu"},
     [](double x) { return x < 0.0 ? 0.0 : x; },
     [](double x) { return x > 0.0 ? 1.0 : 0.0; }},
    {Activation::tanh,
     {"tanh"},
     [](double x) { return std::tanh(x); },
     [](double x) {
         const double t = std::tanh(x);
         return 1.0 - t * t;
     }},
}};

/// An entry that is missing leaves an empty one behind.
constexpr bool in_order() {
    for (std::size_t i = 0; i < curves.size(); ++i) {
        if (curves[i].kind != static_cast<Activation>(i) || curves[i].names[0] == nullptr) return false;
    }
    return true;
}
static_assert(in_order(), "the table has one entry for each Activation, in their order");

const Curve& curve_of(Activation kind) {
    const auto place = static_cast<std::size_t>(kind);
    if (place >= curves.size()) throw InternalError("activation: a kind without an entry in the table");
    return curves[place];
}

/// body(kind, name) for every name that an activation has in config.json.
template <class Body>
void for_each_name(const Body& body) {
    for (const Curve& curve : curves) {
        for (const char* name : curve.names) {
            if (name != nullptr) body(curve.kind, name);
        }
    }
}

}  // namespace

std::vector<Activation> activations() {
    std::vector<Activation> kinds;
    for (const Curve& curve : curves) kinds.push_back(curve.kind);
    return kinds;
}

std::string activation_name(Activation kind) { return curve_of(kind).names[0]; }

std::optional<Activation> activation_named(std::string_view name) {
    std::optional<Activation> found;
    for_each_name([&](Activation kind, const char* known) {
        if (known == name) found = kind;
    });
    return found;
}

std::vector<std::string> activation_names() {
    std::vector<std::string> names;
    for_each_name([&](Activation, const char* name) { names.emplace_back(name); });
    return names;
}

template <class Real>
void activate(Activation kind, std::size_t count, const Real* x, Real* out, std::size_t jobs) {
    const auto value = curve_of(kind).value;
    in_blocks(count, 1, jobs, [&](std::size_t first, std::size_t length) {
        if constexpr (std::is_same_v<Real, float>) {
            if (float_kernels::activate(kind, length, x + first, out + first)) return;
        }
        for (std::size_t i = first; i < first + length; ++i)
            out[i] = static_cast<Real>(value(static_cast<double>(x[i])));
    });
}

template <class Real>
void activate_backward(Activation kind, std::size_t count, const Real* x, Real* gradient, std::size_t jobs) {
    const auto slope = curve_of(kind).slope;
    in_blocks(count, 1, jobs, [&](std::size_t first, std::size_t length) {
        if constexpr (std::is_same_v<Real, float>) {
            if (float_kernels::activate_backward(kind, length, x + first, gradient + first)) return;
        }
        for (std::size_t i = first; i < first + length; ++i)
            gradient[i] *= static_cast<Real>(slope(static_cast<double>(x[i])));
    });
}

#define ATTNFLOW_ACTIVATION(Real)                                                     \
    template void activate(Activation, std::size_t, const Real*, Real*, std::size_t); \
    template void activate_backward(Activation, std::size_t, const Real*, Real*, std::size_t);
ATTNFLOW_ACTIVATION(float)
ATTNFLOW_ACTIVATION(double)
#undef ATTNFLOW_ACTIVATION

}  // namespace attnflow
