#pragma once
/// What a run depends on besides its config: the program, the machine's instruction set, the
/// input. Recorded with every run; a run is resumed only where all of it is the same.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace attnflow {

class Dataset;
class WordFinder;
struct Config;

/// Kernels and libraries choose their code by it, so numbers are promised identical for one
/// instruction set only: "x86-64-v3" (AVX2 and FMA), "aarch64", ...
std::string instruction_set();

/// The checksums of the files that a run is made of, by their names in its environment: dataset_sha256; of a run
/// on sentences dataset.sentences_sha256 and model.sha256.FILE. Reads them whole. Throws InputError.
std::map<std::string, std::string> input_checksums(const Config& config);
/// Those of a model folder and, unless it is "", of a file of sentences.
std::map<std::string, std::string> text_checksums(const std::filesystem::path& model,
                                                  const std::filesystem::path& sentences);

/// In the environment of a run that asks for words: what tells them.
inline constexpr const char* words_key = "words";

/// What tells the words of a run's examples, which ask for words; nothing for a run that does not. Throws
/// InputError where nothing tells them.
std::optional<WordFinder> word_finder(const Config& config, const Dataset& dataset);

/// A checksum of the running program where it brings members that attnflow does not have (outside_members()), else
/// "": a change of one is a change of the program. Throws InputError where /proc is not mounted.
std::string outside_program();

/// What computes, by name: attnflow, code (results_code()), compiler, flags; with members from outside also these
/// and the checksum of the program that brings them.
std::map<std::string, std::string> describe_program();

/// Text by name: that, instruction_set, seed, quantiser,
/// dataset_sha256 (the whole file is read) or, where the dataset is made of texts, what decides its content
/// (Texts::origin); words, what tells them, in a run that asks for them; and what an extracted file says of itself
/// (Dataset::extraction).
std::map<std::string, std::string> describe_environment(const Config& config, const Dataset& dataset);

}  // namespace attnflow
