#pragma once
/// What can be wrong with what users bring, said once: a message and docs/troubleshooting.md come from the
/// same three texts, so that they cannot drift apart.

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace attnflow {

/// Texts may hold {names} in braces, which a message fills in and the page shows in capitals. Code stands in
/// `backticks`.
struct Diagnosis {
    std::string_view id;       ///< "rows/dropout"
    std::string_view symptom;  ///< what is seen: "is empty"
    std::string_view cause;    ///< why
    std::string_view mend;     ///< the line that mends it

    using Values = std::initializer_list<std::pair<std::string_view, std::string>>;

    /// "SYMPTOM: CAUSE; MEND". Throws InternalError when a name in braces has no value. The values are the
    /// caller's to make harmless.
    std::string text(Values values = {}) const;
    /// "CAUSE; MEND", for a message that has told the symptom.
    std::string advice(Values values = {}) const;
};

/// A chapter of the page.
struct Diagnoses {
    std::string_view title;
    std::span<const Diagnosis> entries;
};

/// Markdown of a chapter, one entry after the other.
std::string markdown(const Diagnoses& chapter);

}  // namespace attnflow
