#pragma once
/// Fields of a JSON object from a stranger, each checked where it is read.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace attnflow {

/// The text of a whole file. Throws InputError for one that cannot be read, has more than
/// `most_bytes`, or is known by its first bytes to be no text.
std::string read_text_file(const std::string& path, std::size_t most_bytes);

/// Whether the folder of `path` has an entry of that name, be it one that cannot be opened: whoever opens it
/// says why.
bool has_entry(const std::string& path);

/// Looks at one object; all errors are InputErrors "<where>: <key>: ..., expected ...". A null
/// value counts as missing. The object must outlive this, and so must `looked_at`, where the keys that somebody
/// looks at are noted if it is not null.
class JsonFields {
public:
    JsonFields(const nlohmann::json& object, std::string where, std::set<std::string>* looked_at = nullptr);

    const std::string& where() const { return where_; }
    /// The value, nullptr where it is missing or null.
    const nlohmann::json* find(const std::string& key) const;
    const nlohmann::json& need(const std::string& key) const;
    JsonFields object(const std::string& key) const;

    bool boolean(const std::string& key, bool fallback) const;
    std::string text(const std::string& key, const std::string& fallback) const;
    std::string text(const std::string& key) const;
    std::int64_t integer(const std::string& key, std::int64_t minimum, std::int64_t maximum) const;
    double number(const std::string& key, double fallback, double minimum, double maximum) const;
    std::vector<std::string> texts(const std::string& key) const;

    [[noreturn]] void refuse(const std::string& key, const nlohmann::json& value,
                             const std::string& expected) const;

private:
    const nlohmann::json* object_;
    std::string where_;
    std::set<std::string>* looked_at_;
};

}  // namespace attnflow
