#pragma once
/// The seam between hidden states and outputs. An architecture whose outputs OutputSpec cannot say (a classifier
/// on the last token, or on a mean over positions) brings a head of its own: a class template
///
///   template <class Real>
///   class Head final : public OutputHead<Real> {
///   public:
///       Head(const OutputSpec& spec, std::size_t width, const WeightFiles& files);   // reads its weights
///       ...
///   };
///
/// and its plan says `.output = {.task = ..., .outputs = ..., .head = own_head<Head>()}`.

#include <memory>
#include <vector>

#include "attention/model/outputs/output_layer.hpp"
#include "attention/model/token_batch.hpp"

namespace attnflow {

/// Read-only after construction, and used by several threads at once.
template <class Real>
class OutputHead {
public:
    virtual ~OutputHead() = default;

    /// The outputs (logits) [count, outputs] of the hidden states [count, length, d]. `position` is that of tasks
    /// that have outputs at each. The result does not depend on `jobs`.
    virtual std::vector<Real> forward(const TokenBatch& batch, std::size_t position, const Real* hidden,
                                      std::size_t jobs) const = 0;

    /// The gradient of the hidden states [length, d] of a batch of one, from that of its outputs.
    virtual std::vector<Real> backward(const TokenBatch& batch, std::size_t position, const Real* hidden,
                                       const std::vector<Real>& logits_gradient) const = 0;
};

/// What most architectures have: the output layer of a spec on one position, the first where the task has none.
template <class Real>
class PositionHead final : public OutputHead<Real> {
public:
    /// Throws InputError for a tensor that is missing or does not fit.
    PositionHead(const OutputSpec& spec, std::size_t width, const WeightFiles& files)
        : width_(width), layer_(spec, width, files) {}

    std::vector<Real> forward(const TokenBatch& batch, std::size_t position, const Real* hidden,
                              std::size_t jobs) const override;
    std::vector<Real> backward(const TokenBatch& batch, std::size_t position, const Real* hidden,
                               const std::vector<Real>& logits_gradient) const override;

private:
    std::size_t width_;
    OutputLayer<Real> layer_;
};

/// Makes heads of either precision.
class HeadMaker {
public:
    virtual ~HeadMaker() = default;
    virtual std::unique_ptr<OutputHead<float>> make_float(const OutputSpec& spec, std::size_t width,
                                                          const WeightFiles& files) const = 0;
    virtual std::unique_ptr<OutputHead<double>> make_double(const OutputSpec& spec, std::size_t width,
                                                            const WeightFiles& files) const = 0;
};

template <template <class> class Head>
std::shared_ptr<const HeadMaker> own_head() {
    class Maker final : public HeadMaker {
    public:
        std::unique_ptr<OutputHead<float>> make_float(const OutputSpec& spec, std::size_t width,
                                                      const WeightFiles& files) const override {
            return std::make_unique<Head<float>>(spec, width, files);
        }
        std::unique_ptr<OutputHead<double>> make_double(const OutputSpec& spec, std::size_t width,
                                                        const WeightFiles& files) const override {
            return std::make_unique<Head<double>>(spec, width, files);
        }
    };
    return std::make_shared<Maker>();
}

/// The head of a spec: its own, or a PositionHead.
template <class Real>
std::unique_ptr<OutputHead<Real>> make_head(const OutputSpec& spec, std::size_t width, const WeightFiles& files);

}  // namespace attnflow
