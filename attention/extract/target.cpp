#include "attention/extract/target.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "attention/extract/targets/target_kind.hpp"
#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

struct NamedScale {
    const char* name;
    TargetScale scale;
};
constexpr NamedScale scales[] = {{"logit", TargetScale::logit}, {"probability", TargetScale::probability}};

std::string trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return std::string(text);
}

/// The inside of "name(...)".
std::optional<std::string_view> argument_of(std::string_view text, std::string_view name) {
    if (!text.starts_with(name) || !text.ends_with(')') || text.size() < name.size() + 2 ||
        text[name.size()] != '(') {
        return std::nullopt;
    }
    return text.substr(name.size() + 1, text.size() - name.size() - 2);
}

std::size_t target_output(const std::string& name, const TextModel& model) {
    try {
        return output_named(name, model);
    } catch (const ParameterError& error) {
        throw ParameterError(fmt::format("target: {}", error.what()));
    }
}

/// s with p = 1 / (1 + s) and 1 - p = s / (1 + s): Σ_{j ≠ output} exp(z_j - z_output), or exp(-z_output) where the
/// output stands for itself.
double odds_against(std::span<const double> logits, std::size_t output, Task task) {
    if (task == Task::multi_label) return std::exp(-logits[output]);
    double sum = 0.0;
    for (std::size_t j = 0; j < logits.size(); ++j) {
        if (j != output) sum += std::exp(logits[j] - logits[output]);
    }
    return sum;
}

double output_change(std::size_t output, Task task, std::span<const double> before,
                     std::span<const double> after) {
    if (!has_probabilities(task)) return after[output] - before[output];
    const double s = odds_against(before, output, task);
    const double t = odds_against(after, output, task);
    const auto complement = [](double odds) { return std::isinf(odds) ? 1.0 : odds / (1.0 + odds); };
    if (s < 1.0 && t < 1.0) return complement(s) - complement(t);
    return 1.0 / (1.0 + t) - 1.0 / (1.0 + s);
}

}  // namespace

TargetScale target_scale_from_name(const std::string& name) {
    for (const NamedScale& entry : scales) {
        if (entry.name == name) return entry.scale;
    }
    throw ParameterError(
        fmt::format("no target scale '{}'{}", excerpt(name), name_hint(name, target_scale_names())));
}

const char* target_scale_name(TargetScale scale) {
    for (const NamedScale& entry : scales) {
        if (entry.scale == scale) return entry.name;
    }
    throw InternalError("unknown target scale");
}

std::vector<std::string> target_scale_names() {
    std::vector<std::string> names;
    for (const NamedScale& entry : scales) names.emplace_back(entry.name);
    return names;
}

void expect_outputs(const TextModel& model, const std::string& what) {
    if (has_outputs(model.model->shape().task)) return;
    throw InputError(
        fmt::format("{}: {} has no output layer, so there can be no {}; expected a classifier or a language model",
                    escape_controls(model.folder), model.architecture, what));
}

std::size_t output_named(const std::string& name, const TextModel& model) {
    expect_outputs(model, fmt::format("output '{}'", excerpt(name)));
    const ModelShape& shape = model.model->shape();
    std::optional<std::size_t> number;
    std::size_t index = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), index);
    if (!name.empty() && parsed.ec == std::errc() && parsed.ptr == name.data() + name.size() &&
        index < shape.outputs) {
        number = index;
    }
    const auto label = std::find(shape.labels.begin(), shape.labels.end(), name);
    if (label != shape.labels.end()) {
        if (std::find(label + 1, shape.labels.end(), name) != shape.labels.end()) {
            throw ParameterError(fmt::format("several classes are called '{}', expected a number", excerpt(name)));
        }
        const auto found = static_cast<std::size_t>(label - shape.labels.begin());
        if (number && *number != found) {
            throw ParameterError(
                fmt::format("'{}' is the name of class {} and the number of class {} ('{}'), expected names that "
                            "are no numbers of other classes: rename them in id2label of config.json",
                            excerpt(name), found, *number, excerpt(shape.labels[*number])));
        }
        return found;
    }
    if (has_positions(shape.task)) {
        if (const auto id = model.tokenizer.vocabulary().find(name)) return static_cast<std::size_t>(*id);
    }
    if (number) return *number;
    throw ParameterError(
        !has_positions(shape.task)
            ? fmt::format("no class '{}', expected a number below {} or a name{}", excerpt(name), shape.outputs,
                          name_hint(name, shape.labels))
            : fmt::format("no token '{}' in the vocabulary, expected one of its {} tokens or an id", excerpt(name),
                          model.tokenizer.vocabulary().size()));
}

