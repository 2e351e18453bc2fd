#pragma once
/// How much memory a run takes, before it begins.

#include <cstddef>
#include <vector>

namespace attnflow {

struct Config;
struct Plan;

/// Bytes that a run holds at most, to about a factor of 2, beside the files that it reads (whose pages the system
/// keeps while there is room): for each of `jobs` threads the network of the longest example, 8 L n^2, and what
/// methods keep beside it (residual flows, paths of all sources), and once the results and their tables. `tokens`
/// of each example. O(points + examples).
std::size_t most_memory(const Config& config, const Plan& plan, std::size_t layers, std::size_t heads,
                        const std::vector<std::size_t>& tokens, std::size_t jobs);

}  // namespace attnflow
