#include "attention/dataset.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {
/// "attentions", "attentions.K", "ID.attentions", "ID.attentions.K", "layers.K" or "ID.layers.K"
/// taken apart.
struct AttentionName {
    std::optional<std::string> id;
    std::optional<std::size_t> layer;
    bool chain = false;  ///< "layers"
};

std::optional<std::size_t> parse_size(std::string_view text) {
    std::size_t number = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    return number;
}

std::optional<AttentionName> parse_attention_name(std::string_view name) {
    AttentionName result;
    if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos) {
        result.layer = parse_size(name.substr(dot + 1));
        if (result.layer) name = name.substr(0, dot);
    }
    result.chain = result.layer && name.ends_with("layers");
    const std::string_view word = result.chain ? "layers" : "attentions";
    if (!name.ends_with(word)) return std::nullopt;
    name.remove_suffix(word.size());
    if (name.empty()) return result;
    if (!name.ends_with('.')) return std::nullopt;
    result.id = name.substr(0, name.size() - 1);
    return result;
}

/// The attention tensors of one example as found: the whole, or by layer.
struct Parts {
    const TensorView* whole = nullptr;
    std::map<std::size_t, const TensorView*> layers;
    bool chain = false;  ///< layers of any width
};

/// What a file holds, sorted by role.
struct Inventory {
    Parts single;
    std::map<std::string, Parts> by_id;
    std::vector<const TensorView*> others;
};

Inventory take_inventory(const TensorFile& file, const std::string& where) {
    Inventory inventory;
    for (const auto& [name, tensor] : file.tensors()) {
        const auto parsed = parse_attention_name(name);
        if (!parsed) {
            inventory.others.push_back(&tensor);
            continue;
        }
        const auto refuse = [&, &tensor_name = name](const std::string& reason) {
            throw InputError(fmt::format("{}: tensor '{}': {}", where, excerpt(tensor_name), reason));
        };
        if (parsed->id && parsed->id->empty()) refuse("empty example id, expected ID.attentions");
        Parts& parts = parsed->id ? inventory.by_id[*parsed->id] : inventory.single;
        const bool first = parts.whole == nullptr && parts.layers.empty();
        if (!first && parts.chain != parsed->chain) refuse("expected either attentions or layers, not both");
        parts.chain = parsed->chain;
        if (parsed->layer) {
            const auto [place, inserted] = parts.layers.emplace(*parsed->layer, &tensor);
            if (!inserted) {
                refuse(fmt::format("layer {} is also in '{}'", *parsed->layer, excerpt(place->second->name)));
            }
        } else {
            parts.whole = &tensor;
        }
        if (parts.whole != nullptr && !parts.layers.empty()) {
            refuse("expected either one tensor of all layers or one for each layer, not both");
        }
    }
    return inventory;
}

/// The tensors in layer order. `layer_by_layer` tells which of the two forms was found.
std::vector<TensorView> in_order(const Parts& parts, bool& layer_by_layer, const std::string& where) {
    layer_by_layer = parts.whole == nullptr;
    if (!layer_by_layer) return {*parts.whole};
    std::vector<TensorView> tensors;
    for (const auto& [layer, tensor] : parts.layers) {
        if (layer != tensors.size()) {
            throw InputError(
                fmt::format("{}: tensor '{}': layer {} is missing, expected layers 0, 1, ... without gaps", where,
                            excerpt(tensor->name), tensors.size()));
        }
        tensors.push_back(*tensor);
    }
    return tensors;
}

std::vector<std::string> default_tokens(std::size_t count) {
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < count; ++i) tokens.push_back("#" + std::to_string(i));
    return tokens;
}

std::vector<std::string> read_tokens(const Json& value, std::size_t count, const std::string& where) {
    const bool strings = value.is_array() && std::all_of(value.begin(), value.end(),
                                                         [](const Json& token) { return token.is_string(); });
    if (!strings) {
        throw InputError(fmt::format("{}: tokens {}, expected a list of strings", where, excerpt(value.dump())));
    }
    if (value.size() != count) {
        throw InputError(
            fmt::format("{}: {} tokens, expected {} as in the attention", where, value.size(), count));
    }
    return value.get<std::vector<std::string>>();
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

/// What tokenizers call their token for unknown words.
constexpr std::string_view unknown_names[] = {"[UNK]", "<unk>", "<UNK>"};

/// The member `key` of an object, or nullptr where it is missing or null.
const Json* member(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    return found == nullptr || found->is_null() ? nullptr : found;
}

}  // namespace

/// References and weights are told apart by their shape; what is neither is left alone.
bool Dataset::Entry::add_other(const std::string& name, const TensorView& tensor) {
    const std::size_t n = token_count();
    if (is_decodable(tensor.dtype) && tensor.shape == std::vector<std::size_t>{n}) {
        return references.emplace(name, tensor).second;
    }
    if (chain) return false;
    const std::vector<std::size_t>& shape = attention.front().shape;
    const std::size_t heads = shape[shape.size() - 3];
    if (is_float(tensor.dtype) && (tensor.shape == std::vector<std::size_t>{layers(), n, n} ||
                                   tensor.shape == std::vector<std::size_t>{layers(), heads, n, n})) {
        return weights.emplace(name, tensor).second;
    }
    return false;
}

