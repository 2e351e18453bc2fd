#pragma once
/// What a command has to say beside its result.

#include <string>

#include "attention/model/checkpoint/weight_files.hpp"
#include "experiments/cli/console.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

/// A line on standard error.
inline void print_note(const std::string& note) { say("note: " + note); }

/// How the weights of a model were found, where that is not by their names.
inline void print_notes_of_model(const std::string& folder) {
    const WeightFiles weights = WeightFiles::open(folder);
    for (const std::string& note : weights.notes()) print_note(escape_controls(folder) + ": " + note);
}

}  // namespace attnflow
