#pragma once
/// How many words of a dataset its model did not know, for people.

#include <fmt/format.h>

#include "attention/dataset.hpp"
#include "experiments/tables/text_layout.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

/// "12 words of 5 examples are read as [UNK]"; "" where there are none.
inline std::string unknown_text(const Dataset& dataset) {
    const auto count = dataset.count_unknown();
    if (count.words == 0) return "";
    return fmt::format("{} of {} {} read as {}", counted(count.words, "word"), counted(count.examples, "example"),
                       count.words == 1 ? "is" : "are", shown_token(count.token));
}

}  // namespace attnflow
