#pragma once
/// What readers of a tokenizer's components share, and the families that components are members of.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "attention/model/tokenizer/encoding.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

class JsonFields;

inline constexpr std::size_t longest_token = 10'000;  ///< bytes
inline constexpr std::int64_t largest_token_id = 100'000'000;

/// Throws InputError: the component at `fields` is of a type that is none of `supported`.
[[noreturn]] void refuse_component(const JsonFields& fields, const std::string& type,
                                   const std::vector<std::string>& supported);

/// What a member of a family of components must provide: its type in tokenizer.json as its name, and the component
/// (a Component, or a class derived of it) of what stands there. Throws InputError for settings that are
/// malformed.
template <class Member, class Component>
concept ReadsComponent = requires(const JsonFields& fields) {
    { Member::describe() } -> std::same_as<EntryInfo>;
    { Member::read(fields) } -> std::derived_from<Component>;
};

/// The components of one kind; `Component` has a static `noun`.
template <class Component>
struct ComponentFamily {
    static constexpr const char* noun = Component::noun;

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual std::unique_ptr<const Component> read(const JsonFields& fields) const = 0;
    };

    template <ReadsComponent<Component> Member>
    class Adapter final : public Interface {
    public:
        std::unique_ptr<const Component> read(const JsonFields& fields) const override {
            return std::make_unique<decltype(Member::read(fields))>(Member::read(fields));
        }
    };
};

template <class Component>
using ComponentRegistry = Registry<ComponentFamily<Component>>;

/// The component at `fields`, by its `type`. Throws InputError for one that the registry does not have; `others`
/// are said to be possible too.
template <class Component>
std::unique_ptr<const Component> read_component(const ComponentRegistry<Component>& registry,
                                                const JsonFields& fields, const std::string& type,
                                                const std::vector<std::string>& others) {
    const auto* entry = registry.find(type);
    if (entry != nullptr) return entry->make()->read(fields);
    std::vector<std::string> supported = registry.names();
    supported.insert(supported.end(), others.begin(), others.end());
    refuse_component(fields, type, supported);
}

/// An id of a token. Throws InputError for what is none.
TokenId read_token_id(const nlohmann::json& value, const std::string& where);

}  // namespace attnflow
