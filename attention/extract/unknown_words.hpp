#pragma once
/// Which words of a text a model does not know.

#include "attention/dataset.hpp"
#include "attention/model/text_model.hpp"

namespace attnflow {

/// The positions at which the model reads its token for unknown words, and that token.  O(n).
UnknownWords unknown_words(const TextModel& model, const Encoding& encoding);

}  // namespace attnflow
