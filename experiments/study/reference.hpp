#pragma once
/// What a method's scores are compared with.

#include <string>

namespace attnflow {

struct Reference {
    enum class Kind {
        scores,           ///< a reference of the dataset, by name
        absolute_scores,  ///< abs(NAME): its absolute values
        method,           ///< method(NAME): another method at the same axis values
    };
    Kind kind = Kind::scores;
    std::string name;
    std::string text;  ///< as written

    /// NAME, abs(NAME) or method(NAME). Throws ParameterError, beginning with `where`, for other text and for a
    /// method that there is not.
    static Reference parse(const std::string& text, const std::string& where);
};

}  // namespace attnflow
