#pragma once
/// The weight files of a Hugging Face directory: model.safetensors, or the shards that
/// model.safetensors.index.json names.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attention/files/safetensors.hpp"
#include "graph/support/diagnosis.hpp"

namespace attnflow {

/// Open files and where each tensor lies. Copies share the files.
///
/// Programs that wrap a model put their name before that of every tensor: `module.` (data parallel), `_orig_mod.`
/// (torch.compile). Where all have it, it is left out, and so is `model.` (training frameworks) where a name is
/// not found with it.
class WeightFiles {
public:
    /// Maps the files and checks them as SafetensorsFile does. Throws InputError when there is
    /// neither file (and says what is there instead), a shard of the index is missing, and for an index
    /// that is malformed, names a file outside the folder, misses a tensor, or whose shards hold a tensor twice.
    static WeightFiles open(const std::string& folder);

    /// No files: whatever tensor is asked for is there, with random numbers that depend on its name and the seed.
    /// A small model of any architecture, of which is asked how it computes.
    struct Change {
        std::string tensor;
        std::size_t element;
        double by;  ///< added to the number
    };
    static WeightFiles invented(std::uint64_t seed, std::optional<Change> change = {});

    /// The files, index included.
    const std::vector<std::string>& paths() const { return paths_; }

    /// How tensors were found where that is not by their own names, a sentence each.
    const std::vector<std::string>& notes() const { return notes_; }

    bool contains(const std::string& name) const { return seed_ || tensors_.contains(name); }

    /// Their names, ascending.
    std::vector<std::string> names() const;
    /// The file of tensor `name`, which must be there, as messages show it.
    const std::string& file_of(const std::string& name) const { return file_of_.at(name); }

    /// The values of tensor `name`, row-major, as Real. Throws InputError, naming file and
    /// tensor, when it is missing, not of `shape`, not F64, F32, F16 or BF16, or not finite, or when the file
    /// changed since it was opened.
    template <class Real>
    std::vector<Real> read(const std::string& name, const std::vector<std::size_t>& shape) const;

    /// The same files; what is read from them is noted in `names`, which must outlive them.
    WeightFiles noting(std::set<std::string>& names) const;

    /// Throws InputError, with the likely cause, for tensors that ought to have been read and were not: at least
    /// one.
    [[noreturn]] void refuse_unread(const std::vector<std::string>& names) const;

private:
    void add(const std::string& path);
    void leave_out_wrappers();

    std::string where_;
    std::vector<std::string> paths_;
    std::vector<std::string> notes_;
    std::vector<std::shared_ptr<const SafetensorsFile>> files_;
    std::map<std::string, const TensorView*> tensors_;
    std::map<std::string, std::string> file_of_;  ///< by tensor, for messages
    std::set<std::string>* noted_ = nullptr;
    std::optional<std::uint64_t> seed_ = {};  ///< of invented ones
    std::optional<Change> change_ = {};
};

/// For the page of docs/troubleshooting.md.
Diagnoses weight_diagnoses();

extern template std::vector<float> WeightFiles::read(const std::string&, const std::vector<std::size_t>&) const;
extern template std::vector<double> WeightFiles::read(const std::string&, const std::vector<std::size_t>&) const;

}  // namespace attnflow
