#include "attention/attention_stack.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

void check_attention_tensors(std::span<const TensorView> tensors, std::initializer_list<std::size_t> ranks,
                             const std::string& where) {
    if (tensors.empty()) throw InputError(where + ": no layers, expected at least one");
    for (const TensorView& tensor : tensors) {
        const auto refuse = [&](const std::string& reason) {
            throw InputError(fmt::format("{}: tensor '{}': {}", where, excerpt(tensor.name), reason));
        };
        const std::string shape = shape_text(tensor.shape);
        if (!is_float(tensor.dtype)) {
            refuse(fmt::format("attention of type {}, expected F64, F32, F16 or BF16", dtype_name(tensor.dtype)));
        }
        if (std::find(ranks.begin(), ranks.end(), tensor.shape.size()) == ranks.end()) {
            std::vector<std::string> expected;
            for (const std::size_t rank : ranks) expected.push_back(std::to_string(rank));
            refuse(fmt::format("shape {} has {} axes, expected {}", shape, tensor.shape.size(),
                               join(expected, " or ")));
        }
        if (tensor.elements() == 0) refuse(fmt::format("shape {}, expected no empty axis", shape));
        const std::size_t keys = tensor.shape.back();
        const std::size_t queries = tensor.shape[tensor.shape.size() - 2];
        if (queries != keys) {
            refuse(fmt::format("shape {} has {} queries and {} keys, expected as many queries as keys", shape,
                               queries, keys));
        }
        const TensorView& first = tensors.front();
        if (tensor.shape != first.shape || tensor.dtype != first.dtype) {
            refuse(fmt::format("{} of shape {}, expected {} of shape {} as in '{}'", dtype_name(tensor.dtype),
                               shape, dtype_name(first.dtype), shape_text(first.shape), excerpt(first.name)));
        }
    }
}

void check_layer_chain(std::span<const TensorView> tensors, const std::string& where) {
    if (tensors.empty()) throw InputError(where + ": no layers, expected at least one");
    const TensorView* with_heads = nullptr;
    for (std::size_t l = 0; l < tensors.size(); ++l) {
        const TensorView& tensor = tensors[l];
        const std::string shape = shape_text(tensor.shape);
        const auto refuse = [&](const std::string& reason) {
            throw InputError(fmt::format("{}: tensor '{}': {}", where, excerpt(tensor.name), reason));
        };
        if (!is_float(tensor.dtype)) {
            refuse(fmt::format("weights of type {}, expected F64, F32, F16 or BF16", dtype_name(tensor.dtype)));
        }
        const std::size_t rank = tensor.shape.size();
        if (rank != 2 && rank != 3) {
            refuse(fmt::format("shape {}, expected [queries, keys] or [heads, queries, keys]", shape));
        }
        if (tensor.elements() == 0) refuse(fmt::format("shape {}, expected no empty axis", shape));
        if (l > 0) {
            const std::vector<std::size_t>& below = tensors[l - 1].shape;
            if (tensor.shape.back() != below[below.size() - 2]) {
                refuse(fmt::format("shape {} has {} keys, expected {}, the queries of the layer below '{}'", shape,
                                   tensor.shape.back(), below[below.size() - 2], excerpt(tensors[l - 1].name)));
            }
        }
        if (rank == 2) continue;
        if (with_heads == nullptr) with_heads = &tensor;
        if (tensor.shape.front() != with_heads->shape.front()) {
            refuse(fmt::format("{} heads, expected {} as in '{}', or one matrix without head axis",
                               tensor.shape.front(), with_heads->shape.front(), excerpt(with_heads->name)));
        }
    }
}

AttentionStack::AttentionStack(std::vector<TensorView> layers, std::shared_ptr<const void> keep_alive,
                               const std::string& where)
    : layers_(std::move(layers)), keep_alive_(std::move(keep_alive)) {
    check_attention_tensors(layers_, {3}, where);
    heads_ = layers_.front().shape.front();
}

AttentionStack AttentionStack::from_chain(std::vector<TensorView> layers, std::shared_ptr<const void> keep_alive,
                                          const std::string& where) {
    check_layer_chain(layers, where);
    AttentionStack stack;
    stack.layers_ = std::move(layers);
    stack.keep_alive_ = std::move(keep_alive);
    stack.rows_sum_to_one_ = false;
    for (std::size_t l = 0; l < stack.layers(); ++l) stack.heads_ = std::max(stack.heads_, stack.heads(l));
    return stack;
}

AttentionStack AttentionStack::from_values(std::size_t layers, std::size_t heads, std::size_t tokens,
                                           std::vector<double> values) {
    TensorView whole{"attentions", DType::f64, {layers, heads, tokens, tokens}, nullptr};
    if (values.empty() || values.size() != whole.elements()) {
        throw ParameterError(fmt::format("attention: {} values, expected {} for shape {}, at least one",
                                         values.size(), whole.elements(), shape_text(whole.shape)));
    }
    const auto owned = std::make_shared<const std::vector<double>>(std::move(values));
    whole.data = reinterpret_cast<const std::byte*>(owned->data());
    std::vector<TensorView> views;
    for (std::size_t layer = 0; layer < layers; ++layer) views.push_back(whole.slice(layer));
    return AttentionStack(std::move(views), owned, "attention");
}

