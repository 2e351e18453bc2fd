#include "graph/support/parallel/backend.hpp"

namespace attnflow::parallel {

void run_workers(std::size_t workers, const std::function<void(std::size_t)>& work) {
    for (std::size_t w = 0; w < workers; ++w) work(w);
}

}  // namespace attnflow::parallel
