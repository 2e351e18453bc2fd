#include "attention/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attention/attention_names.hpp"
#include "attention/files/json.hpp"
#include "attention/files/mapped_file.hpp"
#include "attention/padding.hpp"
#include "attention/tensor_axes.hpp"
#include "graph/support/error.hpp"
#include "graph/support/sha256.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::json;

/// Not "[CLS] the key", which begins as a list does.
bool looks_like_json(std::string_view text) {
    const auto next = [&] {
        text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
        return text.empty() ? '\0' : text.front();
    };
    if (next() == '{' || next() == '"') return true;
    if (next() != '[') return false;
    text.remove_prefix(1);
    return std::string_view("\"[]{-0123456789").find(next()) != std::string_view::npos || text.starts_with("null");
}

/// Texts for all `count` positions, of which those are taken that are kept, or for these alone.
std::vector<std::string> read_tokens(const Json& value, std::size_t count, const AttentionStack::Kept& kept,
                                     const std::string& where) {
    if (value.is_string()) {
        throw InputError(fmt::format(
            "{}: {}", where,
            tokens_are_one_text().text({{"begin", excerpt(value.get_ref<const std::string&>(), 24)}})));
    }
    const auto all_of = [&](auto is) { return value.is_array() && std::all_of(value.begin(), value.end(), is); };
    if (!all_of([](const Json& token) { return token.is_string(); })) {
        if (!value.empty() && all_of([](const Json& token) { return token.is_number(); }))
            throw InputError(fmt::format("{}: {}", where, tokens_are_numbers().text()));
        if (value.is_array()) {
            const auto other =
                std::find_if_not(value.begin(), value.end(), [](const Json& token) { return token.is_string(); });
            throw InputError(fmt::format(
                "{}: {}", where,
                token_is_no_text().text(
                    {{"position", std::to_string(other - value.begin())},
                     {"value", excerpt(other->dump(-1, ' ', false, Json::error_handler_t::replace))}})));
        }
        throw InputError(fmt::format("{}: tokens {}, expected a list of strings", where, excerpt(value.dump())));
    }
    const bool only_kept = kept && value.size() == kept->size();
    if (value.size() != count && !only_kept) {
        throw InputError(
            fmt::format("{}: {} tokens, expected {} as in the attention", where, value.size(), count));
    }
    auto tokens = value.get<std::vector<std::string>>();
    if (!kept || only_kept) return tokens;
    std::vector<std::string> out;
    for (const std::size_t position : *kept) out.push_back(std::move(tokens[position]));
    return out;
}

/// Numbers of words for all `count` positions, of which those are taken that are kept, or for these alone.
WordIds checked_word_ids(WordIds ids, std::size_t count, const AttentionStack::Kept& kept,
                         const std::string& where) {
    const bool only_kept = kept && ids.size() == kept->size();
    if (ids.size() != count && !only_kept) {
        throw InputError(fmt::format("{}: {} numbers, expected {} as in the attention", where, ids.size(), count));
    }
    for (std::size_t t = 1; t < ids.size(); ++t) {
        if (!ids[t] || !ids[t - 1] || *ids[t] >= *ids[t - 1] || *ids[t] == 0)
            continue;  // a second text begins at 0
        throw InputError(
            fmt::format("{}: {} at position {} stands behind {}, expected numbers that do not fall within a "
                        "text: words are counted from its beginning",
                        where, *ids[t], t, *ids[t - 1]));
    }
    if (!kept || only_kept) return ids;
    WordIds out;
    for (const std::size_t position : *kept) out.push_back(ids[position]);
    return out;
}

WordIds read_word_ids(const Json& value, std::size_t count, const AttentionStack::Kept& kept,
                      const std::string& where) {
    const auto is_id = [](const Json& id) { return id.is_null() || id.is_number_unsigned(); };
    if (!value.is_array() || !std::all_of(value.begin(), value.end(), is_id)) {
        throw InputError(fmt::format("{}: {}, expected a list of numbers >= 0, or null for tokens of no word",
                                     where, excerpt(value.dump())));
    }
    WordIds ids;
    for (const Json& id : value) ids.push_back(id.is_null() ? std::nullopt : std::optional(id.get<std::size_t>()));
    return checked_word_ids(std::move(ids), count, kept, where);
}

/// Of a tensor of numbers, in which -1 and NaN stand for tokens of no word.
WordIds read_word_ids(const TensorView& tensor, std::size_t count, const AttentionStack::Kept& kept,
                      const std::string& where) {
    constexpr double largest = 9007199254740992.0;  // integers are exact up to here
    const bool is_row = tensor.shape.size() == 1 || (tensor.shape.size() == 2 && tensor.shape.front() == 1);
    if (!is_number(tensor.dtype) || !is_row) {
        throw InputError(fmt::format("{}: {} of shape {}, expected [{}] integers, -1 for tokens of no word", where,
                                     dtype_name(tensor.dtype), shape_text(tensor.shape), count));
    }
    WordIds ids;
    for (const double value : tensor.values()) {
        if (value == -1.0 || std::isnan(value)) {
            ids.emplace_back();
        } else if (value >= 0.0 && value < largest && value == std::floor(value)) {
            ids.emplace_back(static_cast<std::size_t>(value));
        } else {
            throw InputError(
                fmt::format("{}: {:.6g}, expected integers >= 0, or -1 for tokens of no word", where, value));
        }
    }
    return checked_word_ids(std::move(ids), count, kept, where);
}

std::int64_t read_integer(const Json& value, const std::string& where) {
    if (!value.is_number_integer()) {
        throw InputError(fmt::format("{}: {}, expected an integer", where, excerpt(value.dump())));
    }
    return value.get<std::int64_t>();
}

