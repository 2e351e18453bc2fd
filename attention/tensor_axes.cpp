#include "attention/tensor_axes.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

enum Entry : std::size_t {
    swapped,
    swapped_or_last,
    heads_last,
    heads_between,
    heads_between_causal,
    one_query,
    queries_and_keys,
    queries_first,
    queries_first_square,
    all_layers_averaged,
    one_matrix,
    no_heads,
    batch_of_one_layer,
    maybe_batch,
    batch_or_layers,
    other_count,
    named_axes,
    unit_axes,
    other_rank,
    entries
};

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"axes/swapped", "the columns of a head sum to 1 and its rows do not", "query and key are exchanged",
     "`weights = numpy.swapaxes(weights, -1, -2)`"},
    {"axes/swapped_or_heads_last", "the columns of a head sum to 1 and its rows do not",
     "query and key are exchanged, or the heads are on the last axis; there are as many heads as tokens, so that "
     "the "
     "shape does not tell",
     "keys before queries: `weights = numpy.swapaxes(weights, -1, -2)`; heads last: "
     "`weights = numpy.moveaxis(weights, -1, -3)`"},
    {"axes/heads_last", "shape {shape} has the heads on its last axis, expected {expected}",
     "axes are in the order of another library", "`weights = numpy.moveaxis(weights, -1, -3)`"},
    {"axes/heads_between", "shape {shape} has the heads between queries and keys, expected {expected}",
     "axes are in the order of another library", "`weights = numpy.swapaxes(weights, -3, -2)`"},
    {"axes/heads_between_causal",
     "head 0 attends to key 0 only, head 1 to none after key 1, and so on for all {heads} heads, and queries "
     "attend to "
     "later keys",
     "attention is causal and the heads are between queries and keys; there are as many heads as tokens, so that "
     "the "
     "shape does not tell",
     "`weights = numpy.swapaxes(weights, -3, -2)`"},
    {"axes/one_query", "shape {shape} has one query and {keys} keys, expected as many queries as keys",
     "this is a step of generation, where earlier tokens are taken from a cache",
     "run the whole text at once: `model(**inputs, output_attentions=True, use_cache=False)`"},
    {"axes/queries_and_keys",
     "shape {shape} has {queries} queries and {keys} keys, expected as many queries as keys",
     "it is cross-attention, a part of a longer sequence, or a layer that merges tokens",
     "self-attention: run the whole text at once, `model(**inputs, output_attentions=True, use_cache=False)`; "
     "else "
     "write layers of different width as `layers.K`, see docs/data-format.md"},
    {"axes/queries_first",
     "shape {shape} has {queries} queries and {keys} keys, and its axes 0 and {axis} are equally long, expected "
     "{expected}",
     "queries are on axis 0 and keys on axis {axis}; or the axes are equally long by chance, and this is "
     "cross-attention",
     "queries and keys: `weights = numpy.moveaxis(weights, (0, {axis}), (-2, -1))`, and where the heads come "
     "before "
     "the layers, also `weights = numpy.swapaxes(weights, 0, 1)`; cross-attention: write layers of different "
     "width "
     "as `layers.K`, see docs/data-format.md"},
    {"axes/queries_first_square",
     "weights sum to 1 over axis 1, not over the keys, and there are as many layers as heads",
     "queries are on axis 0 and keys on axis 1, or the softmax was taken over the heads",
     "queries and keys: `weights = numpy.moveaxis(weights, (0, 1), (-2, -1))`, and where the heads come before "
     "the "
     "layers, also `weights = numpy.swapaxes(weights, 0, 1)`; a softmax over the heads: take it over the last "
     "axis "
     "of the scores"},
    {"axes/three", "shape {shape} has 3 axes, expected {expected}",
     "either heads were averaged or this is a single layer; the shape does not tell",
     "layers whose heads were averaged: `weights = weights[:, None]`; the heads of one layer: "
     "`weights = weights[None]`"},
    {"axes/two", "shape {shape} has 2 axes, expected {expected}", "this is one matrix",
     "one layer of one head: `weights = weights[None, None]`"},
    {"axes/layer_without_heads", "shape {shape} has 2 axes, expected {expected}",
     "the heads of the layer were averaged",
     "`weights = weights[None]`, or call the tensors layers.K, which need no heads (their rows may then sum to "
     "anything)"},
    {"axes/batch_of_one_layer", "shape {shape} has {count} layers, but {source} says {count} examples",
     "this is one layer of a batch, such as outputs.attentions[0]",
     "all layers: `weights = torch.stack(outputs.attentions, dim=1)`; really one layer: `weights = weights[:, "
     "None]`"},
    {"axes/maybe_batch", "shape {shape} is read as {count} layers, and beside it {others} begins with {count} too",
     "where that counts examples, this is one layer of a batch, such as outputs.attentions[0]",
     "all layers: `weights = torch.stack(outputs.attentions, dim=1)`; really layers of one example: save its "
     "tokens "
     "beside the attention"},
    {"axes/batch_or_layers",
     "shape {shape} has 5 axes, and nothing says whether the first counts examples or layers, expected {expected}",
     "torch.stack(outputs.attentions) gives [layer, batch, head, query, key], with dim=1 "
     "[batch, layer, head, query, key]",
     "give each example a list of tokens, or metadata `axes`: `axes=\"layer,batch,head,query,key\"` or "
     "`axes=\"batch,layer,head,query,key\"`"},
    {"axes/other_count",
     "shape {shape} has no axis of the {count} examples that {source} says, expected {expected}",
     "the tensor and what stands beside it are of different batches", "save both from one call of the model"},
    {"axes/named", "metadata axes says '{axes}' for shape {shape}, expected {expected}",
     "only these orders are read",
     "bring the axes in order with `numpy.transpose(weights, ORDER)` and save the names "
     "again"},
    {"axes/unit", "shape {shape} has {rank} axes, expected {expected}", "some axes have the size 1 only",
     "`weights = weights.reshape({target})`"},
    {"axes/other", "shape {shape} has {rank} axes, expected {expected}",
     "it is no attention of one model and text",
     "look at `weights.shape`, and at docs/getting-attention.md for what models return"},
}};

