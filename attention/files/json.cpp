#include "attention/files/json.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::json;

constexpr std::size_t deepest = 32;
// A value takes 16 to about 100 bytes of memory but may take 2 of text.
constexpr std::size_t most_values = 10'000'000;

/// Sees every event of the parser and throws at the first that is not allowed.
class StrictCheck : public nlohmann::json_sax<Json> {
public:
    StrictCheck(std::string_view text, const std::string& what) : text_(text), what_(what) {}

    bool null() override { return count_value(); }
    bool boolean(bool) override { return count_value(); }
    bool number_integer(number_integer_t) override { return count_value(); }
    bool number_unsigned(number_unsigned_t) override { return count_value(); }
    bool number_float(number_float_t, const string_t&) override { return count_value(); }
    bool string(string_t&) override { return count_value(); }
    bool binary(binary_t&) override { return count_value(); }
    bool start_object(std::size_t) override { return enter(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }

    bool key(string_t& name) override {
        const auto [place, inserted] = keys_.back().insert(std::move(name));
        if (!inserted) refuse(fmt::format("key '{}' is there twice in one object", excerpt(*place)));
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const Json::exception& error) override {
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

    bool count_value() {
        if (++values_ > most_values) refuse(fmt::format("more than {} values", most_values));
        return true;
    }

    bool enter() {
        if (keys_.size() == deepest) refuse(fmt::format("nested more than {} deep", deepest));
        keys_.emplace_back();
        return count_value();
    }

    bool leave() {
        keys_.pop_back();
        return true;
    }

    std::string_view text_;
    const std::string& what_;
    // One set for each open object or array (empty for arrays). Ordered, because equal
    // hashes can be arranged by whoever wrote the file.
    std::vector<std::set<std::string>> keys_;
    std::size_t values_ = 0;
};

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& what) {
    // Two passes: the parser's own callback could do both at once, but looks through all
    // members of the parent after each child, quadratic in their number.
    StrictCheck check(text, what);
    Json::sax_parse(text, &check);
    return Json::parse(text);
}

}  // namespace attnflow
