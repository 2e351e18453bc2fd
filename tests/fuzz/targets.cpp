#include "tests/fuzz/targets.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <sys/mman.h>
#include <unistd.h>

#include "attention/dataset.hpp"
#include "attention/extract/texts.hpp"
#include "attention/files/file_kind.hpp"
#include "attention/files/numpy/npy.hpp"
#include "attention/files/safetensors.hpp"
#include "attention/model/checkpoint/weight_files.hpp"
#include "attention/model/text_model.hpp"
#include "attention/validate.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/grid.hpp"
#include "graph/dimacs.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"
#include "tests/attention/make_files.hpp"

namespace attnflow::fuzz {
namespace {

// Runs `action`; InputError is an answer, and its text must be fit for a terminal.
template <class Action>
void expect_answer(Action action) {
    try {
        action();
    } catch (const InputError& error) {
        if (escape_controls(error.what()) != error.what()) std::abort();
    }
}

void use(const Dataset& dataset) {
    for (std::size_t i = 0; i < dataset.size(); ++i) {
        const Example example = dataset.example(i);
        if (example.tokens.size() != example.attention.tokens()) std::abort();
        if (dataset.checksums(i).empty()) std::abort();
        for (const auto& [name, scores] : example.references) {
            if (scores.size() != example.tokens.size()) std::abort();
        }
        for (const auto& [name, tensor] : example.weights) {
            const AttentionStack weights = weights_by_name(example, name);
            if (weights.tokens() != example.tokens.size()) std::abort();
            expect_answer([&] { validate(weights, example.id); });
        }
        expect_answer([&] { weights_by_name(example, "attention"); });
        expect_answer([&] { validate(example.attention, example.id); });
    }
    expect_answer([&] {
        const WordFinder finder = dataset.word_finder(dataset.size(), {});
        for (std::size_t i = 0; i < dataset.size(); ++i) {
            const Example example = dataset.example(i);
            const Words words = finder.find(example.text());
            if (words.tokens() != example.tokens.size()) std::abort();
            const Example joined = in_words(example, words, JoinRows::max);
            if (joined.tokens.size() != words.size() || joined.attention.tokens() != words.size()) std::abort();
            expect_answer([&] { validate(joined.attention, example.id); });
            for (const auto& [name, tensor] : joined.weights)
                if (weights_by_name(joined, name).tokens() != words.size()) std::abort();
        }
    });
}

/// A golden model's directory in which one file is replaced by the input.
class ModelFolder {
public:
    ModelFolder(const std::string& golden, const std::string& replaced) : replaced_(folder_.file(replaced)) {
        const auto source = std::filesystem::path(ATTNFLOW_SOURCE_DIR) / "tests/golden/model" / golden;
        for (const auto& entry : std::filesystem::directory_iterator(source)) {
            const std::string name = entry.path().filename().string();
            if (name != replaced) std::filesystem::copy_file(entry.path(), folder_.file(name));
        }
    }

    std::string with(Input input) const {
        testing::write_bytes(replaced_, {reinterpret_cast<const char*>(input.data()), input.size()});
        return folder_.path();
    }

private:
    testing::TemporaryDirectory folder_;
    std::string replaced_;
};

// Opens the model and runs it on a text.
void use_model(const std::string& folder) {
    expect_answer([&] {
        const TextModel model = TextModel::open(folder);
        const Encoding encoding = model.encode("a b", "fuzz");
        const auto outputs = model.model->forward(TokenBatch::of(encoding), {});
        if (outputs.columns() != model.model->shape().outputs) std::abort();
    });
}

void expect_equal_lists(const Encoding& encoding) {
    if (encoding.tokens.size() != encoding.ids.size()) std::abort();
    if (encoding.type_ids.size() != encoding.ids.size()) std::abort();
}

void use_tokenizer(const std::string& folder) {
    expect_answer([&] {
        const Tokenizer tokenizer = Tokenizer::open(folder);
        for (const char* text : {"the keys, the cabinet's KEYS", "[CLS] a [MASK]  b##c",
                                 "na\u00efve \u4e2d\u6587 \U0001f600\ta\u200b"}) {
            expect_equal_lists(tokenizer.encode(text));
            expect_answer([&] { expect_equal_lists(tokenizer.encode(text, "a [SEP] key")); });
        }
    });
}

}  // namespace

MemoryFile::MemoryFile(Input content) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0) std::abort();
    std::size_t written = 0;
    while (written < content.size()) {
        const ssize_t n = ::write(descriptor_, content.data() + written, content.size() - written);
        if (n <= 0) std::abort();
        written += static_cast<std::size_t>(n);
    }
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

