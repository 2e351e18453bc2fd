#pragma once
/// Text in columns, by the width that a terminal gives it.

#include <cstddef>
#include <string>
#include <string_view>

namespace attnflow {

/// `text` with spaces after it, or before it, up to `width` columns.
std::string padded(const std::string& text, std::size_t width);
std::string padded_left(const std::string& text, std::size_t width);

/// `text` with line breaks between words, in lines of at most `width` columns where words allow.
std::string wrapped(const std::string& text, std::size_t width);

/// A token as it is shown: what could hide or reorder text becomes visible, spaces alone too. The report's page
/// shows the same.
std::string shown_token(std::string_view token);

}  // namespace attnflow
