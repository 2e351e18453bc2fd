#include "attention/extract/text_run.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"

namespace attnflow {

void expect_finite(const std::string& what, std::span<const float> values) {
    bool finite = true;
    for (const float value : values) finite &= std::isfinite(value);  // to the end, so that it is vectorised
    if (!finite) throw InputError(fmt::format("the model's {}: values that are not finite in float32", what));
}

Gradients run_text(const TextModel& model, const Encoding& encoding, const Weighing& weighing,
                   const TextRun& run) {
    const ModelShape& shape = model.model->shape();
    const std::size_t n = encoding.ids.size();
    const ForwardOptions forward{.position = run.position,
                                 .observer =
                                     [&](const LayerCapture& layer) {
                                         check_stop(run.stop);
                                         expect_finite("attention", layer.attention);
                                         if (run.on_layer) run.on_layer(layer);
                                         weighing.forward(shape, n, layer, run.on_weights);
                                     },
                                 .internals = run.internals || weighing.needs_internals(),
                                 .gradient_internals = weighing.needs_gradient_internals(),
                                 .jobs = run.jobs};
    AttentionGradientObserver backward;
    if (run.on_gradient || weighing.needs_gradient()) {
        backward = [&](const LayerCapture& layer, std::span<const float> gradient) {
            check_stop(run.stop);
            expect_finite("attention gradients", gradient);
            if (run.on_gradient) run.on_gradient(layer, gradient);
            weighing.backward(shape, n, layer, gradient, run.on_weights);
        };
    }
    Gradients result;
    if (run.gradients || backward) {
        result = target_gradients(model, encoding, forward, run.target, run.scale, run.label, backward);
    } else {
        const auto logits = model.model->forward(TokenBatch::of(encoding), forward);
        result.logits.assign(logits.row(0).begin(), logits.row(0).end());
    }
    const auto finite = [](double logit) { return std::isfinite(logit); };
    if (!std::all_of(result.logits.begin(), result.logits.end(), finite))
        throw InputError("the model gives outputs that are not finite");
    return result;
}

}  // namespace attnflow
