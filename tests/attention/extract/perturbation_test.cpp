#include "attention/extract/perturbation.hpp"

#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/comparison.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string golden_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/";
const std::string sva_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/experiments/models/sva-bert-6x8";

std::vector<double> outputs_of(const TextModel& model, const Encoding& encoding) {
    const auto logits = model.model->forward(TokenBatch::of(encoding), {});
    return {logits.row(0).begin(), logits.row(0).end()};
}

}  // namespace

TEST_CASE("sets of tokens are replaced or removed together", "[model]") {
    const TextModel model = TextModel::open(golden_folder + "classifier");
    const Encoding encoding = model.encode("a b c d", "text");
    const auto unchanged = outputs_of(model, encoding);
    const std::vector<std::vector<std::size_t>> sets{{1, 3}, {}, {0}, {4, 3, 2, 1, 5}};
    for (const std::string name : {"unk", "mask", "pad", "remove"}) {
        const auto outputs =
            perturbed_outputs(model, encoding, 0, replacement_from_name(name), sets, unchanged, GENERATE(1, 3));
        for (std::size_t s = 0; s < sets.size(); ++s) {
            Encoding changed;
            for (std::size_t t = 0; t < encoding.ids.size(); ++t) {
                const bool hit = std::find(sets[s].begin(), sets[s].end(), t) != sets[s].end();
                if (hit && name == "remove") continue;
                changed.ids.push_back(!hit ? encoding.ids[t] : name == "unk" ? 1 : name == "mask" ? 4 : 0);
                changed.type_ids.push_back(encoding.type_ids[t]);
            }
            CHECK(deviation(outputs.row(s), outputs_of(model, changed)) < 1e-6);
        }
    }
}

TEST_CASE("a token that is the replacement already scores exactly 0", "[model]") {
    const TextModel model = TextModel::open(sva_folder);
    const Encoding encoding = model.encode("the zzyzx keys to qwxrt", "text");
    const auto unchanged = outputs_of(model, encoding);
    const BlankOut scores = blank_out(model, encoding, 0, Replacement::unknown, Target{0}, unchanged, 2);
    for (std::size_t t = 0; t < encoding.ids.size(); ++t) {
        CHECK((scores.probability[t] == 0.0) == (t == 2 || t == 5));
        CHECK((scores.margin[t] == 0.0) == (t == 2 || t == 5));
    }
}

TEST_CASE("impossible perturbations are refused", "[model]") {
    const TextModel model = TextModel::open(golden_folder + "classifier");
    const Encoding encoding = model.encode("a", "text");
    const auto unchanged = outputs_of(model, encoding);
    const auto message = [&](Replacement replacement, const std::vector<std::size_t>& set) {
        const std::vector<std::vector<std::size_t>> sets{set};
        return message_of<ParameterError>(
            [&] { perturbed_outputs(model, encoding, 0, replacement, sets, unchanged, 1); });
    };
    CHECK(message(Replacement::unknown, {3}) == "position 3 does not exist, the 3 positions count from 0");
    CHECK_THAT(message(Replacement::remove, {0, 1, 2}), Catch::Contains("no token is left"));
    CHECK_THAT(message_of<ParameterError>([] { replacement_from_name("masc"); }),
               Catch::Contains("did you mean 'mask'?"));

    const TextModel language = TextModel::open(golden_folder + "masked_lm");
    const Encoding masked = language.encode("a [MASK] b", "text");
    const auto logits = language.model->forward(TokenBatch::of(masked), {.position = 2});
    const std::vector<std::vector<std::size_t>> own{{2}}, before{{1}};
    CHECK_THAT(message_of<ParameterError>(
                   [&] { perturbed_outputs(language, masked, 2, Replacement::remove, own, logits.row(0), 1); }),
               Catch::Contains("is the output's own and cannot be removed"));
    // The output moves up with its token.
    const auto moved = perturbed_outputs(language, masked, 2, Replacement::remove, before, logits.row(0), 1);
    Encoding shorter = masked;
    shorter.ids.erase(shorter.ids.begin() + 1);
    shorter.type_ids.erase(shorter.type_ids.begin() + 1);
    const auto expected = language.model->forward(TokenBatch::of(shorter), {.position = 1});
    CHECK(deviation(moved.row(0), expected.row(0)) < 1e-6);
}

TEST_CASE("top positions are ordered by score, then by place", "[model]") {
    const std::vector<double> scores{0.2, 0.9, 0.2, 0.5};
    CHECK(top_positions(scores, 3) == std::vector<std::size_t>{1, 3, 0});
    CHECK(top_positions(scores, 2, false) == std::vector<std::size_t>{0, 2});
    CHECK(top_positions(scores, 0).empty());
    CHECK_THAT(message_of<ParameterError>([&] { top_positions(scores, 5); }),
               Catch::Contains("the 5 top positions of 4"));
}
