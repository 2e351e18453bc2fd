#pragma once
/// The family of targets beside those of TargetSpec's own forms: which outputs of a text are explained, chosen by
/// its logits. A member is asked for by its call, `--target margin`.

#include <concepts>

#include "attention/extract/target.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

/// What a target must provide besides `static EntryInfo describe()`: whether it needs the class given with a text,
/// and the outputs that it means of one text. Throws ParameterError for a model that has no such outputs,
/// InputError for a text that has none.
template <class T>
concept TargetKind = requires(const T target, const ModelShape& shape, std::span<const double> logits,
                              std::optional<std::int64_t> label) {
    { T::describe() } -> std::same_as<EntryInfo>;
    { T::needs_label } -> std::convertible_to<bool>;
    { target.resolve(shape, logits, label) } -> std::same_as<Target>;
};

struct TargetFamily {
    static constexpr const char* noun = "target";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual bool needs_label() const = 0;
        /// Throws InternalError, naming the member, for outputs that the model does not have, and the difference
        /// of one with itself.
        virtual Target resolve(const ModelShape& shape, std::span<const double> logits,
                               std::optional<std::int64_t> label) const = 0;
    };

    template <TargetKind Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        bool needs_label() const override { return Member::needs_label; }
        Target resolve(const ModelShape& shape, std::span<const double> logits,
                       std::optional<std::int64_t> label) const override {
            const Target target = member_.resolve(shape, logits, label);
            const std::size_t largest = std::max(target.output, target.minus.value_or(0));
            if (largest >= logits.size() || target.minus == target.output) {
                throw InternalError(
                    fmt::format("target '{}': output {}{} of a model with {}, expected outputs that it has, and "
                                "two different ones",
                                Member::describe().name, target.output,
                                target.minus ? fmt::format(" minus output {}", *target.minus) : "",
                                counted(logits.size(), "output")));
            }
            return target;
        }

    private:
        Member member_;
    };
};

using TargetRegistry = Registry<TargetFamily>;

/// The targets of this build; the list is in registry.cpp.
TargetRegistry& targets();

}  // namespace attnflow
