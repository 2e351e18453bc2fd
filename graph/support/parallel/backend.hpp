#pragma once
/// What a back end of parallel.hpp provides; one of the .cpp files of this folder is built,
/// chosen by the CMake option ATTNFLOW_PARALLEL.

#include <cstddef>
#include <functional>

namespace attnflow::parallel {

/// Calls work(w) for every w < workers, at the same time or one after the other, and returns
/// when all have returned. `work` does not throw. Throws OutOfMemory, with nothing begun, where so many threads
/// are not to be had.
void run_workers(std::size_t workers, const std::function<void(std::size_t worker)>& work);

}  // namespace attnflow::parallel
