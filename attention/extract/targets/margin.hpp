#pragma once
/// What decides for the predicted output: the largest logit minus the second largest. Of a model with two outputs
/// that is the difference of both, and of one with a vocabulary it tells the predicted token from its nearest
/// rival, where the predicted logit alone also grows with all others.  O(outputs).

#include "attention/extract/targets/target_kind.hpp"

namespace attnflow {

class MarginTarget {
public:
    static constexpr bool needs_label = false;

    static EntryInfo describe() {
        return {
            .name = "margin", .summary = "the predicted output minus the next one", .complexity = "O(outputs)"};
    }

    Target resolve(const ModelShape& shape, std::span<const double> logits, std::optional<std::int64_t>) const {
        if (logits.size() < 2 || shape.task == Task::regression) {
            throw ParameterError(
                "target: margin of a model with one output or of a regression, expected one that "
                "decides between several");
        }
        const std::size_t first = predicted_output(logits);
        std::size_t second = first == 0 ? 1 : 0;
        for (std::size_t j = 0; j < logits.size(); ++j) {
            if (j != first && logits[j] > logits[second]) second = j;
        }
        return {first, second, shape.task};
    }
};

}  // namespace attnflow
