#pragma once
/// The family of model architectures, by the class name that config.json gives under `architectures`.

#include <concepts>

#include "attention/model/transformer_model.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

class JsonFields;

/// What an architecture must provide besides `static EntryInfo describe()`: what to compute, and under which names
/// its weights lie, read from config.json. It may look which tensors there are. Throws InputError for a setting
/// that would need another computation, naming it.
template <class A>
concept ModelArchitecture = requires(const JsonFields& config, const WeightFiles& files) {
    { A::describe() } -> std::same_as<EntryInfo>;
    { A::plan(config, files) } -> std::same_as<ModelPlan>;
};

struct ModelFamily {
    static constexpr const char* noun = "model architecture";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual ModelPlan plan(const JsonFields& config, const WeightFiles& files) const = 0;
    };

    template <ModelArchitecture Member>
    class Adapter final : public Interface {
    public:
        ModelPlan plan(const JsonFields& config, const WeightFiles& files) const override {
            return Member::plan(config, files);
        }
    };
};

using ModelRegistry = Registry<ModelFamily>;

/// The architectures of this build; the list is in registry.cpp.
ModelRegistry& model_architectures();

}  // namespace attnflow
