#pragma once

#include <cstddef>

namespace attnflow {

/// A part of the examples, for a process of its own: those whose number is `index` modulo `count`.
struct Shard {
    std::size_t index = 0;  ///< < count
    std::size_t count = 1;

    bool has(std::size_t example) const { return example % count == index; }
};

}  // namespace attnflow
