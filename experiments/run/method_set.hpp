#pragma once
/// The attribution methods with their parameters: made once, used for one example after the
/// other by one thread.

#include <map>
#include <memory>
#include <string>

#include "algorithms/attribution_method.hpp"

namespace attnflow {

class MethodSet {
public:
    explicit MethodSet(std::map<std::string, std::map<std::string, ParameterValue>> parameters = {})
        : parameters_(std::move(parameters)) {}

    /// Throws ParameterError for a method that there is not and for parameters that do not fit.
    AttributionFamily::Interface& method(const std::string& name) {
        auto& slot = methods_[name];
        if (slot == nullptr) slot = attribution_methods().at(name).make(parameters_[name]);
        return *slot;
    }

private:
    std::map<std::string, std::map<std::string, ParameterValue>> parameters_;
    std::map<std::string, std::unique_ptr<AttributionFamily::Interface>> methods_;
};

}  // namespace attnflow
