#pragma once
/// config.json of a Hugging Face directory: what families have in common when they read theirs.

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "attention/model/blocks/activation.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/task.hpp"
#include "graph/support/diagnosis.hpp"

namespace attnflow {

/// The file, parsed. Settings for training (dropout, initialisation, gradient checkpoints) are for nobody here.
class ModelConfig {
public:
    /// Throws InputError for a file that cannot be read or is no JSON object.
    static ModelConfig read(const std::string& path);

    /// The class that can run the model. Throws InputError unless there is exactly one.
    std::string architecture() const;

    const JsonFields& fields() const { return fields_; }

    /// Throws InputError for what no family can follow: a model with program code of its own (`auto_map`), and
    /// weights that are quantised (`quantization_config`).
    void refuse_other_programs() const;

    /// Throws InputError for a setting that is known to change what is computed, has a value with effect, and was
    /// not looked at: the family does not follow it. To be called when the family has made its plan.
    void refuse_settings_not_followed() const;

private:
    ModelConfig(std::unique_ptr<const nlohmann::json> json, const std::string& where)
        : json_(std::move(json)),
          looked_at_(std::make_unique<std::set<std::string>>()),
          fields_(*json_, where, looked_at_.get()) {}

    std::unique_ptr<const nlohmann::json> json_;  // where fields_ looks
    std::unique_ptr<std::set<std::string>> looked_at_;
    JsonFields fields_;
};

/// For the page of docs/troubleshooting.md.
Diagnoses config_diagnoses();

/// A size, 1 to `maximum`. This and what follows throw InputError for values that are none, with the key.
std::size_t read_size(const JsonFields& config, const std::string& key, std::int64_t maximum);
std::size_t read_size(const JsonFields& config, const std::string& key, std::int64_t maximum,
                      std::size_t fallback);

/// The activation of that name, `fallback` where there is none.
Activation read_activation(const JsonFields& config, const std::string& key, std::string_view fallback);

/// id2label, else LABEL_0, LABEL_1, ... for num_labels, 2 without it. A label2id must agree with it.
std::vector<std::string> read_labels(const JsonFields& config);

/// What a classifier of `outputs` is for, by `problem_type`; without it one output is a number (regression),
/// several are classes, as the Hugging Face library has it. One class is a number in any case: its probability
/// would be 1.
Task read_task(const JsonFields& config, std::size_t outputs);

/// Throws InputError unless the setting is missing or `only`: another one would need another computation.
void expect_text(const JsonFields& config, const std::string& key, const std::string& only);

}  // namespace attnflow
