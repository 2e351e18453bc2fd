#include "experiments/inputs/text_cache.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>
#include <nlohmann/json.hpp>

#include "attention/files/safetensors.hpp"
#include "attention/files/safetensors_writer.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "graph/support/error.hpp"
#include "graph/support/sha256.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

namespace fs = std::filesystem;

constexpr const char* ending = ".safetensors";

std::string shown(const fs::path& path) { return escape_controls(path.string()); }

fs::path user_cache() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && *cache == '/') return fs::path(cache) / "attnflow";
    const char* home = std::getenv("HOME");
    if (home != nullptr && *home == '/') return fs::path(home) / ".cache" / "attnflow";
    throw InputError("model.cache: no folder to keep extracted attention in; set it, or HOME");
}

/// The name of weights as part of a file's name.
std::string file_text(std::string_view weight) {
    std::string text;
    for (const char c : weight) {
        const bool plain = c >= ' ' && c <= '~' && c != '/' && c != '+' && c != '%';
        text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return text;
}

fs::path checksum_file(const fs::path& entry) { return fs::path(entry).replace_extension(".sha256"); }

}  // namespace

TextCache::TextCache(fs::path folder) : folder_(folder.empty() ? user_cache() : std::move(folder)) {}

OutputFolder TextCache::make() const {
    try {
        return OutputFolder::make(folder_);
    } catch (const InputError& error) {
        throw InputError(
            fmt::format("{}; extracted attention is kept there, model.cache names another folder", error.what()));
    }
}

fs::path TextCache::place(const std::string& key, const std::vector<std::string>& weights) const {
    std::vector<std::string> texts;
    for (const std::string& weight : weights) texts.push_back(file_text(weight));
    return folder_ / (key + (texts.empty() ? "" : "." + join(texts, "+")) + ending);
}

fs::path TextCache::find(const std::string& key, const std::vector<std::string>& weights) const {
    const fs::path exact = place(key, weights);
    if (is_whole(exact)) return exact;
    const std::size_t frame = key.size() + 1 + std::strlen(ending);
    std::set<std::string> larger;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(key + ".") || !name.ends_with(ending) || name.size() < frame) continue;
        const std::string has = "+" + name.substr(key.size() + 1, name.size() - frame) + "+";
        const bool serves = std::all_of(weights.begin(), weights.end(), [&](const std::string& weight) {
            return has.find("+" + file_text(weight) + "+") != std::string::npos;
        });
        if (serves) larger.insert(name);
    }
    for (const std::string& name : larger) {
        if (is_whole(folder_ / name)) return folder_ / name;
    }
    return exact;
}

bool TextCache::is_whole(const fs::path& entry) {
    constexpr std::size_t digits = 64;
    const fs::path checksum = checksum_file(entry);
    std::error_code error;
    if (!fs::is_regular_file(entry, error) || !fs::is_regular_file(checksum, error)) return false;
    if (fs::file_size(checksum, error) != digits || error) return false;
    return read_text_file(checksum.string(), digits) == sha256_of_file(entry.string());
}

void TextCache::make_room(const fs::path& entry) {
    for (const fs::path& path : {entry, checksum_file(entry)}) {
        struct stat status = {};
        if (::lstat(path.c_str(), &status) != 0) continue;
        release_input(status);
        if (!S_ISDIR(status.st_mode)) continue;
        std::error_code error;
        fs::remove(path, error);
        if (!error) continue;
        throw InputError(
            fmt::format("{}: is a folder, expected a file that attnflow made or nothing; remove it", shown(path)));
    }
}

void TextCache::seal(const fs::path& entry) { write_file(checksum_file(entry), sha256_of_file(entry.string())); }

namespace {

template <class T>
void copy_values(const TensorView& from, SafetensorsWriter& to) {
    std::vector<T> values(std::min<std::size_t>(from.elements(), 1 << 20));
    for (std::size_t first = 0; first < from.elements(); first += values.size()) {
        values.resize(std::min(values.size(), from.elements() - first));
        std::memcpy(values.data(), from.data + first * sizeof(T), values.size() * sizeof(T));
        to.write(from.name, first, std::span<const T>(values));
    }
}

using Json = nlohmann::ordered_json;

// The parts of a dataset, open, with what they say of their examples.
class Parts {
public:
    explicit Parts(const std::vector<fs::path>& paths) : paths_(paths) {
        for (std::size_t p = 0; p < paths.size(); ++p) {
            files_.push_back(SafetensorsFile::open(paths[p].string()));
            const auto& metadata = files_.back()->metadata();
            const auto examples = metadata.find("examples");
            if (examples == metadata.end()) refuse(p);
            lists_.push_back(Json::parse(examples->second, nullptr, false));
            if (!lists_.back().is_array() || lists_.back().empty()) refuse(p);
            count_ += lists_.back().size();
        }
        for (const auto& file : files_) {
            for (const auto& [name, tensor] : file->tensors())
                tensors_[name.substr(0, name.find('.'))].push_back(&tensor);
        }
    }

    std::size_t examples() const { return count_; }
    /// Of the first part: settings are the same in all.
    const std::map<std::string, std::string>& metadata() const { return files_.front()->metadata(); }

    /// What is said of example i, which part i modulo the number of parts has.
    const Json& example(std::size_t i) const {
        const std::size_t p = i % paths_.size();
        if (i / paths_.size() >= lists_[p].size()) refuse(p);
        const Json& example = lists_[p][i / paths_.size()];
        if (!example.is_object() || example.value("id", "") != id(i)) refuse(p);
        return example;
    }
    /// Its tensors, in the order of the part.
    std::vector<const TensorView*> tensors(std::size_t i) const {
        const auto found = tensors_.find(id(i));
        if (found == tensors_.end()) return {};
        auto own = found->second;
        std::sort(own.begin(), own.end(),
                  [](const auto* a, const auto* b) { return std::less<>()(a->data, b->data); });
        for (const TensorView* tensor : own) {
            if (tensor->dtype != DType::f32 && tensor->dtype != DType::i64) refuse(i % paths_.size());
        }
        return own;
    }

private:
    static std::string id(std::size_t i) { return fmt::format("ex{:05}", i); }

    [[noreturn]] void refuse(std::size_t p) const {
        throw InputError(
            fmt::format("{}: is not part {} of {} of a dataset", shown(paths_[p]), p + 1, paths_.size()));
    }

    const std::vector<fs::path>& paths_;
    std::vector<std::shared_ptr<const SafetensorsFile>> files_;
    std::vector<Json> lists_;
    std::size_t count_ = 0;
    std::map<std::string, std::vector<const TensorView*>> tensors_;  // by example
};

}  // namespace

void join_parts(const std::vector<fs::path>& paths, const fs::path& whole) {
    const Parts parts(paths);
    Json joined = Json::array();
    std::vector<TensorDeclaration> declarations;
    std::vector<const TensorView*> all;
    for (std::size_t i = 0; i < parts.examples(); ++i) {
        joined.push_back(parts.example(i));
        for (const TensorView* tensor : parts.tensors(i)) {
            declarations.push_back({tensor->name, tensor->dtype, tensor->shape});
            all.push_back(tensor);
        }
    }
    std::map<std::string, std::string> metadata = parts.metadata();
    metadata["examples"] = joined.dump();
    SafetensorsWriter writer(whole.string(), declarations, nlohmann::json(metadata).dump().size());
    for (const TensorView* tensor : all) {
        if (tensor->dtype == DType::f32) {
            copy_values<float>(*tensor, writer);
        } else {
            copy_values<std::int64_t>(*tensor, writer);
        }
    }
    writer.finish(metadata);
}

}  // namespace attnflow
