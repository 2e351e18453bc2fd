#pragma once
/// Comma-separated values, RFC 4180.

#include <string>
#include <string_view>
#include <vector>

namespace attnflow {

/// A text cell: quoted where needed, control characters escaped, and with an apostrophe before whatever a
/// spreadsheet would take for a formula (= + - @, full-width ones too), also where it separates cells by
/// semicolons or tabs.
std::string csv_text(std::string_view text);

/// Each of `texts` so.
std::vector<std::string> csv_texts(const std::vector<std::string>& texts);

/// Cells joined by commas, with a line feed. Cells must come from csv_text or be numbers.
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace attnflow
