#pragma once
/// One registry template for every family of interchangeable members (solvers, head
/// strategies, attribution methods, metrics, ...). A member is a class with
///
///   static EntryInfo describe();             // name, summary, paper, parameters, ...
///   explicit Member(const Parameters&);      // or a default constructor
///
/// and whatever the family's concept asks for. Members are registered by explicit
/// calls in one visible list per family: a self-registering static object would be
/// dropped silently by the linker of a static library.

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "graph/support/call.hpp"
#include "graph/support/error.hpp"
#include "graph/support/parameters.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

/// A number with which a member says how it came to an answer: iterations, a duality gap.
struct DiagnosticSpec {
    std::string name;
    std::string summary;
};

/// The value of an axis that a member is made for.
struct Expectation {
    std::string axis;
    ParameterValue value;
    std::string why;  ///< what another value does, as a half sentence: "its rows hold the skip connection already"
};

/// What every entry says of itself. Command line, config check, contract tests and the
/// generated docs read it from here.
struct EntryInfo {
    std::string name;
    std::string summary;
    std::string paper = {};  ///< where the idea comes from, "" for folklore
    std::string complexity = {};
    std::vector<ParameterSpec> parameters = {};
    std::vector<std::string> axes = {};      ///< experiment axes that it takes, by name
    std::vector<std::string> promises = {};  ///< properties that the contract tests check, by name
    /// Members of the same family whose results a reader needs beside its own, by name: they are made too.
    std::vector<std::string> compared_with = {};
    std::string title = {};  ///< what people call it, where that is not its name: "Kendall tau-b"
    /// How far two results of the same may lie apart, absolute: what contract tests allow. Iterative methods need
    /// more.
    double tolerance = 1e-9;
    std::vector<DiagnosticSpec> diagnostics = {};  ///< what it says of how it came to its results
    /// Used where nothing else is asked for; another value is warned of.
    std::vector<Expectation> expects = {};
};

/// Throws InternalError, naming the member, for what cannot be a member: a name that is not lower case letters,
/// digits and _, no summary, a parameter, axis, promise or diagnostic twice, a promise that is none of `promises`
/// (which are not looked at where there are none), a default that is outside of its own range, a tolerance that is
/// no number >= 0.
void check_entry(const EntryInfo& info, const std::string& noun, const std::vector<std::string>& promises);

/// "method 'greedy_path'", for all members of all registries that a program has added to the bundled ones.
std::vector<std::string> outside_members();
/// For registries: adds to that.
void note_outside_member(const std::string& noun, const std::string& name);

/// `Family` supplies: Interface (an abstract class), a static `noun`, and
/// `template <class Member> Adapter` that implements Interface, is constructed from the
/// same arguments as Member, and checks what the member returns. It may also have
///   static std::vector<std::string> promises();   the names that EntryInfo::promises can have
template <class Family>
class Registry {
public:
    using Interface = typename Family::Interface;

    struct Entry {
        EntryInfo info;
        std::function<std::unique_ptr<Interface>(const Parameters&)> construct;

        /// A fresh member with `given` parameters; throws ParameterError when they do not fit.
        std::unique_ptr<Interface> make(const std::map<std::string, ParameterValue>& given = {}) const {
            return construct(Parameters(info.parameters, given, info.name));
        }
    };

    /// Throws as check_entry(), and InternalError for a name that another member has.
    template <class Member>
    void add() {
        using Adapter = typename Family::template Adapter<Member>;
        Entry entry{Member::describe(), [](const Parameters& parameters) -> std::unique_ptr<Interface> {
                        if constexpr (std::constructible_from<Member, const Parameters&>) {
                            return std::make_unique<Adapter>(parameters);
                        } else {
                            return std::make_unique<Adapter>();
                        }
                    }};
        if constexpr (requires { Family::promises(); }) {
            check_entry(entry.info, Family::noun, Family::promises());
        } else {
            check_entry(entry.info, Family::noun, {});
        }
        if (find(entry.info.name) != nullptr) {
            throw InternalError(fmt::format("{} '{}' is registered twice: give one of them another name",
                                            Family::noun, entry.info.name));
        }
        if (is_bundled_whole_) note_outside_member(Family::noun, entry.info.name);
        entries_.push_back(std::move(entry));
    }

    /// What is added from here on comes from outside of attnflow: results that it could make are known by the
    /// program that brings it (outside_members()).
    void end_bundled() { is_bundled_whole_ = true; }

    const Entry* find(std::string_view name) const {
        for (const Entry& entry : entries_) {
            if (entry.info.name == name) return &entry;
        }
        return nullptr;
    }

    /// Throws ParameterError with the nearest name when there is no such member.
    const Entry& at(std::string_view name) const {
        if (const Entry* entry = find(name)) return *entry;
        throw ParameterError(fmt::format("no {} '{}'{}", Family::noun, excerpt(name), name_hint(name, names())));
    }

    /// A fresh member from a call such as "single(3)". Throws ParameterError, beginning with
    /// `where`, for an unknown member or parameters that do not fit.
    std::unique_ptr<Interface> make(std::string_view call, const std::string& where) const {
        const Called called = resolve(call, where);
        return called.entry->make(called.values);
    }

    /// The call with every parameter spelled out; throws as make() does.
    std::string canonical(std::string_view call, const std::string& where) const {
        const Called called = resolve(call, where);
        return call_text(called.entry->info.name, called.entry->info.parameters, called.values);
    }

    /// What can be called, "mean, single(head), ...": for docs.
    std::string forms() const {
        std::vector<std::string> out;
        for (const Entry& entry : entries_) out.push_back(call_form(entry.info.name, entry.info.parameters));
        return join(out, ", ");
    }

    const std::vector<Entry>& entries() const { return entries_; }

    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const Entry& entry : entries_) out.push_back(entry.info.name);
        return out;
    }

private:
    struct Called {
        const Entry* entry;
        std::map<std::string, ParameterValue> values;
    };

    Called resolve(std::string_view text, const std::string& where) const {
        const Call call = parse_call(text, where);
        const Entry* entry = find(call.name);
        if (entry == nullptr) {
            throw ParameterError(fmt::format("{}: no {} '{}'{}", where, Family::noun, excerpt(call.name),
                                             name_hint(call.name, names())));
        }
        return {entry, call_values(call, entry->info.parameters, where)};
    }

    std::vector<Entry> entries_;
    bool is_bundled_whole_ = false;
};

}  // namespace attnflow