/// Ascending positions below `count`.
std::vector<std::size_t> read_positions(const Json& value, std::size_t count, const std::string& where) {
    std::vector<std::size_t> positions;
    const auto fits = [&](const Json& item) {
        return item.is_number_unsigned() && item.get<std::uint64_t>() < count &&
               (positions.empty() || item.get<std::uint64_t>() > positions.back());
    };
    if (value.is_array()) {
        for (const Json& item : value) {
            if (!fits(item)) break;
            positions.push_back(item.get<std::size_t>());
        }
    }
    if (!value.is_array() || positions.size() != value.size()) {
        throw InputError(
            fmt::format("{}: {}, expected a list of positions in ascending order, each one of 0 to {}", where,
                        excerpt(value.dump()), count - 1));
    }
    return positions;
}

/// What other libraries call attention_mask.
constexpr const char* other_mask_names[] = {"attn_mask", "input_mask"};

/// 1 for tokens and 0 for padding, of n positions, at least one of them a token.
bool tells_padding(const TensorView& mask, std::size_t n) {
    if (!is_of_positions(mask, n)) return false;
    const std::vector<double> values = mask.values();
    const auto is_bit = [](double value) { return value == 0.0 || value == 1.0; };
    return std::all_of(values.begin(), values.end(), is_bit) &&
           std::find(values.begin(), values.end(), 1.0) != values.end();
}

/// What tokenizers call their token for unknown words.
constexpr std::string_view unknown_names[] = {"[UNK]", "<unk>", "<UNK>"};