/// Fills a dataset from its open file.
struct Dataset::Reader {
    Dataset& dataset;
    std::string where;  ///< the path, for messages

    void read() {
        const Inventory inventory = take_inventory(*dataset.file_, where);
        const bool single = inventory.single.whole != nullptr || !inventory.single.layers.empty();
        if (single && !inventory.by_id.empty()) {
            throw InputError(
                fmt::format("{}: attention with and without an example id ('{}'), expected one or the "
                            "other",
                            where, excerpt(inventory.by_id.begin()->first)));
        }
        if (!single && inventory.by_id.empty()) {
            throw InputError(
                fmt::format("{}: no attention among its {} tensors, expected one called 'attentions' or "
                            "'ID.attentions'",
                            where, inventory.others.size()));
        }
        if (single) {
            read_single(inventory);
        } else {
            read_many(inventory);
        }
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

    void read_single(const Inventory& inventory) {
        const std::string stem = std::filesystem::path(dataset.path()).stem().string();
        if (inventory.single.chain) {
            Entry entry = entry_of(inventory.single);
            entry.tokens = single_file_tokens(1, entry.token_count()).front();
            for (const TensorView* other : inventory.others) entry.add_other(other->name, *other);
            return add(stem, std::move(entry));
        }
        bool layer_by_layer = false;
        const std::vector<TensorView> tensors = in_order(inventory.single, layer_by_layer, where);
        const std::size_t rank = layer_by_layer ? 3 : 4;
        check_attention_tensors(tensors, {rank, rank + 1}, where);
        const std::vector<std::size_t>& shape = tensors.front().shape;
        const bool batched = shape.size() > rank;
        const std::size_t batch = batched ? shape.front() : 1;

        const std::vector<std::vector<std::string>> tokens = single_file_tokens(batch, shape.back());
        std::vector<const TensorView*> with_batch_axis;
        for (const TensorView* other : inventory.others) {
            if (batched && is_decodable(other->dtype) && !other->shape.empty() && other->shape.front() == batch) {
                with_batch_axis.push_back(other);
            }
        }
        for (std::size_t b = 0; b < batch; ++b) {
            Entry entry;
            entry.layer_by_layer = layer_by_layer;
            for (const TensorView& tensor : tensors) entry.attention.push_back(batched ? tensor.slice(b) : tensor);
            entry.tokens = tokens[b];
            // A tensor that does not suit the first example suits none: dropping it keeps this
            // linear in the file's size.
            std::erase_if(with_batch_axis,
                          [&](const TensorView* other) { return !entry.add_other(other->name, other->slice(b)); });
            if (batch == 1) {
                for (const TensorView* other : inventory.others) entry.add_other(other->name, *other);
            }
            add(batch == 1 ? stem : fmt::format("{}/{}", stem, b), std::move(entry));
        }
    }

    std::vector<std::vector<std::string>> single_file_tokens(std::size_t batch, std::size_t count) const {
        const std::optional<Json> value = metadata_json("tokens");
        if (!value) return std::vector<std::vector<std::string>>(batch, default_tokens(count));
        const std::string place = metadata_place("tokens");
        const bool list_of_lists = value->is_array() && !value->empty() && value->front().is_array();
        if (batch == 1 && !list_of_lists) return {read_tokens(*value, count, place)};
        if (!list_of_lists || value->size() != batch) {
            throw InputError(fmt::format("{}: {}, expected a list of {} lists of tokens", place,
                                         excerpt(value->dump()), batch));
        }
        std::vector<std::vector<std::string>> tokens;
        for (const Json& list : *value) tokens.push_back(read_tokens(list, count, place));
        return tokens;
    }

    // A dataset file.

    void read_many(const Inventory& inventory) {
        const std::optional<Json> examples = metadata_json("examples");
        if (examples) {
            add_listed(*examples, inventory);
        } else {
            for (const auto& [id, parts] : inventory.by_id) add(id, entry_of(parts));
        }
        add_tokens_by_id();
        if (!examples) add_labels_by_id();
        for (const TensorView* tensor : inventory.others) {
            const std::size_t dot = tensor->name.rfind('.');
            if (dot == std::string::npos) continue;
            const auto owner = dataset.index_.find(std::string_view(tensor->name).substr(0, dot));
            if (owner == dataset.index_.end()) continue;
            dataset.entries_[owner->second].add_other(tensor->name.substr(dot + 1), *tensor);
        }
    }

    Entry entry_of(const Parts& parts) const {
        Entry entry;
        entry.attention = in_order(parts, entry.layer_by_layer, where);
        entry.chain = parts.chain;
        if (entry.chain) {
            check_layer_chain(entry.attention, where);
            return entry;
        }
        check_attention_tensors(entry.attention, {entry.layer_by_layer ? std::size_t{3} : std::size_t{4}}, where);
        return entry;
    }

    void add_listed(const Json& examples, const Inventory& inventory) {
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
            add_listed_one(id->get<std::string>(), listed, inventory);
        }
        for (const auto& [id, parts] : inventory.by_id) {
            if (dataset.index_.contains(id)) continue;
            throw InputError(fmt::format("{}: '{}' is missing, expected every example with attention to be listed",
                                         place, excerpt(id)));
        }
    }

