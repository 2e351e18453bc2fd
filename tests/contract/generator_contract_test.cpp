/// Every generator of the registry against its contract, and broken ones that the contract must notice.

#include "experiments/contracts/generator_contract.hpp"

#include <catch2/catch.hpp>

#include "tests/contract/complaints.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("every generator keeps its contract", "[contract][generators]") {
    for (const auto& entry : network_generators().entries()) {
        INFO(entry.info.name);
        CHECK(complaints(GeneratorContract{[&] { return entry.make(); }, entry.info}) == std::vector<Complaint>());
    }
}

namespace {

enum class Break { nothing, size, large, rows, widths, drifts };

template <Break broken>
class BrokenGenerator {
public:
    static EntryInfo describe() {
        return {.name = "broken",
                .summary = "even rows",
                .promises = {network_promise::rows_sum_to_one, network_promise::equal_widths}};
    }
    LayeredNetwork<double> generate(const NetworkSize& size, Random&) const {
        std::vector<std::size_t> widths(size.layers + 1 + (broken == Break::size), size.tokens);
        if (broken == Break::widths) widths.back() += 1;
        std::vector<double> capacities(LayeredNetwork<double>::slots_for(widths),
                                       1.0 / static_cast<double>(size.tokens));
        if (broken == Break::large) capacities.back() = 1.5;
        if (broken == Break::rows) capacities.back() /= 2.0;
        if (broken == Break::drifts) capacities.back() -= 1e-14 * ++calls_;
        return {std::move(widths), std::move(capacities)};
    }

private:
    mutable int calls_ = 0;
};

template <Break broken>
std::vector<std::string> laws() {
    using Adapter = GeneratorFamily::Adapter<BrokenGenerator<broken>>;
    return laws_of(complaints(
        GeneratorContract{[] { return std::make_unique<Adapter>(); }, BrokenGenerator<broken>::describe(), 1}));
}

using Broken = std::vector<std::string>;

}  // namespace

TEST_CASE("a broken generator is noticed", "[contract][generators][mutants]") {
    CHECK(laws<Break::nothing>() == Broken());
    CHECK(laws<Break::size>() == Broken{law::thrown});
    CHECK(laws<Break::large>() == Broken{law::thrown});
    CHECK(laws<Break::rows>() == Broken{network_promise::rows_sum_to_one});
    CHECK(laws<Break::widths>() == Broken{network_promise::equal_widths});
    CHECK(laws<Break::drifts>() == Broken{law::repeatable, law::fresh});
}
