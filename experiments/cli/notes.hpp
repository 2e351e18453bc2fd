#pragma once
/// What a command has to say beside its result.

#include <cstdio>
#include <string>

#include "attention/model/checkpoint/weight_files.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

/// A line on standard error. Not fmt::print, which throws when standard error cannot be written.
inline void print_note(const std::string& note) { std::fputs(("attnflow: note: " + note + "\n").c_str(), stderr); }

/// How the weights of a model were found, where that is not by their names.
inline void print_notes_of_model(const std::string& folder) {
    const WeightFiles weights = WeightFiles::open(folder);
    for (const std::string& note : weights.notes()) print_note(escape_controls(folder) + ": " + note);
}

}  // namespace attnflow
