#include "attention/files/numpy/npz.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "attention/files/numpy/zip.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {
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
        if (!tokens_by_id_.empty()) metadata_.try_emplace("tokens", Json(tokens_by_id_).dump());
        return std::move(metadata_);
    }

private:
    std::map<std::string, std::string> metadata_;
    std::map<std::string, Json> tokens_by_id_;
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
    for (const ZipMember& member : members) {
        const std::string place = fmt::format("{}: member '{}'", where, excerpt(member.name));
        if (!member.name.ends_with(suffix) || member.name.size() == suffix.size()) {
            const bool torch = member.name.ends_with("data.pkl");
            throw InputError(fmt::format("{}: {}", place,
                                         torch ? "a file of torch.save, which holds a pickled program; save the "
                                                 "arrays with numpy.savez or safetensors instead"
                                               : "not an npy array, expected a file of numpy.savez"));
        }
        const std::string name = member.name.substr(0, member.name.size() - suffix.size());
        NpyArray array;
        if (member.deflated) {
            result->owned_.push_back(unpack(member, place));
            array = read_npy(result->owned_.back(), place);
        } else {
            check_stored(member, place);
            result->file_->note_read(member.data.size());
            array = read_npy(member.data, place);
            if (array.owned.empty()) array.view.file = result->file_.get();
        }
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
    return result;
}

}  // namespace attnflow
