/// What every generator must keep, whatever it draws.

#include <algorithm>
#include <numeric>
#include <set>

#include <catch2/catch.hpp>

#include "graph/generators/network_generator.hpp"
#include "graph/quantiser.hpp"
#include "tests/comparison.hpp"

using namespace attnflow;

namespace {

using Network = LayeredNetwork<double>;
using Given = std::map<std::string, ParameterValue>;

Network make(const std::string& name, NetworkSize size, std::uint64_t seed, const Given& given = {}) {
    return network_generators().at(name).make(given)->generate(size, seed);
}

bool promises(const EntryInfo& info, const std::string& promise) {
    return std::find(info.promises.begin(), info.promises.end(), promise) != info.promises.end();
}

double largest_row_error(const Network& network) {
    std::vector<double> sums;
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            const auto row = network.row(l, i);
            sums.push_back(std::accumulate(row.begin(), row.end(), 0.0));
        }
    }
    return testing::deviation(sums, std::vector<double>(sums.size(), 1.0));
}

}  // namespace

TEST_CASE("generators keep to size, range and promises", "[generators]") {
    for (const auto& entry : network_generators().entries()) {
        for (const NetworkSize size : {NetworkSize{1, 1}, {1, 7}, {2, 2}, {3, 5}, {5, 1}, {6, 20}, {12, 9}}) {
            for (std::uint64_t seed = 0; seed < 5; ++seed) {
                INFO(entry.info.name << ", layers " << size.layers << ", tokens " << size.tokens << ", seed "
                                     << seed);
                const Network network = entry.make()->generate(size, seed);
                REQUIRE(network.layers() == size.layers);
                REQUIRE(network.width(0) == size.tokens);
                for (const double capacity : network.capacities()) REQUIRE((capacity >= 0.0 && capacity <= 1.0));
                if (promises(entry.info, network_promise::rows_sum_to_one))
                    REQUIRE(largest_row_error(network) < 1e-12);
                for (const std::size_t width : network.widths()) {
                    REQUIRE(width <= size.tokens);
                    if (promises(entry.info, network_promise::equal_widths)) REQUIRE(width == size.tokens);
                }
                REQUIRE(Quantiser()(network).network.slots() == network.slots());
            }
        }
    }
}

TEST_CASE("a seed names an instance", "[generators]") {
    const std::set<std::string> fixed{"ties", "augmenting_chains"};  // draw nothing with their defaults
    for (const auto& entry : network_generators().entries()) {
        INFO(entry.info.name);
        const Network network = entry.make()->generate({4, 10}, 1);
        CHECK(network == entry.make()->generate({4, 10}, 1));
        CHECK((network == entry.make()->generate({4, 10}, 2)) == fixed.contains(entry.info.name));
    }
    // Results and reports name instances by seed: these values, computed by a separate program
    // from the published generator, must not change.
    CHECK(make("sparse", {2, 2}, 7).capacity(1, 1, 1) == 0.8955642107571884);
    CHECK(make("sparse", {2, 2}, 7).edges() == 1);
    CHECK(make("returned_excess", {1, 1}, 7).capacity(1, 0, 0) == Approx(0.0008502882410898449).epsilon(1e-15));
    CHECK(make("diffuse", {2, 3}, 7).capacity(2, 0, 1) == Approx(0.1692642420004739).epsilon(1e-12));
}

TEST_CASE("impossible sizes are refused", "[generators]") {
    const auto generator = network_generators().at("diffuse").make();
    CHECK_THROWS_WITH(generator->generate({0, 5}, 1),
                      "generator: 0 layers of 5 tokens, expected at least one of each");
    CHECK_THROWS_WITH(generator->generate({5, 0}, 1),
                      "generator: 5 layers of 0 tokens, expected at least one of each");
    CHECK_THROWS_AS(generator->generate({1, std::size_t{1} << 33}, 1), ParameterError);
    CHECK_THROWS_AS(generator->generate({std::size_t{1} << 62, 2}, 1), ParameterError);
    CHECK_THROWS_AS(generator->generate({1, 46341}, 1), ParameterError);
}

TEST_CASE("generators do what their name says", "[generators]") {
    const NetworkSize size{4, 12};
    const std::size_t n = size.tokens;

    const auto largest_weight = [&](const Network& network) {
        double sum = 0.0;
        for (std::size_t i = 0; i < n; ++i)
            sum += *std::max_element(network.row(1, i).begin(), network.row(1, i).end());
        return sum / static_cast<double>(n);
    };
    const Given single{{"heads", std::int64_t{1}}, {"skip_weight", 0.0}};
    CHECK(largest_weight(make("diffuse", size, 3, single)) < 0.3);
    CHECK(largest_weight(make("peaked", size, 3, single)) > 0.6);
    CHECK(largest_weight(make("near_one_hot", size, 3, single)) > 0.99999);

    const Network causal = make("causal", size, 3);
    const Network banded = make("banded", size, 3);
    const Network sinks = make("sink_heavy", size, 3, {{"skip_weight", 0.0}});
    for (std::size_t l = 1; l <= size.layers; ++l) {
        for (std::size_t i = 0; i < n; ++i) {
            CHECK(sinks.capacity(l, i, 0) == Approx(0.7));
            for (std::size_t j = 0; j < n; ++j) {
                CHECK((causal.capacity(l, i, j) > 0.0) == (j <= i));
                CHECK((banded.capacity(l, i, j) > 0.0) == ((i > j ? i - j : j - i) <= 2));
            }
        }
    }

    // The skip connection adds w on the diagonal and scales the rest by 1 - w.
    const Network with = make("uneven_keys", size, 3, {{"skip_weight", 0.25}});
    const Network without = make("no_skip", size, 3);
    CHECK(with.capacity(2, 4, 4) == Approx(0.25 + 0.75 * without.capacity(2, 4, 4)));
    CHECK(with.capacity(2, 4, 5) == Approx(0.75 * without.capacity(2, 4, 5)));

    const auto ties = make("ties", size, 3, {{"skip_weight", 0.0}});
    for (const double capacity : ties.capacities()) CHECK(capacity == 1.0 / static_cast<double>(n));
    CHECK(make("sparse", size, 3, {{"density", 0.0}}).edges() == 0);
    CHECK(make("sparse", size, 3, {{"density", 1.0}}).edges() == size.layers * n * n);
}

TEST_CASE("sigma spreads key popularity", "[generators]") {
    const NetworkSize size{6, 40};
    const auto spread = [&](double sigma) {  // largest over smallest column sum
        const Network network = make("uneven_keys", size, 5, {{"sigma", sigma}, {"skip_weight", 0.0}});
        std::vector<double> sums(size.tokens, 0.0);
        for (std::size_t i = 0; i < size.tokens; ++i) {
            for (std::size_t j = 1; j < size.tokens; ++j) sums[j] += network.capacity(3, i, j);
        }
        return *std::max_element(sums.begin() + 1, sums.end()) / *std::min_element(sums.begin() + 1, sums.end());
    };
    CHECK(spread(0.0) < spread(1.0));
    CHECK(spread(1.0) < spread(3.0));
}
