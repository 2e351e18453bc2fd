#include "attention/model/checkpoint/weight_files.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {
constexpr std::size_t most_index_bytes = 100'000'000;

/// Tensor -> file name, from the index. A name is taken as a file of the folder itself only.
std::map<std::string, std::string> read_index(const std::string& path) {
    const std::string where = escape_controls(path);
    const Json json = parse_json(read_text_file(path, most_index_bytes), where);
    const JsonFields weights = JsonFields(json, where).object("weight_map");
    std::map<std::string, std::string> files;
    const Json& entries = json["weight_map"];
    for (const auto& [tensor, value] : entries.items()) {
        const std::string file = weights.text(tensor);
        const std::filesystem::path name(file);
        if (!name.has_filename() || name.filename() != name || !file.ends_with(".safetensors")) {
            weights.refuse(tensor, value, "the name of a .safetensors file in the same folder");
        }
        files[tensor] = file;
    }
    if (files.empty()) throw InputError(where + ": weight_map is empty");
    return files;
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
        return weights;
    }
    if (!has_entry(index.string())) {
        throw InputError(
            fmt::format("{}: no model.safetensors and no model.safetensors.index.json, expected one of them "
                        "(weights as pytorch_model.bin must be converted)",
                        weights.where_));
    }
    const auto file_of = read_index(index.string());
    weights.paths_.push_back(index.string());
    std::set<std::string> shards;
    for (const auto& [name, file] : file_of) shards.insert(file);
    for (const std::string& shard : shards) weights.add((path / shard).string());
    for (const auto& [name, file] : file_of) {
        const auto found = weights.file_of_.find(name);
        if (found == weights.file_of_.end() || found->second != escape_controls((path / file).string())) {
            throw InputError(fmt::format("{}: tensor '{}' is not in {}, where the index says it is",
                                         escape_controls(index.string()), excerpt(name), excerpt(file)));
        }
    }
    return weights;
}

std::vector<std::string> WeightFiles::names() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_) names.push_back(name);
    return names;
}

template <class Real>
std::vector<Real> WeightFiles::read(const std::string& name, const std::vector<std::size_t>& shape) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
        throw InputError(
            fmt::format("{}: no tensor '{}', expected one of shape {}", where_, name, shape_text(shape)));
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
    std::vector<Real> out(tensor.elements());
    double buffer[1024];
    for (std::size_t first = 0; first < out.size(); first += std::size(buffer)) {
        const std::span<double> part(buffer, std::min(std::size(buffer), out.size() - first));
        tensor.read(first, part);
        for (std::size_t i = 0; i < part.size(); ++i) {
            out[first + i] = static_cast<Real>(part[i]);
            if (!std::isfinite(out[first + i])) {
                throw InputError(
                    fmt::format("{}: element {} is {}, expected finite numbers", place, first + i, part[i]));
            }
        }
    }
    return out;
}

template std::vector<float> WeightFiles::read(const std::string&, const std::vector<std::size_t>&) const;
template std::vector<double> WeightFiles::read(const std::string&, const std::vector<std::size_t>&) const;

}  // namespace attnflow
