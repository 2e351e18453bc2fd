#pragma once
/// Which method comes closest to what it is compared with, or is best by a model metric, and whether that is more
/// than chance. The page's
/// reader chooses settings and a layer, and reads the leader there (report/web/src/findings.js).

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/findings/summary.hpp"

namespace attnflow {

/// The best mean for one reference and metric, or model metric (study/measures.hpp), over all grid points with the
/// first value of `positions`. A method that is the reference itself does not compete.
struct Leader {
    std::size_t reference;
    std::size_t metric;
    std::size_t point;  ///< of the grid; of equal means the first
    std::vector<std::size_t> tied =
        {};  ///< points of other methods at the same settings that no test tells from it
    /// "Closest to grad_norm: rollout in layer 6, mean spearman 0.82.", "Lowest sufficiency: ..."
    std::string text;
};

/// By reference, metric. One for each reference and metric where a mean is above 0, and one for each model metric.
std::vector<Leader> leaders(const Summary& summary, const Results& results, const Config& config);

}  // namespace attnflow
