/// oneTBB, for programs that use it already: workers come from its pool, so that nested and
/// neighbouring parallel code does not start more threads than there are cores.

#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "graph/support/parallel/backend.hpp"

namespace attnflow::parallel {

void run_workers(std::size_t workers, const std::function<void(std::size_t)>& work) {
    tbb::task_arena arena(static_cast<int>(workers));
    arena.execute([&] {
        tbb::task_group group;
        for (std::size_t w = 1; w < workers; ++w) group.run([&work, w] { work(w); });
        work(0);
        group.wait();
    });
}

}  // namespace attnflow::parallel
