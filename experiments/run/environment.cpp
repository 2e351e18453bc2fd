#include "experiments/run/environment.hpp"

#include <fmt/format.h>

#include "algorithms/attribution_method.hpp"
#include "attention/dataset.hpp"
#include "attention/model/text_model.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/method_call.hpp"
#include "experiments/study/special_tokens.hpp"
#include "experiments/version.hpp"
#include "graph/support/registry.hpp"
#include "graph/support/sha256.hpp"

namespace attnflow {
namespace {

// The fixed point of every method that has one.
std::string quantiser_text(const Config& config) {
    std::vector<std::string> parts;
    for (const std::string& method : config.methods()) {
        for (const auto& [name, value] : config.parameters_of(method)) {
            if (name == "bits") parts.push_back(fmt::format("{}: 2^-{}", method, to_text(value)));
        }
    }
    return parts.empty() ? "none" : join(parts, ", ") + ", rounded by largest remainder within a row";
}

}  // namespace

std::string instruction_set() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        return "x86-64-v4";
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "x86-64-v3";
    return __builtin_cpu_supports("sse4.2") ? "x86-64-v2" : "x86-64";
#elif defined(__aarch64__)
    return "aarch64";
#else
    return "other";
#endif
}

std::map<std::string, std::string> input_checksums(const Config& config) {
    if (config.texts) return text_checksums(config.texts->model, config.texts->sentences);
    return {{"dataset_sha256", sha256_of_file(config.dataset.string())}};
}

std::map<std::string, std::string> text_checksums(const std::filesystem::path& model,
                                                  const std::filesystem::path& sentences) {
    std::map<std::string, std::string> sums;
    if (!sentences.empty()) sums["dataset.sentences_sha256"] = sha256_of_file(sentences.string());
    for (const std::string& file : TextModel::files(model.string()))
        sums["model.sha256." + std::filesystem::path(file).filename().string()] = sha256_of_file(file);
    return sums;
}

std::optional<WordFinder> word_finder(const Config& config, const Dataset& dataset) {
    if (!config.asks_for_words()) return std::nullopt;
    return dataset.word_finder(config.used_examples(dataset.size()),
                               special_tokens(config.special_tokens, dataset));
}

std::string outside_program() {
    if (outside_members().empty()) return "";
    static const std::string checksum = sha256_of_file("/proc/self/exe").substr(0, 16);
    return checksum;
}

std::map<std::string, std::string> describe_program() {
    std::map<std::string, std::string> program{
        {"attnflow", version()}, {"code", results_code()}, {"compiler", compiler()}, {"flags", compiler_flags()}};
    if (!outside_members().empty()) {
        program["members"] = join(outside_members(), ", ");
        program["members.program_sha256"] = outside_program();
    }
    return program;
}

std::map<std::string, std::string> describe_environment(const Config& config, const Dataset& dataset) {
    std::map<std::string, std::string> environment = describe_program();
    environment.insert({{"instruction_set", instruction_set()},
                        {"seed", std::to_string(config.statistics.seed)},
                        {"quantiser", quantiser_text(config)}});
    if (config.texts) {
        environment.insert(config.texts->origin.begin(), config.texts->origin.end());
    } else {
        environment.merge(input_checksums(config));
    }
    if (const auto finder = word_finder(config, dataset))
        environment[words_key] = finder->sign().empty() ? "word_ids" : finder->sign();
    environment.merge(dataset.extraction());  // keeps what is there
    return environment;
}

}  // namespace attnflow
