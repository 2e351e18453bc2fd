#include "attention/model/blocks/self_attention.hpp"

#include <algorithm>

#include "attention/model/blocks/softmax.hpp"
#include "graph/support/gemm.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

/// The heads of one input: where their rows lie in [T, projected_width] and [T, query_width].
template <class Real>
class HeadRows {
public:
    HeadRows(const AttentionSpec& spec, std::size_t length, std::size_t input, Real* projected)
        : spec_(spec), stride_(spec.projected_width()), first_(projected + input * length * stride_) {}

    MatrixRef<Real> query(std::size_t head) const { return {first_ + head * spec_.head_width, stride_}; }
    MatrixRef<Real> key(std::size_t head) const {
        return {first_ + spec_.query_width() + key_head(head) * spec_.head_width, stride_};
    }
    MatrixRef<Real> value(std::size_t head) const {
        return {first_ + spec_.query_width() + spec_.key_width() + key_head(head) * spec_.head_width, stride_};
    }

private:
    std::size_t key_head(std::size_t head) const { return head / (spec_.heads / spec_.key_heads); }

    const AttentionSpec& spec_;
    std::size_t stride_;
    Real* first_;
};

/// Sets what no query sees to 0.
template <class Real>
void clear_masked(const AttentionSpec& spec, std::size_t length, Real* matrix) {
    for (std::size_t q = 0; q < length; ++q) {
        const KeyRange keys = visible_keys(spec, q, length);
        Real* row = matrix + q * length;
        std::fill_n(row, keys.first, Real(0));
        std::fill(row + keys.first + keys.count, row + length, Real(0));
    }
}

/// softmax(s Q K^T) over the visible keys, [n, n].
template <class Real>
void attention_of(const AttentionSpec& spec, std::size_t length, MatrixRef<const Real> query,
                  MatrixRef<const Real> key, Real* out) {
    multiply<Real>(length, length, spec.head_width, static_cast<Real>(spec.scale()), query, Flip::no, key,
                   Flip::yes, Real(0), {out, length});
    if (!spec.has_mask()) {
        softmax_rows(length, length, out);
        return;
    }
    for (std::size_t q = 0; q < length; ++q) {
        const KeyRange keys = visible_keys(spec, q, length);
        softmax_rows(1, keys.count, out + q * length + keys.first);
    }
    clear_masked(spec, length, out);
}

}  // namespace

KeyRange visible_keys(const AttentionSpec& spec, std::size_t query, std::size_t length) {
    const std::size_t window = spec.window > 0 ? std::min(spec.window, length) : length;
    const std::size_t first = query + 1 > window ? query + 1 - window : 0;
    const std::size_t end = spec.causal ? query + 1 : std::min(length, query + window);
    return {first, end - first};
}

template <class Real>
const Rotary<Real>& SelfAttention<Real>::rotary(const RotarySpec& spec) {
    if (rotary_spec_ != spec) {
        rotary_.emplace(spec, length_);
        rotary_spec_ = spec;
    }
    return *rotary_;
}

template <class Real>
void SelfAttention<Real>::forward(const AttentionSpec& spec, const AttentionWeights<Real>& weights, const Real* x,
                                  AttentionTrace<Real>* trace, bool keep_attention, Real* out) {
    const std::size_t n = length_;
    const std::size_t tokens = count_ * n;
    const std::size_t width = spec.query_width();
    AttentionTrace<Real>& kept = trace != nullptr ? *trace : own_;
    Real* projected = kept.query_key_value.resize(tokens * spec.projected_width());
    query_key_value_ = projected;
    linear(weights.query_key_value, tokens, x, projected, jobs_);
    // Queries and keys lie side by side, so they are turned as one row of heads.
    if (spec.rotary) {
        rotary(*spec.rotary)
            .turn(projected, tokens, spec.projected_width(), spec.heads + spec.key_heads, spec.head_width, jobs_);
    }
    Real* context = context_.resize(tokens * width);
    Real* all = keep_attention ? attention_.resize(count_ * spec.heads * n * n) : nullptr;
    worker_memory_.resize(jobs_ == 0 ? 1 : jobs_);
    parallel_for(count_ * spec.heads, jobs_, [&](std::size_t piece, std::size_t worker) {
        const std::size_t input = piece / spec.heads;
        const std::size_t head = piece % spec.heads;
        const HeadRows<const Real> rows(spec, n, input, projected);
        Real* attention = keep_attention ? all + piece * n * n : worker_memory_[worker].resize(n * n);
        attention_of<Real>(spec, n, rows.query(head), rows.key(head), attention);
        multiply<Real>(n, spec.head_width, n, Real(1), {attention, n}, Flip::no, rows.value(head), Flip::no,
                       Real(0), {context + input * n * width + head * spec.head_width, width});
    });
    linear(weights.output, tokens, context, out, jobs_);
}

