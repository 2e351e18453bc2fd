#pragma once
/// Sums, bits and pushes along one row of a matrix, in integers, compiled for several instruction sets by Highway.
/// Rows are padded as in Panel, `n` is a padded length.

#include "algorithms/maxflow/engine/bit_set.hpp"
#include "algorithms/maxflow/engine/panel.hpp"

namespace attnflow::engine {

/// sum_x max(a[x], 0) and -sum_x min(a[x], 0).
struct SignedSums {
    Amount positive = 0;
    Amount negative = 0;
};

/// A distance between vertices, -1 for none: as wide as amounts, with which it is compared lane by lane.
using Label = std::int64_t;

/// A row of capacities and its flow.
struct FlowRow {
    const Amount* capacity;
    Amount* flow;
    std::size_t n;
};

/// Vertices at the ends of a row's edges. Only those of label `nearer` take part.
struct RowEnds {
    const Label* label;
    Label nearer;
    Amount* intake;   ///< what each may still be sent
    Amount* balance;  ///< received minus sent
};

struct RowKernels {
    /// sum_x min(a[x], b[x]).
    Amount (*min_sum)(const Amount* a, const Amount* b, std::size_t n);
    SignedSums (*signed_sums)(const Amount* a, std::size_t n);

    /// Bits of the columns [from, end) of a row, whole blocks, in `words` words: bit x of `residual` says whether
    /// capacity[x] > flow[x], bit x of `carried` whether flow[x] > 0. Other bits become 0.
    void (*residual_bits)(const Amount* capacity, const Amount* flow, std::size_t from, std::size_t end,
                          std::size_t words, Word* residual, Word* carried);

    /// What the row can send to the ends, sum of min(capacity - flow, intake).
    Amount (*sendable)(const FlowRow& row, const RowEnds& ends);
    /// What the ends can send back along the row to its vertex, which takes `most`: adds min(flow, most) to their
    /// intake.
    void (*add_returnable)(const FlowRow& row, const RowEnds& ends, Amount most);
    /// Pushes up to `excess` along the row to the ends, to none more than its intake, which shrinks; returns what
    /// is left.
    Amount (*push)(const FlowRow& row, const RowEnds& ends, Amount excess);
    /// Sends excess of the ends (where their balance is positive) back along the row to its vertex, which takes
    /// `most`; returns what is left of that.
    Amount (*pull)(const FlowRow& row, const RowEnds& ends, Amount most);
};

/// For the processor at hand. Keep the reference for a loop, not for longer: tests change the instruction set.
const RowKernels& row_kernels();

}  // namespace attnflow::engine
