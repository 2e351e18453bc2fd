/// Model metrics of the bundled model against NumPy (scripts/make_model_metric_goldens.py), and how often the
/// model is run for them.

#include "experiments/model_metrics/asking.hpp"

#include <atomic>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

using Tokens = std::vector<std::vector<std::size_t>>;

/// Counts the texts that another model is run on.
class CountingModel final : public Model {
public:
    explicit CountingModel(std::unique_ptr<Model> model) : model_(std::move(model)) {}
    const ModelShape& shape() const override { return model_->shape(); }
    RowMajor<double> forward(const TokenBatch& batch, const ForwardOptions& options) const override {
        texts += batch.count;
        ++batches;
        return model_->forward(batch, options);
    }
    Gradients gradients(const TokenBatch& batch, const ForwardOptions& options, const OutputFunction& function,
                        const AttentionGradientObserver& observer) const override {
        return model_->gradients(batch, options, function, observer);
    }
    mutable std::atomic<std::size_t> texts = 0;
    mutable std::atomic<std::size_t> batches = 0;

private:
    std::unique_ptr<Model> model_;
};

struct Fixture {
    TextModel model = TextModel::open(std::string(ATTNFLOW_SOURCE_DIR) + "/experiments/models/sva-bert-6x8");
    const CountingModel* counter = nullptr;

    Fixture() {
        auto counting = std::make_unique<CountingModel>(std::move(model.model));
        counter = counting.get();
        model.model = std::move(counting);
    }
};

/// Each position behind [CLS] by itself.
Tokens one_by_one(std::size_t n) {
    Tokens units;
    for (std::size_t t = 1; t < n; ++t) units.push_back({t});
    return units;
}

}  // namespace

