#pragma once
/// The activations of a transformer, element by element, and their names in config.json (ACT2FN of the Hugging
/// Face library).
///
///   gelu        x Φ(x), Φ the normal distribution                      Hendrycks & Gimpel 2016, arXiv:1606.08415
///   gelu_tanh   x (1 + tanh(sqrt(2/π) (x + 0.044715 x³))) / 2          its approximation, as in GPT-2
///   quick_gelu  x σ(1.702 x), σ the logistic function                  its other one, as in CLIP
///   silu        x σ(x)                                                 Elfwing et al. 2017, arXiv:1702.03118
///   relu        max(0, x)
///   tanh        tanh(x)
///
/// A new one is a value here and an entry of the table in activation.cpp, which does not compile without. A kernel
/// in kernels_float.cpp makes it faster in single precision; without it the table's functions are used, about ten
/// times slower.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attnflow {

/// `count` is no activation but their number: it stays the last.
enum class Activation { gelu, gelu_tanh, quick_gelu, silu, relu, tanh, count };
inline constexpr auto activation_count = static_cast<std::size_t>(Activation::count);

/// Every activation, in their order.
std::vector<Activation> activations();

/// What config.json calls it, the first of its names: for messages.
std::string activation_name(Activation kind);

/// The activation that config.json calls `name`; nothing for an unknown name.
std::optional<Activation> activation_named(std::string_view name);

/// All names that activation_named() knows: for messages.
std::vector<std::string> activation_names();

/// out_i = f(x_i), `count` elements; `out` may be `x`. On up to `jobs` threads.
template <class Real>
void activate(Activation kind, std::size_t count, const Real* x, Real* out, std::size_t jobs);

/// gradient_i *= f'(x_i).
template <class Real>
void activate_backward(Activation kind, std::size_t count, const Real* x, Real* gradient, std::size_t jobs);

}  // namespace attnflow
