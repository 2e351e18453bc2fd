#include "attention/model/checkpoint/json_fields.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "attention/files/file_kind.hpp"
#include "graph/support/error.hpp"
#include "graph/support/files/input_file.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

using Json = nlohmann::json;

std::string read_text_file(const std::string& path, std::size_t most_bytes) {
    std::string text = read_file(path, most_bytes);
    if (text.empty()) throw InputError(fmt::format("{}: {}", escape_controls(path), empty_file().text()));
    if (const auto why = why_no_text(text)) throw InputError(fmt::format("{}: {}", escape_controls(path), *why));
    return text;
}

bool has_entry(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

JsonFields::JsonFields(const Json& object, std::string where, std::set<std::string>* looked_at)
    : object_(&object), where_(std::move(where)), looked_at_(looked_at) {
    if (!object.is_object()) {
        throw InputError(fmt::format("{}: has type {}, expected an object", where_, object.type_name()));
    }
}

const Json* JsonFields::find(const std::string& key) const {
    if (looked_at_ != nullptr) looked_at_->insert(key);
    const auto found = object_->find(key);
    return found == object_->end() || found->is_null() ? nullptr : &*found;
}

const Json& JsonFields::need(const std::string& key) const {
    const Json* value = find(key);
    if (value == nullptr) throw InputError(fmt::format("{}: no '{}'", where_, excerpt(key)));
    return *value;
}

JsonFields JsonFields::object(const std::string& key) const { return {need(key), where_ + ": " + excerpt(key)}; }

void JsonFields::refuse(const std::string& key, const Json& value, const std::string& expected) const {
    throw InputError(
        fmt::format("{}: {} is {}, expected {}", where_, excerpt(key), excerpt(value.dump()), expected));
}

bool JsonFields::boolean(const std::string& key, bool fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_boolean()) refuse(key, *value, "true or false");
    return value->get<bool>();
}

std::string JsonFields::text(const std::string& key, const std::string& fallback) const {
    return find(key) == nullptr ? fallback : text(key);
}

std::string JsonFields::text(const std::string& key) const {
    const Json& value = need(key);
    if (!value.is_string()) refuse(key, value, "a string");
    return value.get<std::string>();
}

std::int64_t JsonFields::integer(const std::string& key, std::int64_t minimum, std::int64_t maximum) const {
    const Json& value = need(key);
    // A value above 2^63 is unsigned and would wrap in a signed comparison.
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX}) &&
                      value.get<std::int64_t>() >= minimum && value.get<std::int64_t>() <= maximum;
    if (!fits) refuse(key, value, fmt::format("an integer in [{}, {}]", minimum, maximum));
    return value.get<std::int64_t>();
}

double JsonFields::number(const std::string& key, double fallback, double minimum, double maximum) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_number() || !(value->get<double>() >= minimum && value->get<double>() <= maximum)) {
        refuse(key, *value, fmt::format("a number in [{}, {}]", minimum, maximum));
    }
    return value->get<double>();
}

std::vector<std::string> JsonFields::texts(const std::string& key) const {
    const Json& value = need(key);
    if (!value.is_array() ||
        !std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_string(); })) {
        refuse(key, value, "a list of strings");
    }
    return value.get<std::vector<std::string>>();
}

}  // namespace attnflow