TEST_CASE("comprehensiveness and sufficiency equal NumPy", "[model][model_metrics]") {
    const Fixture fixture;
    std::ifstream file(std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model_metrics.json");
    const auto golden = nlohmann::json::parse(file);
    REQUIRE(golden["cases"].size() == 72);
    std::set<double> different;
    for (const auto& entry : golden["cases"]) {
        INFO(entry.dump());
        const Encoding encoding = fixture.model.encode(entry["text"].get<std::string>(), "text");
        const auto scores = entry["scores"].get<std::vector<double>>();
        const AskedText text = ask_whole(fixture.model, encoding, {}, std::nullopt, "text");
        const Tokens units = one_by_one(encoding.ids.size());
        REQUIRE(units.size() == scores.size());
        const std::string parameters = "(replace=" + entry["replace"].get<std::string>() +
                                       ", answer=" + entry["answer"].get<std::string>() + ")";
        for (const char* name : {"comprehensiveness", "sufficiency"}) {
            const auto metric = model_metrics().make(name + parameters, "test");
            const std::vector<Question> questions{{metric.get(), scores, units}};
            const auto value = ask(text, questions).front();
            REQUIRE(value.has_value());
            // The model computes in float32.
            const double rounding = entry["answer"] == "log_odds" ? 1e-4 : 1e-6;
            CHECK(*value == Approx(entry[name].get<double>()).epsilon(1e-4).margin(rounding));
            different.insert(*value);
        }
    }
    CHECK(different.size() > 60);
}

TEST_CASE("sets that questions share are run once, in batches, and alike for any number of threads",
          "[model][model_metrics]") {
    const Fixture fixture;
    const Encoding encoding = fixture.model.encode("the keys to the cabinet that the man NNS", "text");
    const AskedText text = ask_whole(fixture.model, encoding, {}, std::nullopt, "text");
    CHECK(fixture.counter->texts == 1);
    const Tokens units = one_by_one(encoding.ids.size());
    const std::vector<double> up{1, 2, 3, 4, 5, 6, 7, 8, 9}, down{9, 8, 7, 6, 5, 4, 3, 2, 1},
        like_up{0, 0, 0, 0, 0, 0, 0, 1, 2};
    const auto taken = model_metrics().make("comprehensiveness(1 2 1)", "test");
    const auto rest = model_metrics().make("sufficiency(7 8)", "test");
    const auto masked = model_metrics().make("comprehensiveness(1 2, mask)", "test");
    const std::vector<Question> questions{{taken.get(), up, units},
                                          {rest.get(), down, units},
                                          {masked.get(), up, units},
                                          {taken.get(), like_up, units},
                                          {taken.get(), down, units}};
    // What stands first in `down` but for two is what `up` ranks first: 2 sets serve four questions.
    std::vector<std::optional<double>> first;
    for (const std::size_t jobs : {1, 2, 5}) {
        const std::size_t before = fixture.counter->texts;
        const std::size_t batches = fixture.counter->batches;
        std::size_t last = 0;
        const auto progress = [&](std::size_t done, std::size_t total) {
            CHECK(done == last + 1);
            CHECK(total == 6);
            last = done;
        };
        const auto values = ask(text, questions, {.jobs = jobs, .progress = progress});
        CHECK(last == 6);
        CHECK(fixture.counter->texts - before == 6);
        CHECK(fixture.counter->batches - batches == 3);  // of 8, 9 and 10 tokens
        if (first.empty()) first = values;
        CHECK(values == first);
    }
    // Each by itself.
    for (std::size_t q = 0; q < questions.size(); ++q) {
        REQUIRE(first[q].has_value());
        CHECK(*ask(text, std::span(questions).subspan(q, 1)).front() == Approx(*first[q]).margin(1e-6));
    }
    CHECK(first[0] == first[3]);
    CHECK(first[0] != first[4]);
}

TEST_CASE("words are changed with all their tokens", "[model][model_metrics]") {
    const Fixture fixture;
    const Encoding encoding = fixture.model.encode("the keys to the cabinet", "text");
    const AskedText text = ask_whole(fixture.model, encoding, {}, std::nullopt, "text");
    const auto metric = model_metrics().make("comprehensiveness(1)", "test");
    const Tokens pairs{{1, 2}, {4, 5}};
    const Tokens tokens = one_by_one(encoding.ids.size());
    const auto two = model_metrics().make("comprehensiveness(2)", "test");
    const std::vector<double> of_pairs{0.0, 1.0}, of_tokens{0, 0, 0, 2, 1};
    const std::vector<Question> questions{{metric.get(), of_pairs, pairs}, {two.get(), of_tokens, tokens}};
    const std::size_t before = fixture.counter->texts;
    const auto values = ask(text, questions);
    CHECK(values[0] == values[1]);
    CHECK(fixture.counter->texts - before == 1);
}

TEST_CASE("a question without an answer is undefined, and costs nothing", "[model][model_metrics]") {
    const Fixture fixture;
    const Encoding encoding = fixture.model.encode("the keys", "text");
    const AskedText text = ask_whole(fixture.model, encoding, {}, std::nullopt, "text");
    const auto metric = model_metrics().make("comprehensiveness(100%)", "test");
    const auto masked = model_metrics().make("comprehensiveness(100%, mask)", "test");
    const auto large = model_metrics().make("sufficiency(9)", "test");
    const Tokens all{{0}, {1}, {2}};
    const std::vector<double> scores{3, 2, 1}, bad{3, std::nan(""), 1};
    const std::size_t before = fixture.counter->texts;
    const std::vector<Question> questions{{metric.get(), {}, {}},
                                          {metric.get(), bad, all},
                                          {metric.get(), scores, all},  // would leave no token
                                          {large.get(), scores, all}};
    for (const auto& value : ask(text, questions)) CHECK_FALSE(value.has_value());
    CHECK(ask(text, {}).empty());
    CHECK(fixture.counter->texts == before);
    CHECK(ask(text, std::vector<Question>{{masked.get(), scores, all}}).front().has_value());
}

TEST_CASE("what a model cannot be asked is refused, and a stop is heard", "[model][model_metrics]") {
    const Fixture fixture;
    const auto metric = model_metrics().make("comprehensiveness(replace=mask)", "test");
    expect_replacements(*metric, fixture.model);
    const TextModel without_pad =
        TextModel::open(std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/classifier");
    for (const std::string& name : replacement_names()) {
        const auto of_name = model_metrics().make("sufficiency(replace=" + name + ")", "test");
        CHECK_NOTHROW(expect_replacements(*of_name, without_pad));
    }
    CHECK(most_sets(*metric, 12) == 5);
    CHECK(most_sets(*metric, 0) == 0);

    const Encoding encoding = fixture.model.encode("the keys", "text");
    const AskedText text = ask_whole(fixture.model, encoding, {}, std::nullopt, "text");
    const std::vector<double> scores{2, 1};
    const Tokens units = one_by_one(3);
    const std::atomic<bool> stop = true;
    CHECK_THROWS_AS(ask(text, std::vector<Question>{{metric.get(), scores, units}}, {.stop = &stop}), Stopped);
    CHECK_THAT(message_of<InputError>(
                   [&] { ask_whole(fixture.model, encoding, {TargetSpec::Kind::label}, std::nullopt, "text"); }),
               Catch::Contains("label asked for, but the text has none"));
}
