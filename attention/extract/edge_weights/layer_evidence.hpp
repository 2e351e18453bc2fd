#pragma once
/// What an edge weight is made of.

#include <span>

#include "attention/model/layer_internals.hpp"

namespace attnflow {

/// What is known of one layer of one text: n tokens, H heads.
struct LayerEvidence {
    std::size_t tokens;
    const ModelShape& shape;
    std::span<const float> attention;           ///< [H, n, n]
    std::span<const float> attention_gradient;  ///< [H, n, n], of the target; empty unless needed
    const LayerInternals* internals = nullptr;  ///< null unless needed
    std::size_t layer = 0;                      ///< from 0 at the input
};

}  // namespace attnflow
