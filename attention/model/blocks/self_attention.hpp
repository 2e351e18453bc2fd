#pragma once
/// Self attention: every token takes a weighted sum of the values of the tokens that it sees.
///
///   Q_h = x W_Q,h,  K_g = x W_K,g,  V_g = x W_V,g        (with biases; Q and K turned by rotary positions)
///   A_h = softmax(s Q_h K_g^T)                           over the keys that the query sees, 0 elsewhere
///   u   = concat_h(A_h V_g) W_O + b_O
///
/// H query heads share G key heads (grouped queries; G = H in most models): head h reads key head g = h / (H / G).
/// What a query sees is a causal mask (no key behind it) and a sliding window (no key `window` or more away).
///
/// Attention is no part of the trace: it grows with n^2, and the reverse pass makes that of a head again from its
/// queries and keys for a few percent of the time. So whatever is asked for, the attention of one layer is in
/// memory.
///
/// Vaswani et al. 2017, arXiv:1706.03762; grouped queries: Ainslie et al. 2023, arXiv:2305.13245; windows: Beltagy
/// et al. 2020, arXiv:2004.05150

#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "attention/model/blocks/buffer.hpp"
#include "attention/model/blocks/linear.hpp"
#include "attention/model/blocks/rotary.hpp"

namespace attnflow {

struct AttentionSpec {
    std::size_t heads = 0;      ///< H
    std::size_t key_heads = 0;  ///< G, divides H
    std::size_t head_width = 0;
    std::optional<double> score_scale = {};  ///< s; 1 / sqrt(head_width) where it is not set
    bool causal = false;                     ///< key k is seen by query q only where k <= q
    std::size_t window = 0;                  ///< and only where |q - k| < window; 0 for no window
    std::optional<RotarySpec> rotary = {};
    bool projection_bias = true;  ///< of queries, keys and values
    bool output_bias = true;

    /// Columns of the queries, the keys, the values side by side.
    std::size_t query_width() const { return heads * head_width; }
    std::size_t key_width() const { return key_heads * head_width; }
    std::size_t projected_width() const { return query_width() + 2 * key_width(); }
    bool has_mask() const { return causal || window > 0; }
    double scale() const { return score_scale.value_or(1.0 / std::sqrt(static_cast<double>(head_width))); }

    bool operator==(const AttentionSpec&) const = default;
};

/// The keys that a query sees, of `length`: `count` from `first` on.
struct KeyRange {
    std::size_t first;
    std::size_t count;
};
KeyRange visible_keys(const AttentionSpec& spec, std::size_t query, std::size_t length);

template <class Real>
struct AttentionWeights {
    Linear<Real> query_key_value = {};  ///< [projected_width, d]: one product for the three
    Linear<Real> output = {};           ///< [d, query_width]
};

/// What the reverse pass needs of the forward pass.
template <class Real>
struct AttentionTrace {
    Buffer<Real> query_key_value;  ///< [T, projected_width], queries and keys turned
};

/// The block with its memory, which the layers of one pass use one after the other: `count` inputs of `length`
/// tokens, T in all, `jobs` threads.
template <class Real>
class SelfAttention {
public:
    SelfAttention(std::size_t count, std::size_t length, std::size_t jobs)
        : count_(count), length_(length), jobs_(jobs) {}

    /// `out` [T, d] from `x` [T, d]. `trace` may be null. `keep_attention`: attention() has that of all heads
    /// then, else a head's lives in the memory of a worker.  O(T d (H + G) w + T n H w), w the head's width.
    void forward(const AttentionSpec& spec, const AttentionWeights<Real>& weights, const Real* x,
                 AttentionTrace<Real>* trace, bool keep_attention, Real* out);

    /// dx = keep · dx + the gradient of x, from that of the output. `dx` may be `dy`: with keep = 1 that is the
    /// gradient of a sum with a skip connection. `keep_attention`: attention() and attention_gradient() then have
    /// all heads. A weight that the mask holds at 0 has the gradient 0.
    void backward(const AttentionSpec& spec, const AttentionWeights<Real>& weights,
                  const AttentionTrace<Real>& trace, const Real* dy, Real keep, Real* dx, bool keep_attention);

    /// Of the last call, where it was kept: [count, H, n, n].
    const Real* attention() const { return attention_.data(); }
    const Real* attention_gradient() const { return attention_gradient_.data(); }
    /// Of the last forward(): [T, projected_width].
    const Real* query_key_value() const { return query_key_value_; }

private:
    const Rotary<Real>& rotary(const RotarySpec& spec);

    std::size_t count_;
    std::size_t length_;
    std::size_t jobs_;
    AttentionTrace<Real> own_;  // of layers that are not traced
    const Real* query_key_value_ = nullptr;
    Buffer<Real> context_;  // [T, query_width]
    Buffer<Real> projected_gradient_;
    Buffer<Real> attention_, attention_gradient_;
    std::vector<Buffer<Real>> worker_memory_;
    std::optional<RotarySpec> rotary_spec_;  // what rotary_ was made of; layers mostly share one
    std::optional<Rotary<Real>> rotary_;
};

}  // namespace attnflow
