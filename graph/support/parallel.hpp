#pragma once
/// The one seam to threads: independent pieces of work, numbered, on several workers.
///
/// The CMake option ATTNFLOW_PARALLEL chooses what workers are: threads (std::thread, the
/// default: it needs nothing, and the thread sanitizer sees through it), tbb (oneTBB's pool)
/// or serial.
///
/// Callers write piece i to place i of their result, so results do not depend on the number
/// of workers or on who did what.

#include <cstddef>
#include <functional>

namespace attnflow {

/// Calls body(index, worker) once for every index < count, on at most `jobs` workers
/// (numbered from 0; each runs one piece at a time, so a worker number may own scratch
/// memory). Pieces are handed out in ascending order. When bodies throw, the remaining
/// pieces are abandoned and the exception of the smallest index that threw is rethrown.
/// jobs <= 1 runs on the calling thread.
void parallel_for(std::size_t count, std::size_t jobs,
                  const std::function<void(std::size_t index, std::size_t worker)>& body);

}  // namespace attnflow
