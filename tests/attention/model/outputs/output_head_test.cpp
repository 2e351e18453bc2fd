#include "attention/model/outputs/output_head.hpp"

#include "attention/model/transformer_model.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/model/stored_transformer.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

/// A decoder on the mean over positions, as an outside program may bring it.
template <class Real>
class MeanHead final : public OutputHead<Real> {
public:
    MeanHead(const OutputSpec& spec, std::size_t width, const WeightFiles& files)
        : width_(width), outputs_(spec.outputs), weight_(files.read<Real>("mean", {spec.outputs, width})) {}

    std::vector<Real> forward(const TokenBatch& batch, std::size_t, const Real* hidden,
                              std::size_t) const override {
        std::vector<Real> logits(batch.count * outputs_);
        for (std::size_t t = 0; t < batch.tokens(); ++t) {
            for (std::size_t o = 0; o < outputs_; ++o) {
                for (std::size_t c = 0; c < width_; ++c)
                    logits[t / batch.length * outputs_ + o] +=
                        hidden[t * width_ + c] * weight_[o * width_ + c] / static_cast<Real>(batch.length);
            }
        }
        return logits;
    }
    std::vector<Real> backward(const TokenBatch& batch, std::size_t, const Real*,
                               const std::vector<Real>& logits_gradient) const override {
        std::vector<Real> gradient(batch.length * width_);
        for (std::size_t k = 0; k < gradient.size(); ++k) {
            for (std::size_t o = 0; o < outputs_; ++o)
                gradient[k] +=
                    logits_gradient[o] * weight_[o * width_ + k % width_] / static_cast<Real>(batch.length);
        }
        return gradient;
    }

private:
    std::size_t width_;
    std::size_t outputs_;
    std::vector<Real> weight_;
};

/// Gives one output too many.
template <class Real>
class WrongHead final : public OutputHead<Real> {
public:
    WrongHead(const OutputSpec&, std::size_t, const WeightFiles&) {}
    std::vector<Real> forward(const TokenBatch&, std::size_t, const Real*, std::size_t) const override {
        return std::vector<Real>(3);
    }
    std::vector<Real> backward(const TokenBatch&, std::size_t, const Real*,
                               const std::vector<Real>&) const override {
        return {};
    }
};

ModelPlan plan_with(std::shared_ptr<const HeadMaker> head) {
    return {llama_like_spec(),
            llama_like_names(),
            {.task = Task::classification, .outputs = 2, .labels = {"a", "b"}, .head = std::move(head)}};
}

}  // namespace

TEST_CASE("an architecture may bring outputs of its own, with their gradient", "[model]") {
    const ModelPlan plan = plan_with(own_head<MeanHead>());
    const TokenBatch batch{1, 3, {4, 1, 7}, {0, 0, 0}};
    const auto model = make_model(plan, WeightFiles::invented(3), Precision::float64);
    const auto second = [](std::span<const double> logits, std::span<double> gradient) {
        gradient[1] = 1.0;
        return logits[1];
    };
    const Gradients gradients = model->gradients(batch, {}, second, {});
    for (std::size_t t = 0; t < 3; ++t) {
        for (std::size_t c = 0; c < 4; ++c) {
            const auto value = [&](double by) {
                const WeightFiles::Change change{plan.names.words, static_cast<std::size_t>(batch.ids[t]) * 4 + c,
                                                 by};
                return make_model(plan, WeightFiles::invented(3, change), Precision::float64)
                    ->forward(batch, {})(0, 1);
            };
            CHECK(gradients.word(t, c) == Approx((value(1e-6) - value(-1e-6)) / 2e-6).margin(1e-6));
        }
    }
    const TokenBatch two{2, 3, {4, 1, 7, 2, 2, 3}, std::vector<TokenId>(6, 0)};
    const auto single = make_model(plan, WeightFiles::invented(3), Precision::float32)->forward(two, {});
    CHECK(single(0, 1) == Approx(gradients.logits[1]).epsilon(1e-4));
    CHECK(single(1, 1) != single(0, 1));
}

TEST_CASE("outputs of an outside program that are not as many as its plan says are refused", "[model]") {
    const auto model = make_model(plan_with(own_head<WrongHead>()), WeightFiles::invented(3), Precision::float32);
    CHECK(message_of<InternalError>([&] {
              model->forward({1, 1, {1}, {0}}, {});
          }) == "the output head gives 3 numbers, expected 2");
}
