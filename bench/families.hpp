#pragma once
/// One function a family of benchmarks; main.cpp calls them all.

namespace attnflow::bench {

/// Rows FAMILY/SOLVER/LAYERS/TOKENS and, for Boost's solvers, FAMILY/SOLVER_copy/LAYERS/TOKENS.
void register_max_flow(bool large);
/// Rows method/METHOD/LAYERS/TOKENS.
void register_methods();

}  // namespace attnflow::bench
