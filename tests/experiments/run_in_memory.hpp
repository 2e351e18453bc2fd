#pragma once
/// A whole run that leaves nothing behind.

#include "attention/dataset.hpp"
#include "experiments/findings/findings.hpp"
#include "experiments/run/runner.hpp"
#include "experiments/store/run_store.hpp"
#include "experiments/study/config.hpp"

namespace attnflow::testing {

struct MemoryRun {
    Results result;
    Findings findings;
};

inline MemoryRun run_in_memory(const Config& config, const Dataset& dataset, std::size_t jobs) {
    const auto store = RunStore::create(":memory:", make_record(config, dataset, jobs), comparison_names(config));
    execute(*store, config, dataset, {.jobs = jobs});
    Results result = store->results(config.write_attributions);
    Findings findings{summarise(result, config, jobs), saturation_of(*store, jobs), equal_values(*store, result),
                      diagnostic_findings(result), contradictions(store->plan().points)};
    return {std::move(result), std::move(findings)};
}

}  // namespace attnflow::testing