/// The member `key` of an object, or nullptr where it is missing or null.
const Json* member(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

/// References and weights are told apart by their shape; what is neither is left alone.
bool Dataset::Entry::add_other(const std::string& name, const TensorView& tensor) {
    const std::size_t n = positions();
    const std::string_view last = std::string_view(name).substr(name_dot(name) + 1);
    if (is_input_name(last)) return false;
    if (is_decodable(tensor.dtype) && tensor.shape == std::vector<std::size_t>{n}) {
        return (may_be_input_name(last) ? by_name_only : references).emplace(name, tensor).second;
    }
    if (may_be_input_name(last)) return false;
    if (chain && no_attention.empty()) return false;
    const std::vector<std::size_t>& shape = attention.front().shape;
    const std::size_t heads = shape.size() > 2 ? shape[shape.size() - 3] : 1;
    const bool any_heads = !no_attention.empty() && tensor.shape.size() == 4;
    if (is_float(tensor.dtype) &&
        (tensor.shape == std::vector<std::size_t>{layers(), n, n} ||
         tensor.shape == std::vector<std::size_t>{layers(), any_heads ? tensor.shape[1] : heads, n, n})) {
        return weights.emplace(name, tensor).second;
    }
    return false;
}

std::vector<std::string> Dataset::Entry::default_tokens() const {
    std::vector<std::string> names;
    const std::size_t count = kept ? kept->size() : positions();
    for (std::size_t i = 0; i < count; ++i) names.push_back("#" + std::to_string(i));
    return names;
}

std::optional<std::size_t> Dataset::Entry::after_cropping(std::size_t position) const {
    if (!kept) return position;
    const auto found = std::lower_bound(kept->begin(), kept->end(), position);
    if (found == kept->end() || *found != position) return std::nullopt;
    return static_cast<std::size_t>(found - kept->begin());
}

void Dataset::Entry::crop(const std::optional<TensorView>& mask, const std::string& where) {
    if (!mask) return;
    kept = kept_by_mask(*mask, positions(), where);
    if (!kept || !chain) return;
    for (const TensorView& layer : attention) {
        if (layer.shape.back() == positions() && layer.shape[layer.shape.size() - 2] == positions()) continue;
        throw InputError(
            fmt::format("{}: tensor '{}': padding in layers of different width, expected layers "
                        "without it",
                        where, excerpt(mask->name)));
    }
}

/// Fills a dataset from its open file.
struct Dataset::Reader {
    Dataset& dataset;
    std::string where;                                    ///< the path, for messages
    std::string attention_name;                           ///< "" for the usual ones
    std::vector<std::string> with_separators = {};        ///< ids of examples whose text held separators
    std::vector<std::string> pairs_with_separators = {};  ///< of pairs of texts
    std::set<std::string> masks_ = {};                    ///< names of masks that are not called attention_mask
    std::optional<Json> tokens_by_id_ = {};  ///< metadata `tokens` of a file with ids, when it was needed

    void read() {
        const TensorInventory inventory = take_inventory(*dataset.file_, attention_name, where);
        if (!inventory.single.empty() && !inventory.by_id.empty()) {
            throw InputError(
                fmt::format("{}: attention with and without an example id ('{}'), expected one or the "
                            "other",
                            where, excerpt(inventory.by_id.begin()->first)));
        }
        dataset.notes_ = dataset.file_->notes();
        if (!inventory.has_attention()) {
            read_weights_only();
        } else if (!inventory.single.empty()) {
            read_single(inventory);
        } else {
            read_many(inventory);
        }
        note_padding();
        note_numbers();
        note_separators();
    }

    std::string metadata_place(const std::string& key) const {
        return fmt::format("{}: metadata '{}'", where, key);
    }

    /// The metadata text `key` as JSON, nothing where there is none.
    std::optional<Json> metadata_json(const std::string& key) const {
        const auto found = dataset.metadata().find(key);
        if (found == dataset.metadata().end()) return std::nullopt;
        return parse_json(found->second, metadata_place(key));
    }

    Json metadata_by_id(const std::string& key) const {
        const Json value = metadata_json(key).value_or(Json::object());
        if (value.is_object()) return value;
        throw InputError(fmt::format("{}: has type {}, expected an object by example id", metadata_place(key),
                                     value.type_name()));
    }

    void add(const std::string& id, Entry entry) {
        dataset.index_.emplace(id, dataset.ids_.size());
        dataset.ids_.push_back(id);
        dataset.entries_.push_back(std::move(entry));
    }

    // A single-example file.

    std::string stem() const { return std::filesystem::path(dataset.path()).stem().string(); }

    void read_single(const TensorInventory& inventory) {
        if (inventory.single.chain) {
            Entry entry = entry_of(inventory.single, "");
            entry.tokens = single_file_tokens(1, {&entry, 1}).front();
            read_single_word_ids({&entry, 1});
            for (const TensorView* other : inventory.others) entry.add_other(other->name, *other);
            return add(stem(), std::move(entry));
        }
        bool layer_by_layer = false;
        const std::vector<TensorView> tensors = in_layer_order(inventory.single, layer_by_layer, where);
        const AxesHints hints =
            single_file_hints(tensors.front().shape.empty() ? 0 : tensors.front().shape.back());
        const TensorAxes axes = read_axes(tensors.front(), layer_by_layer, hints, where);
        check_attention_tensors(tensors, {3, 4, 5}, where);
        if (!axes.note.empty()) dataset.notes_.push_back(axes.note);
        if (!layer_by_layer && axes.batch == TensorAxes::Batch::none && !hints.examples && hints.axes.empty()) {
            const std::string note = batch_note(tensors.front(), inventory.others);
            if (!note.empty()) dataset.notes_.push_back(note);
        }

        std::vector<Entry> entries(axes.examples);
        for (std::size_t b = 0; b < axes.examples; ++b) {
            Entry& entry = entries[b];
            entry.layer_by_layer = layer_by_layer || axes.batch == TensorAxes::Batch::after_layers;
            entry.attention = attention_of(tensors, axes, b);
            entry.crop(mask_of("", b, axes.examples, entry.positions()), where);
        }
        const auto tokens = single_file_tokens(axes.examples, entries);
        read_single_word_ids(entries);
        std::vector<const TensorView*> batched;
        for (const TensorView* other : inventory.others) {
            if (axes.batch != TensorAxes::Batch::none && is_decodable(other->dtype) && !other->shape.empty() &&
                other->shape.front() == axes.examples) {
                batched.push_back(other);
            }
        }
        for (std::size_t b = 0; b < axes.examples; ++b) {
            Entry& entry = entries[b];
            entry.tokens = tokens[b];
            // A tensor that does not suit the first example suits none: dropping it keeps this
            // linear in the file's size.
            std::erase_if(batched,
                          [&](const TensorView* other) { return !entry.add_other(other->name, other->slice(b)); });
            if (axes.examples == 1) {
                for (const TensorView* other : inventory.others) {
                    entry.add_other(other->name, *other);
                    // Weights of one example stacked as its attention was.
                    if (axes.batch == TensorAxes::Batch::after_layers && other->shape.size() >= 4 &&
                        other->shape[1] == 1) {
                        TensorView without = *other;
                        without.shape.erase(without.shape.begin() + 1);
                        entry.add_other(other->name, without);
                    }
                }
            }
            add(axes.examples == 1 ? stem() : fmt::format("{}/{}", stem(), b), std::move(entry));
        }
    }

    /// The attention of example b: one tensor of all layers, or one a layer.
    static std::vector<TensorView> attention_of(const std::vector<TensorView>& tensors, const TensorAxes& axes,
                                                std::size_t b) {
        std::vector<TensorView> attention;
        for (const TensorView& tensor : tensors) {
            if (axes.batch == TensorAxes::Batch::none) attention.push_back(tensor);
            if (axes.batch == TensorAxes::Batch::leading) attention.push_back(tensor.slice(b));
            if (axes.batch != TensorAxes::Batch::after_layers) continue;
            for (std::size_t l = 0; l < tensor.shape.front(); ++l) attention.push_back(tensor.slice(l).slice(b));
        }
        return attention;
    }

    /// What tells how many examples of n positions a file without ids holds.
    AxesHints single_file_hints(std::size_t n) const {
        AxesHints hints;
        if (const auto axes = dataset.metadata().find("axes"); axes != dataset.metadata().end())
            hints.axes = axes->second;
        if (const auto tokens = tokens_json(); tokens && tokens->is_array() && !tokens->empty()) {
            hints.examples = tokens->front().is_array() ? tokens->size() : 1;
            hints.source = "metadata tokens";
            return hints;
        }
        for (const char* name :
             {"attention_mask", "attn_mask", "input_mask", "input_ids", "token_type_ids", "tokens", "word_ids"}) {
            const auto found = dataset.file_->tensors().find(name);
            if (found == dataset.file_->tensors().end() || found->second.shape.size() != 2) continue;
            if (found->second.shape[1] != n) continue;  // of another text
            const bool of_pairs = found->second.shape[0] == n;
            if (of_pairs && std::string_view(name).ends_with("mask")) continue;  // which positions see which
            hints.examples = found->second.shape.front();
            hints.source = fmt::format("tensor '{}'", name);
            return hints;
        }
        return hints;
    }

    /// By example, of a file without ids.
    std::vector<std::vector<std::string>> single_file_tokens(std::size_t batch,
                                                             std::span<const Entry> entries) const {
        const std::optional<Json> value = tokens_json();
        if (!value) {
            refuse_numbers("tokens");
            std::vector<std::vector<std::string>> tokens;
            for (const Entry& entry : entries) tokens.push_back(entry.default_tokens());
            return tokens;
        }
        const std::string place = metadata_place("tokens");
        const bool list_of_lists = value->is_array() && !value->empty() && value->front().is_array();
        const auto read = [&](const Json& list, const Entry& entry) {
            return read_tokens(list, entry.positions(), entry.kept, place);
        };
        if (batch == 1 && !list_of_lists) return {read(*value, entries.front())};
        if (!list_of_lists || value->size() != batch) {
            throw InputError(fmt::format("{}: {}, expected a list of {} lists of tokens", place,
                                         excerpt(value->dump()), batch));
        }
        std::vector<std::vector<std::string>> tokens;
        for (std::size_t b = 0; b < batch; ++b) tokens.push_back(read((*value)[b], entries[b]));
        return tokens;
    }

    /// `word_ids` of a file without ids: metadata, a list, or one for each example; else a tensor.
    void read_single_word_ids(std::span<Entry> entries) const {
        const std::optional<Json> value = metadata_json("word_ids");
        if (!value) {
            for (std::size_t b = 0; b < entries.size(); ++b)
                read_word_ids_tensor(entries[b], "", b, entries.size());
            return;
        }
        const std::string place = metadata_place("word_ids");
        const bool list_of_lists = value->is_array() && !value->empty() && value->front().is_array();
        if (list_of_lists ? value->size() != entries.size() : entries.size() != 1) {
            throw InputError(fmt::format("{}: {}, expected a list of {}", place, excerpt(value->dump()),
                                         counted(entries.size(), "list")));
        }
        for (std::size_t b = 0; b < entries.size(); ++b) {
            entries[b].word_ids = read_word_ids(list_of_lists ? (*value)[b] : *value, entries[b].positions(),
                                                entries[b].kept, place);
        }
    }

    void read_word_ids_tensor(Entry& entry, const std::string& id, std::size_t b, std::size_t examples) const {
        const auto tensor = input_of(id, "word_ids", b, examples);
        if (!tensor) return;
        entry.word_ids = read_word_ids(*tensor, entry.positions(), entry.kept,
                                       fmt::format("{}: tensor '{}'", where, excerpt(tensor->name)));
    }

    /// Metadata tokens; a text that is no JSON, as of an array of one text, is that text.
    std::optional<Json> tokens_json() const {
        const auto found = dataset.metadata().find("tokens");
        if (found == dataset.metadata().end()) return std::nullopt;
        if (!looks_like_json(found->second)) return Json(found->second);
        return metadata_json("tokens");
    }

    /// Tokens that are a tensor of numbers, where texts are missing.
    void refuse_numbers(const std::string& name) const {
        if (!dataset.file_->tensors().contains(name)) return;
        throw InputError(fmt::format("{}: tensor '{}': {}", where, excerpt(name), tokens_are_numbers().text()));
    }

    /// A tensor of numbers that stands beside the attention of an example: with its id, or of a file without ids,
    /// where it may have a batch axis. Nothing where there is none.
    std::optional<TensorView> input_of(const std::string& id, const std::string& name, std::size_t b,
                                       std::size_t examples) const {
        const auto found = dataset.file_->tensors().find(id.empty() ? name : id + "." + name);
        if (found == dataset.file_->tensors().end()) return std::nullopt;
        const TensorView& tensor = found->second;
        const bool batched =
            tensor.shape.size() == 2 && tensor.shape.front() == examples && is_number(tensor.dtype);
        return batched ? tensor.slice(b) : tensor;
    }

    /// A mask of n positions, which a model may have given axes of 1, as [examples, 1, 1, n].
    std::optional<TensorView> mask_of(const std::string& id, const std::string& name, std::size_t b,
                                      std::size_t examples, std::size_t n) const {
        auto mask = input_of(id, name, b, examples);
        if (!mask || mask->shape.size() < 3 || mask->shape.front() != examples || !is_number(mask->dtype))
            return mask;
        TensorView slice = mask->slice(b);
        return is_of_positions(slice, n) ? slice : *mask;
    }

    /// The mask of an example of n positions: `attention_mask`; where there is none, what else is called as
    /// libraries call it, if it is alone and holds 1 and 0 for positions.
    std::optional<TensorView> mask_of(const std::string& id, std::size_t b, std::size_t examples, std::size_t n) {
        if (auto mask = mask_of(id, "attention_mask", b, examples, n)) return mask;
        std::optional<TensorView> found;
        for (const char* name : other_mask_names) {
            auto mask = mask_of(id, name, b, examples, n);
            if (!mask) continue;
            if (found || !tells_padding(*mask, n)) return std::nullopt;
            found = std::move(mask);
        }
        if (found) masks_.insert(found->name);
        return found;
    }

    /// Tokens that are numbers in the whole file may be ids that were made texts.
    void note_numbers() const {
        const auto is_number = [](const std::string& token) {
            return !token.empty() && token.find_first_not_of("0123456789") == std::string::npos;
        };
        std::size_t several = 0;  // digits, of the token with the most
        for (const Entry& entry : dataset.entries_) {
            for (const std::string& token : entry.tokens) {
                if (!is_number(token)) return;
                several = std::max(several, token.size());
            }
        }
        if (several < 2) return;  // digits, as toy models read them
        dataset.notes_.push_back(
            tokens_look_like_ids().text({{"begin", excerpt(dataset.entries_.front().tokens.front(), 24)}}));
    }

    void note_separators() const {
        const auto named = dataset.metadata().find("separator_token");
        const std::string separator = named == dataset.metadata().end() ? "a separator" : excerpt(named->second);
        for (const auto& [ids, is_pair] : {std::pair(&with_separators, false), {&pairs_with_separators, true}}) {
            if (ids->empty()) continue;
            dataset.notes_.push_back(separators_note(
                fmt::format("the {} of {} ({}{})", is_pair ? "pair" : "text", counted(ids->size(), "example"),
                            ids->front(), ids->size() > 1 ? ", ..." : ""),
                separator, is_pair));
        }
    }

    void note_padding() const {
        std::size_t examples = 0;
        std::size_t positions = 0;
        for (const Entry& entry : dataset.entries_) {
            if (!entry.kept) continue;
            ++examples;
            positions += entry.positions() - entry.kept->size();
        }
        if (examples > 0) {
            dataset.notes_.push_back(fmt::format(
                "{} of padding in {} left out, by {}; positions are counted without padding",
                counted(positions, "position"), counted(examples, "example"),
                masks_.empty() ? "attention_mask"
                               : fmt::format("'{}', which is read as attention_mask", excerpt(*masks_.begin()))));
        }
        for (const auto& [name, tensor] : dataset.file_->tensors()) {
            if (!is_unread_mask(name, tensor)) continue;
            dataset.notes_.push_back(
                fmt::format("tensor '{}' is not read: {}", excerpt(name), other_mask().advice()));
            break;
        }
    }

    /// Whether `tensor` may be a mask of padding that nothing was made of: it tells some positions of its example
    /// from others, and no mask was read there.
    bool is_unread_mask(const std::string& name, const TensorView& tensor) const {
        const std::size_t dot = name_dot(name);
        const std::string id = dot == std::string::npos ? "" : name.substr(0, dot);
        if (!may_be_padding_mask(std::string_view(name).substr(dot + 1)) || masks_.contains(name)) return false;
        if (dataset.file_->tensors().contains(id.empty() ? "attention_mask" : id + ".attention_mask"))
            return false;
        const auto owner = dataset.index_.find(id);
        if (!id.empty() && owner == dataset.index_.end()) return false;
        if (dataset.entries_.empty()) return false;
        const Entry& entry = dataset.entries_[id.empty() ? 0 : owner->second];
        const bool of_positions = (tensor.shape.size() == 1 || tensor.shape.size() == 2) &&
                                  tensor.shape.back() == entry.positions() && is_number(tensor.dtype);
        if (!of_positions) return false;
        const std::size_t n = entry.positions();
        const bool of_pairs = tensor.shape.size() == 2 && tensor.shape.front() == n && dataset.size() != n;
        if (of_pairs && n > 1) return false;
        // Padding is at an end: what changes there and back is of something else, as the mask of a rationale.
        const std::vector<double> values = tensor.values();
        bool found = false;
        for (std::size_t first = 0; first < values.size(); first += n) {
            std::size_t changes = 0;
            for (std::size_t i = first + 1; i < first + n; ++i) changes += values[i] != values[i - 1] ? 1 : 0;
            if (changes > 1) return false;
            found = found || changes == 1;
        }
        return found;
    }

    // A file without attention: edge weights, for those who ask for them by name.

    void read_weights_only() {
        const std::string reason = fmt::format("{}: {}", where, no_attention_text(*dataset.file_));
        std::vector<const TensorView*> all;
        for (const auto& [name, tensor] : dataset.file_->tensors()) {
            const std::size_t rank = tensor.shape.size();
            const bool square = (rank == 3 || rank == 4) && tensor.shape[rank - 1] == tensor.shape[rank - 2];
            if (square && is_float(tensor.dtype) && tensor.elements() > 0) all.push_back(&tensor);
        }
        if (all.empty()) throw InputError(reason);
        const auto dot = [](const TensorView* tensor) { return name_dot(tensor->name); };
        const bool with_ids = std::all_of(all.begin(), all.end(), [&](const TensorView* tensor) {
            return dot(tensor) != std::string::npos && dot(tensor) > 0;
        });
        EntriesById entries;
        for (const TensorView* tensor : all) {
            const std::string id = with_ids ? tensor->name.substr(0, dot(tensor)) : "";
            Entry& entry = entries[id];
            if (!entry.attention.empty()) continue;
            for (std::size_t l = 0; l < tensor->shape.front(); ++l) entry.attention.push_back(tensor->slice(l));
            entry.layer_by_layer = true;
            entry.chain = true;
            entry.no_attention = reason;
            check_layer_chain(entry.attention, where);
            entry.crop(mask_of(id, 0, 1, entry.positions()), where);
        }
        if (with_ids) {
            std::vector<const TensorView*> others;
            for (const auto& [name, tensor] : dataset.file_->tensors()) others.push_back(&tensor);
            return read_many(std::move(entries), others);
        }
        Entry& entry = entries.begin()->second;
        entry.tokens = single_file_tokens(1, {&entry, 1}).front();
        read_single_word_ids({&entry, 1});
        for (const auto& [name, tensor] : dataset.file_->tensors()) entry.add_other(name, tensor);
        add(stem(), std::move(entry));
    }

    // A dataset file.

    using EntriesById = std::map<std::string, Entry>;

    void read_many(const TensorInventory& inventory) {
        EntriesById found;
        for (const auto& [id, parts] : inventory.by_id) found.emplace(id, entry_of(parts, id));
        read_many(std::move(found), inventory.others);
    }

    void read_many(EntriesById found, const std::vector<const TensorView*>& others) {
        const std::optional<Json> examples = metadata_json("examples");
        if (examples) {
            add_listed(*examples, found);
        } else {
            for (auto& [id, entry] : found) add(id, std::move(entry));
        }
        add_tokens_by_id();
        add_word_ids_by_id();
        if (!examples) add_labels_by_id();
        for (const TensorView* tensor : others) {
            const std::size_t dot = name_dot(tensor->name);
            if (dot == std::string::npos) continue;
            const auto owner = dataset.index_.find(std::string_view(tensor->name).substr(0, dot));
            if (owner == dataset.index_.end()) continue;
            dataset.entries_[owner->second].add_other(tensor->name.substr(dot + 1), *tensor);
        }
    }

    /// Of one example of several; `id` is "" in a file of one.
    Entry entry_of(const AttentionParts& parts, const std::string& id) {
        Entry entry;
        const std::vector<TensorView> tensors = in_layer_order(parts, entry.layer_by_layer, where);
        entry.chain = parts.chain;
        if (entry.chain) {
            entry.attention = tensors;
            check_layer_chain(entry.attention, where);
        } else {
            const AxesHints hints{.examples = 1, .source = "its example id", .axes = ""};
            const TensorAxes axes = read_axes(tensors.front(), entry.layer_by_layer, hints, where);
            check_attention_tensors(tensors, {3, 4, 5}, where);
            entry.attention = attention_of(tensors, axes, 0);
            entry.layer_by_layer = entry.layer_by_layer || axes.batch == TensorAxes::Batch::after_layers;
        }
        entry.crop(mask_of(id, 0, 1, entry.positions()), where);
        return entry;
    }

    void add_listed(const Json& examples, EntriesById& found) {
        const std::string place = metadata_place("examples");
        if (!examples.is_array()) {
            throw InputError(fmt::format("{}: has type {}, expected a list", place, examples.type_name()));
        }
        for (const Json& listed : examples) {
            const Json* id = listed.is_object() ? member(listed, "id") : nullptr;
            if (id == nullptr || !id->is_string()) {
                throw InputError(fmt::format("{}: entry {} is {}, expected an object with a string 'id'", place,
                                             dataset.size(), excerpt(listed.dump())));
            }
            add_listed_one(id->get<std::string>(), listed, found);
        }
        for (const auto& [id, entry] : found) {
            if (dataset.index_.contains(id)) continue;
            throw InputError(fmt::format("{}: '{}' is missing, expected every example with attention to be listed",
                                         place, excerpt(id)));
        }
    }

    void add_listed_one(const std::string& id, const Json& listed, EntriesById& entries) {
        const std::string place = fmt::format("{}: '{}'", metadata_place("examples"), excerpt(id));
        if (dataset.index_.contains(id)) throw InputError(place + " is listed twice");
        const auto found = entries.find(id);
        if (found == entries.end()) {
            throw InputError(fmt::format("{} has no tensor '{}.attentions'", place, excerpt(id)));
        }
        Entry entry = std::move(found->second);
        bool without_padding = false;  // as its tokens are given, positions are counted
        const auto set_tokens = [&](const Json& tokens, const std::string& tokens_place) {
            entry.tokens = read_tokens(tokens, entry.positions(), entry.kept, tokens_place);
            without_padding = entry.kept && tokens.size() == entry.kept->size();
        };
        if (const Json* tokens = member(listed, "tokens")) {
            set_tokens(*tokens, place);
        } else if (const Json* by_id = member(tokens_by_id(), id)) {
            set_tokens(*by_id, tokens_place_of(id));
        }
        const std::size_t positions = without_padding ? entry.kept->size() : entry.positions();
        const auto among_kept = [&](std::size_t position) {
            return without_padding ? position : entry.after_cropping(position);
        };
        const auto integer = [&](const char* key) -> std::optional<std::int64_t> {
            const Json* value = member(listed, key);
            if (value == nullptr) return std::nullopt;
            return read_integer(*value, fmt::format("{}: {}", place, key));
        };
        entry.label = integer("label");
        entry.predicted = integer("predicted");
        entry.attractors = integer("attractors");
        if (const auto position = integer("position")) {
            const auto count = static_cast<std::int64_t>(positions);
            if (*position < 0 || *position >= count) {
                throw InputError(fmt::format(
                    "{}: position {}, expected that of the masked token, one of 0 to {}{}", place, *position,
                    count - 1, without_padding ? ", counted without padding as the tokens are" : ""));
            }
            entry.masked = among_kept(static_cast<std::size_t>(*position));
            if (!entry.masked) {
                throw InputError(
                    fmt::format("{}: position {}, expected one that its attention_mask keeps", place, *position));
            }
        }
        if (const Json* unknown = member(listed, "unknown")) {
            entry.unknown.emplace();
            for (const std::size_t position : read_positions(*unknown, positions, place + ": unknown")) {
                if (const auto kept = among_kept(position)) entry.unknown->push_back(*kept);
            }
        }
        if (member(listed, "separators_inside") != nullptr) {
            auto& ids = member(listed, "text_pair") != nullptr ? pairs_with_separators : with_separators;
            ids.push_back(escape_controls(id));
        }
        if (const Json* ids = member(listed, "word_ids"))
            entry.word_ids = read_word_ids(*ids, entry.positions(), entry.kept, place + ": word_ids");
        if (const Json* group = member(listed, "group")) {
            if (!group->is_string()) {
                throw InputError(fmt::format("{}: group {}, expected a string", place, excerpt(group->dump())));
            }
            entry.group = group->get<std::string>();
        }
        add(id, std::move(entry));
    }

    const Json& tokens_by_id() {
        if (!tokens_by_id_) tokens_by_id_ = metadata_by_id("tokens");
        return *tokens_by_id_;
    }

    std::string tokens_place_of(const std::string& id) const {
        return fmt::format("{}: '{}'", metadata_place("tokens"), excerpt(id));
    }

    void add_word_ids_by_id() {
        for (std::size_t i = 0; i < dataset.size(); ++i) {
            if (!dataset.entries_[i].word_ids) read_word_ids_tensor(dataset.entries_[i], dataset.ids_[i], 0, 1);
        }
    }

    void add_tokens_by_id() {
        const auto without = [](const Entry& entry) { return entry.tokens.empty(); };
        if (std::none_of(dataset.entries_.begin(), dataset.entries_.end(), without)) return;
        for (std::size_t i = 0; i < dataset.size(); ++i) {
            Entry& entry = dataset.entries_[i];
            if (!without(entry)) continue;
            const Json* tokens = member(tokens_by_id(), dataset.ids_[i]);
            if (tokens != nullptr) {
                entry.tokens =
                    read_tokens(*tokens, entry.positions(), entry.kept, tokens_place_of(dataset.ids_[i]));
                continue;
            }
            refuse_numbers(dataset.ids_[i] + ".tokens");
            entry.tokens = entry.default_tokens();
        }
    }

    void add_labels_by_id() {
        const Json by_id = metadata_by_id("labels");
        for (std::size_t i = 0; i < dataset.size(); ++i) {
            const Json* label = member(by_id, dataset.ids_[i]);
            if (label == nullptr) continue;
            dataset.entries_[i].label =
                read_integer(*label, fmt::format("{}: '{}'", metadata_place("labels"), excerpt(dataset.ids_[i])));
        }
    }
};

AttentionStack weights_by_name(const Example& example, const std::string& name) {
    if (name == attention_weights) {
        if (!example.no_attention.empty()) throw InputError(example.no_attention);
        return example.attention;
    }
    const auto found = example.weights.find(name);
    if (found == example.weights.end()) {
        std::vector<std::string> names;
        if (example.no_attention.empty()) names.push_back(attention_weights);
        for (const auto& [known, tensor] : example.weights) names.push_back(excerpt(known));
        throw ParameterError(fmt::format("{}: no edge weights '{}'{}", escape_controls(example.id), excerpt(name),
                                         name_hint(name, names)));
    }
    std::vector<TensorView> layers;
    for (std::size_t l = 0; l < found->second.shape.front(); ++l) layers.push_back(found->second.slice(l));
    auto stack = AttentionStack::from_chain(std::move(layers), nullptr, escape_controls(example.id));
    if (example.kept) stack = stack.cropped(example.kept);
    return example.joined ? stack.joined(example.joined) : stack;
}

Example in_words(const Example& example, const Words& words, JoinRows rows) {
    for (std::size_t l = 0; l < example.attention.layers(); ++l) {
        const std::size_t queries = example.attention.queries(l);
        const std::size_t keys = example.attention.keys(l);
        if (queries == words.tokens() && keys == words.tokens()) continue;
        throw InputError(
            fmt::format("{}: units words, but layer {} has {} queries and {} keys for {} tokens; expected layers "
                        "as wide as the "
                        "text, because positions of other layers are no tokens",
                        escape_controls(example.id), l + 1, queries, keys, words.tokens()));
    }
    Example out = example;
    out.joined = std::make_shared<const WordJoin>(WordJoin{words, rows});
    out.tokens = words.texts(example.tokens);
    out.attention = example.attention.joined(out.joined);
    for (auto* all : {&out.references, &out.by_name_only}) {
        for (auto& [name, scores] : *all) scores = words.sums(scores);
    }
    if (example.masked) out.masked = words.at(*example.masked);
    out.unknown.positions = words.holding(example.unknown.positions);
    out.word_ids.reset();
    return out;
}

Dataset Dataset::open(const std::string& path, const DatasetOptions& options) {
    Dataset dataset;
    dataset.file_ = open_tensor_file(path);
    Reader{dataset, escape_controls(path), options.attention}.read();
    return dataset;
}

const Dataset::Entry& Dataset::entry(std::size_t index) const {
    if (index < size()) return entries_[index];
    throw ParameterError(
        fmt::format("{}: no example {}, expected 0 to {}", escape_controls(path()), index, size() - 1));
}

Example Dataset::example(std::size_t index) const {
    const Entry& entry = this->entry(index);
    std::vector<TensorView> layers = entry.attention;
    if (!entry.layer_by_layer) {
        layers.clear();
        for (std::size_t layer = 0; layer < entry.layers(); ++layer) {
            layers.push_back(entry.attention.front().slice(layer));
        }
    }
    const std::string where = escape_controls(path());
    auto attention = entry.chain ? AttentionStack::from_chain(std::move(layers), file_, where)
                                 : AttentionStack(std::move(layers), file_, where);
    if (entry.kept) attention = attention.cropped(entry.kept);
    Example example{ids_[index],          entry.tokens,  std::move(attention), {},
                    entry.weights,        entry.label,   entry.predicted,      entry.attractors,
                    entry.group,          entry.masked,  entry.kept,           entry.no_attention,
                    unknown_words(entry), entry.word_ids};
    const auto read = [&](const std::map<std::string, TensorView>& tensors,
                          std::map<std::string, std::vector<double>>& out) {
        for (const auto& [name, tensor] : tensors) {
            std::vector<double> scores = tensor.values();
            if (entry.kept) {
                for (std::size_t k = 0; k < entry.kept->size(); ++k) scores[k] = scores[(*entry.kept)[k]];
                scores.resize(entry.kept->size());
            }
            out[name] = std::move(scores);
        }
    };
    read(entry.references, example.references);
    read(entry.by_name_only, example.by_name_only);
    return example;
}

namespace {

/// Of the type, shape and bytes of layers, whatever they are called.
class LayersChecksum {
public:
    void add(const TensorView& layer) {
        constexpr std::size_t at_once = std::size_t{1} << 20;
        sum_.add(fmt::format("{} {}\n", dtype_name(layer.dtype), shape_text(layer.shape)));
        const std::size_t size = layer.elements() * dtype_bits(layer.dtype) / 8;
        for (std::size_t first = 0; first < size; first += at_once) {
            const std::size_t count = std::min(at_once, size - first);
            sum_.add(std::span(layer.data + first, count));
            if (layer.file != nullptr) layer.file->note_read(count);
        }
    }
    std::string hexadecimal() { return sum_.hexadecimal(); }

private:
    Sha256 sum_;
};

}  // namespace

std::map<std::string, std::string> Dataset::checksums(std::size_t index) const {
    const Entry& entry = this->entry(index);
    std::map<std::string, std::string> sums;
    if (entry.no_attention.empty()) {
        LayersChecksum attention;
        for (const TensorView& tensor : entry.attention) {
            if (entry.layer_by_layer) {
                attention.add(tensor);
                continue;
            }
            for (std::size_t layer = 0; layer < entry.layers(); ++layer) attention.add(tensor.slice(layer));
        }
        sums[attention_weights] = attention.hexadecimal();
    }
    for (const auto& [name, tensor] : entry.weights) {
        LayersChecksum weights;
        weights.add(tensor);
        sums.emplace(name, weights.hexadecimal());
    }
    std::string positions = entry.masked ? fmt::format("masked {}", *entry.masked) : "";
    for (std::size_t k = 0; entry.kept && k < entry.kept->size(); ++k)
        positions += fmt::format(" {}", (*entry.kept)[k]);
    sums["positions"] = sha256_of_text(positions);  // no name of weights: is_input_name() and may_be_input_name()
    return sums;
}

UnknownWords Dataset::unknown_words(const Entry& entry) const {
    const auto named = metadata().find("unknown_token");
    const std::string name = named == metadata().end() ? "" : named->second;
    if (entry.unknown) return {name.empty() ? std::string(unknown_names[0]) : name, *entry.unknown};
    UnknownWords words{name, {}};
    for (std::size_t t = 0; t < entry.tokens.size(); ++t) {
        const std::string& token = entry.tokens[t];
        const bool is_unknown = name.empty() ? std::find(std::begin(unknown_names), std::end(unknown_names),
                                                         token) != std::end(unknown_names)
                                             : token == name;
        if (!is_unknown) continue;
        words.token = token;
        words.positions.push_back(t);
    }
    return words;
}

Dataset::UnknownCount Dataset::count_unknown() const {
    UnknownCount count;
    for (const Entry& entry : entries_) {
        const UnknownWords words = unknown_words(entry);
        if (words.positions.empty()) continue;
        count.words += words.positions.size();
        ++count.examples;
        count.token = words.token;
    }
    return count;
}

std::string separators_note(const std::string& texts, const std::string& separator, bool is_pair) {
    if (is_pair) {
        return fmt::format(
            "{} holds {} inside a text: the model reads it as what stands between the two texts, so that it sees "
            "more "
            "than two; take it out of the text",
            texts, separator);
    }
    return fmt::format(
        "{} holds {} inside and was read as one text, all of it with the first of the model's token types; "
        "the second text of a pair is given by itself: a column text_pair, or --text-pair",
        texts, separator);
}

WordFinder Dataset::word_finder(std::size_t examples, const std::vector<std::string>& special) const {
    const std::string where = escape_controls(path());
    std::vector<WordFinder::Text> texts;
    for (std::size_t i = 0; i < std::min(examples, size()); ++i) {
        const Entry& entry = entries_[i];
        if (!entry.word_ids && entry.tokens == entry.default_tokens()) throw InputError(words_need_tokens(where));
        texts.push_back({&entry.tokens, entry.word_ids ? &*entry.word_ids : nullptr});
    }
    return WordFinder(texts, special, where);
}

bool UnknownWords::has(std::size_t position) const {
    return std::binary_search(positions.begin(), positions.end(), position);
}

bool Dataset::is_masked() const {
    return std::all_of(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return entry.masked.has_value(); });
}

