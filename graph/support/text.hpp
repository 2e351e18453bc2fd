#pragma once
/// Small text helpers that every folder needs: names close to a misspelt one, and
/// text from strangers made harmless.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace attnflow {

/// The candidate with the smallest edit distance to `name`, or "" when none is
/// close enough to be a plausible misspelling (more than a third of the length).
/// O(|name| · Σ|candidate|); a name over 64 characters has no nearest name.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// "; did you mean 'x'?" for the nearest name, else "; known: a, b, c" with at most 50 of them. Names may come
/// from a file: each is shown as excerpt() does.
std::string name_hint(std::string_view name, const std::vector<std::string>& candidates);

/// Replaces control characters (C0, DEL, C1), line separators, bidirectional overrides and characters that have no
/// shape (U+200B and the like) by \uXXXX or \u{XXXXX}, and bytes that are not UTF-8 by \xXX, so that text from a
/// file can neither drive a terminal nor hide or reorder what is read. A joiner between two pictures is part of
/// them. The second form leaves '\n' as it is and escapes as JSON does (for documents whose line breaks are our
/// own), the third also what has no shape, which files for programs keep.
std::string escape_controls(std::string_view text);
std::string escape_controls_keep_lines(std::string_view text);
std::string escape_controls_keep_shapeless(std::string_view text);

/// At most `limit` characters of `text`, escaped, with "..." where it was cut: for error messages.
std::string excerpt(std::string_view text, std::size_t limit = 60);

/// True when `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

/// Columns that `text` takes in a terminal: one a code point, two for the usual
/// wide East Asian and emoji ranges, none for combining marks.
std::size_t display_width(std::string_view text);

/// "1 example", "2 examples": for messages; `noun` takes an s.
std::string counted(std::size_t count, std::string_view noun);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace attnflow
