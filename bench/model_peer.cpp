/// Times a model for bench/model_pytorch.py, which talks to it over a pipe: a command a line in,
/// "SECONDS PROCESSOR_SECONDS VALUE..." out. The script checks the values before it believes the seconds.
///
///   attnflow_model_peer DIR JOBS
///   forward N | gradients N | blank_out N COUNT      N tokens; COUNT of them blanked out, one at a time

#include <chrono>
#include <ctime>
#include <iostream>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "attention/extract/perturbation.hpp"
#include "attention/model/text_model.hpp"
#include "graph/support/gemm.hpp"

namespace {

using namespace attnflow;

/// The ids of the script: any text will do, it must be the same.
Encoding text_of(std::size_t n) {
    Encoding text;
    for (std::size_t i = 0; i < n; ++i) text.ids.push_back(static_cast<TokenId>(1000 + i * 7919 % 20000));
    text.type_ids.assign(n, 0);
    return text;
}

/// One number of all attention, so that none of it can be left out.
double sum_of(std::span<const float> values) {
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); i += 1001) sum += static_cast<double>(values[i]);
    return sum;
}

double processor_seconds() {
    timespec time = {};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::vector<double> forward(const TextModel& model, std::size_t n, std::size_t jobs) {
    double attention = 0.0;
    const auto logits = model.model->forward(
        TokenBatch::of(text_of(n)),
        {.observer = [&](const LayerCapture& layer) { attention += sum_of(layer.attention); }, .jobs = jobs});
    return {logits(0, 0), logits(0, 1), attention};
}

std::vector<double> gradients(const TextModel& model, std::size_t n, std::size_t jobs) {
    double by_attention = 0.0;
    const auto result = model.model->gradients(
        TokenBatch::of(text_of(n)), {.jobs = jobs},
        [](std::span<const double> logits, std::span<double> gradient) {
            return evaluate({0}, TargetScale::logit, logits, gradient);
        },
        [&](const LayerCapture&, std::span<const float> gradient) { by_attention += sum_of(gradient); });
    double by_words = 0.0;
    for (const double g : result.word.values()) by_words += g * g;
    return {result.logits[0], by_words, by_attention};
}

std::vector<double> blank_out(const TextModel& model, std::size_t n, std::size_t count, std::size_t jobs) {
    std::vector<std::vector<std::size_t>> sets;
    for (std::size_t t = 0; t < count; ++t) sets.push_back({t});
    const std::vector<double> unchanged(2);
    const auto outputs = perturbed_outputs(model, text_of(n), 0, Replacement::unknown, sets, unchanged, jobs);
    return {outputs(0, 0), outputs(count - 1, 1)};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: attnflow_model_peer DIR JOBS\n";
        return 2;
    }
    const TextModel model = TextModel::open(argv[1]);
    const std::size_t jobs = std::stoul(argv[2]);
    std::cout << gemm_backend() << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string what;
        std::size_t n = 0;
        std::size_t count = 0;
        words >> what >> n >> count;
        const auto start = std::chrono::steady_clock::now();
        const double processor_start = processor_seconds();
        const auto values = what == "forward"     ? forward(model, n, jobs)
                            : what == "gradients" ? gradients(model, n, jobs)
                                                  : blank_out(model, n, count, jobs);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        std::cout << fmt::format("{} {}", seconds.count(), processor_seconds() - processor_start);
        for (const double value : values) std::cout << fmt::format(" {}", value);
        std::cout << std::endl;
    }
}