TargetSpec TargetSpec::parse(std::string_view text) {
    if (text == "predicted") return {Kind::predicted};
    if (text == "label") return {Kind::label};
    if (const auto name = argument_of(text, "output")) {
        if (!trimmed(*name).empty()) return {Kind::output, trimmed(*name)};
    }
    if (const auto names = argument_of(text, "difference")) {
        std::size_t comma = names->find(", ");
        // The comma of names that hold one themselves needs its space.
        if (comma == std::string_view::npos && std::count(names->begin(), names->end(), ',') == 1)
            comma = names->find(',');
        if (comma != std::string_view::npos) {
            TargetSpec spec{Kind::difference, trimmed(names->substr(0, comma)), trimmed(names->substr(comma + 1))};
            if (!spec.first.empty() && !spec.second.empty()) return spec;
        }
    }
    const std::string name(trimmed(text.substr(0, text.find('('))));
    if (targets().find(name) != nullptr) return {Kind::member, targets().canonical(text, "target")};
    throw ParameterError(
        fmt::format("target: '{}', expected predicted, label, output(X) or difference(X, Y), or one of {}",
                    excerpt(text), targets().forms()));
}

bool TargetSpec::needs_label() const {
    return kind == Kind::label || (kind == Kind::member && targets().make(first, "target")->needs_label());
}

std::string TargetSpec::text() const {
    switch (kind) {
        case Kind::predicted:
            return "predicted";
        case Kind::label:
            return "label";
        case Kind::output:
            return fmt::format("output({})", first);
        case Kind::difference:
            return fmt::format("difference({}, {})", first, second);
        case Kind::member:
            return first;
    }
    throw InternalError("target: unknown kind");
}

Target resolve(const TargetSpec& spec, const TextModel& model, std::span<const double> logits,
               std::optional<std::int64_t> label) {
    expect_outputs(model, "target");
    const Task task = model.model->shape().task;
    switch (spec.kind) {
        case TargetSpec::Kind::predicted:
            if (task == Task::regression && logits.size() > 1) {
                throw InputError(fmt::format(
                    "target: a regression of {} numbers predicts all of them, expected output(X) for one",
                    logits.size()));
            }
            return {predicted_output(logits), {}, task};
        case TargetSpec::Kind::label:
            if (task == Task::regression)
                throw InputError("target: label asked for, but a regression has no classes, expected output(X)");
            if (!label) throw InputError("target: label asked for, but the text has none");
            if (*label < 0 || static_cast<std::size_t>(*label) >= logits.size()) {
                throw InputError(
                    fmt::format("target: label {}, expected a class below {}", *label, logits.size()));
            }
            return {static_cast<std::size_t>(*label), {}, task};
        case TargetSpec::Kind::output:
            return {target_output(spec.first, model), {}, task};
        case TargetSpec::Kind::difference: {
            const Target target{target_output(spec.first, model), target_output(spec.second, model), task};
            if (target.minus != target.output) return target;
            throw ParameterError(
                fmt::format("target: difference({}, {}) is that of an output and itself, always 0; expected two "
                            "different ones",
                            excerpt(spec.first), excerpt(spec.second)));
        }
        case TargetSpec::Kind::member:
            return targets().make(spec.first, "target")->resolve(model.model->shape(), logits, label);
    }
    throw InternalError("target: unknown kind");
}

