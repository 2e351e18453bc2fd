#pragma once
/// What a command has to say beside its result.

#include <cstdio>
#include <string>

namespace attnflow {

/// A line on standard error. Not fmt::print, which throws when standard error cannot be written.
inline void print_note(const std::string& note) { std::fputs(("attnflow: note: " + note + "\n").c_str(), stderr); }

}  // namespace attnflow
