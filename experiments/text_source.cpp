#include "experiments/text_source.hpp"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

#include "attention/model/extraction.hpp"
#include "attention/model/json_fields.hpp"
#include "experiments/config.hpp"
#include "experiments/environment.hpp"
#include "experiments/output/files.hpp"
#include "experiments/version.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

namespace fs = std::filesystem;

fs::path user_cache() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && *cache == '/') return fs::path(cache) / "attnflow";
    const char* home = std::getenv("HOME");
    if (home != nullptr && *home == '/') return fs::path(home) / ".cache" / "attnflow";
    throw InputError("model.cache: no folder to keep extracted attention in; set it, or HOME");
}

bool asks_for(const Config& config, const std::string& prefix) {
    return std::any_of(config.references.begin(), config.references.end(), [&](const Reference& reference) {
        return reference.kind != Reference::Kind::method && reference.name.starts_with(prefix);
    });
}

ExtractionOptions options_of(const Config& config, const TextSource& texts, std::size_t jobs) {
    ExtractionOptions options;
    if (!texts.target.empty()) options.target = TargetSpec::parse(texts.target);
    if (texts.target_scale == "probability") options.scale = TargetScale::probability;
    options.replacement = replacement_from_name(texts.replace);
    options.gradients = asks_for(config, "grad_");
    options.blank_out = asks_for(config, "blank_out");
    options.jobs = std::max<std::size_t>(1, jobs);
    return options;
}

/// Name and checksum of every file that decides what is extracted.
std::string content_key(const TextSource& texts, const ExtractionOptions& options) {
    std::string key =
        fmt::format("attnflow {} {}\n{} {} {} {}\n{} {}\n", version(), instruction_set(), texts.precision,
                    texts.target, texts.target_scale, texts.replace, options.gradients, options.blank_out);
    for (const std::string& file : TextModel::files(texts.model.string()))
        key += fmt::format("{} {}\n", fs::path(file).filename().string(), sha256_of_file(file));
    // The suffix decides how the sentences are read.
    return key +
           fmt::format("{} {}\n", texts.sentences.extension().string(), sha256_of_file(texts.sentences.string()));
}

/// Beside an entry of the cache lies its checksum: an entry without one, or with another, was damaged or
/// changed after it was written.
fs::path checksum_file(const fs::path& entry) { return fs::path(entry).replace_extension(".sha256"); }

bool is_whole(const fs::path& entry) {
    std::error_code error;
    if (!fs::is_regular_file(entry, error) || !fs::is_regular_file(checksum_file(entry), error)) return false;
    return read_text_file(checksum_file(entry).string(), 1000) == sha256_of_file(entry.string());
}

}  // namespace

void provide_dataset(Config& config, std::size_t jobs,
                     const std::function<void(std::size_t done, std::size_t total)>& progress) {
    if (!config.texts) return;
    const TextSource& texts = *config.texts;
    const ExtractionOptions options = options_of(config, texts, jobs);
    const fs::path folder = texts.cache.empty() ? user_cache() : texts.cache;
    const fs::path file = folder / (sha256_of_text(content_key(texts, options)).substr(0, 32) + ".safetensors");
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw InputError(fmt::format("{}: cannot be made: {}", escape_controls(folder.string()), error.message()));
    }
    if (!is_whole(file)) {
        const TextModel model = TextModel::open(texts.model.string(), texts.precision);
        extract(model, read_texts(texts.sentences.string(), model.model->shape().labels), options, file.string(),
                progress);
        write_files(folder, {{checksum_file(file).filename().string(), sha256_of_file(file.string())}});
    }
    config.dataset = file;
    config.texts.reset();
    std::erase_if(config.given, [](const auto& setting) {
        return setting.first.starts_with("model.") || setting.first == "dataset.sentences";
    });
}

}  // namespace attnflow
