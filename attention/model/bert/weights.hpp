#pragma once
/// The weights of BERT in memory, under the names of its Hugging Face checkpoints.

#include <vector>

#include "attention/model/checkpoint/weight_files.hpp"
#include "attention/model/config.hpp"

namespace attnflow {

/// y = x · weight^T + bias, weight [out, in].
template <class Real>
struct LinearWeights {
    std::vector<Real> weight;
    std::vector<Real> bias;
};

template <class Real>
struct NormWeights {
    std::vector<Real> gamma;
    std::vector<Real> beta;
};

template <class Real>
struct BertLayerWeights {
    LinearWeights<Real> query_key_value;   ///< [3 d, d]: the three projections below each other, one product
    LinearWeights<Real> attention_output;  ///< [d, d]
    NormWeights<Real> attention_norm;
    LinearWeights<Real> inner;   ///< [f, d]
    LinearWeights<Real> output;  ///< [d, f]
    NormWeights<Real> output_norm;
};

template <class Real>
struct BertWeights {
    BertConfig config;
    std::vector<Real> words;      ///< [vocabulary, d]
    std::vector<Real> positions;  ///< [positions, d]
    std::vector<Real> types;      ///< [types, d]
    NormWeights<Real> embedding_norm;
    std::vector<BertLayerWeights<Real>> layers;
};

/// Throws InputError for a tensor that is missing or does not fit the config. Tensors that are not
/// needed are not looked at.
template <class Real>
BertWeights<Real> load_bert(const BertConfig& config, const WeightFiles& files);

/// `name`.weight and `name`.bias.
template <class Real>
LinearWeights<Real> load_linear(const WeightFiles& files, const std::string& name, std::size_t out,
                                std::size_t in);
/// `name`.weight and `name`.bias, or, as in checkpoints converted from TensorFlow, .gamma and .beta.
template <class Real>
NormWeights<Real> load_norm(const WeightFiles& files, const std::string& name, std::size_t width);

}  // namespace attnflow