std::optional<std::vector<std::string>> Dataset::special_tokens() const {
    const auto found = metadata().find("special_tokens");
    if (found == metadata().end()) return std::nullopt;
    const std::string where = escape_controls(path()) + ": metadata 'special_tokens'";
    const Json list = parse_json(found->second, where);
    const auto is_text = [](const Json& item) { return item.is_string(); };
    if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_text)) {
        throw InputError(where + ": expected a JSON list of strings");
    }
    return list.get<std::vector<std::string>>();
}

std::map<std::string, std::string> Dataset::extraction() const {
    const auto found = metadata().find("extraction");
    if (found == metadata().end()) return {};
    const std::string where = escape_controls(path()) + ": metadata 'extraction'";
    const Json settings = parse_json(found->second, where);
    const auto is_text = [](const Json& item) { return item.is_string(); };
    if (!settings.is_object() || !std::all_of(settings.begin(), settings.end(), is_text)) {
        throw InputError(where + ": expected a JSON object of strings");
    }
    return settings.get<std::map<std::string, std::string>>();
}

std::size_t Dataset::index_of(std::string_view id) const {
    if (const auto found = index_.find(id); found != index_.end()) return found->second;
    // Not name_hint: it would list all ids where none is close.
    const std::string nearest = nearest_name(id, ids_);
    throw ParameterError(fmt::format("{}: no example '{}'; {}", escape_controls(path()), excerpt(id),
                                     nearest.empty() ? fmt::format("it has {}, from '{}' to '{}'", size(),
                                                                   excerpt(ids_.front()), excerpt(ids_.back()))
                                                     : fmt::format("did you mean '{}'?", excerpt(nearest))));
}

}  // namespace attnflow