std::size_t predicted_output(std::span<const double> logits) {
    return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::string target_words(const Target& target, TargetScale scale, const TextModel& model) {
    const ModelShape& shape = model.model->shape();
    const auto name = [&](std::size_t output) {
        if (output < shape.labels.size()) return "'" + excerpt(shape.labels[output]) + "'";
        if (has_positions(shape.task))
            return "token '" + excerpt(model.tokenizer.vocabulary().text(static_cast<TokenId>(output))) + "'";
        return std::to_string(output);
    };
    const std::string what = shape.task == Task::regression ? "output" : target_scale_name(scale);
    const std::string kind = shape.task == Task::regression ? " of a regression"
                             : shape.task == Task::multi_label
                                 ? (scale == TargetScale::logit ? " (a label by itself)" : " (its sigmoid)")
                                 : "";
    const std::string of = shape.task == Task::regression ? " " : " of ";
    return what + of + name(target.output) + (target.minus ? " minus that of " + name(*target.minus) : "") + kind;
}

void expect_scale(TargetScale scale, const TextModel& model) {
    if (scale == TargetScale::logit || model.model->shape().task != Task::regression) return;
    throw ParameterError(
        "target scale probability: a regression gives numbers, of which there are no probabilities, expected "
        "logit: "
        "the number itself");
}

std::vector<double> probabilities(std::span<const double> logits, Task task) {
    if (task == Task::multi_label) {
        std::vector<double> p;
        for (std::size_t j = 0; j < logits.size(); ++j) p.push_back(1.0 / (1.0 + odds_against(logits, j, task)));
        return p;
    }
    const double largest = *std::max_element(logits.begin(), logits.end());
    std::vector<double> p;
    double sum = 0.0;
    for (const double z : logits) sum += p.emplace_back(std::exp(z - largest));
    for (double& value : p) value /= sum;
    return p;
}

double evaluate(const Target& target, TargetScale scale, std::span<const double> logits,
                std::span<double> gradient) {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    const std::vector<double> p = scale == TargetScale::probability
                                      ? probabilities(logits, target.task)
                                      : std::vector<double>(logits.begin(), logits.end());
    double value = 0.0;
    const auto add = [&](std::size_t output, double sign) {
        value += sign * p[output];
        if (gradient.empty()) return;
        if (scale == TargetScale::logit) {
            gradient[output] += sign;
            return;
        }
        if (target.task == Task::multi_label) {
            gradient[output] += sign * p[output] * (1.0 - p[output]);
            return;
        }
        for (std::size_t j = 0; j < p.size(); ++j) gradient[j] -= sign * p[output] * p[j];
        gradient[output] += sign * p[output];
    };
    add(target.output, 1.0);
    if (target.minus) add(*target.minus, -1.0);
    return value;
}

Gradients target_gradients(const TextModel& model, const Encoding& encoding, const ForwardOptions& options,
                           const TargetSpec& spec, TargetScale scale, std::optional<std::int64_t> label,
                           const AttentionGradientObserver& attention_gradients) {
    expect_outputs(model, "gradients");
    expect_scale(scale, model);
    return model.model->gradients(
        TokenBatch::of(encoding), options,
        [&](std::span<const double> logits, std::span<double> gradient) {
            return evaluate(resolve(spec, model, logits, label), scale, logits, gradient);
        },
        attention_gradients);
}

double log_odds(std::span<const double> logits, std::size_t output) {
    double largest = -INFINITY;
    for (std::size_t j = 0; j < logits.size(); ++j) {
        if (j != output) largest = std::max(largest, logits[j]);
    }
    double sum = 0.0;
    for (std::size_t j = 0; j < logits.size(); ++j) {
        if (j != output) sum += std::exp(logits[j] - largest);
    }
    return logits[output] - largest - std::log(sum);
}

double target_margin(const Target& target, std::span<const double> logits) {
    const double logit = logits[target.output];
    if (target.minus) return logit - logits[*target.minus];
    const bool by_itself = target.task == Task::multi_label || !has_probabilities(target.task);
    return by_itself ? logit : log_odds(logits, target.output);
}

double target_change(const Target& target, std::span<const double> before, std::span<const double> after) {
    const double change = output_change(target.output, target.task, before, after);
    return target.minus ? change - output_change(*target.minus, target.task, before, after) : change;
}

std::optional<std::size_t> masked_position(const TextModel& model, const Encoding& encoding) {
    const auto mask = model.tokenizer.mask();
    if (!has_positions(model.model->shape().task) || !mask) return std::nullopt;
    const auto& ids = encoding.ids;
    const auto found = std::find(ids.begin(), ids.end(), *mask);
    if (found == ids.end() || std::find(found + 1, ids.end(), *mask) != ids.end()) return std::nullopt;
    return static_cast<std::size_t>(found - ids.begin());
}

std::size_t output_position(const TextModel& model, const Encoding& encoding, const std::string& where) {
    if (!has_positions(model.model->shape().task)) return 0;
    const auto mask = model.tokenizer.mask();
    if (!mask)
        throw InputError(where +
                         ": the vocabulary has no mask token such as [MASK], which marks the position to explain");
    if (const auto position = masked_position(model, encoding)) return *position;
    throw InputError(fmt::format("{}: {} is there {} times, expected once: it marks the position to explain",
                                 where, excerpt(model.tokenizer.vocabulary().text(*mask)),
                                 std::count(encoding.ids.begin(), encoding.ids.end(), *mask)));
}

}  // namespace attnflow
