#pragma once
/// JSON: values, their text, and text from strangers.
///
///     Json run{{"examples", 200}, {"methods", methods}};
///     run["level"] = 0.05;
///     const std::string text = run.dump();
///
/// Values are built and read as with nlohmann-json, which reads and writes the text behind json.cpp: its header
/// costs five seconds a file, this one nothing.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attnflow {

/// What dump() does to text beyond ASCII.
enum class JsonText {
    exact,     ///< kept; ill-formed UTF-8 is an error (std::invalid_argument)
    repaired,  ///< kept; each ill-formed part becomes U+FFFD
    ascii,     ///< \uXXXX; ill-formed parts as above
};

/// null, true or false, a number, a text, an array, or an object, whose members keep the order in which they came.
/// Asking a value for what it is not is an error of the program: std::logic_error.
class Json {
public:
    struct Member;
    struct Item;  ///< of a list in braces

    Json() noexcept = default;
    Json(std::nullptr_t) noexcept {}
    Json(const char* text) : Json(std::string_view(text)) {}
    Json(std::string_view text);
    Json(std::string text);
    template <class Number>
    requires std::integral<Number> || std::floating_point<Number> Json(Number value)
    noexcept {
        if constexpr (std::same_as<Number, bool>) {
            kind_ = Kind::boolean;
            value_.boolean = value;
        } else if constexpr (std::floating_point<Number>) {
            kind_ = Kind::real;
            value_.real = static_cast<double>(value);
        } else if constexpr (std::signed_integral<Number>) {
            kind_ = Kind::integer;
            value_.integer = static_cast<std::int64_t>(value);
        } else {
            kind_ = Kind::natural;
            value_.natural = static_cast<std::uint64_t>(value);
        }
    }
    template <class Element>
    Json(const std::vector<Element>& elements) : Json(array()) {
        for (const Element& element : elements) push_back(element);
    }
    template <class Value>
    Json(const std::map<std::string, Value>& members) : Json(object()) {
        for (const auto& [name, value] : members) (*this)[name] = value;
    }
    /// An object where every item is a pair that begins with a text, else an array.
    Json(std::initializer_list<Item> items);
    Json(const Json& other);
    Json(Json&& other) noexcept { swap(other); }
    Json& operator=(Json other) noexcept {
        swap(other);
        return *this;
    }
    ~Json();
    void swap(Json& other) noexcept;

    static Json array();
    static Json array(std::initializer_list<Item> items);
    static Json object();

    bool is_null() const { return kind_ == Kind::null; }
    bool is_boolean() const { return kind_ == Kind::boolean; }
    bool is_number() const { return is_number_integer() || kind_ == Kind::real; }
    bool is_number_integer() const { return kind_ == Kind::integer || kind_ == Kind::natural; }
    bool is_number_unsigned() const { return kind_ == Kind::natural; }
    bool is_number_float() const { return kind_ == Kind::real; }
    bool is_string() const { return kind_ == Kind::text; }
    bool is_array() const { return kind_ == Kind::array; }
    bool is_object() const { return kind_ == Kind::object; }
    const char* type_name() const;  ///< "null", "boolean", "number", "string", "array", "object"

    /// bool, std::string, an int, std::int64_t, std::size_t, float or double, or a vector or map of those. Numbers
    /// convert as by static_cast.
    template <class Value>
    Value get() const {
        return read(static_cast<Value*>(nullptr));
    }
    const std::string& text() const;

    std::size_t size() const;  ///< elements or members; 0 for null, 1 for all else
    bool empty() const { return size() == 0; }

    /// The elements of an array, or the values of the members of an object.
    class Iterator;
    Iterator begin() const;
    Iterator end() const;

    // Arrays.
    const Json& front() const { return at(std::size_t{0}); }
    const Json& back() const { return at(size() - 1); }
    const Json& at(std::size_t index) const;
    template <std::integral Index>
    const Json& operator[](Index index) const {
        return at(static_cast<std::size_t>(index));
    }
    template <std::integral Index>
    Json& operator[](Index index) {
        return const_cast<Json&>(at(static_cast<std::size_t>(index)));
    }
    void push_back(Json element);  ///< null becomes an array first

