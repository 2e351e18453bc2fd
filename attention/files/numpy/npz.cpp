#include "attention/files/numpy/npz.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attention/files/file_kind.hpp"
#include "attention/files/numpy/zip.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::json;

constexpr std::size_t always_allowed = std::size_t{64} << 20;
constexpr std::size_t allowed_ratio = 200;
constexpr std::string_view suffix = ".npy";

void check_total(const std::vector<ZipMember>& members, std::size_t file_bytes, const std::string& where) {
    std::size_t total = 0;
    for (const ZipMember& member : members) {
        if (__builtin_add_overflow(total, member.size, &total)) total = SIZE_MAX;
    }
    if (total > always_allowed && total / allowed_ratio > file_bytes) {
        throw InputError(
            fmt::format("{}: {} bytes would unpack to {}, more than {} times as many; unpack it "
                        "with numpy if you trust it, and use numpy.savez",
                        where, file_bytes, total, allowed_ratio));
    }
}

// A Mac puts a shadow of every file into the archives that it packs.
bool is_array_name(std::string_view name) {
    return name.ends_with(suffix) && name.size() > suffix.size() && !name.starts_with("__MACOSX/");
}

// What is read by its name: nothing stands in for it where it cannot be read.
bool is_needed(std::string_view name) {
    constexpr std::string_view needed[] = {"attentions", "layers", "tokens", "attention_mask", "word_ids"};
    if (const std::size_t end = name.find_last_not_of("0123456789");
        end != std::string_view::npos && end + 1 < name.size() && name[end] == '.')
        name = name.substr(0, end);
    const std::string_view last = name.substr(name.rfind('.') + 1);
    return std::find(std::begin(needed), std::end(needed), last) != std::end(needed);
}

// "a, b, c and 4 more"
std::string shortened(std::vector<std::string> names) {
    constexpr std::size_t most = 5;
    if (names.empty()) return "nothing";
    const std::size_t more = names.size() > most ? names.size() - most : 0;
    names.resize(names.size() - more);
    return join(names, ", ") + (more > 0 ? fmt::format(" and {} more", more) : "");
}

// Texts of shape [] stand for themselves, [n] for a list, [B, n] for a list of lists.
Json text_json(const NpyArray& array, const std::string& where) {
    const std::vector<std::size_t>& shape = array.view.shape;
    if (shape.size() == 1) return array.text;
    if (shape.size() != 2) {
        throw InputError(fmt::format("{}: text of shape {}, expected 0 to 2 axes", where, shape_text(shape)));
    }
    Json lists = Json::array();
    for (std::size_t b = 0; b < shape[0]; ++b) {
        const auto first = array.text.begin() + static_cast<std::ptrdiff_t>(b * shape[1]);
        lists.push_back(std::vector<std::string>(first, first + static_cast<std::ptrdiff_t>(shape[1])));
    }
    return lists;
}

// Metadata as safetensors has it: texts, JSON where it is a list.
class TextCollector {
public:
    void add(const std::string& name, const NpyArray& array, const std::string& where) {
        constexpr std::string_view tokens = ".tokens";
        if (array.view.shape.empty()) {
            metadata_[name] = array.text.front();
        } else if (name.ends_with(tokens)) {
            tokens_by_id_[name.substr(0, name.size() - tokens.size())] = text_json(array, where);
        } else {
            metadata_[name] = text_json(array, where).dump();
        }
    }
    std::map<std::string, std::string> metadata() && {
        if (!tokens_by_id_.empty()) metadata_.try_emplace("tokens", tokens_by_id_.dump());
        return std::move(metadata_);
    }

private:
    std::map<std::string, std::string> metadata_;
    Json tokens_by_id_ = Json::object();
};

}  // namespace

std::shared_ptr<const NpzFile> NpzFile::read(std::shared_ptr<const MappedFile> file, const std::string& path) {
    const std::shared_ptr<NpzFile> result(new NpzFile(path));
    const std::string where = escape_controls(path);
    result->file_ = std::move(file);
    const auto bytes = result->file_->bytes();
    const auto members = read_zip(bytes, where);
    check_total(members, bytes.size(), where);

    TextCollector texts;
    std::vector<std::string> others;
    std::vector<std::string> no_numbers;
    for (const ZipMember& member : members) {
        const std::string place = fmt::format("{}: member '{}'", where, excerpt(member.name));
        if (is_torch_member(member.name)) throw InputError(fmt::format("{}: {}", where, torch_archive().text()));
        if (!is_array_name(member.name)) {
            if (!member.name.ends_with('/')) others.push_back(excerpt(member.name));
            continue;
        }
        const std::string name = member.name.substr(0, member.name.size() - suffix.size());
        NpyArray array;
        if (member.deflated) {
            result->owned_.push_back(unpack(member, place));
        } else {
            check_stored(member, place);
            result->file_->note_read(member.data.size());
        }
        try {
            array = member.deflated ? read_npy(result->owned_.back(), place) : read_npy(member.data, place);
        } catch (const OtherElements&) {
            if (is_needed(name)) throw;
            no_numbers.push_back(excerpt(name));
            if (member.deflated) result->owned_.pop_back();
            continue;
        }
        if (!member.deflated && array.owned.empty()) array.view.file = result->file_.get();
        if (array.is_text) {
            texts.add(name, array, place);
        } else {
            array.view.name = name;
            result->tensors_.emplace(name, array.view);
        }
        const bool packed_is_used = member.deflated && !array.is_text && array.owned.empty();
        if (member.deflated && !packed_is_used) result->owned_.pop_back();
        if (!array.owned.empty()) result->owned_.push_back(std::move(array.owned));
    }
    result->metadata_ = std::move(texts).metadata();
    if (result->tensors_.empty() && result->metadata_.empty() && no_numbers.empty()) {
        throw InputError(
            fmt::format("{}: {}", where, archive_without_arrays().text({{"members", shortened(others)}})));
    }
    if (!others.empty()) {
        result->notes_.push_back("left out what is no NumPy array: " + shortened(others));
    }
    if (!no_numbers.empty()) {
        result->notes_.push_back(
            "left out what is no array of numbers or texts (Python objects, records, dates): " +
            shortened(no_numbers));
    }
    return result;
}

}  // namespace attnflow
