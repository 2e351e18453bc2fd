#pragma once
/// Typed parameters: what a registry member declares, and what a caller supplies.
/// The same declarations check configs, build command-line help and fill the docs.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace attnflow {

using ParameterValue = std::variant<bool, std::int64_t, double, std::string>;

/// The value as it is written in results and configs (shortest round-trip form for reals).
std::string to_text(const ParameterValue& value);

/// Declares one parameter. The type is that of `fallback`; `minimum` and `maximum`
/// are inclusive and apply to numbers, `choices` (if any) to text.
struct ParameterSpec {
    std::string name;
    std::string summary;
    ParameterValue fallback;
    std::optional<double> minimum = {};
    std::optional<double> maximum = {};
    std::vector<std::string> choices = {};
    /// For choices that are the names of another registry: asked when needed, because a program
    /// may register members of its own later.
    std::function<std::vector<std::string>()> more_choices = {};

    std::vector<std::string> all_choices() const;

    /// "integer in [8, 52]", "one of a, b", ...: used in messages and docs.
    std::string range_text() const;

    /// The value converted to this parameter's type (an integer is taken where a real
    /// is expected). Throws ParameterError naming `where` and the expectation.
    ParameterValue check(const ParameterValue& value, const std::string& where) const;

    /// `text` parsed as this parameter's type and checked.
    ParameterValue parse(std::string_view text, const std::string& where) const;
};

/// Checked values by name, complete with fallbacks.
class Parameters {
public:
    /// Throws ParameterError for a name that no spec has (with the nearest one) or an
    /// ill-typed or out-of-range value; `where` names the owner in the message.
    Parameters(const std::vector<ParameterSpec>& specs, const std::map<std::string, ParameterValue>& given,
               const std::string& where);

    template <class T>
    const T& get(const std::string& name) const {
        return std::get<T>(values_.at(name));
    }
    const std::map<std::string, ParameterValue>& values() const { return values_; }

private:
    std::map<std::string, ParameterValue> values_;
};

}  // namespace attnflow
