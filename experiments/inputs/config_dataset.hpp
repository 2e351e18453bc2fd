#pragma once
/// The dataset that a config names: a file, or what a model makes of texts when it is needed.

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "experiments/study/shard.hpp"

namespace attnflow {

class Dataset;
struct Config;

/// Opens config.dataset, or the part of it that there is. Where all its examples have a masked position and the
/// config names no source, `mask` becomes the source, as if it were given.
Dataset open_dataset(Config& config);

/// By whom and of what an extraction is made, for ExtractionOptions::record: program, instruction set,
/// architecture, precision, and the checksums of the model's files and of the sentences ("" for none).
std::map<std::string, std::string> extraction_record(const std::filesystem::path& model,
                                                     const std::string& precision,
                                                     const std::filesystem::path& sentences);

/// Throws InputError unless model and sentences are still those of `record`, which extraction_record() made before
/// they were read.
void refuse_other_inputs(const std::map<std::string, std::string>& record, const std::filesystem::path& model,
                         const std::filesystem::path& sentences);

/// What a run on texts is going to be, as far as it can be told without running the model.
struct TextOutline {
    std::size_t layers = 0;
    std::size_t heads = 0;
    std::vector<std::size_t> tokens = {};  ///< of each example
};
/// Reads model and texts and throws what a run of `config` would throw of them, its grid included. As in
/// open_dataset(), `mask` becomes the source of a masked language model.
TextOutline outline_texts(Config& config);

/// Makes `config.dataset` of `config.texts`: the run is one on that file. Nothing more is extracted than the
/// run needs: the texts up to dataset.limit, and besides attention gradients for references grad_..., blank-out
/// for blank_out..., the edge weights that methods of the grid are to use.
///
/// Of a `shard` only its own texts are run, into `config.texts->part`; `config.dataset` is where those of all
/// would be.
///
/// The file's name is a checksum of everything that its content depends on (model files, sentences, their limit,
/// settings, the code that extracts and the instruction set) and the edge weights in it. If it is there
/// already, or one with more edge weights, nothing is run, nor if those of all shards are there, which are joined;
/// it is made again when it is not what its checksum beside it says. Does nothing without texts. Processes that
/// make the same entry at once do not disturb each other. Throws InputError for models, texts and cache folders
/// that cannot be used, ParameterError for edge weights that no model gives, Stopped when `stop` became true, with
/// nothing written. `progress` is called after each text.
void provide_dataset(Config& config, std::size_t jobs,
                     const std::function<void(std::size_t done, std::size_t total)>& progress = {},
                     const std::atomic<bool>* stop = nullptr, const Shard& shard = {});

/// Whether the whole dataset of `config.texts` is there, or could be joined of those of its shards, without the
/// model. Throws InputError when model or sentences are gone.
bool join_dataset(const Config& config);

}  // namespace attnflow
