#include "attention/model/checkpoint/weight_files.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "attention/files/mapped_file.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "graph/support/error.hpp"
#include "graph/support/random.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::json;

constexpr std::size_t most_index_bytes = 100'000'000;

enum Entry : std::size_t {
    missing_shard,
    shards_only,
    other_format,
    nothing,
    no_tensor,
    adapters,
    unread,
    entries
};

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"weights/missing_shard", "names {shard} for {count}, but no such file is in the folder",
     "the download or copy of the model is not complete",
     "fetch the files of the model that are missing: {missing}"},
    {"weights/shards_only", "holds {shard}, but no model.safetensors.index.json",
     "the index, which says which file holds which tensor, was not fetched with the shards",
     "fetch model.safetensors.index.json into the folder"},
    {"weights/other_format", "holds {file} and no model.safetensors",
     "weights are read from safetensors files only",
     "convert it: `transformers.AutoModel.from_pretrained(\"FOLDER\").save_pretrained(\"NEW\")`, with the class "
     "that "
     "config.json names"},
    {"weights/nothing", "no model.safetensors and no model.safetensors.index.json",
     "this is no folder of a model, or the weights are not in it",
     "name the folder that holds config.json and weights"},
    {"weights/no_tensor", "no tensor '{name}', expected one of shape {shape}",
     "the weights are of another architecture or part of a model; they hold {names}",
     "save the whole model with `model.save_pretrained(\"NEW\")`, so that config.json and weights are of one "
     "model"},
    {"weights/adapters", "has {count} in its layers that no part of the model reads: {names}",
     "adapters (LoRA and the like), which change what the weights beside them compute",
     "merge them into the weights, `model.merge_and_unload()` in PEFT, and save the model"},
    {"weights/unread", "has {count} in its layers that no part of the model reads: {names}",
     "the layers compute something else than those of the class that config.json names",
     "name the model's own class under `architectures` (`attnflow list` has those that are supported); if they "
     "are "
     "left over and without effect, load the model with the class that config.json names and save it: "
     "`model.save_pretrained(\"NEW\")`"},
}};

/// Tensor -> file name, from the index. A name is taken as a file of the folder itself only.
std::map<std::string, std::string> read_index(const std::string& path) {
    const std::string where = escape_controls(path);
    const Json json = parse_json(read_text_file(path, most_index_bytes), where);
    const JsonFields weights = JsonFields(json, where).object("weight_map");
    std::map<std::string, std::string> files;
    const Json& entries = json["weight_map"];
    for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
        const std::string file = weights.text(entry.key());
        const std::filesystem::path name(file);
        if (!name.has_filename() || name.filename() != name || !file.ends_with(".safetensors")) {
            weights.refuse(entry.key(), *entry, "the name of a .safetensors file in the same folder");
        }
        files[entry.key()] = file;
    }
    if (files.empty()) throw InputError(where + ": weight_map is empty");
    return files;
}

/// Names of tensors, the nearest one first.
std::string some_of(const std::vector<std::string>& names, const std::string& nearest) {
    std::vector<std::string> shown;
    if (!nearest.empty()) shown.push_back(excerpt(nearest));
    for (const std::string& name : names) {
        if (shown.size() < 3 && name != nearest) shown.push_back(excerpt(name));
    }
    return shown.empty() ? "nothing" : join(shown, ", ") + (names.size() > shown.size() ? ", ..." : "");
}

std::string why_no_weights(const std::filesystem::path& folder) {
    for (const char* file : {"pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5",
                             "flax_model.msgpack", "model.onnx", "consolidated.00.pth"}) {
        if (has_entry((folder / file).string())) return diagnoses[other_format].text({{"file", file}});
    }
    std::error_code none;
    std::vector<std::string> shards;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".safetensors")) shards.push_back(name);
    }
    if (shards.empty()) return diagnoses[nothing].text();
    return diagnoses[shards_only].text({{"shard", excerpt(*std::min_element(shards.begin(), shards.end()))}});
}

void refuse_missing_shards(const std::filesystem::path& folder, const std::map<std::string, std::string>& file_of,
                           const std::set<std::string>& shards, const std::string& index) {
    std::vector<std::string> missing;
    for (const std::string& shard : shards) {
        if (!has_entry((folder / shard).string())) missing.push_back(shard);
    }
    if (missing.empty()) return;
    const auto count = std::count_if(file_of.begin(), file_of.end(),
                                     [&](const auto& entry) { return entry.second == missing.front(); });
    throw InputError(
        fmt::format("{}: {}", index,
                    diagnoses[missing_shard].text({{"shard", excerpt(missing.front())},
                                                   {"count", counted(static_cast<std::size_t>(count), "tensor")},
                                                   {"missing", some_of(missing, "")}})));
}

}  // namespace