std::string MemoryFile::path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

void safetensors(Input input) {
    const MemoryFile file(input);
    expect_answer([&] { SafetensorsFile::open(file.path()); });
    expect_answer([&] { use(Dataset::open(file.path())); });
    expect_answer([&] { use(Dataset::open(file.path(), {.attention = "layer_*"})); });
    // Of any bytes at all, and fit for a terminal.
    const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
    for (const auto& why : {why_no_tensors(text), why_no_safetensors(text), why_no_text(text)}) {
        if (why && escape_controls(*why) != *why) std::abort();
    }
}

void npz(Input input) {
    const MemoryFile file(input);
    expect_answer([&] { use(Dataset::open(file.path())); });
}

void npy(Input input) {
    expect_answer([&] {
        const NpyArray array = read_npy(input, "fuzz");
        if (array.is_text ? array.text.size() != array.view.elements() : array.view.data == nullptr) std::abort();
        if (!array.is_text && is_decodable(array.view.dtype)) array.view.values();
    });
}

void config(Input input) {
    const MemoryFile file(input);
    expect_answer([&] { expand_grid(load_config(file.path(), {}), 4); });
}

void dimacs(Input input) {
    expect_answer([&] {
        std::istringstream text(std::string(reinterpret_cast<const char*>(input.data()), input.size()));
        const FlowProblem problem = read_dimacs(text, "fuzz");
        if (problem.source == problem.sink || problem.source >= problem.vertices ||
            problem.sink >= problem.vertices) {
            std::abort();
        }
        const LayeringResult layers = find_layers(problem);
        if (layers.layered.has_value() != layers.obstacle.empty()) std::abort();
        // No flow at all is feasible; whether it is maximum depends on the problem.
        certify_flow(problem, 0, std::vector<std::int64_t>(problem.edges.size(), 0));
    });
}

void model_config(Input input) {
    static const ModelFolder folder("classifier", "config.json");
    use_model(folder.with(input));
}

void tokenizer(Input input) {
    static const ModelFolder folder("classifier", "tokenizer.json");
    use_tokenizer(folder.with(input));
}

void vocabulary(Input input) {
    static const ModelFolder folder("one_head_bf16", "vocab.txt");
    use_tokenizer(folder.with(input));
}

void tokenizer_config(Input input) {
    static const ModelFolder folder("one_head_bf16", "tokenizer_config.json");
    use_tokenizer(folder.with(input));
    static const ModelFolder map("one_head_bf16", "special_tokens_map.json");
    use_tokenizer(map.with(input));
}

void shard_index(Input input) {
    static const ModelFolder folder("masked_lm_shards", "model.safetensors.index.json");
    expect_answer([&] { WeightFiles::open(folder.with(input)); });
}

void texts(Input input) {
    static const ModelFolder table("classifier", "s.tsv");
    static const ModelFolder lines("classifier", "s.txt");
    for (const auto& [folder, name] : {std::pair(&table, "s.tsv"), std::pair(&lines, "s.txt")}) {
        const std::string path = folder->with(input);
        static const TextModel model = TextModel::open(path);
        expect_answer([&, file = path + "/" + name] {
            const std::vector<LabelledText> read = read_texts(file, model);
            if (read.size() != count_texts(file)) std::abort();
            for (const std::string& note : text_notes(file, model.model->shape().task)) {
                if (escape_controls(note) != note) std::abort();
            }
            for (const LabelledText& text : read) {
                if (is_blank(text.text) || !is_utf8(text.text)) std::abort();
                if (text.pair && (is_blank(*text.pair) || !is_utf8(*text.pair))) std::abort();
            }
        });
    }
}

}  // namespace attnflow::fuzz
