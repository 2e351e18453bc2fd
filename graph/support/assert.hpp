#pragma once
/// Assertions of our own invariants, in levels (CMake option ATTNFLOW_ASSERT_LEVEL; the presets `dev` and those of
/// the sanitizers set 2):
///
///   0  none: what release builds have
///   1  ATTNFLOW_ASSERT, cheap: O(1) beside work that is done anyway
///   2  and ATTNFLOW_CHECK, expensive: may cost several times what it checks
///
/// One that fails throws InternalError with its place and text: library code never ends the program. Input is
/// checked by exceptions in all builds; an assertion that fails is a fault of ours.

#include <string>

#include "graph/support/error.hpp"

#ifndef ATTNFLOW_ASSERT_LEVEL
#define ATTNFLOW_ASSERT_LEVEL 0
#endif

namespace attnflow {

/// Throws the InternalError of an assertion.
[[noreturn]] inline void fail_assertion(const char* file, int line, const char* text) {
    throw InternalError(std::string(file) + ":" + std::to_string(line) + ": assertion failed: " + text);
}

}  // namespace attnflow

#if ATTNFLOW_ASSERT_LEVEL >= 1
#define ATTNFLOW_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::attnflow::fail_assertion(__FILE__, __LINE__, #condition))
#else
#define ATTNFLOW_ASSERT(condition) static_cast<void>(0)
#endif

/// A statement that checks, and throws where it does not hold.
#if ATTNFLOW_ASSERT_LEVEL >= 2
#define ATTNFLOW_CHECK(statement) statement
#else
#define ATTNFLOW_CHECK(statement) static_cast<void>(0)
#endif