void WeightFiles::add(const std::string& path) {
    files_.push_back(SafetensorsFile::open(path));
    paths_.push_back(path);
    for (const auto& [name, tensor] : files_.back()->tensors()) {
        const auto [place, inserted] = tensors_.emplace(name, &tensor);
        if (!inserted) {
            throw InputError(fmt::format("{}: tensor '{}' is also in {}", escape_controls(path), excerpt(name),
                                         file_of_[name]));
        }
        file_of_[name] = escape_controls(path);
    }
}

WeightFiles WeightFiles::open(const std::string& folder) {
    const std::filesystem::path path(folder);
    const auto single = path / "model.safetensors";
    const auto index = path / "model.safetensors.index.json";
    WeightFiles weights;
    weights.where_ = escape_controls(folder);
    if (has_entry(single.string())) {
        weights.add(single.string());
        weights.leave_out_wrappers();
        return weights;
    }
    if (!has_entry(index.string())) throw InputError(fmt::format("{}: {}", weights.where_, why_no_weights(path)));
    const auto file_of = read_index(index.string());
    weights.paths_.push_back(index.string());
    std::set<std::string> shards;
    for (const auto& [name, file] : file_of) shards.insert(file);
    refuse_missing_shards(path, file_of, shards, escape_controls(index.string()));
    for (const std::string& shard : shards) weights.add((path / shard).string());
    for (const auto& [name, file] : file_of) {
        const auto found = weights.file_of_.find(name);
        if (found == weights.file_of_.end() || found->second != escape_controls((path / file).string())) {
            throw InputError(fmt::format("{}: tensor '{}' is not in {}, where the index says it is",
                                         escape_controls(index.string()), excerpt(name), excerpt(file)));
        }
    }
    weights.leave_out_wrappers();
    return weights;
}

void WeightFiles::leave_out_wrappers() {
    const auto rename = [&](const std::string& prefix, bool keep_both) {
        std::map<std::string, const TensorView*> tensors = keep_both ? tensors_ : decltype(tensors_){};
        std::map<std::string, std::string> files = keep_both ? file_of_ : decltype(file_of_){};
        for (const auto& [name, tensor] : tensors_) {
            const std::string inner = name.substr(prefix.size());
            if (tensors.emplace(inner, tensor).second) files[inner] = file_of_.at(name);
        }
        tensors_ = std::move(tensors);
        file_of_ = std::move(files);
    };
    const auto all_begin = [&](const std::string& prefix) {
        return !tensors_.empty() && std::all_of(tensors_.begin(), tensors_.end(), [&](const auto& entry) {
            return entry.first.size() > prefix.size() && entry.first.starts_with(prefix);
        });
    };
    const auto some_begin = [&](const std::string& prefix) {
        return std::any_of(tensors_.begin(), tensors_.end(),
                           [&](const auto& entry) { return entry.first.starts_with(prefix); });
    };
    const std::string wrappers[] = {"module.", "_orig_mod."};
    const std::string inner[] = {"module.",  "_orig_mod.",  "model.",   "bert.",
                                 "roberta.", "distilbert.", "electra.", "transformer."};
    // Training programs call what they wrap `model` or by the model's own name: that name is there twice then, or
    // stands before the name of another wrapper.
    const auto is_wrapper = [&](const std::string& prefix) {
        return all_begin(prefix) &&
               (some_begin(prefix + prefix) ||
                std::any_of(std::begin(inner), std::end(inner), [&](const std::string& next) {
                    const bool wraps =
                        std::find(std::begin(wrappers), std::end(wrappers), next) != std::end(wrappers);
                    return all_begin(prefix + next) && (wraps || some_begin(prefix + next + next));
                }));
    };
    std::string left_out;
    for (bool again = true; again;) {
        again = false;
        for (const std::string& prefix : wrappers) {
            if (!all_begin(prefix)) continue;
            rename(prefix, false);
            left_out += prefix;
            again = true;
        }
        for (const std::string& prefix : inner) {
            if (again || !is_wrapper(prefix)) continue;
            rename(prefix, false);
            left_out += prefix;
            again = true;
        }
    }
    const bool in_model = all_begin("model.");
    if (in_model) rename("model.", true);
    if (in_model) left_out += "model.";
    if (!left_out.empty()) {
        notes_.push_back(fmt::format("'{}' before the names of all tensors, from {}, is left out", left_out,
                                     left_out.find("_orig_mod") != std::string::npos ? "a compiled model"
                                     : left_out.find("module") != std::string::npos
                                         ? "data-parallel training"
                                         : "a program around the model"));
    }
}

