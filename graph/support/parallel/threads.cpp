/// Threads made for each call. Pieces of work are large (an example, a block of rows), so
/// starting a thread costs nothing beside them.

#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/parallel/backend.hpp"

namespace attnflow::parallel {

void run_workers(std::size_t workers, const std::function<void(std::size_t)>& work) {
    // All or none: nobody begins before the last thread is there, so that a limit is known at once.
    enum Gate { closed, open, cancelled };
    std::atomic<int> gate = closed;
    std::vector<std::jthread> threads;
    threads.reserve(workers - 1);
    const auto let = [&](Gate state) {
        gate = state;
        gate.notify_all();
    };
    try {
        for (std::size_t w = 1; w < workers; ++w) {
            threads.emplace_back([&work, &gate, w] {
                gate.wait(closed);
                if (gate == open) work(w);
            });
        }
    } catch (const std::exception& error) {
        const std::size_t started = threads.size() + 1;
        let(cancelled);
        threads.clear();
        throw OutOfMemory(
            fmt::format("only {} of {} threads could be started ({}): expected --jobs {} or fewer, or higher "
                        "limits (ulimit -u, -v)",
                        started, workers, error.what(), started));
    }
    let(open);
    work(0);
}

}  // namespace attnflow::parallel
