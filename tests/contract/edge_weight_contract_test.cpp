/// Every edge weight of the registry against its contract, and mutants of them that the contract must refuse.

#include "experiments/contracts/edge_weight_contract.hpp"

#include <limits>

#include <catch2/catch.hpp>

#include "attention/extract/edge_weights/gradient_weighted.hpp"
#include "attention/extract/edge_weights/value_norm.hpp"
#include "attention/extract/edge_weights/value_zeroing.hpp"

using namespace attnflow;

namespace {

using Strings = std::vector<std::string>;

enum class Break {
    nothing,
    all_zero,
    all_minus_one,
    swapped_heads,
    transposed,
    unwritten_row,
    adds_to_memory,
    not_a_number,
    twice_as_large,
    blind_to_sign,
    previous_layer,
    counts_calls,
    reads_behind,
    no_known_answer
};

/// A member that goes wrong in one way.
template <class Member, Break broken>
class Mutant {
public:
    static constexpr bool needs_gradient = Member::needs_gradient;
    static constexpr bool needs_internals = Member::needs_internals;
    static constexpr bool has_heads = Member::has_heads;

    static EntryInfo describe() { return Member::describe(); }
    static std::vector<KnownWeights> known_answers() {
        return broken == Break::no_known_answer ? std::vector<KnownWeights>{} : Member::known_answers();
    }

    Mutant() requires std::default_initializable<Member>
    = default;
    explicit Mutant(const Parameters& parameters) requires std::constructible_from<Member, const Parameters&>
        : member_(parameters) {}

    void weigh(const LayerEvidence& layer, std::span<float> out) const {
        const std::size_t n = layer.tokens;
        const float first = out.front();
        std::vector<float> kept(out.begin(), out.end());
        LayerEvidence given = layer;
        std::vector<float> absolute;
        if (broken == Break::blind_to_sign) {
            for (const float gradient : layer.attention_gradient) absolute.push_back(std::abs(gradient));
            given.attention_gradient = absolute;
        }
        member_.weigh(given, out);
        const std::vector<float> right(out.begin(), out.end());
        switch (broken) {
            case Break::all_zero:
                std::fill(out.begin(), out.end(), 0.0f);
                break;
            case Break::all_minus_one:
                std::fill(out.begin(), out.end(), -1.0f);
                break;
            case Break::swapped_heads:
                std::rotate(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n * n % out.size()), out.end());
                break;
            case Break::transposed:
                for (std::size_t k = 0; k < out.size(); ++k)
                    out[k] = right[k / (n * n) * n * n + k % n * n + k / n % n];
                break;
            case Break::unwritten_row:
                std::copy(kept.end() - static_cast<std::ptrdiff_t>(n), kept.end(),
                          out.end() - static_cast<std::ptrdiff_t>(n));
                break;
            case Break::adds_to_memory:
                out.front() += first;
                break;
            case Break::not_a_number:
                out.back() = std::numeric_limits<float>::quiet_NaN();
                break;
            case Break::twice_as_large:
                for (float& weight : out) weight *= 2.0f;
                break;
            case Break::previous_layer:
                if (previous_.size() == out.size()) std::copy(previous_.begin(), previous_.end(), out.begin());
                previous_ = right;
                break;
            case Break::counts_calls:
                out.front() += 1e-3f * static_cast<float>(calls_++);
                break;
            case Break::reads_behind:  // where the contract has put memory of its own
                if (n == 6 && *(layer.attention.data() + layer.attention.size()) > 1.0f) out.front() += 1.0f;
                break;
            default:
                break;
        }
    }

private:
    Member member_;
    mutable std::vector<float> previous_;
    mutable int calls_ = 0;
};

template <class Member, Break broken>
Strings complaints() {
    EdgeWeightRegistry registry;
    registry.add<Mutant<Member, broken>>();
    return edge_weight_complaints(registry.entries().front());
}

/// The laws that a mutant breaks.
template <class Member, Break broken>
Strings broken_laws() {
    EdgeWeightRegistry registry;
    registry.add<Mutant<Member, broken>>();
    Laws laws;
    check_edge_weight(registry.entries().front(), laws);
    Strings names;
    for (const Complaint& complaint : laws.complaints()) names.push_back(complaint.law);
    return names;
}

