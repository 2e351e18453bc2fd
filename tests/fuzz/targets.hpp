#pragma once
/// What is fuzzed: one function for each reader of files from strangers. An input is read or
/// refused with an InputError; anything else that happens is a bug.
///
/// With libFuzzer each becomes a program (fuzz_main.cpp); replay_test.cpp runs them on the
/// committed corpus in every build. See README.md.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace attnflow::fuzz {

using Input = std::span<const std::byte>;

void safetensors(Input input);
void npz(Input input);
void npy(Input input);
void config(Input input);
void dimacs(Input input);
void model_config(Input input);
void tokenizer(Input input);
void vocabulary(Input input);
void tokenizer_config(Input input);
void shard_index(Input input);
void texts(Input input);

struct Target {
    const char* name;  ///< also of the folder in corpus/
    void (*run)(Input);
};
inline constexpr Target targets[] = {
    {"safetensors", safetensors},
    {"npz", npz},
    {"npy", npy},
    {"config", config},
    {"dimacs", dimacs},
    {"model_config", model_config},
    {"tokenizer", tokenizer},
    {"vocabulary", vocabulary},
    {"tokenizer_config", tokenizer_config},
    {"shard_index", shard_index},
    {"texts", texts},
};

/// A file in memory that can be opened by path, for readers that map files.
class MemoryFile {
public:
    explicit MemoryFile(Input content);
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile();
    std::string path() const;

private:
    int descriptor_;
};

}  // namespace attnflow::fuzz
