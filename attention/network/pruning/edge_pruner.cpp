#include "attention/network/pruning/edge_pruner.hpp"

namespace attnflow {

void check_pruned(const std::string& pruner, std::size_t keys, std::span<const double> before,
                  std::span<const double> after) {
    for (std::size_t k = 0; k < after.size(); ++k) {
        if (after[k] == before[k] || after[k] == 0.0) continue;
        throw InternalError(
            fmt::format("pruner '{}': query {}, key {}: the weight {} became {}, expected it kept or 0", pruner,
                        k / keys, k % keys, before[k], after[k]));
    }
}

std::vector<std::string> PrunerFamily::promises() {
    return {prune_promise::equivariant, prune_promise::idempotent};
}

}  // namespace attnflow
