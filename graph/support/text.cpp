#include "graph/support/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <optional>

namespace attnflow {
namespace {

// Letters inserted, left out, replaced or swapped with their neighbour, each counting 1.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);  // the row of i - 2
    std::vector<std::size_t> above(b.size() + 1);   // the row of i - 1
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before.swap(above);
        above.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

struct CodePoint {
    std::uint32_t value;
    std::size_t length;
};

// The code point at the start of `text`, or nothing where it is not well-formed
// UTF-8 (overlong forms, surrogates and values over U+10FFFF included).
std::optional<CodePoint> decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return CodePoint{lead, 1};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return std::nullopt;
    std::uint32_t value = lead & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
        value = (value << 6) | (byte(i) & 0x3Fu);
    }
    constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return std::nullopt;
    }
    return CodePoint{value, length};
}

struct Range {
    std::uint32_t first, last;
};

template <std::size_t N>
bool is_in(std::uint32_t c, const Range (&ranges)[N]) {
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [c](const Range& range) { return range.first <= c && c <= range.last; });
}

constexpr std::uint32_t joiner = 0x200D;

// What drives a terminal or reorders text.
constexpr Range controls[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0x61C, 0x61C},   {0x200E, 0x200F},
    {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF},
};

// What has no shape: alone or between letters it would not be seen. With the controls the same as in the report's
// page (web/src/token_text.js).
constexpr Range shapeless[] = {
    {0xAD, 0xAD},     {0x115F, 0x1160}, {0x180E, 0x180E}, {0x200B, 0x200D}, {0x2060, 0x2065},
    {0x206A, 0x206F}, {0x3164, 0x3164}, {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

// Pictures, and what may follow one; a joiner between two is part of them.
constexpr Range pictures[] = {
    {0xA9, 0xA9},     {0xAE, 0xAE},     {0x203C, 0x203C}, {0x2049, 0x2049}, {0x2122, 0x2122}, {0x2139, 0x2139},
    {0x2190, 0x2BFF}, {0x3030, 0x3030}, {0x303D, 0x303D}, {0x3297, 0x3299}, {0xFE0F, 0xFE0F}, {0x1F000, 0x1FAFF},
};

void append_escape(std::uint32_t c, bool is_json, std::string& out) {
    char buffer[16];
    if (c <= 0xFFFF) {
        std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(c));
    } else if (is_json) {
        const unsigned rest = c - 0x10000;
        std::snprintf(buffer, sizeof buffer, "\\u%04x\\u%04x", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
    } else {
        std::snprintf(buffer, sizeof buffer, "\\u{%x}", static_cast<unsigned>(c));
    }
    out += buffer;
}

enum class Escape { all, json, only_controls };  // json: as JSON does, lines kept

std::string escape(std::string_view text, Escape which) {
    std::string out;
    out.reserve(text.size());
    bool after_picture = false;
    while (!text.empty()) {
        const auto point = decode(text);
        if (!point) {
            char buffer[8];
            std::snprintf(buffer, sizeof buffer, "\\x%02x", static_cast<unsigned char>(text[0]));
            out += buffer;
            text.remove_prefix(1);
            after_picture = false;
            continue;
        }
        const std::string_view rest = text.substr(point->length);
        const auto next = rest.empty() ? std::nullopt : decode(rest);
        const bool joins = point->value == joiner && after_picture && next && is_in(next->value, pictures);
        const bool is_hidden = which != Escape::only_controls && is_in(point->value, shapeless) && !joins;
        const bool is_kept_line = which == Escape::json && point->value == '\n';
        if (is_hidden || (is_in(point->value, controls) && !is_kept_line)) {
            append_escape(point->value, which == Escape::json, out);
        } else {
            out.append(text.substr(0, point->length));
        }
        after_picture = is_in(point->value, pictures);
        text = rest;
    }
    return out;
}

// Marks that stand on the letter before them: general, Hebrew, Arabic.
constexpr Range marks[] = {
    {0x300, 0x36F}, {0x591, 0x5BD},   {0x5BF, 0x5BF},   {0x5C1, 0x5C2},   {0x5C4, 0x5C5}, {0x5C7, 0x5C7},
    {0x610, 0x61A}, {0x64B, 0x65F},   {0x670, 0x670},   {0x6D6, 0x6DC},   {0x6DF, 0x6E4}, {0x6E7, 0x6E8},
    {0x6EA, 0x6ED}, {0x200B, 0x200B}, {0x200D, 0x200D}, {0xFE00, 0xFE0F},
};

std::size_t columns(std::uint32_t c) {
    if (is_in(c, marks)) return 0;
    const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                      (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                      (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                      (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
    return wide ? 2 : 1;
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
    if (name.size() > 64) return "";
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

std::string name_hint(std::string_view name, const std::vector<std::string>& candidates) {
    const std::string nearest = nearest_name(name, candidates);
    if (!nearest.empty()) return "; did you mean '" + excerpt(nearest) + "'?";
    constexpr std::size_t most = 50;
    std::vector<std::string> known;
    for (const std::string& candidate : candidates) {
        if (known.size() == most) break;
        known.push_back(excerpt(candidate));
    }
    if (candidates.size() > most) known.push_back("and " + std::to_string(candidates.size() - most) + " more");
    return "; known: " + join(known, ", ");
}

std::string escape_controls(std::string_view text) { return escape(text, Escape::all); }
std::string escape_controls_keep_lines(std::string_view text) { return escape(text, Escape::json); }
std::string escape_controls_keep_shapeless(std::string_view text) { return escape(text, Escape::only_controls); }

std::string excerpt(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return escape_controls(text);
    std::size_t cut = limit;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    return escape_controls(text.substr(0, cut)) + "...";
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto point = decode(text);
        if (!point) return false;
        text.remove_prefix(point->length);
    }
    return true;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const auto point = decode(text);
        width += point ? columns(point->value) : 1;
        text.remove_prefix(point ? point->length : 1);
    }
    return width;
}

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i != 0) out += separator;
        out += parts[i];
    }
    return out;
}

}  // namespace attnflow
