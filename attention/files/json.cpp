#include "attention/files/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

static_assert(sizeof(Json) == 16);  // files hold up to 10^7 of them

struct Json::Object {
    std::vector<Member> members;
    bool sorted = true;  // by name

    const Json* find(std::string_view name) const {
        const auto has_name = [&](const Member& member) { return member.name == name; };
        const auto place = sorted
                               ? std::lower_bound(members.begin(), members.end(), name,
                                                  [](const Member& m, std::string_view n) { return m.name < n; })
                               : std::find_if(members.begin(), members.end(), has_name);
        return place != members.end() && has_name(*place) ? &place->value : nullptr;
    }

    Json& append(std::string name) {
        sorted = sorted && (members.empty() || members.back().name < name);
        return members.emplace_back(Member{std::move(name), {}}).value;
    }
};

Json::Json(std::string_view text) : Json(std::string(text)) {}

Json::Json(std::string text) {
    value_.text = new std::string(std::move(text));
    kind_ = Kind::text;
}

Json::Json(std::initializer_list<Item> items) {
    const bool is_object = std::all_of(items.begin(), items.end(), [](const Item& item) {
        return item.value.is_array() && item.value.size() == 2 && item.value.front().is_string();
    });
    *this = is_object ? object() : array();
    for (const Item& item : items) {
        if (is_object) {
            (*this)[item.value.front().text()] = std::move((*item.value.value_.array)[1]);
        } else {
            push_back(std::move(item.value));
        }
    }
}

Json::Json(const Json& other) {
    switch (other.kind_) {
        case Kind::text:
            value_.text = new std::string(*other.value_.text);
            break;
        case Kind::array:
            value_.array = new std::vector<Json>(*other.value_.array);
            break;
        case Kind::object:
            value_.object = new Object(*other.value_.object);
            break;
        case Kind::boolean:
            value_.boolean = other.value_.boolean;
            break;
        case Kind::integer:
            value_.integer = other.value_.integer;
            break;
        case Kind::natural:
            value_.natural = other.value_.natural;
            break;
        case Kind::real:
            value_.real = other.value_.real;
            break;
        case Kind::null:
            break;
    }
    kind_ = other.kind_;
}

Json::~Json() {
    if (kind_ == Kind::text) delete value_.text;
    if (kind_ == Kind::array) delete value_.array;
    if (kind_ == Kind::object) delete value_.object;
}

void Json::swap(Json& other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(value_, other.value_);
}

Json Json::array() {
    Json value;
    value.value_.array = new std::vector<Json>();
    value.kind_ = Kind::array;
    return value;
}

Json Json::array(std::initializer_list<Item> items) {
    Json value = array();
    for (const Item& item : items) value.push_back(std::move(item.value));
    return value;
}

Json Json::object() {
    Json value;
    value.value_.object = new Object();
    value.kind_ = Kind::object;
    return value;
}

const char* Json::type_name() const {
    switch (kind_) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return "boolean";
        case Kind::text:
            return "string";
        case Kind::array:
            return "array";
        case Kind::object:
            return "object";
        default:
            return "number";
    }
}

void Json::refuse(const char* expected) const {
    throw std::logic_error(fmt::format("a JSON {}, used as {}", type_name(), expected));
}

const std::string& Json::text() const {
    if (kind_ != Kind::text) refuse("a string");
    return *value_.text;
}

bool Json::read(bool*) const {
    if (kind_ != Kind::boolean) refuse("a boolean");
    return value_.boolean;
}

double Json::read(double*) const {
    switch (kind_) {
        case Kind::integer:
            return static_cast<double>(value_.integer);
        case Kind::natural:
            return static_cast<double>(value_.natural);
        case Kind::real:
            return value_.real;
        default:
            refuse("a number");
    }
}

std::int64_t Json::read(std::int64_t*) const {
    switch (kind_) {
        case Kind::integer:
            return value_.integer;
        case Kind::natural:
            return static_cast<std::int64_t>(value_.natural);
        case Kind::real:
            return static_cast<std::int64_t>(value_.real);
        default:
            refuse("a number");
    }
}

std::uint64_t Json::read(std::uint64_t*) const {
    return kind_ == Kind::real ? static_cast<std::uint64_t>(value_.real)
                               : static_cast<std::uint64_t>(get<std::int64_t>());
}

int Json::read(int*) const { return static_cast<int>(get<std::int64_t>()); }

float Json::read(float*) const { return static_cast<float>(get<double>()); }

