#pragma once
/// The family of network generators: seeded networks for tests, benchmarks and
/// `attnflow generate`, from attention-like ones to cases that hurt a solver.
///
/// Generator, parameters, size and seed together always name the same instance: numbers come
/// from graph/support/random.hpp, never from std distributions. Instances that draw normal
/// numbers or take exponentials may differ in the last bit between C libraries.

#include <concepts>

#include "graph/layered_network.hpp"
#include "graph/support/random.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

struct NetworkSize {
    std::size_t layers = 6;  ///< L >= 1, layers of edges
    std::size_t tokens =
        20;  ///< n >= 1, vertices of layer 0, and of every layer unless the generator says otherwise
};

namespace network_promise {
/// Promises of generators that contract tests may build on.
inline constexpr const char* rows_sum_to_one = "rows_sum_to_one";  ///< every row, within 1e-12
inline constexpr const char* equal_widths = "equal_widths";        ///< every layer has n vertices
}  // namespace network_promise

/// What a generator must provide besides `static EntryInfo describe()`: the network of a
/// size, drawing all it needs from `random`. Capacities are in [0, 1].
template <class G>
concept NetworkGenerator = requires(const G generator, const NetworkSize& size, Random& random) {
    { G::describe() } -> std::same_as<EntryInfo>;
    { generator.generate(size, random) } -> std::same_as<LayeredNetwork<double>>;
};

/// Throws ParameterError for a size with no layers or tokens, or too large for a LayeredNetwork.
void check_size(const NetworkSize& size);

/// Throws InternalError, naming the generator, for a network of another number of layers or tokens, or a capacity
/// above 1.  O(slots).
void check_generated(const std::string& generator, const NetworkSize& size, const LayeredNetwork<double>& network);

struct GeneratorFamily {
    static constexpr const char* noun = "generator";

    class Interface {
    public:
        virtual ~Interface() = default;
        /// Throws as check_size().  Time and memory: O(heads · layers · tokens^2).
        virtual LayeredNetwork<double> generate(const NetworkSize& size, std::uint64_t seed) const = 0;
    };

    static std::vector<std::string> promises() {
        return {network_promise::rows_sum_to_one, network_promise::equal_widths};
    }

    template <NetworkGenerator Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        LayeredNetwork<double> generate(const NetworkSize& size, std::uint64_t seed) const override {
            check_size(size);
            Random random(seed);
            LayeredNetwork<double> network = member_.generate(size, random);
            check_generated(name_, size, network);
            return network;
        }

    private:
        const std::string name_ = Member::describe().name;
        Member member_;
    };
};

using GeneratorRegistry = Registry<GeneratorFamily>;

/// The generators of this build; the list is in registry.cpp.
GeneratorRegistry& network_generators();

}  // namespace attnflow
