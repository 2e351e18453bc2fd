#pragma once
/// The family of axes: what can be varied in an experiment. Config check, command line, columns of results and
/// docs read the registry; an axis is one header in axes/ and one line in axes/registry.cpp.

#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/study/point_options.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

/// What the value of an axis decides, and so what two grid points that differ in it can share.
enum class AxisStage {
    network,      ///< the network that a method gets
    attribution,  ///< the question that is asked of it: layer, source
    reading,      ///< which scores are read off the answer: points that differ in nothing else share it
    comparing,  ///< which of the scores are compared: such points have the same scores, and their results stand in
                ///< tables and families of tests of their own
};
const char* to_string(AxisStage stage);

struct AxisInfo {
    std::string name;
    std::string summary;
    std::string values;  ///< the values it takes, in words
    ParameterValue fallback;
    /// Name in EntryInfo::axes that a method must list to take this axis; "" for all methods.
    std::string taken_with = {};
    AxisStage stage = AxisStage::network;
    /// Points, and columns of results, have it only in a grid that asks for another value than the default.
    bool only_where_asked = false;

    // Of the member, put in by AxisRegistry::add().

    /// The value in canonical form. Throws ParameterError, beginning with `where`.
    std::function<ParameterValue(const ParameterValue& value, const std::string& where)> check = {};
    /// Sets what a value in canonical form asks for.
    std::function<void(const ParameterValue& value, PointOptions& options)> apply = {};
    /// The values of a grid on attention with `layers` layers, each once. Throws ParameterError, beginning with
    /// `where`, for one that it does not have.
    std::function<std::vector<ParameterValue>(const std::vector<ParameterValue>& values, std::size_t layers,
                                              const std::string& where)>
        expand = {};
    /// The entry of the member that a value names, for axes whose values do; null for one that names none.
    std::function<const EntryInfo*(const ParameterValue& value)> member = {};
};

/// What an axis must provide. It may also have
///   static std::vector<ParameterValue> expand(values, layers, where);   as AxisInfo::expand, where a value stands
///                                                                       for others
///   static const EntryInfo* member(const ParameterValue& value);        as AxisInfo::member
template <class A>
concept Axis = requires(const ParameterValue& value, const std::string& where, PointOptions& options) {
    { A::describe() } -> std::same_as<AxisInfo>;
    { A::check(value, where) } -> std::same_as<ParameterValue>;
    A::apply(value, options);
};

class AxisRegistry {
public:
    template <Axis Member>
    void add() {
        AxisInfo info = Member::describe();
        info.check = &Member::check;
        info.apply = &Member::apply;
        if constexpr (requires(const std::vector<ParameterValue>& values, const std::string& where) {
                          Member::expand(values, std::size_t{}, where);
                      }) {
            info.expand = &Member::expand;
        } else {
            info.expand = [](const std::vector<ParameterValue>& values, std::size_t, const std::string&) {
                return values;
            };
        }
        if constexpr (requires(const ParameterValue& value) { Member::member(value); })
            info.member = &Member::member;
        add(std::move(info));
    }

    /// Throws ParameterError with the nearest name when there is no such axis.
    const AxisInfo& at(std::string_view name) const;

    // In the order of the columns of results.
    auto begin() const { return axes_.begin(); }
    auto end() const { return axes_.end(); }
    std::size_t size() const { return axes_.size(); }

    /// What is added from here on comes from outside of attnflow, see Registry.
    void end_bundled() { is_bundled_whole_ = true; }

private:
    void add(AxisInfo info);

    std::vector<AxisInfo> axes_;
    bool is_bundled_whole_ = false;
};

/// The axes of this build; the list is in axes/registry.cpp.
AxisRegistry& axes();

bool takes(const EntryInfo& method, const AxisInfo& axis);

struct GridPoint;
/// Those that tables of these points show: all, but for axes that are only there where they are asked for and of
/// which no point has a value.
std::vector<const AxisInfo*> shown_axes(const std::vector<GridPoint>& grid);

/// The words that an axis takes, each with what it means; the first is the default.
template <class Meaning>
class AxisWords {
public:
    AxisWords(std::string axis, std::initializer_list<std::pair<const char*, Meaning>> words)
        : axis_(std::move(axis)) {
        for (const auto& [word, meaning] : words) {
            words_.emplace_back(word);
            meanings_.push_back(meaning);
        }
    }

    const std::string& fallback() const { return words_.front(); }
    std::string text() const { return join(words_, ", "); }
    ParameterValue check(const ParameterValue& value, const std::string& where) const {
        return ParameterSpec{.name = axis_, .summary = "", .fallback = words_.front(), .choices = words_}.check(
            value, where);
    }
    Meaning meaning(const ParameterValue& word) const {
        for (std::size_t w = 0; w < words_.size(); ++w) {
            if (word == ParameterValue(words_[w])) return meanings_[w];
        }
        throw InternalError(fmt::format("{}: '{}' was not checked", axis_, to_text(word)));
    }

private:
    std::string axis_;
    std::vector<std::string> words_;
    std::vector<Meaning> meanings_;
};

/// A number in the range of `spec`, whose name is the axis; text is parsed, because on the command line everything
/// is text. Throws ParameterError, beginning with `where`.
ParameterValue check_number(const ParameterSpec& spec, const ParameterValue& value, const std::string& where);

/// One of `words` or an integer >= minimum; text that spells such an integer is taken too. Throws ParameterError,
/// beginning with `where`.
ParameterValue check_word_or_index(const ParameterValue& value, const std::string& axis,
                                   const std::vector<std::string>& words, std::int64_t minimum,
                                   const std::string& where);

/// The entry of the member that a value names, with or without parameters: "single(3)". Null where there is none.
template <class Registry>
const EntryInfo* entry_of_call(const Registry& registry, const ParameterValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    const auto* entry = text == nullptr ? nullptr : registry.find(text->substr(0, text->find('(')));
    return entry == nullptr ? nullptr : &entry->info;
}

/// A member of a registry with its parameters, such as "single(3)", spelled out in full. Throws ParameterError,
/// beginning with `where`.
template <class Registry>
ParameterValue check_call(const Registry& registry, const ParameterValue& value, const std::string& axis,
                          const std::string& where) {
    const ParameterSpec text{.name = axis, .summary = "", .fallback = std::string()};
    return registry.canonical(std::get<std::string>(text.check(value, where)), where + ": " + axis);
}

}  // namespace attnflow