std::vector<std::string> WeightFiles::names() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_) names.push_back(name);
    return names;
}

WeightFiles WeightFiles::noting(std::set<std::string>& names) const {
    WeightFiles files = *this;
    files.noted_ = &names;
    return files;
}

void WeightFiles::refuse_unread(const std::vector<std::string>& names) const {
    const bool of_adapters = std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return name.find("lora") != std::string::npos || name.find("adapter") != std::string::npos;
    });
    throw InputError(
        fmt::format("{}: {}", file_of(names.front()),
                    diagnoses[of_adapters ? adapters : unread].text(
                        {{"count", counted(names.size(), "tensor")}, {"names", some_of(names, "")}})));
}

WeightFiles WeightFiles::invented(std::uint64_t seed, std::optional<Change> change) {
    WeightFiles files;
    files.seed_ = seed;
    files.change_ = std::move(change);
    return files;
}

namespace {

/// Matrices whose products neither vanish nor explode, vectors around 1/2: as biases and as scales of norms.
template <class Real>
std::vector<Real> invent(const std::string& name, const std::vector<std::size_t>& shape, std::uint64_t seed) {
    for (const char c : name) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3u;  // FNV-1a
    Random random(seed);
    std::size_t count = 1;
    for (const std::size_t extent : shape) count *= extent;
    const bool is_matrix = shape.size() > 1;
    const double deviation = is_matrix ? 1.2 / std::sqrt(static_cast<double>(shape.back())) : 0.5;
    std::vector<Real> values(count);
    for (Real& value : values) value = static_cast<Real>((is_matrix ? 0.0 : 0.5) + deviation * random.normal());
    return values;
}

}  // namespace

template <class Real>
std::vector<Real> WeightFiles::read(const std::string& name, const std::vector<std::size_t>& shape) const {
    if (noted_ != nullptr) noted_->insert(name);
    if (seed_) {
        std::vector<Real> values = invent<Real>(name, shape, *seed_);
        if (change_ && change_->tensor == name)
            values.at(change_->element) =
                static_cast<Real>(values[change_->element] + static_cast<Real>(change_->by));
        return values;
    }
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
        const std::vector<std::string> stored = names();
        throw InputError(
            fmt::format("{}: {}", where_,
                        diagnoses[no_tensor].text({{"name", name},
                                                   {"shape", shape_text(shape)},
                                                   {"names", some_of(stored, nearest_name(name, stored))}})));
    }
    const TensorView& tensor = *found->second;
    const std::string place = fmt::format("{}: tensor '{}'", file_of_.at(name), name);
    if (!is_float(tensor.dtype)) {
        throw InputError(
            fmt::format("{}: type {}, expected F64, F32, F16 or BF16", place, dtype_name(tensor.dtype)));
    }
    if (tensor.shape != shape) {
        throw InputError(fmt::format("{}: shape {}, expected {} from the config", place, shape_text(tensor.shape),
                                     shape_text(shape)));
    }
    const auto check_file = [&] {
        if (tensor.file != nullptr) tensor.file->check_unchanged();
    };
    std::vector<Real> out(tensor.elements());
    double buffer[1024];
    for (std::size_t first = 0; first < out.size(); first += std::size(buffer)) {
        const std::span<double> part(buffer, std::min(std::size(buffer), out.size() - first));
        tensor.read(first, part);
        for (std::size_t i = 0; i < part.size(); ++i) {
            out[first + i] = static_cast<Real>(part[i]);
            if (!std::isfinite(out[first + i])) {
                check_file();  // the better reason
                throw InputError(
                    fmt::format("{}: element {} is {}, expected finite numbers", place, first + i, part[i]));
            }
        }
    }
    check_file();
    return out;
}

template std::vector<float> WeightFiles::read(const std::string&, const std::vector<std::size_t>&) const;
template std::vector<double> WeightFiles::read(const std::string&, const std::vector<std::size_t>&) const;

Diagnoses weight_diagnoses() { return {"Weights of a model", diagnoses}; }

}  // namespace attnflow
