/// Threads made for each call. Pieces of work are large (an example, a block of rows), so
/// starting a thread costs nothing beside them.

#include <thread>
#include <vector>

#include "graph/support/parallel/backend.hpp"

namespace attnflow::parallel {

void run_workers(std::size_t workers, const std::function<void(std::size_t)>& work) {
    std::vector<std::jthread> threads;
    for (std::size_t w = 1; w < workers; ++w) threads.emplace_back(work, w);
    work(0);
}

}  // namespace attnflow::parallel