std::size_t Json::size() const {
    switch (kind_) {
        case Kind::null:
            return 0;
        case Kind::array:
            return value_.array->size();
        case Kind::object:
            return value_.object->members.size();
        default:
            return 1;
    }
}

const std::vector<Json>& Json::elements() const {
    if (kind_ != Kind::array) refuse("an array");
    return *value_.array;
}

const Json& Json::nth(std::size_t index) const {
    return kind_ == Kind::object ? value_.object->members[index].value : (*value_.array)[index];
}

Json::Iterator Json::end() const {
    if (kind_ != Kind::array && kind_ != Kind::object) refuse("an array or object");
    return {*this, size()};
}

const Json& Json::at(std::size_t index) const {
    if (index >= elements().size())
        throw std::logic_error(fmt::format("element {} of a JSON array of {}", index, size()));
    return (*value_.array)[index];
}

void Json::push_back(Json element) {
    if (is_null()) *this = array();
    if (kind_ != Kind::array) refuse("an array");
    value_.array->push_back(std::move(element));
}

const std::vector<Json::Member>& Json::items() const {
    if (kind_ != Kind::object) refuse("an object");
    return value_.object->members;
}

const Json* Json::find(std::string_view name) const {
    if (kind_ != Kind::object) refuse("an object");
    return value_.object->find(name);
}

const Json& Json::at(std::string_view name) const {
    const Json* found = find(name);
    if (found == nullptr) throw std::logic_error(fmt::format("no member '{}' in a JSON object", name));
    return *found;
}

Json& Json::operator[](std::string_view name) {
    if (is_null()) *this = object();
    const Json* found = find(name);
    return found != nullptr ? const_cast<Json&>(*found) : value_.object->append(std::string(name));
}

void Json::update(const Json& other) {
    for (const Member& member : other.items()) (*this)[member.name] = member.value;
}

void Json::erase(std::string_view name) {
    items();  // of an object only
    std::erase_if(value_.object->members, [&](const Member& member) { return member.name == name; });
}

bool operator==(const Json& a, const Json& b) {
    using Kind = Json::Kind;
    if (a.is_number() && b.is_number()) {
        if (a.kind_ == Kind::real || b.kind_ == Kind::real) return a.get<double>() == b.get<double>();
        const auto is_negative = [](const Json& n) { return n.kind_ == Kind::integer && n.value_.integer < 0; };
        return is_negative(a) == is_negative(b) && a.get<std::int64_t>() == b.get<std::int64_t>();
    }
    if (a.kind_ != b.kind_) return false;
    switch (a.kind_) {
        case Kind::boolean:
            return a.value_.boolean == b.value_.boolean;
        case Kind::text:
            return *a.value_.text == *b.value_.text;
        case Kind::array:
            return *a.value_.array == *b.value_.array;
        case Kind::object:
            return a.size() == b.size() &&
                   std::all_of(a.items().begin(), a.items().end(), [&](const Json::Member& member) {
                       const Json* other = b.find(member.name);
                       return other != nullptr && *other == member.value;
                   });
        default:
            return true;
    }
}

namespace {

class JsonWriter {
public:
    JsonWriter(int indent, JsonText text) : indent_(indent), text_(text) {}

    std::string take() { return std::move(out_); }

    void value(const Json& json, int depth) {
        if (json.is_null()) {
            out_ += "null";
        } else if (json.is_boolean()) {
            out_ += json.get<bool>() ? "true" : "false";
        } else if (json.is_number_unsigned()) {
            integer(json.get<std::uint64_t>());
        } else if (json.is_number_integer()) {
            integer(json.get<std::int64_t>());
        } else if (json.is_number_float()) {
            real(json.get<double>());
        } else if (json.is_string()) {
            text(json.text());
        } else if (json.is_array()) {
            const auto element = [&](const Json& item) { value(item, depth + 1); };
            group('[', json, element, ']', depth);
        } else {
            const auto member = [&](const Json::Member& item) {
                text(item.name);
                out_ += indent_ >= 0 ? ": " : ":";
                value(item.value, depth + 1);
            };
            group('{', json.items(), member, '}', depth);
        }
    }

private:
    template <class Items, class Write>
    void group(char open, const Items& items, const Write& write, char close, int depth) {
        out_ += open;
        bool first = true;
        for (const auto& item : items) {
            if (!first) out_ += ',';
            first = false;
            new_line(depth + 1);
            write(item);
        }
        if (!first) new_line(depth);
        out_ += close;
    }

    void new_line(int depth) {
        if (indent_ < 0) return;
        out_ += '\n';
        out_.append(static_cast<std::size_t>(indent_ * depth), ' ');
    }