constexpr std::string_view batch_first = "batch,layer,head,query,key";
constexpr std::string_view layers_first = "layer,batch,head,query,key";
constexpr std::string_view no_batch = "layer,head,query,key";

using Shape = std::vector<std::size_t>;

class AxesReader {
public:
    AxesReader(const TensorView& tensor, bool one_layer, const AxesHints& hints, const std::string& where)
        : tensor_(tensor),
          shape_(tensor.shape),
          one_layer_(one_layer),
          hints_(hints),
          where_(where),
          rank_(one_layer ? 3 : 4),
          expected_(one_layer ? "[head, query, key]" : "[layer, head, query, key]") {}

    TensorAxes read() const {
        if (const auto named = by_name()) return *named;
        refuse_rank();
        refuse_queries_and_keys();
        if (shape_.size() == rank_) {
            if (hints_.examples && *hints_.examples > 1) {
                const bool layers_for_examples = !one_layer_ && shape_.front() == *hints_.examples;
                refuse(layers_for_examples ? batch_of_one_layer : other_count,
                       {{"count", std::to_string(*hints_.examples)}, {"source", hints_.source}});
            }
            return {};
        }
        return one_layer_ ? leading_batch() : find_batch();
    }

private:
    [[noreturn]] void refuse(Entry entry, std::vector<std::pair<std::string_view, std::string>> more = {}) const {
        const auto value = [&](std::string_view name) {
            for (const auto& [known, text] : more) {
                if (known == name) return text;
            }
            return std::string();
        };
        throw InputError(fmt::format("{}: tensor '{}': {}", where_, excerpt(tensor_.name),
                                     diagnoses[entry].text({{"shape", shape_text(shape_)},
                                                            {"rank", std::to_string(shape_.size())},
                                                            {"expected", expected_},
                                                            {"queries", value("queries")},
                                                            {"keys", value("keys")},
                                                            {"count", value("count")},
                                                            {"source", value("source")},
                                                            {"target", value("target")},
                                                            {"axis", value("axis")},
                                                            {"axes", value("axes")}})));
    }

    std::size_t size(std::size_t from_end) const { return shape_[shape_.size() - 1 - from_end]; }

    // Metadata `axes` of a tensor with all layers.
    std::optional<TensorAxes> by_name() const {
        if (one_layer_ || hints_.axes.empty() || shape_.size() < 2 || size(0) != size(1)) return std::nullopt;
        std::string axes = hints_.axes;
        std::erase(axes, ' ');
        const std::size_t named = static_cast<std::size_t>(std::count(axes.begin(), axes.end(), ',')) + 1;
        const bool known = axes == batch_first || axes == layers_first || axes == no_batch;
        if (known && named == shape_.size()) {
            if (axes == no_batch) return std::nullopt;
            const bool leading = axes == batch_first;
            return checked({leading ? TensorAxes::Batch::leading : TensorAxes::Batch::after_layers,
                            leading ? shape_[0] : shape_[1], ""});
        }
        if (known && axes == no_batch && shape_.size() != 5) return std::nullopt;  // the shape tells what is wrong
        if (!known && axes.find("query") == std::string::npos) return std::nullopt;  // names of something else
        refuse(named_axes, {{"axes", excerpt(hints_.axes)}});
    }

    TensorAxes checked(TensorAxes axes) const {
        if (hints_.examples && *hints_.examples != axes.examples)
            refuse(other_count, {{"count", std::to_string(*hints_.examples)}, {"source", hints_.source}});
        return axes;
    }

