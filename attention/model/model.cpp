#include "attention/model/model.hpp"

#include <fmt/format.h>

#include "graph/support/error.hpp"

namespace attnflow {

void check_batch(const ModelShape& shape, const TokenBatch& batch) {
    const std::size_t tokens = batch.tokens();
    if (tokens == 0) throw InputError("no tokens, expected at least one");
    if (batch.ids.size() != tokens || batch.type_ids.size() != tokens) {
        throw ParameterError(fmt::format("batch of {} × {} tokens with {} ids and {} type ids", batch.count,
                                         batch.length, batch.ids.size(), batch.type_ids.size()));
    }
    if (batch.length > shape.positions) {
        throw InputError(fmt::format("{} tokens, expected at most the {} positions of the model", batch.length,
                                     shape.positions));
    }
    for (std::size_t i = 0; i < tokens; ++i) {
        const auto in_range = [](TokenId id, std::size_t end) {
            return id >= 0 && static_cast<std::size_t>(id) < end;
        };
        if (!in_range(batch.ids[i], shape.vocabulary)) {
            throw InputError(fmt::format("token id {}, expected one below {}", batch.ids[i], shape.vocabulary));
        }
        if (!in_range(batch.type_ids[i], shape.types)) {
            throw InputError(fmt::format("type id {}, expected one below {}", batch.type_ids[i], shape.types));
        }
    }
}

}  // namespace attnflow
