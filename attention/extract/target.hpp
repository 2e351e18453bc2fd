#pragma once
/// What of a model's outputs is explained: one class, one token, or a difference of two.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attention/model/model.hpp"

namespace attnflow {

struct TextModel;

enum class TargetScale { logit, probability };

/// "logit", "probability"; throws ParameterError for another name.
TargetScale target_scale_from_name(const std::string& name);
const char* target_scale_name(TargetScale scale);
std::vector<std::string> target_scale_names();

/// Throws InputError for a model that has no outputs (Task::none): so it can have no `what`.
void expect_outputs(const TextModel& model, const std::string& what);

/// As it is written:
///   predicted         the output with the largest logit; of a regression its only number
///   label             the class given with the text
///   output(X)         X a class by number or name; for a language model a token by text or id
///   difference(X, Y)  output X minus output Y
///   margin, ...       members of the family of targets (targets/target_kind.hpp), with their parameters
struct TargetSpec {
    enum class Kind { predicted, label, output, difference, member };
    Kind kind = Kind::predicted;
    std::string first = {};  ///< of a member its call
    std::string second = {};

    /// Whether a text must come with its class.
    bool needs_label() const;

    /// Throws ParameterError, with the forms above, for text that is none of them.
    static TargetSpec parse(std::string_view text);
    /// What parse() reads as this.
    std::string text() const;
};

/// The output called `name`: a class by name or number; for a language model a token of the vocabulary by its
/// text, or an id. Throws InputError for a model without outputs; ParameterError for none, several classes of one
/// name, and text that is the name of one class and the number of another.
std::size_t output_named(const std::string& name, const TextModel& model);

/// The outputs of one text that a spec means.
struct Target {
    std::size_t output = 0;
    std::optional<std::size_t> minus = {};
    Task task = Task::classification;  ///< of the model: what outputs are, and how they become probabilities
};

/// Throws ParameterError for an output that the model does not have or its difference with itself, InputError for
/// a model without outputs, when a label is asked for and there is none, or it is no class, and for the predicted
/// one of several numbers of a regression. `logits` are those of the unchanged text.
Target resolve(const TargetSpec& spec, const TextModel& model, std::span<const double> logits,
               std::optional<std::int64_t> label);

/// "logit of 'positive'", "probability of 'toxic' (its sigmoid)", "output 'score' of a regression": what the
/// number of a target is.
std::string target_words(const Target& target, TargetScale scale, const TextModel& model);

/// Throws ParameterError for probabilities of a regression, which has none.
void expect_scale(TargetScale scale, const TextModel& model);

/// Index of the largest logit; the first of equals.
std::size_t predicted_output(std::span<const double> logits);

/// The value of `target` and, where `gradient` is not empty, its derivative by the logits. The scale must be one
/// that the task has.
double evaluate(const Target& target, TargetScale scale, std::span<const double> logits,
                std::span<double> gradient);

/// Forward and reverse pass of one text, deriving its target: Model::gradients with `spec` resolved. Throws
/// what resolve() does.
Gradients target_gradients(const TextModel& model, const Encoding& encoding, const ForwardOptions& options,
                           const TargetSpec& spec, TargetScale scale, std::optional<std::int64_t> label,
                           const AttentionGradientObserver& attention_gradients);

/// Softmax of the logits; of labels that hold each by itself the sigmoid of each. Not for a regression.
std::vector<double> probabilities(std::span<const double> logits, Task task);

/// log(p / (1 - p)) of an output's probability p: the margin z - log Σ_other exp(z_other). With two
/// classes the difference of the logits.
double log_odds(std::span<const double> logits, std::size_t output);

/// Of `target` by its logits: log(p / (1 - p)), of a difference that of the logits, of a regression the number.
double target_margin(const Target& target, std::span<const double> logits);

/// p_after - p_before of `target`'s probability (of a regression: of its number), accurate to rounding even where
/// both are next to 1: there the complements are subtracted, which keep their digits.
double target_change(const Target& target, std::span<const double> before, std::span<const double> after);

/// The position of the only mask token of a language model's text; nothing for none or several, and other models.
std::optional<std::size_t> masked_position(const TextModel& model, const Encoding& encoding);

/// The position whose output is explained: that of the only mask token for language models, else 0. Throws
/// InputError, beginning with `where`, for none or several of them.
std::size_t output_position(const TextModel& model, const Encoding& encoding, const std::string& where);

}  // namespace attnflow
