#pragma once
/// Is this attention? The check that stands between a file and every method.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attention/attention_stack.hpp"

namespace attnflow {

/// How far from 1 a row may sum when its weights were rounded to `dtype`: 1e-4 for F64 and
/// F32, 2e-3 for F16, 2e-2 for BF16. (Softmax in the named precision stays well below.) Weights stored in a finer
/// type than they were computed in are held to what they were computed in, see row_diagnosis.hpp.
double row_sum_tolerance(DType dtype);

struct ValidationReport {
    double largest_deviation = 0.0;  ///< of a row's sum from 1
    std::size_t layer = 1;           ///< where that is; from 1 at the input
    std::size_t head = 0;            ///< from 0
    std::size_t row = 0;             ///< query position, from 0
    bool causal = true;              ///< no query attends to a later key, all layers are square
    std::size_t zeros = 0;           ///< weights that are exactly 0
    DType precision = DType::f64;    ///< what rows were held to: the stored type, or the coarser one of the values
    /// Positions that no other position attends to, or only positions among them at the beginning or end: padding,
    /// as a rule. Ascending; empty for a chain.
    std::vector<std::size_t> unattended = {};
};

/// The check of validate(), made while something else reads the attention, so that a large file is read once:
///
///   Validator validator(attention, where);
///   ... build_network(validator.watched(), ...) ...   // throws what validate() throws
///   const ValidationReport report = validator.finish();
class Validator {
public:
    /// As validate(). What is read of watched() is to be read on one thread.
    Validator(AttentionStack attention, std::string where, std::optional<double> tolerance = std::nullopt);

    /// The attention, whose rows are checked when they are read for the first time, each head from its first
    /// row on. May outlive the validator.
    AttentionStack watched() const;
    /// Reads and checks the rows that were not read yet.
    ValidationReport finish();

private:
    class Checks;
    std::shared_ptr<Checks> checks_;
};

/// Reads every weight once, head by head; of a chain of layers, which is no attention, only the
/// weights are checked and row sums just reported. `where` names the example in messages; `tolerance`
/// replaces row_sum_tolerance. Throws InputError for the first weight that is NaN,
/// infinite or negative and the first row whose sum differs from 1 by more than the
/// tolerance, with the diagnosis of row_diagnosis.hpp; ParameterError for a tolerance that is not a number >= 0.
ValidationReport validate(const AttentionStack& attention, const std::string& where,
                          std::optional<double> tolerance = std::nullopt);

}  // namespace attnflow
