#pragma once
/// The family of model architectures, by the class name that config.json gives under `architectures`.

#include <concepts>

#include "attention/model/transformer_model.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

class JsonFields;

/// What an architecture must provide besides `static EntryInfo describe()`: what to compute, and under which names
/// its weights lie, read from config.json. It may look which tensors there are. Throws InputError for a setting
/// that would need another computation, naming it. Its contract (experiments/contracts/model_contract.hpp) asks
/// for
///   static std::string small_config();   a config.json of a small model of it
template <class A>
concept ModelArchitecture = requires(const JsonFields& config, const WeightFiles& files) {
    { A::describe() } -> std::same_as<EntryInfo>;
    { A::plan(config, files) } -> std::same_as<ModelPlan>;
};

struct ModelFamily {
    static constexpr const char* noun = "model architecture";
    static std::vector<std::string> promises() { return {attention_promise::rows_sum_to_one}; }

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual ModelPlan plan(const JsonFields& config, const WeightFiles& files) const = 0;
        virtual std::string small_config() const = 0;  ///< "" where it declares none
    };

    template <ModelArchitecture Member>
    class Adapter final : public Interface {
    public:
        ModelPlan plan(const JsonFields& config, const WeightFiles& files) const override {
            return Member::plan(config, files);
        }
        std::string small_config() const override {
            if constexpr (requires { Member::small_config(); }) return Member::small_config();
            return "";
        }
    };
};

using ModelRegistry = Registry<ModelFamily>;

/// The architectures of this build; the list is in registry.cpp.
ModelRegistry& model_architectures();

}  // namespace attnflow
