/// Every model metric of the registry keeps the contract, and mutants of them do not.

#include "experiments/contracts/model_metric_contract.hpp"

#include <catch2/catch.hpp>

#include "experiments/model_metrics/comprehensiveness.hpp"
#include "tests/contract/complaints.hpp"

using namespace attnflow;

namespace {

enum class Fault {
    none,
    direction,
    constant,
    positions,
    absolute,
    reversed,
    worst_set,
    stateful,
    squared,
    all_units,
    one_size
};

template <Fault fault>
class Mutant {
public:
    static constexpr Direction direction = fault == Fault::direction ? Direction::smaller : Direction::larger;
    static EntryInfo describe() {
        return {
            .name = "mutant", .summary = "comprehensiveness with a fault", .parameters = Erasure::parameters()};
    }
    static std::vector<KnownModelValue> known_values() { return Comprehensiveness::known_values(); }
    explicit Mutant(const Parameters& parameters) : erasure_(parameters) {}
    std::vector<UnitSet> sets(std::span<const double> scores) const {
        std::vector<double> seen(scores.begin(), scores.end());
        for (std::size_t i = 0; i < seen.size(); ++i) {
            if (fault == Fault::positions) seen[i] = static_cast<double>(i);
            if (fault == Fault::absolute) seen[i] = std::abs(seen[i]);
            if (fault == Fault::reversed) seen[i] = -seen[i];
            if (fault == Fault::all_units) seen[i] = 0.0;
        }
        std::vector<UnitSet> sets = fault == Fault::worst_set ? erasure_.others(seen) : erasure_.largest(seen);
        if (fault == Fault::one_size) sets.resize(1);
        return sets;
    }
    double answer(const ModelAnswer& answer) const {
        const double fall = erasure_.fall(answer);
        if (fault == Fault::constant) return 0.5;
        if (fault == Fault::squared) return fall * fall;
        return fall;
    }
    std::optional<double> value(std::span<const double> falls) const {
        static int calls = 0;
        if (fault == Fault::stateful) return *Erasure::mean(falls) + 0.001 * ++calls;
        return Erasure::mean(falls);
    }

private:
    Erasure erasure_;
};

template <Fault fault>
Laws laws() {
    ModelMetricRegistry registry;
    registry.add<Mutant<fault>>();
    Laws found;
    ModelMetricContract{[&] { return registry.at("mutant").make(); }, registry.at("mutant").info}.check(found);
    return found;
}

}  // namespace

TEST_CASE("every model metric keeps its contract", "[contract][model_metrics]") {
    for (const auto& entry : model_metrics().entries()) {
        INFO(entry.info.name);
        Laws laws;
        ModelMetricContract{[&] { return entry.make(); }, entry.info}.check(laws);
        CHECK(laws.complaints() == std::vector<Complaint>());
        CHECK(laws.checks() > 100);
    }
    CHECK(model_metrics().entries().size() >= 2);
}

TEST_CASE("a broken model metric is noticed", "[contract][model_metrics][mutants]") {
    CHECK(laws<Fault::none>().complaints() == std::vector<Complaint>());
    CHECK(laws<Fault::direction>().broke(law::tells_apart));
    CHECK(laws<Fault::constant>().broke(law::tells_apart));
    CHECK(laws<Fault::positions>().broke(law::tells_apart));
    CHECK(laws<Fault::absolute>().broke(law::tells_apart));
    CHECK(laws<Fault::reversed>().broke(law::tells_apart));
    CHECK(laws<Fault::worst_set>().broke(law::right));
    CHECK(laws<Fault::stateful>().broke(law::repeatable));
    CHECK(laws<Fault::squared>().broke(law::tells_apart));
    CHECK(laws<Fault::all_units>().broke(law::tells_apart));
    CHECK(laws<Fault::one_size>().broke(law::right));
}
