#include "attention/extract/unknown_words.hpp"

namespace attnflow {

UnknownWords unknown_words(const TextModel& model, const Encoding& encoding) {
    const auto unknown = model.tokenizer.unknown();
    if (!unknown) return {};
    UnknownWords words{std::string(model.tokenizer.vocabulary().text(*unknown)), {}};
    for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
        if (encoding.ids[i] == *unknown) words.positions.push_back(i);
    }
    return words;
}

}  // namespace attnflow
