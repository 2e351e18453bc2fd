/// Every attribution method of the registry against what it promises, on every generator of
/// networks, several sizes and seeds.

#include "tests/contract/method_contract.hpp"

#include <catch2/catch.hpp>

#include "graph/generators/network_generator.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

constexpr NetworkSize sizes[] = {{1, 1}, {1, 4}, {2, 3}, {3, 6}, {5, 4}};

MethodInstance instance_of(const GeneratorRegistry::Entry& generator, const NetworkSize& size,
                           std::uint64_t seed) {
    const auto& promises = generator.info.promises;
    const auto promised = [&](const char* name) {
        return std::find(promises.begin(), promises.end(), name) != promises.end();
    };
    return {generator.make()->generate(size, seed), promised(network_promise::rows_sum_to_one),
            promised(network_promise::equal_widths), seed};
}

void check_all(std::uint64_t seeds) {
    std::size_t instances = 0;
    for (const auto& entry : attribution_methods().entries()) {
        MethodContract contract([&] { return entry.make(); }, entry.info);
        for (const auto& generator : network_generators().entries()) {
            for (const NetworkSize& size : sizes) {
                for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
                    INFO(entry.info.name << " on " << generator.info.name << ", " << size.layers << " layers of "
                                         << size.tokens << ", seed " << seed);
                    CHECK(contract.complaints(instance_of(generator, size, seed)) == std::vector<std::string>());
                    ++instances;
                }
            }
        }
    }
    CHECK(instances == attribution_methods().entries().size() * network_generators().entries().size() *
                           std::size(sizes) * seeds);
}

}  // namespace

TEST_CASE("every method keeps its promises", "[contract][methods]") { check_all(2); }

// attnflow_contract_tests "[.long][methods]"
TEST_CASE("every method keeps its promises, many seeds", "[.long][contract][methods]") { check_all(50); }

namespace {

enum class Break {
    nothing,
    shape,
    drifts,
    remembers,
    others,
    rows,
    above,
    monotone,
    identity,
    tokens,
    scale,
    layers
};

// Rollout with one law broken.
template <Break broken>
class BrokenRollout {
public:
    static EntryInfo describe() { return attribution_methods().at("rollout").info; }

    Attribution attribute(const AttributionProblem& problem) {
        Attribution result = rollout_->attribute(problem);
        auto& scores = result.scores;
        ++calls_;
        const std::size_t last = scores.columns() - 1;
        if (broken == Break::shape) scores = RowMajor<double>(scores.rows() + 1, scores.columns(), 0.25);
        if (broken == Break::drifts) scores(0, 0) *= 1.0 + 1e-12 * calls_;
        if (broken == Break::remembers && calls_ > 1) std::swap(scores(0, 0), scores(0, last));
        if (broken == Break::others && scores.rows() == 2) scores(0, 0) += 0.01;
        if (broken == Break::rows) scores(0, last) *= 0.5;
        if (broken == Break::above) scores(0, last) = 1.5;
        if (broken == Break::monotone) scores(0, 0) = 1.0 - scores(0, 0);
        if (broken == Break::identity && scores(0, 0) == 1.0) scores(0, 0) = 0.0;
        if (broken == Break::tokens) {
            for (std::size_t s = 0; s < scores.rows(); ++s) scores(s, 0) *= 0.99;
        }
        if (broken == Break::scale) {
            for (double& score : scores.values()) score = std::sqrt(score);
        }
        return result;
    }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) {
        std::vector<Attribution> results;
        for (const std::size_t layer : problem.layers) {
            results.push_back(attribute({problem.network, layer, problem.sources}));
        }
        if (broken == Break::layers) std::swap(results.front(), results.back());
        return results;
    }

private:
    std::unique_ptr<AttributionFamily::Interface> rollout_ = attribution_methods().at("rollout").make();
    int calls_ = 0;
};

template <Break broken>
bool is_caught() {
    using Adapter = AttributionFamily::Adapter<BrokenRollout<broken>>;
    MethodContract contract([] { return std::make_unique<Adapter>(); }, BrokenRollout<broken>::describe());
    return !contract.complaints(instance_of(network_generators().at("peaked"), {3, 6}, 1)).empty();
}

}  // namespace

TEST_CASE("a broken method is caught", "[contract][methods]") {
    CHECK_FALSE(is_caught<Break::nothing>());
    CHECK(is_caught<Break::shape>());
    CHECK(is_caught<Break::drifts>());
    CHECK(is_caught<Break::remembers>());
    CHECK(is_caught<Break::others>());
    CHECK(is_caught<Break::rows>());
    CHECK(is_caught<Break::above>());
    CHECK(is_caught<Break::monotone>());
    CHECK(is_caught<Break::identity>());
    CHECK(is_caught<Break::tokens>());
    CHECK(is_caught<Break::scale>());
    CHECK(is_caught<Break::layers>());
}
