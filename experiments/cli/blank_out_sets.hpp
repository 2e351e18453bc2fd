#pragma once
/// `attribute --blank-out K`: what the model makes of a text without the tokens that a method ranks first, and
/// without those it ranks last. A method that sees what the output draws on changes it with the first.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attention/extract/perturbation.hpp"
#include "attention/words.hpp"

namespace attnflow {

struct BlankOutSetsRequest {
    std::size_t k = 1;
    std::string replacement = "unk";  ///< as replacement_from_name()
    TargetSpec target = {};
    std::size_t jobs = 1;
    std::optional<Words> words = {};  ///< where these are scored: all tokens of a word are replaced
};

struct BlankOutSets {
    struct Set {
        std::vector<std::size_t> positions;  ///< of tokens, or of words; by score, the outermost first
        double change = 0.0;                 ///< of the value below
    };
    Target target;
    std::string replacement;  ///< as asked for
    std::string words = {};   ///< what `value` is, as target_words()
    double value = 0.0;  ///< the target's probability in the text as it is, the difference of two, or a number
    Set top;
    Set bottom;
};

/// `scores` of the tokens of `encoding`, or of its words, which has the outputs `unchanged`; special tokens are
/// left where they are. Throws ParameterError unless there are `k` others, and what output_position() and
/// perturbed_outputs() throw.
BlankOutSets blank_out_sets(const TextModel& model, const Encoding& encoding, std::span<const double> unchanged,
                            std::span<const double> scores, const BlankOutSetsRequest& request);

}  // namespace attnflow
