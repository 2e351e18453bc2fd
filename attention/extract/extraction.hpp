#pragma once
/// From texts to a dataset file: attention and whatever experiments compare it with.
///
/// Every text ex00000, ex00001, ... gets
///   attentions [L, H, n, n], input_ids [n], logits [classes] (classifiers); token_type_ids [n] of a pair of
///   texts and wherever one is not 0; with gradients: grad_norm, grad_dot_input, grad_sum, grad_abs_sum [n], of
///   the target by each word
///     embedding: L2 norm, dot product with the embedding, sum and absolute sum of the components;
///   with attention_gradients: attention_gradients [L, H, n, n];
///   with blank_out: blank_out, blank_out_margin [n] (perturbation.hpp);
///   with internals: internals.LAYER.NAME for each part of LayerInternals that belongs to the text;
///   for each edge weight: NAME [L, H, n, n], or [L, n, n] for one that has no heads, under edge_weight_name().
/// and metadata as attention/dataset.hpp reads them; `extraction` says what the options were.

#include <atomic>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "attention/extract/perturbation.hpp"
#include "attention/extract/texts.hpp"

namespace attnflow {

/// Names of scores by token, in the order of the file.
inline constexpr const char* gradient_scores[] = {"grad_norm", "grad_dot_input", "grad_sum", "grad_abs_sum"};
inline constexpr const char* blank_out_scores[] = {"blank_out", "blank_out_margin"};

struct ExtractionOptions {
    /// What gradients derive and blank-out observes. Without one: the logit of the predicted class
    /// for gradients, the class given with the text (else the predicted one) for blank-out.
    std::optional<TargetSpec> target = {};
    TargetScale scale = TargetScale::logit;  ///< of gradients
    Replacement replacement = Replacement::unknown;
    bool gradients = false;
    bool attention_gradients = false;
    bool blank_out = false;
    bool internals = false;
    bool words = false;                     ///< in the metadata, the word that each token is of (word_ids)
    std::vector<std::string> weights = {};  ///< calls of registered edge weights
    /// What else the file was made of and by, kept in its metadata `extraction`.
    std::map<std::string, std::string> record = {};
    std::size_t first_number = 0;  ///< the examples are called ex and their numbers: this one, and so on
    std::size_t number_step = 1;   ///< in steps
    std::size_t jobs = 1;          ///< threads; the file does not depend on it
    /// When it becomes true, the work in progress is given up: see Stopped.
    const std::atomic<bool>* stop = nullptr;
    /// Called when all texts were run, before the file gets its name; by what it throws there is no file.
    std::function<void()> before_naming = {};

    /// Whether something of it is derived of the target.
    bool has_gradients() const;
};

/// The options, by the names of a config's settings (`model.target`, ...), after what `record` holds.
std::map<std::string, std::string> extraction_settings(const ExtractionOptions& options);

/// Called after each text, from any thread but never by two at once.
using ExtractionProgress = std::function<void(std::size_t done, std::size_t total)>;

/// The number of tokens of each text, all of them checked as extract() does before it runs one. Throws what it
/// throws for texts and options.
std::vector<std::size_t> check_extraction(const TextModel& model, std::span<const LabelledText> texts,
                                          const ExtractionOptions& options);

/// Writes `path` whole or not at all. All texts are tokenised before any is run, so that a bad one
/// costs no time, and the first ten bad ones are named. Memory: that of one text a thread (its activations,
/// and the attention of one layer), whatever the size of the file. Throws InputError, naming the text, for one
/// that cannot be run; ParameterError for options that do not exist; Stopped.
void extract(const TextModel& model, std::span<const LabelledText> texts, const ExtractionOptions& options,
             const std::string& path, const ExtractionProgress& progress = {});

}  // namespace attnflow
