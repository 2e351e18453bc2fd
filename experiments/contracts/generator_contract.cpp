#include "experiments/contracts/generator_contract.hpp"

#include <numeric>

namespace attnflow {

void GeneratorContract::check(Laws& laws) const {
    constexpr NetworkSize sizes[] = {{1, 1}, {1, 5}, {2, 1}, {3, 4}, {6, 12}, {13, 7}};
    answers(laws, [&] {
        const auto generator = make();
        for (const NetworkSize& size : sizes) {
            for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
                laws.at(fmt::format("{} layers of {} tokens, seed {}", size.layers, size.tokens, seed));
                const auto network = generator->generate(size, seed);
                laws.require(generator->generate(size, seed) == network, law::repeatable);
                laws.require(make()->generate(size, seed) == network, law::fresh);
                for (std::size_t l = 1; l <= network.layers(); ++l) {
                    if (promises(info, network_promise::equal_widths))
                        laws.require(network.width(l) == size.tokens, network_promise::equal_widths);
                    if (!promises(info, network_promise::rows_sum_to_one)) continue;
                    for (std::size_t i = 0; i < network.width(l); ++i) {
                        const auto row = network.row(l, i);
                        const double sum = std::accumulate(row.begin(), row.end(), 0.0);
                        laws.require(close(sum, 1.0, 1e-12), network_promise::rows_sum_to_one,
                                     [&] { return fmt::format("row {} of layer {} sums to {}", i, l, sum); });
                    }
                }
            }
        }
    });
}

}  // namespace attnflow
