/// The list of network generators: one line each.

#include "graph/generators/augmenting_chains.hpp"
#include "graph/generators/banded.hpp"
#include "graph/generators/causal.hpp"
#include "graph/generators/diffuse.hpp"
#include "graph/generators/many_paths.hpp"
#include "graph/generators/near_one_hot.hpp"
#include "graph/generators/network_generator.hpp"
#include "graph/generators/no_skip.hpp"
#include "graph/generators/orphans.hpp"
#include "graph/generators/peaked.hpp"
#include "graph/generators/returned_excess.hpp"
#include "graph/generators/sink_heavy.hpp"
#include "graph/generators/sparse.hpp"
#include "graph/generators/ties.hpp"
#include "graph/generators/uneven_keys.hpp"
#include "graph/generators/varying_widths.hpp"

namespace attnflow {

void check_size(const NetworkSize& size) {
    constexpr std::size_t most = std::size_t{1} << 31;  // slots of a LayeredNetwork
    if (size.layers == 0 || size.tokens == 0) {
        throw ParameterError(fmt::format("generator: {} layers of {} tokens, expected at least one of each",
                                         size.layers, size.tokens));
    }
    if (size.tokens >= most || size.layers >= most || size.layers > most / size.tokens / size.tokens) {
        throw ParameterError(
            fmt::format("generator: {} layers of {} tokens are more than the {} capacities supported", size.layers,
                        size.tokens, most));
    }
}

void check_generated(const std::string& generator, const NetworkSize& size,
                     const LayeredNetwork<double>& network) {
    if (network.layers() != size.layers || network.width(0) != size.tokens) {
        throw InternalError(fmt::format("generator '{}': made {} layers of {} tokens, asked for {} of {}",
                                        generator, network.layers(), network.width(0), size.layers, size.tokens));
    }
    const auto capacities = network.capacities();
    const auto largest = std::max_element(capacities.begin(), capacities.end());
    if (*largest > 1.0)
        throw InternalError(
            fmt::format("generator '{}': a capacity is {}, expected at most 1", generator, *largest));
}

GeneratorRegistry& network_generators() {
    static GeneratorRegistry registry = [] {
        GeneratorRegistry r;
        r.add<DiffuseAttention>();
        r.add<PeakedAttention>();
        r.add<SinkHeavyAttention>();
        r.add<UnevenKeys>();
        r.add<NoSkipAttention>();
        r.add<CausalAttention>();
        r.add<BandedAttention>();
        r.add<NearOneHotAttention>();
        r.add<TiedAttention>();
        r.add<SparseNetwork>();
        r.add<VaryingWidths>();
        r.add<ManyPaths>();
        r.add<AugmentingChains>();
        r.add<ReturnedExcess>();
        r.add<Orphans>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
