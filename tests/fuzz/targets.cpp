#include "tests/fuzz/targets.hpp"

#include <cstdlib>
#include <sstream>

#include <sys/mman.h>
#include <unistd.h>

#include "attention/dataset.hpp"
#include "attention/numpy/npy.hpp"
#include "attention/safetensors.hpp"
#include "attention/validate.hpp"
#include "experiments/config.hpp"
#include "graph/dimacs.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

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
        for (const auto& [name, scores] : example.references) {
            if (scores.size() != example.tokens.size()) std::abort();
        }
        for (const auto& [name, weights] : example.weights) weights.values();
        expect_answer([&] { validate(example.attention, example.id); });
    }
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

}  // namespace attnflow::fuzz
