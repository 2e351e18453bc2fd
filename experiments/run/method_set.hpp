#pragma once
/// The attribution methods with their parameters, by call (study/method_call.hpp): made once, used for one example
/// after the other by one thread.

#include <map>
#include <memory>
#include <string>

#include "experiments/study/method_call.hpp"

namespace attnflow {

class MethodSet {
public:
    explicit MethodSet(std::map<std::string, std::map<std::string, ParameterValue>> parameters = {})
        : parameters_(std::move(parameters)) {}

    /// Throws ParameterError for a method that there is not and for parameters that do not fit.
    AttributionFamily::Interface& method(const std::string& call) {
        auto& slot = methods_[call];
        if (slot != nullptr) return *slot;
        const auto& entry = method_entry(call);
        auto parameters = method_parameters(call, AttributionFamily::noun);
        parameters.merge(std::map(parameters_[entry.info.name]));  // what the call does not give
        slot = entry.make(parameters);
        return *slot;
    }

private:
    std::map<std::string, std::map<std::string, ParameterValue>> parameters_;
    std::map<std::string, std::unique_ptr<AttributionFamily::Interface>> methods_;
};

}  // namespace attnflow
