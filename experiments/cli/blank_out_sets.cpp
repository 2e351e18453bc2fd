#include "experiments/cli/blank_out_sets.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "attention/model/text_model.hpp"
#include "experiments/study/special_tokens.hpp"
#include "graph/support/error.hpp"

namespace attnflow {
namespace {

/// top_positions() among some positions.
std::vector<std::size_t> outermost(std::span<const double> scores, const std::vector<std::size_t>& among,
                                   std::size_t k, bool largest) {
    std::vector<double> theirs;
    for (const std::size_t position : among) theirs.push_back(scores[position]);
    std::vector<std::size_t> positions;
    for (const std::size_t i : top_positions(theirs, k, largest)) positions.push_back(among[i]);
    return positions;
}

}  // namespace

BlankOutSets blank_out_sets(const TextModel& model, const Encoding& encoding, std::span<const double> unchanged,
                            std::span<const double> scores, const BlankOutSetsRequest& request) {
    auto ordinary = ordinary_positions(encoding.tokens, model.tokenizer.special_tokens());
    if (request.words) ordinary = request.words->holding(ordinary);
    if (ordinary.empty()) {
        throw ParameterError(
            "--blank-out: the text has special tokens only, which stay where they are; expected a text with "
            "words");
    }
    if (request.k > ordinary.size()) {
        throw ParameterError(fmt::format("--blank-out is {}, expected at most the {} {} that are not special",
                                         request.k, ordinary.size(), request.words ? "words" : "tokens"));
    }
    const std::size_t position = output_position(model, encoding, "text");
    BlankOutSets result;
    result.replacement = request.replacement;
    result.target = resolve(request.target, model, unchanged, std::nullopt);
    const TargetScale scale =
        has_probabilities(result.target.task) ? TargetScale::probability : TargetScale::logit;
    result.value = evaluate(result.target, scale, unchanged, {});
    result.words = target_words(result.target, scale, model);
    result.top.positions = outermost(scores, ordinary, request.k, true);
    result.bottom.positions = outermost(scores, ordinary, request.k, false);
    const auto tokens_of = [&](const std::vector<std::size_t>& positions) {
        std::vector<std::size_t> tokens;
        for (const std::size_t one : positions) {
            const std::size_t end = request.words ? request.words->end(one) : one + 1;
            for (std::size_t t = request.words ? request.words->begin(one) : one; t < end; ++t)
                tokens.push_back(t);
        }
        return tokens;
    };
    const std::vector<std::vector<std::size_t>> sets{tokens_of(result.top.positions),
                                                     tokens_of(result.bottom.positions)};
    const auto changed = perturbed_outputs(model, encoding, position, replacement_from_name(request.replacement),
                                           sets, unchanged, request.jobs);
    result.top.change = target_change(result.target, unchanged, changed.row(0));
    result.bottom.change = target_change(result.target, unchanged, changed.row(1));
    return result;
}

}  // namespace attnflow
