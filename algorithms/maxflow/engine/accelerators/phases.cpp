#include "algorithms/maxflow/engine/accelerators/phases.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow::engine {

std::span<const Phase* const> phase_list() {
    static constexpr const Phase* list[] = {&phases::sweeps,       &phases::unconstrained, &phases::higher_sweeps,
                                            &phases::lower_halves, &phases::shared_middle, &phases::token_chains,
                                            &phases::feeding,      &phases::masses_first,  &phases::found_cuts};
    return list;
}

Switches::Switches(const std::vector<std::string>& without) {
    for (const std::string& name : without) {
        const auto list = phase_list();
        const auto found = std::find_if(list.begin(), list.end(), [&](const Phase* p) { return p->name == name; });
        if (found == list.end()) {
            std::vector<std::string> names;
            for (const Phase* phase : list) names.emplace_back(phase->name);
            throw ParameterError(
                fmt::format("flow engine: no phase '{}'{}", excerpt(name), name_hint(name, names)));
        }
        off_.push_back(*found);
    }
}

bool Switches::on(const Phase& phase) const { return std::find(off_.begin(), off_.end(), &phase) == off_.end(); }

}  // namespace attnflow::engine