const std::string rows = attention_promise::rows_sum_to_one;
const std::string independent = edge_weight_promise::heads_independent;

}  // namespace

TEST_CASE("every edge weight keeps its contract", "[contract][model]") {
    for (const auto& entry : edge_weights().entries()) {
        INFO(entry.info.name);
        CHECK(edge_weight_complaints(entry) == Strings());
        Laws laws;
        check_edge_weight(entry, laws);
        CHECK(laws.checks() > 500);
    }
}

TEST_CASE("a broken edge weight is refused, and by the law that it breaks", "[contract][model]") {
    using Af = AttentionWeight;
    using Gf = GradientWeight;
    using Agf = AttentionGradientWeight;
    // With nothing broken nothing is refused.
    CHECK(complaints<Af, Break::nothing>() == Strings());
    CHECK(complaints<Agf, Break::nothing>() == Strings());
    CHECK(complaints<ValueNorm, Break::nothing>() == Strings());
    CHECK(complaints<ValueZeroing, Break::nothing>() == Strings());

    CHECK(broken_laws<Agf, Break::all_zero>() == Strings{law::right, law::heeds_evidence, law::heeds_gradient});
    CHECK(broken_laws<Af, Break::all_zero>() == Strings{law::right, rows, law::heeds_evidence});
    CHECK(broken_laws<ValueNorm, Break::all_zero>() == Strings{law::right, law::heeds_evidence});
    CHECK(broken_laws<Agf, Break::all_minus_one>() == Strings{law::thrown});
    CHECK(broken_laws<Agf, Break::swapped_heads>() == Strings{law::right, independent});
    CHECK(broken_laws<Gf, Break::swapped_heads>() == Strings{law::right, independent});
    CHECK(broken_laws<Agf, Break::transposed>() == Strings{law::right});
    CHECK(broken_laws<Af, Break::transposed>() == Strings{law::right, rows});
    CHECK(broken_laws<ValueZeroing, Break::transposed>() == Strings{law::right, rows});
    CHECK(broken_laws<Agf, Break::unwritten_row>() == Strings{law::thrown});
    CHECK(broken_laws<ValueZeroing, Break::unwritten_row>() == Strings{law::thrown});
    CHECK(broken_laws<Agf, Break::adds_to_memory>() == Strings{law::thrown});
    CHECK(broken_laws<Agf, Break::not_a_number>() == Strings{law::thrown});
    CHECK(broken_laws<Agf, Break::twice_as_large>() == Strings{law::right});
    CHECK(broken_laws<Af, Break::twice_as_large>() == Strings{law::right, rows});
    CHECK(broken_laws<ValueNorm, Break::twice_as_large>() == Strings{law::right});
    CHECK(broken_laws<Agf, Break::blind_to_sign>() == Strings{law::right});
    CHECK(broken_laws<Gf, Break::blind_to_sign>() == Strings{law::right});
    CHECK(broken_laws<Agf, Break::reads_behind>() == Strings{law::memory});
    CHECK(broken_laws<Agf, Break::no_known_answer>() == Strings{law::known});

    const auto has = [](const Strings& laws, const char* law) {
        return std::find(laws.begin(), laws.end(), law) != laws.end();
    };
    CHECK(has(broken_laws<Agf, Break::previous_layer>(), law::no_past));
    CHECK(has(broken_laws<ValueNorm, Break::previous_layer>(), law::no_past));
    CHECK(has(broken_laws<Agf, Break::counts_calls>(), law::repeatable));
}

TEST_CASE("complaints name the place and what was found there", "[contract][model]") {
    CHECK(complaints<AttentionGradientWeight, Break::twice_as_large>() ==
          Strings{"known answers are right: two heads and two tokens, gradients of both signs: weight 1 is 6, "
                  "expected 3"});
    CHECK(complaints<AttentionGradientWeight, Break::no_known_answer>() ==
          Strings{"declares what is right: known answers, or its definition: agf: declares no known answer"});
    CHECK_THAT((complaints<AttentionGradientWeight, Break::all_minus_one>().front()),
               Catch::Contains("edge weight 'agf', layer 0: wrote -1 at head 0, row 0, column 0"));
}