    template <class Integer>
    void integer(Integer number) {
        char digits[24];
        out_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
    }

    void real(double number) {
        char digits[64];
        if (std::isfinite(number)) {
            out_.append(digits, nlohmann::detail::to_chars(digits, digits + sizeof digits, number));
        } else {
            out_ += "null";
        }
    }

    void text(const std::string& bytes) {
        const bool is_plain = std::all_of(bytes.begin(), bytes.end(), [](char c) {
            return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F && c != '"' &&
                   c != '\\';
        });
        if (is_plain) {
            out_ += '"' + bytes + '"';
            return;
        }
        if (text_ == JsonText::exact && !is_utf8(bytes))
            throw std::invalid_argument("ill-formed UTF-8 in '" + excerpt(bytes) + "'");
        out_ += nlohmann::json(bytes).dump(-1, ' ', text_ == JsonText::ascii,
                                           nlohmann::json::error_handler_t::replace);
    }

    std::string out_;
    int indent_;
    JsonText text_;
};

constexpr std::size_t deepest = 32;
// A value takes 16 to about 100 bytes of memory but may take 2 of text.
constexpr std::size_t most_values = 10'000'000;

}  // namespace

std::string Json::dump(int indent, JsonText text) const {
    JsonWriter writer(indent, text);
    writer.value(*this, 0);
    return writer.take();
}

/// Makes the value from the events of the parser, and throws at the first that is not allowed.
class JsonReader : public nlohmann::json_sax<nlohmann::json> {
public:
    JsonReader(std::string_view text, const std::string& what, JsonOrder order)
        : text_(text), what_(what), order_(order) {}

    Json take() { return std::move(root_); }

    bool null() override { return put({}); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }  // JSON has none
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        next_ = &open_.back()->value_.object->append(std::move(name));
        return true;
    }

    bool end_object() override {
        auto& [members, sorted] = *open_.back()->value_.object;
        if (!sorted) {
            std::vector<Json::Member*> by_name;
            for (Json::Member& member : members) by_name.push_back(&member);
            std::sort(by_name.begin(), by_name.end(), [](auto* a, auto* b) { return a->name < b->name; });
            const auto twice = std::adjacent_find(by_name.begin(), by_name.end(),
                                                  [](auto* a, auto* b) { return a->name == b->name; });
            if (twice != by_name.end())
                refuse(fmt::format("key '{}' is there twice in one object", excerpt((*twice)->name)));
            if (order_ == JsonOrder::by_name) {
                std::vector<Json::Member> ordered;
                for (Json::Member* member : by_name) ordered.push_back(std::move(*member));
                members = std::move(ordered);
                sorted = true;
            }
        }
        return close();
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
        // `position` counts the characters read, the offending one included.
        const std::size_t offset = std::min(position == 0 ? 0 : position - 1, text_.size());
        std::string reason = error.what();
        reason.erase(0, reason.find("] ") + 2);                                         // "[json.exception. ...] "
        if (reason.starts_with("parse error")) reason.erase(0, reason.find(": ") + 2);  // line, column
        reason.erase(std::min(reason.find("; last read"), reason.size()));
        const std::size_t begin = offset < 20 ? 0 : offset - 20;
        refuse(fmt::format("not valid JSON at byte {} after '{}': {}", offset,
                           escape_controls(text_.substr(begin, offset - begin)), excerpt(reason, 120)));
    }

private:
    [[noreturn]] void refuse(const std::string& reason) const { throw InputError(what_ + ": " + reason); }

    Json& place(Json value) {
        if (++values_ > most_values) refuse(fmt::format("more than {} values", most_values));
        if (open_.empty()) return root_ = std::move(value);
        if (open_.back()->is_object()) return *next_ = std::move(value);
        return open_.back()->value_.array->emplace_back(std::move(value));
    }

    bool put(Json value) {
        place(std::move(value));
        return true;
    }

    bool open(Json value) {
        if (open_.size() == deepest) refuse(fmt::format("nested more than {} deep", deepest));
        open_.push_back(&place(std::move(value)));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    std::string_view text_;
    const std::string& what_;
    JsonOrder order_;
    Json root_;
    // The arrays and objects that are being read. Only the innermost grows, so that the others stay where they
    // are.
    std::vector<Json*> open_;
    Json* next_ = nullptr;  // the member whose key was just read
    std::size_t values_ = 0;
};

Json parse_json(std::string_view text, const std::string& what, JsonOrder order) {
    JsonReader reader(text, what, order);
    nlohmann::json::sax_parse(text, &reader);
    return reader.take();
}

}  // namespace attnflow