    void refuse_rank() const {
        const std::size_t rank = shape_.size();
        if (rank == rank_ || rank == rank_ + 1) return;
        if (rank == 3 && !one_layer_) {
            if (shape_[0] == shape_[1] && shape_[1] != shape_[2]) refuse(heads_last);
            refuse(all_layers_averaged);
        }
        if (rank == 2) refuse(one_layer_ ? no_heads : one_matrix);
        if (rank > rank_ + 1) {
            // The last axes are heads, queries and keys; before them all but one may be left out.
            Shape front(shape_.begin(), shape_.end() - 3);
            const auto large = std::count_if(front.begin(), front.end(), [](std::size_t s) { return s != 1; });
            if (large <= 1 && size(0) == size(1)) {
                std::erase(front, std::size_t{1});
                std::vector<std::string> sizes;
                if (!one_layer_) sizes.push_back(std::to_string(front.empty() ? 1 : front.front()));
                for (std::size_t i = 3; i-- > 0;) sizes.push_back(std::to_string(size(i)));
                if (!one_layer_ || front.empty()) refuse(unit_axes, {{"target", join(sizes, ", ")}});
            }
        }
        refuse(other_rank);
    }

    void refuse_queries_and_keys() const {
        const std::size_t keys = size(0);
        const std::size_t queries = size(1);
        if (queries == keys) return;
        const std::size_t before = size(2);
        if (queries == 1) refuse(one_query, {{"keys", std::to_string(keys)}});
        if (before == queries) refuse(heads_last);
        if (before == keys) refuse(heads_between);
        for (std::size_t axis = 1; shape_.size() == 4 && rank_ == 4 && axis < 4; ++axis) {
            if (shape_[axis] != shape_[0] || shape_[0] == 1) continue;
            refuse(queries_first, {{"queries", std::to_string(queries)},
                                   {"keys", std::to_string(keys)},
                                   {"axis", std::to_string(axis)}});
        }
        refuse(queries_and_keys, {{"queries", std::to_string(queries)}, {"keys", std::to_string(keys)}});
    }

    TensorAxes leading_batch() const { return checked({TensorAxes::Batch::leading, shape_[0], ""}); }

    TensorAxes after_layers() const {
        return {TensorAxes::Batch::after_layers, shape_[1],
                fmt::format("tensor '{}': shape {} is read as [layer, batch, head, query, key], {} of {}",
                            excerpt(tensor_.name), shape_text(shape_), counted(shape_[0], "layer"),
                            counted(shape_[1], "example"))};
    }

    // Five axes: the examples are the first or the second.
    TensorAxes find_batch() const {
        const std::size_t first = shape_[0];
        const std::size_t second = shape_[1];
        if (hints_.examples) {
            const std::size_t count = *hints_.examples;
            if (first == count && (second != count || count == 1)) return leading_batch();
            if (second == count && first != count) return after_layers();
            if (first == count) refuse(batch_or_layers);
            refuse(other_count, {{"count", std::to_string(count)}, {"source", hints_.source}});
        }
        if (first == 1) return leading_batch();
        if (second == 1) return after_layers();
        refuse(batch_or_layers);
    }

    const TensorView& tensor_;
    const Shape& shape_;
    bool one_layer_;
    const AxesHints& hints_;
    const std::string& where_;
    std::size_t rank_;
    std::string expected_;
};

}  // namespace

TensorAxes read_axes(const TensorView& tensor, bool one_layer, const AxesHints& hints, const std::string& where) {
    return AxesReader(tensor, one_layer, hints, where).read();
}

std::string batch_note(const TensorView& attention, const std::vector<const TensorView*>& others) {
    const Shape& shape = attention.shape;
    if (shape.size() != 4 || shape[0] < 2 || shape[0] == shape[3]) return "";
    const std::size_t layers = shape[0];
    std::vector<std::string> found;
    for (const TensorView* other : others) {
        if (other->shape.empty() || other->shape.front() != layers) continue;
        const std::size_t rank = other->shape.size();
        const bool of_layers =
            rank >= 3 && other->shape[rank - 1] == shape[3] && other->shape[rank - 2] == shape[3];
        if (!of_layers) found.push_back(fmt::format("'{}' {}", excerpt(other->name), shape_text(other->shape)));
    }
    if (found.empty()) return "";
    const std::size_t more = found.size() - 1;
    return fmt::format("tensor '{}': {}", excerpt(attention.name),
                       diagnoses[maybe_batch].text(
                           {{"shape", shape_text(shape)},
                            {"count", std::to_string(layers)},
                            {"others", found.front() + (more > 0 ? fmt::format(" (and {} more)", more) : "")}}));
}

Diagnoses axes_diagnoses() { return {"Axes in another order", diagnoses}; }
const Diagnosis& swapped_or_heads_last() { return diagnoses[swapped_or_last]; }
const Diagnosis& heads_between_queries_and_keys() { return diagnoses[heads_between_causal]; }
const Diagnosis& swapped_axes() { return diagnoses[swapped]; }
const Diagnosis& queries_first_as_many_layers_as_heads() { return diagnoses[queries_first_square]; }

}  // namespace attnflow