template <class Real>
void SelfAttention<Real>::backward(const AttentionSpec& spec, const AttentionWeights<Real>& weights,
                                   const AttentionTrace<Real>& trace, const Real* dy, Real keep, Real* dx,
                                   bool keep_attention) {
    const std::size_t n = length_;
    const std::size_t tokens = count_ * n;
    const std::size_t size = n * n;
    const std::size_t width = spec.query_width();
    const std::size_t group = spec.heads / spec.key_heads;
    const Real scale = static_cast<Real>(spec.scale());
    const Real* projected = trace.query_key_value.data();
    Real* context_gradient = context_.resize(tokens * width);
    linear_backward(weights.output, tokens, dy, Real(0), context_gradient, jobs_);
    Real* gradient = projected_gradient_.resize(tokens * spec.projected_width());
    Real* all = keep_attention ? attention_.resize(count_ * spec.heads * size) : nullptr;
    Real* all_gradients = keep_attention ? attention_gradient_.resize(count_ * spec.heads * size) : nullptr;
    worker_memory_.resize(jobs_ == 0 ? 1 : jobs_);
    // A piece is a key head with the heads that share it, whose gradients add up.
    parallel_for(count_ * spec.key_heads, jobs_, [&](std::size_t piece, std::size_t worker) {
        const std::size_t input = piece / spec.key_heads;
        const HeadRows<const Real> rows(spec, n, input, projected);
        const HeadRows<Real> out(spec, n, input, gradient);
        Real* memory = worker_memory_[worker].resize(2 * size);
        for (std::size_t i = 0; i < group; ++i) {
            const std::size_t head = piece % spec.key_heads * group + i;
            const std::size_t place = (input * spec.heads + head) * size;
            const MatrixRef<const Real> context{context_gradient + input * n * width + head * spec.head_width,
                                                width};
            Real* scores = memory;
            Real* attention = keep_attention ? all + place : memory + size;
            attention_of<Real>(spec, n, rows.query(head), rows.key(head), attention);
            multiply<Real>(n, n, spec.head_width, Real(1), context, Flip::no, rows.value(head), Flip::yes, Real(0),
                           {scores, n});
            if (spec.has_mask()) clear_masked(spec, n, scores);
            if (keep_attention) std::copy_n(scores, size, all_gradients + place);
            softmax_rows_backward(n, n, attention, scores);
            const auto back = [&](Real factor, const Real* matrix, Flip flip, MatrixRef<const Real> by, Real add,
                                  MatrixRef<Real> to) {
                multiply<Real>(n, spec.head_width, n, factor, {matrix, n}, flip, by, Flip::no, add, to);
            };
            const Real add = i == 0 ? Real(0) : Real(1);
            back(scale, scores, Flip::no, rows.key(head), Real(0), out.query(head));
            back(scale, scores, Flip::yes, rows.query(head), add, out.key(head));
            back(Real(1), attention, Flip::yes, context, add, out.value(head));
        }
    });
    if (spec.rotary) {
        rotary(*spec.rotary)
            .turn_backward(gradient, tokens, spec.projected_width(), spec.heads + spec.key_heads, spec.head_width,
                           jobs_);
    }
    linear_backward(weights.query_key_value, tokens, gradient, keep, dx, jobs_);
}

template class SelfAttention<float>;
template class SelfAttention<double>;

}  // namespace attnflow
