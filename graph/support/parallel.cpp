#include "graph/support/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "graph/support/parallel/backend.hpp"

namespace attnflow {

void parallel_for(std::size_t count, std::size_t jobs,
                  const std::function<void(std::size_t index, std::size_t worker)>& body) {
    if (jobs <= 1 || count <= 1) {
        for (std::size_t i = 0; i < count; ++i) body(i, 0);
        return;
    }
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> abandoned = false;
    std::mutex mutex;
    std::exception_ptr first;
    std::size_t first_index = count;
    const auto work = [&](std::size_t worker) {
        while (!abandoned) {
            const std::size_t i = next++;
            if (i >= count) return;
            try {
                body(i, worker);
            } catch (...) {
                abandoned = true;
                const std::lock_guard lock(mutex);
                if (i < first_index) {
                    first_index = i;
                    first = std::current_exception();
                }
            }
        }
    };
    parallel::run_workers(std::min(jobs, count), work);
    if (first) std::rethrow_exception(first);
}

}  // namespace attnflow
