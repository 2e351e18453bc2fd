/// The trained models against datasets that PyTorch exported in double precision.

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "attention/dataset.hpp"
#include "attention/extract/perturbation.hpp"
#include "attention/model/text_model.hpp"
#include "graph/support/text.hpp"
#include "tests/comparison.hpp"

using namespace attnflow;

namespace {

std::vector<double> attention_values(const AttentionStack& attention) {
    const std::size_t size = attention.tokens() * attention.tokens();
    std::vector<double> all(attention.layers() * attention.heads() * size);
    for (std::size_t l = 0; l < attention.layers(); ++l) {
        for (std::size_t h = 0; h < attention.heads(); ++h) {
            attention.read_head(l, h, std::span(all).subspan((l * attention.heads() + h) * size, size));
        }
    }
    return all;
}

std::string text_of(const Example& example) {
    std::vector<std::string> words(example.tokens.begin() + 1, example.tokens.end());
    return join(words, " ");
}

void compare_all(const std::string& folder, const std::string& file, std::size_t step) {
    constexpr double tolerance = 2e-5;
    const TextModel model = TextModel::open(folder);
    const Dataset dataset = Dataset::open(file);
    std::map<std::string, double> worst;
    const auto compare = [&](const char* name, std::span<const double> ours, const std::vector<double>& expected) {
        worst[name] = std::max(worst[name], testing::deviation(ours, expected));
    };
    for (std::size_t i = 0; i < dataset.size(); i += step) {
        const Example example = dataset.example(i);
        const Encoding encoding = model.encode(text_of(example), example.id);
        REQUIRE(encoding.tokens == example.tokens);
        std::vector<double> attention;
        std::size_t predicted = 0;
        const auto gradients = model.model->gradients(
            TokenBatch::of(encoding),
            {.observer =
                 [&](const LayerCapture& layer) {
                     attention.insert(attention.end(), layer.attention.begin(), layer.attention.end());
                 }},
            [&](std::span<const double> logits, std::span<double> gradient) {
                predicted = predicted_output(logits);
                return evaluate({predicted}, TargetScale::logit, logits, gradient);
            },
            {});
        REQUIRE(static_cast<std::int64_t>(predicted) == example.predicted.value());
        compare("attention", attention, attention_values(example.attention));
        const std::size_t n = encoding.ids.size();
        std::vector<double> norm(n), dot(n), sum(n);
        for (std::size_t t = 0; t < n; ++t) {
            for (std::size_t j = 0; j < gradients.word.columns(); ++j) {
                const double g = gradients.word(t, j);
                norm[t] += g * g;
                dot[t] += g * gradients.embedding(t, j);
                sum[t] += g;
            }
            norm[t] = std::sqrt(norm[t]);
        }
        compare("grad_norm", norm, example.references.at("grad_norm"));
        compare("grad_dot_input", dot, example.references.at("grad_dot_input"));
        compare("grad_sum", sum, example.references.at("grad_sum"));
        const Target label{static_cast<std::size_t>(example.label.value())};
        const BlankOut blank = blank_out(model, encoding, 0, Replacement::unknown, label, gradients.logits, 1);
        compare("blank_out", blank.probability, example.references.at("blank_out"));
        compare("blank_out_margin", blank.margin, example.references.at("blank_out_margin"));
        for (std::size_t t = 0; t < n; ++t) {
            // The export left rounding noise where the token was [UNK] already.
            CHECK((blank.probability[t] == 0.0) == (example.references.at("blank_out")[t] < 1e-14));
        }
    }
    for (const auto& [name, largest] : worst) {
        INFO(name << " " << largest);
        CHECK(largest <= tolerance);
    }
}

}  // namespace

TEST_CASE("trained models agree with PyTorch in double precision", "[model]") {
    const std::string shared = std::string(ATTNFLOW_SOURCE_DIR) + "/../shared/data/";
    if (!std::filesystem::exists(shared + "models")) return;
    for (const std::string task : {"sva", "sst2"}) {
        INFO(task);
        compare_all(shared + "models/" + task + "-bert-6x8", shared + task + "/" + task + "_dev200.safetensors",
                    10);
    }
}

// attnflow_attention_tests "[long]"
TEST_CASE("trained models agree with PyTorch in double precision, all sentences", "[model][.long]") {
    const std::string shared = std::string(ATTNFLOW_SOURCE_DIR) + "/../shared/data/";
    if (!std::filesystem::exists(shared + "models")) return;
    for (const std::string task : {"sva", "sst2"}) {
        INFO(task);
        compare_all(shared + "models/" + task + "-bert-6x8", shared + task + "/" + task + "_dev200.safetensors",
                    1);
    }
}
