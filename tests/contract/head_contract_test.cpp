/// Every head strategy of the registry against its contract, and broken ones that the contract must notice.

#include "experiments/contracts/head_contract.hpp"

#include <catch2/catch.hpp>

#include "tests/contract/complaints.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("every head strategy keeps its contract", "[contract][heads]") {
    std::size_t late = 0;
    for (const auto& entry : head_strategies().entries()) {
        INFO(entry.info.name);
        CHECK(complaints(HeadContract{[&] { return entry.make(); }, entry.info, 20}) == std::vector<Complaint>());
        late += !entry.make()->known_combinations().empty();
    }
    CHECK(late >= 1);
}

namespace {

// Each wraps the mean and breaks one law.
enum class Break {
    nothing,
    leaves_a_weight,
    drifts,
    rows,
    range,
    order,
    tokens,
    scale,
    sign,
    heads,
    says_nothing
};

template <Break broken>
class BrokenMean {
public:
    static EntryInfo describe() {
        EntryInfo info = head_strategies().at("mean").info;
        info.name = "broken";
        return info;
    }
    static std::vector<KnownFusion> known_fusions() {
        if (broken == Break::says_nothing) return {};
        return head_strategies().at("mean").make()->known_fusions();
    }
    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        const std::size_t n = attention.tokens();
        const double last = out.back();
        mean_->fuse(attention, layer, out);
        if (broken == Break::leaves_a_weight) out.back() = last;
        if (broken == Break::drifts) out[0] += 1e-6 * calls_++;
        if (broken == Break::rows && n > 1) out[n] *= 0.5;
        if (broken == Break::range) std::swap(out[0], out[out.size() - 1]);
        if (broken == Break::order) attention.read_head(layer, attention.heads(layer) - 1, out);
        if (broken == Break::tokens) std::reverse(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
        if (broken == Break::scale && n > 1) out[2] = std::sqrt(out[2]);
        if (broken == Break::sign) out.back() -= 2.0;
        if (broken == Break::heads) {
            for (double& weight : out) weight *= static_cast<double>(attention.heads(layer));
        }
    }

private:
    std::unique_ptr<HeadFamily::Interface> mean_ = head_strategies().at("mean").make();
    int calls_ = 0;
};

template <Break broken>
std::vector<std::string> laws() {
    using Adapter = HeadFamily::Adapter<BrokenMean<broken>>;
    return laws_of(
        complaints(HeadContract{[] { return std::make_unique<Adapter>(); }, BrokenMean<broken>::describe(), 1}));
}

using Laws_ = std::vector<std::string>;

}  // namespace

TEST_CASE("a broken head strategy is noticed", "[contract][heads][mutants]") {
    CHECK(laws<Break::nothing>() == Laws_());
    CHECK(laws<Break::leaves_a_weight>() == Laws_{law::thrown});
    CHECK(has(laws<Break::drifts>(), law::repeatable));
    CHECK(has(laws<Break::rows>(), head_promise::rows_sum_to_one));
    CHECK(has(laws<Break::range>(), head_promise::between_heads));
    CHECK(has(laws<Break::order>(), head_promise::order_free));
    CHECK(has(laws<Break::tokens>(), head_promise::equivariant));
    CHECK(has(laws<Break::scale>(), head_promise::homogeneous));
    CHECK(laws<Break::sign>() == Laws_{law::thrown});
    CHECK(has(laws<Break::heads>(), law::right));
    CHECK(laws<Break::says_nothing>() == Laws_{law::known});
}