    void add_listed_one(const std::string& id, const Json& listed, const Inventory& inventory) {
        const std::string place = fmt::format("{}: '{}'", metadata_place("examples"), excerpt(id));
        if (dataset.index_.contains(id)) throw InputError(place + " is listed twice");
        const auto found = inventory.by_id.find(id);
        if (found == inventory.by_id.end()) {
            throw InputError(fmt::format("{} has no tensor '{}.attentions'", place, excerpt(id)));
        }
        Entry entry = entry_of(found->second);
        if (const Json* tokens = member(listed, "tokens")) {
            entry.tokens = read_tokens(*tokens, entry.token_count(), place);
        }
        const auto integer = [&](const char* key) -> std::optional<std::int64_t> {
            const Json* value = member(listed, key);
            if (value == nullptr) return std::nullopt;
            return read_integer(*value, fmt::format("{}: {}", place, key));
        };
        entry.label = integer("label");
        entry.predicted = integer("predicted");
        entry.attractors = integer("attractors");
        if (const auto position = integer("position")) {
            const auto count = static_cast<std::int64_t>(entry.token_count());
            if (*position < 0 || *position >= count) {
                throw InputError(fmt::format("{}: position {}, expected that of the masked token, one of 0 to {}",
                                             place, *position, count - 1));
            }
            entry.masked = static_cast<std::size_t>(*position);
        }
        if (const Json* unknown = member(listed, "unknown")) {
            entry.unknown = read_positions(*unknown, entry.token_count(), place + ": unknown");
        }
        if (const Json* group = member(listed, "group")) {
            if (!group->is_string()) {
                throw InputError(fmt::format("{}: group {}, expected a string", place, excerpt(group->dump())));
            }
            entry.group = group->get<std::string>();
        }
        add(id, std::move(entry));
    }

    void add_tokens_by_id() {
        const auto without = [](const Entry& entry) { return entry.tokens.empty(); };
        if (std::none_of(dataset.entries_.begin(), dataset.entries_.end(), without)) return;
        const Json by_id = metadata_by_id("tokens");
        for (std::size_t i = 0; i < dataset.size(); ++i) {
            Entry& entry = dataset.entries_[i];
            if (!without(entry)) continue;
            const Json* tokens = member(by_id, dataset.ids_[i]);
            entry.tokens =
                tokens == nullptr
                    ? default_tokens(entry.token_count())
                    : read_tokens(*tokens, entry.token_count(),
                                  fmt::format("{}: '{}'", metadata_place("tokens"), excerpt(dataset.ids_[i])));
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
    if (name == attention_weights) return example.attention;
    const auto found = example.weights.find(name);
    if (found == example.weights.end()) {
        std::vector<std::string> names{attention_weights};
        for (const auto& [known, tensor] : example.weights) names.push_back(excerpt(known));
        throw ParameterError(fmt::format("{}: no edge weights '{}'{}", escape_controls(example.id), excerpt(name),
                                         name_hint(name, names)));
    }
    std::vector<TensorView> layers;
    for (std::size_t l = 0; l < found->second.shape.front(); ++l) layers.push_back(found->second.slice(l));
    return AttentionStack::from_chain(std::move(layers), nullptr, escape_controls(example.id));
}

Dataset Dataset::open(const std::string& path) {
    Dataset dataset;
    dataset.file_ = open_tensor_file(path);
    Reader{dataset, escape_controls(path)}.read();
    return dataset;
}

Example Dataset::example(std::size_t index) const {
    if (index >= size()) {
        throw ParameterError(
            fmt::format("{}: no example {}, expected 0 to {}", escape_controls(path()), index, size() - 1));
    }
    const Entry& entry = entries_[index];
    std::vector<TensorView> layers = entry.attention;
    if (!entry.layer_by_layer) {
        layers.clear();
        for (std::size_t layer = 0; layer < entry.layers(); ++layer) {
            layers.push_back(entry.attention.front().slice(layer));
        }
    }
    const std::string where = escape_controls(path());
    Example example{ids_[index],
                    entry.tokens,
                    entry.chain ? AttentionStack::from_chain(std::move(layers), file_, where)
                                : AttentionStack(std::move(layers), file_, where),
                    {},
                    entry.weights,
                    entry.label,
                    entry.predicted,
                    entry.attractors,
                    entry.group,
                    entry.masked,
                    unknown_words(entry)};
    for (const auto& [name, tensor] : entry.references) example.references[name] = tensor.values();
    return example;
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

bool UnknownWords::has(std::size_t position) const {
    return std::binary_search(positions.begin(), positions.end(), position);
}

bool Dataset::is_masked() const {
    return std::all_of(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return entry.masked.has_value(); });
}

std::vector<std::string> Dataset::special_tokens() const {
    const auto found = metadata().find("special_tokens");
    if (found == metadata().end()) return {};
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
