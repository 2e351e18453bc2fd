#pragma once
/// What is known of a layer of a model while it runs, apart from the model: for those who look at layers and never
/// ask a model, such as edge weights.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "attention/model/task.hpp"

namespace attnflow {

/// Names of properties of a model's attention that architectures and edge weights can promise
/// (EntryInfo::promises).
namespace attention_promise {
inline constexpr const char* rows_sum_to_one =
    "rows_sum_to_one";  ///< what a query gives to its keys, in each head
}  // namespace attention_promise

struct ModelShape {
    std::size_t layers = 0;
    std::size_t heads = 0;                 ///< H, of the attention
    std::size_t key_heads = 0;             ///< G, divides H: head h uses the values of key head h / (H / G)
    std::size_t head_width = 0;            ///< w, of keys and values
    std::size_t width = 0;                 ///< d, of hidden states; H w in most models
    bool norm_before = false;              ///< where the norms of its layers are, see LayerInternals
    std::size_t embedding_width = 0;       ///< e, of word embeddings; d in most models
    std::size_t positions = 0;             ///< longest input, in tokens
    std::size_t vocabulary = 0;            ///< token ids are below this
    std::size_t types = 1;                 ///< segment ids are below this
    Task task = Task::none;                ///< what the outputs are
    std::size_t outputs = 0;               ///< classes, labels, numbers, or the vocabulary; 0 for Task::none
    std::vector<std::string> labels = {};  ///< names of the outputs, but of a vocabulary
};

/// A norm of a layer, as it worked on T tokens (blocks/norm.hpp has the formulas).
struct NormInternals {
    bool centered = true;          ///< whether the mean is subtracted: LayerNorm, not RMSNorm
    std::span<const float> scale;  ///< [T] 1 / root
    std::span<const float> gamma;  ///< [d]
    std::span<const float> beta;   ///< [d], zeros where there is none
};

/// What a layer computed on the way, for methods that look behind the attention weights; in the order in which it
/// is computed, for layers with their norms before or after. All matrices are row-major with T = count · n rows; d
/// the width, w that of a head, G the number of key heads, of which head h uses g(h) = h / (H / G).
///
///   attended = concat_h(A_h · values_g(h)) · output_weight^T + output_bias
///
///   norm after:   normed_input  = input                      norm before:   normed_input  = N_1(input)
///                 middle        = N_1(input + attended)                     middle        = input + attended
///                 normed_middle = middle                                    normed_middle = N_2(middle)
///                 output        = N_2(middle + fed_forward)                 output        = middle + fed_forward
///
/// So `attended` and then `fed_forward` are what is added to the skip connection.
struct LayerInternals {
    bool norm_before = false;
    std::span<const float> input;          ///< [T, d]
    std::span<const float> normed_input;   ///< [T, d] what queries, keys and values are made of
    std::span<const float> values;         ///< [T, G w], key head by key head, bias included
    std::span<const float> output_weight;  ///< [d, H w], output × input; head h owns columns h w to (h + 1) w - 1
    std::span<const float> output_bias;    ///< [d], empty where there is none
    std::span<const float> attended;       ///< [T, d]
    NormInternals attention_norm;          ///< N_1
    std::span<const float> middle;         ///< [T, d]
    std::span<const float> normed_middle;  ///< [T, d] what the feed forward step reads
    std::span<const float> fed_forward;    ///< [T, d]
    NormInternals output_norm;             ///< N_2
    std::span<const float> output;         ///< [T, d]

    /// The rest of the layer from a point on: what `output` [T, d] becomes where `attended` [T, d], or `middle`,
    /// is another one, everything else as it was, the skip connection too. By the blocks of the forward pass:
    /// given the layer's own rows, its own output comes back, to the last bit where the model computes in float.
    /// Not to be called by two threads at once, nor after the call that gave it has returned. O(T d f), f the
    /// width inside of the feed forward step.
    using Rest = std::function<void(std::span<const float> rows, std::span<float> output)>;
    Rest finish = {};         ///< from `attended` on
    Rest finish_middle = {};  ///< from `middle` on
};

/// One layer while it is produced; the memory is used again for the next.
struct LayerCapture {
    std::size_t layer = 0;             ///< from 0 at the input
    std::span<const float> attention;  ///< [count, H, n, n], query × key
    const LayerInternals* internals = nullptr;
};
using LayerObserver = std::function<void(const LayerCapture&)>;

}  // namespace attnflow
