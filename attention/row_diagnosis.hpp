#pragma once
/// Why rows are no distributions: the one diagnosis, made when a row was refused.

#include <optional>
#include <string>

#include "attention/attention_stack.hpp"
#include "graph/support/diagnosis.hpp"

namespace attnflow {

/// Where a row is wrong.
struct RowFault {
    std::size_t layer = 0;
    std::size_t head = 0;
    std::size_t row = 0;
    std::optional<std::size_t> column;  ///< of a weight that is no weight; nothing for a sum
    double tolerance = 0.0;             ///< that sums were held to
};

/// "SYMPTOM: CAUSE; MEND" of what the rows of the whole attention look like, by the first of these that fits:
/// scores or logarithms instead of weights, rows masked whole, queries and keys exchanged, padding that was
/// attended to, sums or percents, dropout, scaled rows, small weights set to 0, an attention sink, rounding. Reads
/// about 2^25 weights, the faulty head first.
std::string diagnose_rows(const AttentionStack& attention, const RowFault& fault);

/// The coarsest of BF16 and F16 that holds every weight, where values are stored in a finer type; the stored type
/// where neither does, or where the weights are too plain to tell. Reads every weight.
DType precision_of_values(const AttentionStack& attention);

/// For the page.
Diagnoses row_diagnoses();

}  // namespace attnflow
