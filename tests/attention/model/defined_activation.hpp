#pragma once
/// The activations as their papers define them, apart from the table that is tested.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "attention/model/blocks/activation.hpp"

namespace attnflow::testing {

inline double defined_activation(Activation kind, double x) {
    switch (kind) {
        case Activation::gelu:
            return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
        case Activation::gelu_tanh:
            return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
        case Activation::quick_gelu:
            return x / (1.0 + std::exp(-1.702 * x));
        case Activation::silu:
            return x / (1.0 + std::exp(-x));
        case Activation::relu:
            return std::max(0.0, x);
        case Activation::tanh:
            return std::tanh(x);
        case Activation::count:
            break;
    }
    return std::nan("");  // equals nothing
}

}  // namespace attnflow::testing
