#include "experiments/tables/text_layout.hpp"

#include <algorithm>

#include "graph/support/text.hpp"

namespace attnflow {

std::string padded(const std::string& text, std::size_t width) {
    const std::size_t used = display_width(text);
    return used < width ? text + std::string(width - used, ' ') : text;
}

std::string shown_token(std::string_view token) {
    constexpr std::string_view spaces[] = {" ",      "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002",
                                           "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
                                           "\u2009", "\u200a", "\u202f", "\u205f", "\u3000"};
    std::string blanks;
    std::string_view rest = token;
    while (!rest.empty()) {
        const auto* space = std::find_if(std::begin(spaces), std::end(spaces),
                                         [&](std::string_view each) { return rest.starts_with(each); });
        if (space == std::end(spaces)) return escape_controls(token);
        blanks += "\u2423";
        rest.remove_prefix(space->size());
    }
    return blanks.empty() ? "\u2423" : blanks;
}

std::string padded_left(const std::string& text, std::size_t width) {
    const std::size_t used = display_width(text);
    return (used < width ? std::string(width - used, ' ') : "") + text;
}

std::string wrapped(const std::string& text, std::size_t width) {
    std::string out;
    std::size_t column = 0;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        const std::string word = text.substr(begin, end - begin);
        if (column > 0 && column + 1 + display_width(word) > width) {
            out += '\n';
            column = 0;
        } else if (column > 0) {
            out += ' ';
            ++column;
        }
        out += word;
        column += display_width(word);
        begin = end + 1;
    }
    return out;
}

}  // namespace attnflow
