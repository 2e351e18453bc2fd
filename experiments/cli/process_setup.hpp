#pragma once
/// What main() arranges for the whole process before run_app(). The libraries change nothing of a process; a
/// program that calls run_app() may call this first, to be as robust as attnflow is.

#include <cstddef>
#include <functional>
#include <string>

namespace attnflow {

/// - Standard input, output and error are open, so that no file of a run becomes one of them; what was closed
/// refuses.
/// - Writing into a closed pipe, or beyond the size that is allowed (ulimit -f), is an error and no signal.
/// - A mapped file that is cut short is an error and no signal (mapping.hpp).
/// - Where address space is limited (ulimit -v) threads share what they allocate from.
/// - Threads have a stack of at least 2 MiB, whatever the limit (ulimit -s).
void prepare_process();

/// Calls `body` with a stack of at least 2 MiB: here, or in a thread where the limit gives less.
int with_enough_stack(const std::function<int()>& body);

/// For a replacement of operator new: how many bytes could not be had.
void note_failed_allocation(std::size_t bytes) noexcept;
/// "not enough memory: 1200 MiB more were asked for, 130 MiB are in use, 200 MiB allowed (ulimit -v); ...", as far
/// as it is known.
std::string memory_message();

}  // namespace attnflow
