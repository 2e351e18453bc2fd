#pragma once
/// The weights of a transformer out of its files: which tensor is what.

#include <string>
#include <vector>

#include "attention/model/checkpoint/weight_files.hpp"
#include "attention/model/transformer.hpp"

namespace attnflow {

/// The names of one layer's tensors, behind what all names of a layer begin with. Of linear layers and norms the
/// name lacks ".weight" and ".bias".
struct LayerNames {
    std::string query;
    std::string key;
    std::string value;
    std::string attention_output;
    std::string attention_norm;
    std::string gate = {};  ///< of a gated feed forward step
    std::string up;
    std::string down;
    std::string output_norm;
    /// Whole names of tensors that some files hold and nobody needs, since they follow from the config: masks,
    /// frequencies of rotary positions.
    std::vector<std::string> constants = {};
};

/// The names of a transformer's tensors. What the spec does not have needs no name.
struct TransformerNames {
    std::string words;           ///< a tensor, as are the next two
    std::string positions = {};  ///< learned
    std::string types = {};
    std::string embedding_norm = {};
    std::string embedding_projection = {};
    std::string layers;  ///< "encoder.layer.": behind it come the layer's number, ".", and what `layer` says
    LayerNames layer;
    std::string final_norm = {};
};

/// The first of `prefixes` behind which there is a tensor `name`; the first of all where there is none, so that
/// whoever reads it says what is missing. Throws InputError where it is behind another prefix only, as in weights
/// that were saved of a compiled or wrapped model.
std::string find_prefix(const WeightFiles& files, const std::vector<std::string>& prefixes,
                        const std::string& name);

/// Reads what the spec asks for, under these names. Throws InputError for a tensor that is missing or does not
/// fit, for layers that the spec does not count, and for tensors of a layer that are not read, since the model
/// then computes something else; tensors elsewhere that are not needed (of other output layers, positions as
/// numbers) are not looked at.
template <class Real>
TransformerWeights<Real> load_transformer(const TransformerSpec& spec, const TransformerNames& names,
                                          const WeightFiles& files);

/// `name`.weight [out, in] and, with a bias, `name`.bias [out].
template <class Real>
Linear<Real> load_linear(const WeightFiles& files, const std::string& name, std::size_t out, std::size_t in,
                         bool bias);

/// `name`.weight and, of LayerNorm, `name`.bias, or, as in checkpoints converted from TensorFlow, .gamma and
/// .beta.
template <class Real>
Norm<Real> load_norm(const WeightFiles& files, const std::string& name, const NormSpec& spec, std::size_t width);

}  // namespace attnflow
