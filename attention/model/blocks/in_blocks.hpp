#pragma once
/// Rows or elements, a block a piece of work.

#include <algorithm>
#include <cstddef>

#include "graph/support/parallel.hpp"

namespace attnflow {

/// Calls body(first, count) for blocks of `count` items of `unit` elements each, about 16 k elements a block: long
/// enough for a thread. Where blocks begin does not depend on `jobs`.
template <class Body>
void in_blocks(std::size_t count, std::size_t unit, std::size_t jobs, const Body& body) {
    const std::size_t block = std::max<std::size_t>(1, 16384 / std::max<std::size_t>(unit, 1));
    parallel_for((count + block - 1) / block, jobs,
                 [&](std::size_t b, std::size_t) { body(b * block, std::min(block, count - b * block)); });
}

}  // namespace attnflow