void AttentionStack::read_head(std::size_t layer, std::size_t head, std::span<double> out) const {
    const std::size_t room = layer < layers() ? queries(layer) * keys(layer) : 0;
    if (out.size() != room) {
        throw InternalError(
            fmt::format("attention: layer {} of {} has {} weights a head, asked for with room for {}", layer,
                        layers(), room, out.size()));
    }
    read_rows(layer, head, 0, out);
}

void AttentionStack::read_rows(std::size_t layer, std::size_t head, std::size_t first,
                               std::span<double> out) const {
    const bool exists = layer < layers() && head < heads();
    if (!exists || out.size() % keys(layer) != 0 || first > queries(layer) ||
        out.size() / keys(layer) > queries(layer) - first) {
        throw InternalError(
            fmt::format("attention of {} layers, {} heads: {} weights of layer {}, head {} from row {} asked for",
                        layers(), heads(), out.size(), layer, head, first));
    }
    if (join_) {
        read_joined_rows(layer, head, first, out);
    } else {
        read_piece_rows(layer, head, first, out);
    }
}

void AttentionStack::read_piece_rows(std::size_t layer, std::size_t head, std::size_t first,
                                     std::span<double> out) const {
    const std::size_t matrix = heads(layer) == 1 ? 0 : head;  // without head axis, one for all
    if (kept_) {
        read_kept_rows(layer, matrix, first, out);
    } else {
        layers_[layer].read((matrix * piece_queries(layer) + first) * piece_keys(layer), out);
    }
    if (watcher_) watcher_(layer, matrix, first, out);
}

void AttentionStack::read_joined_rows(std::size_t layer, std::size_t head, std::size_t first,
                                      std::span<double> out) const {
    const Words& words = join_->words;
    std::vector<double> pieces;  // rows of the tokens of one word
    std::vector<double> rows;    // the same with words for keys
    for (std::size_t r = 0; r * words.size() < out.size(); ++r) {
        const std::size_t word = first + r;
        const std::size_t count = words.end(word) - words.begin(word);
        pieces.resize(count * words.tokens());
        read_piece_rows(layer, head, words.begin(word), pieces);
        rows.clear();
        for (std::size_t q = 0; q < count; ++q) {
            const auto sums = words.sums(std::span(pieces).subspan(q * words.tokens(), words.tokens()));
            rows.insert(rows.end(), sums.begin(), sums.end());
        }
        const auto row = out.subspan(r * words.size(), words.size());
        join_rows(rows, words.size(), join_->rows, row);
        if (join_->rows == JoinRows::mean || !rows_sum_to_one_) continue;
        const double sum = std::accumulate(row.begin(), row.end(), 0.0);
        for (double& weight : row) weight /= sum > 0.0 ? sum : 1.0;
    }
}

void AttentionStack::read_kept_rows(std::size_t layer, std::size_t matrix, std::size_t first,
                                    std::span<double> out) const {
    const std::vector<std::size_t>& kept = *kept_;
    const std::size_t n = layers_[layer].shape.back();
    std::vector<double> row(kept.back() - kept.front() + 1);
    for (std::size_t r = 0; r * kept.size() < out.size(); ++r) {
        layers_[layer].read((matrix * n + kept[first + r]) * n + kept.front(), row);
        for (std::size_t k = 0; k < kept.size(); ++k) out[r * kept.size() + k] = row[kept[k] - kept.front()];
    }
}

AttentionStack AttentionStack::cropped(Kept kept) const {
    const auto fits = [&](const TensorView& layer) {
        const std::size_t n = layer.shape.back();
        return layer.shape[layer.shape.size() - 2] == n && kept->back() < n;
    };
    if (kept == nullptr || kept->empty() || join_ != nullptr ||
        std::adjacent_find(kept->begin(), kept->end(), std::greater_equal<>()) != kept->end() ||
        !std::all_of(layers_.begin(), layers_.end(), fits)) {
        throw InternalError("attention: positions to keep that are not those of square layers");
    }
    AttentionStack copy = *this;
    copy.kept_ = std::move(kept);
    return copy;
}

AttentionStack AttentionStack::joined(std::shared_ptr<const WordJoin> join) const {
    bool fits = join != nullptr && join_ == nullptr;
    for (std::size_t l = 0; fits && l < layers(); ++l) {
        fits = piece_queries(l) == join->words.tokens() && piece_keys(l) == join->words.tokens();
    }
    if (!fits) throw InternalError("attention: words that are not those of square layers of tokens");
    AttentionStack copy = *this;
    copy.join_ = std::move(join);
    return copy;
}

AttentionStack AttentionStack::uncropped() const {
    AttentionStack copy = *this;
    copy.kept_ = nullptr;
    copy.join_ = nullptr;
    return copy;
}

AttentionStack AttentionStack::watched(Watcher watcher) const {
    AttentionStack copy = *this;
    copy.watcher_ = std::move(watcher);
    return copy;
}

}  // namespace attnflow