    // Objects. O(log n) where the members are in the order of their names, as parse_json() leaves them.
    const std::vector<Member>& items() const;
    const Json* find(std::string_view name) const;  ///< nullptr where there is none
    bool contains(std::string_view name) const { return find(name) != nullptr; }
    const Json& at(std::string_view name) const;
    const Json& operator[](const char* name) const { return at(std::string_view(name)); }
    const Json& operator[](const std::string& name) const { return at(std::string_view(name)); }
    /// The member of that name, null and the last one where there was none. Null becomes an object first.
    Json& operator[](std::string_view name);
    Json& operator[](const char* name) { return (*this)[std::string_view(name)]; }
    Json& operator[](const std::string& name) { return (*this)[std::string_view(name)]; }
    void update(const Json& other);     ///< takes the members of another object
    void erase(std::string_view name);  ///< if it is there

    /// JSON on one line, or a member a line where `indent` says how far members stand in. The shortest digits that
    /// give a number back; null for what is not finite.
    std::string dump(int indent = -1, JsonText text = JsonText::exact) const;

    /// Numbers compare by value.
    friend bool operator==(const Json& a, const Json& b);

private:
    enum class Kind : unsigned char { null, boolean, integer, natural, real, text, array, object };
    struct Object;

    bool read(bool*) const;
    int read(int*) const;
    std::int64_t read(std::int64_t*) const;
    std::uint64_t read(std::uint64_t*) const;
    float read(float*) const;
    double read(double*) const;
    std::string read(std::string*) const { return text(); }
    template <class Value>
    std::map<std::string, Value> read(std::map<std::string, Value>*) const;
    template <class Element>
    std::vector<Element> read(std::vector<Element>*) const {
        std::vector<Element> out;
        for (const Json& element : elements()) out.push_back(element.get<Element>());
        return out;
    }

    const std::vector<Json>& elements() const;
    const Json& nth(std::size_t index) const;
    [[noreturn]] void refuse(const char* expected) const;

    Kind kind_ = Kind::null;
    union {
        bool boolean;
        std::int64_t integer;
        std::uint64_t natural;
        double real;
        std::string* text;
        std::vector<Json>* array;
        Object* object = nullptr;
    } value_;

    friend class JsonReader;
};

class Json::Iterator {
public:
    using value_type = Json;
    using difference_type = std::ptrdiff_t;
    using reference = const Json&;
    using pointer = const Json*;
    using iterator_category = std::forward_iterator_tag;

    Iterator() = default;
    Iterator(const Json& json, std::size_t index) : json_(&json), index_(index) {}
    const Json& operator*() const { return json_->nth(index_); }
    const Json* operator->() const { return &**this; }
    Iterator& operator++() {
        ++index_;
        return *this;
    }
    Iterator operator++(int) { return {*json_, index_++}; }
    bool operator==(const Iterator& other) const = default;

private:
    const Json* json_ = nullptr;
    std::size_t index_ = 0;
};

inline Json::Iterator Json::begin() const { return {*this, 0}; }

struct Json::Member {
    std::string name;
    Json value;
};

template <class Value>
std::map<std::string, Value> Json::read(std::map<std::string, Value>*) const {
    std::map<std::string, Value> out;
    for (const Member& member : items()) out.emplace(member.name, member.value.get<Value>());
    return out;
}

struct Json::Item {
    template <class Value>
    requires std::constructible_from<Json, Value> Item(Value&& from) : value(std::forward<Value>(from)) {}
    Item(std::initializer_list<Item> items) : value(items) {}

    mutable Json value;  ///< moved from once: the elements of an initializer list are const
};

/// How parse_json() leaves the members of objects. As written, finding one takes O(n).
enum class JsonOrder { by_name, as_written };

/// The one value in `text`. A file means one thing to every reader: throws InputError, beginning with `what`, for
/// text that is not JSON, is followed by anything but white space, holds ill-formed UTF-8, the same key twice in
/// one object, arrays and objects nested more than 32 deep, a number beyond double, or more than 10^7 values.
/// O(|text| log |text|), without recursion.
Json parse_json(std::string_view text, const std::string& what, JsonOrder order = JsonOrder::by_name);

}  // namespace attnflow
