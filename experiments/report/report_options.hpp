#pragma once
/// What a report is to hold.

#include <cstddef>
#include <optional>
#include <string>

namespace attnflow {

struct ReportOptions {
    /// Most examples embedded in the explorer, in the order of the dataset.
    std::size_t examples = 20;
    /// Only this example, by id, when not empty.
    std::string example = {};
    /// Why there is no dataset: it is not the one that the run read (else: it cannot be read).
    bool dataset_changed = false;
    /// Examples that are done, where the run is not finished: the page says so.
    std::optional<std::size_t> unfinished_at = {};
    std::size_t total = 0;  ///< examples of the whole run, where its store has a part of them
    /// Most bytes of the document; examples are left out to keep below it.
    std::size_t max_bytes = 18'000'000;
};

}  // namespace attnflow
