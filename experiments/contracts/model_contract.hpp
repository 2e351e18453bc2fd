#pragma once
/// The contract of a model: what every one must do, whatever it computes. A model in float32 and one in float64
/// with the same random weights are asked about short texts of random tokens.
///
/// Gradients by words are compared with finite differences of the outputs. Those by attention weights cannot be
/// from outside: no model takes attention; tests/attention/model/transformer_test.cpp does it for the one
/// transformer that runs every architecture. Here they are asked to be finite and 0 where no attention can be.

#include <functional>
#include <memory>

#include "attention/model/registry.hpp"
#include "experiments/contracts/laws.hpp"

namespace attnflow {

struct ModelContract {
    using Make = std::function<std::unique_ptr<Model>(const WeightFiles& files, Precision precision)>;

    Make make;
    std::string words;  ///< the tensor of the word embeddings, [vocabulary, e]
    EntryInfo info;

    /// What the model throws is a complaint too.
    void check(Laws& laws) const;
};

namespace law {
inline constexpr const char* shapes = "attention, outputs and gradients have the sizes of the shape";
inline constexpr const char* finite = "attention is finite and not negative, outputs are finite";
inline constexpr const char* heeds_tokens = "other tokens, other outputs";
inline constexpr const char* batches = "a batch gives what its texts give one by one";
inline constexpr const char* jobs = "the number of threads changes nothing";
inline constexpr const char* precisions = "float32 gives what float64 gives, to its digits";
inline constexpr const char* word_gradients = "gradients by words are those of finite differences";
inline constexpr const char* masked_gradients = "the gradient of what a mask holds at 0 is 0";
inline constexpr const char* no_look_ahead = "what a mask hides changes nothing before it";
inline constexpr const char* internals_add_up = "internals add up as LayerInternals says";
inline constexpr const char* rest_of_layer = "the rest of a layer gives the layer's own output";
inline constexpr const char* reverse_internals = "a reverse pass gives the internals of the forward pass";
}  // namespace law

/// The architecture on the model of its small_config().
void check_architecture(const ModelRegistry::Entry& entry, Laws& laws);

/// "LAW: WHERE" for each law that does not hold; none for a good architecture.
std::vector<std::string> model_complaints(const ModelRegistry::Entry& entry);

}  // namespace attnflow
