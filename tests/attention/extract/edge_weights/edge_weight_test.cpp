#include "attention/extract/edge_weights/edge_weight.hpp"

#include <limits>

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using attnflow::testing::message_of;

namespace {

/// Writes what it is told, or less.
template <bool with_heads, bool with_internals = false>
class Dictated {
public:
    static constexpr bool needs_gradient = with_heads;
    static constexpr bool needs_internals = with_internals;
    static constexpr bool has_heads = with_heads;
    static EntryInfo describe() { return {.name = "dictated", .summary = "as it is told"}; }

    explicit Dictated(const std::vector<float>& weights) : weights_(weights) {}
    void weigh(const LayerEvidence&, std::span<float> out) const {
        std::copy_n(weights_.begin(), std::min(weights_.size(), out.size()), out.begin());
    }

private:
    std::vector<float> weights_;
};

/// What is said when it writes `weights` for two tokens and two heads.
template <bool with_heads, class Error>
std::string refusal(const std::vector<float>& weights) {
    const std::vector<float> attention(8, 0.5f);
    const ModelShape shape{.heads = 2};
    std::vector<float> out(with_heads ? 8 : 4, 1.0f);  // nothing that lies there is taken for written
    const EdgeWeightFamily::Adapter<Dictated<with_heads>> weight(weights);
    return message_of<Error>([&] { weight.weigh({2, shape, attention, attention, nullptr, 3}, out); });
}

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("weights that are not written, negative or no numbers are refused with their place", "[model]") {
    const std::string expected = ", expected a finite number of at least 0";
    CHECK(refusal<true, std::exception>({0, 1, 2, 3, 0, 0, 0, 0}).empty());
    CHECK(refusal<false, std::exception>({0, 0, 0, 3e38f}).empty());
    CHECK(
        refusal<true, InternalError>({0, 1, 2, 3, 0, 1, 2}) ==
        "edge weight 'dictated', layer 3: wrote nothing, or added to what was there, at head 1, row 1, column 1" +
            expected);
    CHECK(refusal<false, InternalError>({0, 1, 2}) ==
          "edge weight 'dictated', layer 3: wrote nothing, or added to what was there, at row 1, column 1" +
              expected);
    CHECK(refusal<true, InternalError>({0, 1, 2, 3, 0, -0.5f, 0, 0}) ==
          "edge weight 'dictated', layer 3: wrote -0.5 at head 1, row 0, column 1" + expected);
    for (const float bad : {no_number, infinity, -infinity}) {
        CHECK_THAT((refusal<true, InputError>({0, 1, bad, 3, 0, 0, 0, 0})),
                   Catch::StartsWith("edge weight 'dictated', layer 3: wrote ") &&
                       Catch::Contains(" at head 0, row 1, column 0" + expected) &&
                       Catch::EndsWith("; the model's numbers are too large for float32, or it divides by 0"));
    }
}

TEST_CASE("evidence that does not fit an edge weight is refused before it is asked", "[model]") {
    const ModelShape shape{.heads = 2};
    const std::vector<float> eight(8), four(4);
    std::vector<float> out(8);
    const EdgeWeightFamily::Adapter<Dictated<true>> weight(eight);
    const auto refused = [&](const LayerEvidence& layer, std::span<float> to) {
        return message_of<InternalError>([&] { weight.weigh(layer, to); });
    };
    CHECK(refused({2, shape, eight, eight}, out).empty());
    CHECK(refused({2, shape, four, eight}, out) ==
          "edge weight 'dictated', layer 0: 4 weights of attention, expected 8 for 2 tokens and 2 heads");
    CHECK(refused({2, shape, eight, {}}, out) ==
          "edge weight 'dictated', layer 0: 0 gradients of attention, expected 8 for 2 tokens and 2 heads");
    CHECK(refused({2, shape, eight, eight}, std::span(out).first(4)) ==
          "edge weight 'dictated', layer 0: 4 weights to write, expected 8 for 2 tokens and 2 heads");

    const LayerSample sample{.tokens = 2,
                             .shape = {.heads = 2, .key_heads = 1, .head_width = 1, .width = 2},
                             .attention = eight,
                             .input = {1, 2, 3, 4},
                             .values = {1, 2},
                             .output_weight = four};
    const SampledLayer layer(sample);
    const EdgeWeightFamily::Adapter<Dictated<false, true>> inner(four);
    const auto refused_inside = [&](const LayerInternals* internals) {
        return message_of<InternalError>([&] {
            inner.weigh({2, sample.shape, eight, {}, internals}, std::span(out).first(4));
        });
    };
    LayerInternals internals = *layer.evidence().internals;
    CHECK(refused_inside(&internals).empty());
    CHECK(refused_inside(nullptr) == "edge weight 'dictated', layer 0: no internals of the layer, which it needs");
    internals.values = internals.values.first(1);
    CHECK(refused_inside(&internals) ==
          "edge weight 'dictated', layer 0: 1 numbers in the internals' values, "
          "expected 2 for 2 tokens and 2 heads");
    internals = *layer.evidence().internals;
    internals.finish = {};
    CHECK(refused_inside(&internals) ==
          "edge weight 'dictated', layer 0: internals without the rest of the layer");
}

TEST_CASE("weights are named by their call, plainly where it says nothing else than the defaults", "[model]") {
    for (const std::string call :
         {"value_zeroing", "value_zeroing()", "value_zeroing(cosine)", " value_zeroing( distance = cosine )"}) {
        CHECK(edge_weight_name(call, "here") == "value_zeroing");
    }
    CHECK(edge_weight_name("value_zeroing(distance=euclidean)", "here") == "value_zeroing(euclidean)");
    CHECK(edge_weight_name("af", "here") == "af");
    CHECK_THAT(message_of<ParameterError>([] { edge_weight_name("value_zero", "here"); }),
               Catch::StartsWith("here: no edge weight 'value_zero'; did you mean"));
    CHECK_THAT(message_of<ParameterError>([] { edge_weight_name("value_zeroing(1, 2)", "here"); }),
               Catch::StartsWith("here: value_zeroing: "));
    for (const std::string call : {"af", " value_zeroing (euclidean)", "gf(no such parameter)"})
        CHECK(find_edge_weight(call) != nullptr);
    for (const std::string name : {"", "my weights (old)", "a", "(af)"}) CHECK(find_edge_weight(name) == nullptr);
}
