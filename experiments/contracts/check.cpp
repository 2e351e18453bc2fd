#include "experiments/contracts/check.hpp"

#include <set>

#include "experiments/contracts/edge_weight_contract.hpp"
#include "experiments/contracts/generator_contract.hpp"
#include "experiments/contracts/head_contract.hpp"
#include "experiments/contracts/max_flow_contract.hpp"
#include "experiments/contracts/method_contract.hpp"
#include "experiments/contracts/metric_contract.hpp"
#include "experiments/contracts/model_contract.hpp"
#include "experiments/contracts/model_metric_contract.hpp"
#include "experiments/contracts/pruner_contract.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {
namespace {

class Search {
public:
    explicit Search(std::string name) : name_(std::move(name)) {}

    /// check(entry, laws) for each entry of the registry that is meant.
    template <class Family, class Check>
    void in(const Registry<Family>& registry, Check check) {
        for (const auto& entry : registry.entries()) {
            known_.push_back(entry.info.name);
            if (name_ != "all" && name_ != entry.info.name) continue;
            check(entry, found_.emplace_back(CheckedMember{Family::noun, entry.info.name, {}}).laws);
        }
    }
    template <class Contract, class Family>
    void by(const Registry<Family>& registry) {
        in(registry, [](const auto& entry, Laws& laws) {
            Contract{[&] { return entry.make(); }, entry.info}.check(laws);
        });
    }

    std::vector<CheckedMember> found() && {
        if (found_.empty())
            throw ParameterError(
                fmt::format("no member is called '{}'{}", excerpt(name_), name_hint(name_, known_)));
        return std::move(found_);
    }

private:
    std::string name_;
    std::vector<std::string> known_;
    std::vector<CheckedMember> found_;
};

void check_solver(const MaxFlowRegistry::Entry& entry, Laws& laws) {
    const auto& reference = max_flow_solvers().at(entry.info.name == "dinic" ? "push_relabel" : "dinic");
    for (const auto& generator : network_generators().entries()) {
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const FlowInstance instance = draw_instance(generator, seed, 6, 9);
            laws.at(instance.name);
            answers(laws, [&] {
                std::optional<FlowAnswer> answer;
                const std::string own =
                    MaxFlowContract([&] { return reference.make(); }, instance, seed).violation(answer);
                if (!own.empty()) throw InternalError(fmt::format("{} itself: {}", reference.info.name, own));
                const std::string broken =
                    MaxFlowContract([&] { return entry.make(); }, instance, seed).violation(answer);
                const std::string clause = broken.substr(0, broken.find(':'));
                laws.require(broken.empty(), clause,
                             [&] { return broken.substr(std::min(broken.size(), clause.size() + 2)); });
            });
        }
    }
}

}  // namespace

std::vector<CheckedMember> check_members(const std::string& name, const std::string& like) {
    MethodContract::Make reference;
    if (!like.empty()) {
        if (attribution_methods().find(name) == nullptr)
            throw ParameterError(fmt::format("'{}' is no method, whose scores could be like those of '{}'",
                                             excerpt(name), excerpt(like)));
        reference = [&entry = attribution_methods().at(like)] { return entry.make(); };
    }
    Search search(name);
    search.in(attribution_methods(), [&](const auto& entry, Laws& laws) {
        MethodContract{[&] { return entry.make(); }, entry.info, reference}.check(laws);
    });
    search.in(max_flow_solvers(), check_solver);
    search.by<GeneratorContract>(network_generators());
    search.by<HeadContract>(head_strategies());
    search.by<PrunerContract>(edge_pruners());
    search.by<MetricContract>(metrics());
    search.by<ModelMetricContract>(model_metrics());
    search.in(edge_weights(), check_edge_weight);
    search.in(model_architectures(), check_architecture);
    return std::move(search).found();
}

std::string text_of(const std::vector<CheckedMember>& members) {
    std::string out;
    for (const CheckedMember& member : members) {
        const auto& complaints = member.laws.complaints();
        out += fmt::format("{} '{}': {} checks, {}\n", member.noun, member.name, member.laws.checks(),
                           complaints.empty()       ? "every law holds"
                           : complaints.size() == 1 ? "1 law does not hold"
                                                    : fmt::format("{} laws do not hold", complaints.size()));
        for (const Complaint& complaint : complaints)
            out += fmt::format("  {}\n    {}\n", complaint.law, complaint.where);
    }
    return out;
}

void check_registries() {
    std::set<std::string> taken;
    for (const AxisInfo& axis : axes()) {
        if (!axis.taken_with.empty()) taken.insert(axis.taken_with);
    }
    const std::vector<std::string> known(taken.begin(), taken.end());
    const auto refuse = [](const std::string& noun, const EntryInfo& info, const std::string& what) {
        throw InternalError(fmt::format("{} '{}': {}", noun, info.name, what));
    };
    const auto check_expectation = [&](const std::string& noun, const EntryInfo& info,
                                       const Expectation& expectation) -> const AxisInfo& {
        try {
            axes().at(expectation.axis).check(expectation.value, "its expectation");
        } catch (const ParameterError& error) {
            refuse(noun, info, error.what());
        }
        return axes().at(expectation.axis);
    };
    for (const auto& entry : attribution_methods().entries()) {
        for (const std::string& axis : entry.info.axes) {
            if (!taken.contains(axis))
                refuse(AttributionFamily::noun, entry.info,
                       fmt::format("takes the axis '{}', which there is not{}", axis, name_hint(axis, known)));
        }
        for (const std::string& other : entry.info.compared_with) {
            if (attribution_methods().find(other) == nullptr)
                refuse(AttributionFamily::noun, entry.info,
                       fmt::format("is compared with '{}', which there is not{}", other,
                                   name_hint(other, attribution_methods().names())));
        }
        for (const Expectation& expectation : entry.info.expects) {
            if (!takes(entry.info, check_expectation(AttributionFamily::noun, entry.info, expectation)))
                refuse(AttributionFamily::noun, entry.info,
                       fmt::format("expects a value of the axis '{}', which it does not take", expectation.axis));
        }
    }
    const auto check_others = [&](const auto& registry, const std::string& noun) {
        for (const auto& entry : registry.entries()) {
            for (const Expectation& expectation : entry.info.expects)
                check_expectation(noun, entry.info, expectation);
        }
    };
    check_others(edge_weights(), EdgeWeightFamily::noun);
    check_others(head_strategies(), HeadFamily::noun);
    check_others(edge_pruners(), PrunerFamily::noun);
}

}  // namespace attnflow
