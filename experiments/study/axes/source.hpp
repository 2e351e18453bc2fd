#pragma once
/// Position whose output is explained, or a set of them, each by itself.

#include <algorithm>
#include <charconv>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class SourceAxis {
public:
    static constexpr const char* name = axis::source;
    static constexpr const char* first = "cls";
    static constexpr const char* masked = "mask";
    static constexpr const char* last = "last";
    static constexpr const char* every = "all";

    static AxisInfo describe() {
        return {
            .name = name,
            .summary = "position whose output is explained, or a set of them",
            .values =
                "cls (position 0), mask (that which a masked language model fills in; the default where "
                "every example has one), last, all, an index from 0, a slice \"0:4\" (positions 0 to 3; \"2:\" "
                "goes on to the last), or positions in quotes, \"[1,3,7]\"",
            .fallback = std::string(first),
            .taken_with = axis::source,
            .stage = AxisStage::attribution};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        const auto* text = std::get_if<std::string>(&value);
        if (text != nullptr && is_set(*text)) return canonical(parse(*text, where));
        return check_word_or_index(value, name, {first, masked, last, every}, 0, where);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        using Kind = SourceChoice::Kind;
        if (const auto* index = std::get_if<std::int64_t>(&value)) {
            options.source = {Kind::index, static_cast<std::size_t>(*index)};
            return;
        }
        const auto& word = std::get<std::string>(value);
        if (is_set(word)) {
            options.source = parse(word, name);
            return;
        }
        options.source = {word == first    ? Kind::index
                          : word == masked ? Kind::masked
                          : word == last   ? Kind::last
                                           : Kind::every};
    }

private:
    static bool is_set(const std::string& text) { return text.find_first_of(":[") != std::string::npos; }

    /// "0:4", "2:", "[1,3,7]"; a set of one position is that position, and "0:" is all.
    static ParameterValue canonical(const SourceChoice& set) {
        if (set.kind == SourceChoice::Kind::list) {
            if (set.listed.size() == 1) return static_cast<std::int64_t>(set.listed.front());
            return fmt::format("[{}]", fmt::join(set.listed, ","));
        }
        if (set.end && *set.end == set.index + 1) return static_cast<std::int64_t>(set.index);
        if (set.index == 0 && !set.end) return std::string(every);
        return fmt::format("{}:{}", set.index, set.end ? fmt::format("{}", *set.end) : "");
    }

    static SourceChoice parse(std::string text, const std::string& where) {
        std::erase(text, ' ');
        using Kind = SourceChoice::Kind;
        const auto refuse = [&](const char* expected) {
            throw ParameterError(fmt::format("{}: {} is {}, expected {}", where, name, excerpt(text), expected));
        };
        const auto position = [&](const std::string& digits) {
            std::uint32_t number = 0;
            const char* end = digits.data() + digits.size();
            const auto read = std::from_chars(digits.data(), end, number);
            if (read.ec != std::errc() || read.ptr != end)
                refuse("positions counted from 0, such as \"0:4\" or \"[1,3,7]\"");
            return std::size_t{number};
        };
        if (text.front() != '[') {
            const std::size_t colon = text.find(':');
            const std::string begin = text.substr(0, colon);
            const std::string end = colon == std::string::npos ? begin : text.substr(colon + 1);
            SourceChoice slice{.kind = Kind::slice, .index = begin.empty() ? 0 : position(begin)};
            if (!end.empty()) slice.end = position(end);
            if (slice.end && *slice.end <= slice.index) refuse("a slice with a position in it");
            return slice;
        }
        if (text.size() < 3 || text.back() != ']') refuse("positions between [ and ]");
        SourceChoice list{.kind = Kind::list};
        for (std::size_t at = 1; at < text.size();) {
            const std::size_t comma = std::min(text.find(',', at), text.size() - 1);
            list.listed.push_back(position(text.substr(at, comma - at)));
            at = comma + 1;
        }
        std::sort(list.listed.begin(), list.listed.end());
        if (std::adjacent_find(list.listed.begin(), list.listed.end()) != list.listed.end())
            refuse("each position once");
        return list;
    }
};

}  // namespace attnflow
