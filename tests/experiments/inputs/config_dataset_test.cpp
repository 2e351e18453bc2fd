#include "experiments/inputs/config_dataset.hpp"

#include <filesystem>

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "experiments/run/runner.hpp"
#include "experiments/study/config.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

std::string root() { return std::filesystem::absolute(ATTNFLOW_SOURCE_DIR).lexically_normal().string(); }

std::string config_text(const std::string& more) {
    return "methods = [\"rollout\"]\nmodel.path = \"" + root() + "/tests/golden/model/classifier\"\n" + more;
}

Config load(const TemporaryDirectory& folder, const std::string& text) {
    write_bytes(folder.file("c.toml"), text);
    return load_config(folder.file("c.toml"), {});
}

}  // namespace

TEST_CASE("a config of sentences and a model becomes one of a dataset, made once", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("s.tsv"), "text\tlabel\nthe key\tyes\na b c\t\n");
    const std::string text = config_text(
        "model.cache = \"cache\"\ndataset.sentences = \"s.tsv\"\n"
        "evaluation.references = [\"blank_out\", \"abs(grad_dot_input)\"]\n");
    std::size_t texts_run = 0;
    const auto provide = [&](const std::string& content) {
        Config config = load(folder, content);
        provide_dataset(config, 1, [&](std::size_t, std::size_t) { ++texts_run; });
        return config;
    };
    const Config config = provide(text);
    CHECK(texts_run == 2);
    CHECK(config.dataset.parent_path() == folder.file("cache"));
    CHECK(config.texts->origin.at("model.extracted") == "attention, gradients, blank_out");
    const Dataset dataset = Dataset::open(config.dataset.string());
    CHECK(dataset.example(0).label == 1);
    CHECK(dataset.example(0).references.contains("grad_dot_input"));

    CHECK(provide(text).dataset == config.dataset);
    CHECK(texts_run == 2);
    CHECK(provide(text + "model.replace = \"mask\"\n").dataset != config.dataset);
    CHECK(texts_run == 4);
    write_bytes(folder.file("s.tsv"), "text\tlabel\nthe key\tno\na b c\t\n");
    CHECK(provide(text).dataset != config.dataset);
    CHECK(texts_run == 6);
}

TEST_CASE("the cache knows what belongs to it", "[model]") {
    const TemporaryDirectory folder;
    std::filesystem::copy(root() + "/tests/golden/model/classifier", folder.file("m"));
    write_bytes(folder.file("s.txt"), "the key\n");
    std::size_t texts_run = 0;
    const auto provide = [&] {
        Config config = load(folder,
                             "methods = [\"rollout\"]\nmodel.path = \"m\"\nmodel.cache = \"cache\"\n"
                             "dataset.sentences = \"s.txt\"\n");
        provide_dataset(config, 1, [&](std::size_t, std::size_t) { ++texts_run; });
        return config.dataset.string();
    };
    const std::string file = provide();
    const std::string content = read_bytes(file);
    CHECK(texts_run == 1);

    SECTION("files that no model is made of change nothing") {
        write_bytes(folder.file("m/notes.json"), "{}");
        std::filesystem::create_directory(folder.file("m/x.json"));
        std::filesystem::create_directory(folder.file("m/x.safetensors"));
        CHECK(provide() == file);
        CHECK(texts_run == 1);
    }
    SECTION("truncated and changed entries are made anew") {
        std::string changed = content;
        changed[changed.size() - 1] = static_cast<char>(changed.back() ^ 1);
        for (const std::string& damaged : {content.substr(0, 100), changed, std::string()}) {
            write_bytes(file, damaged);
            texts_run = 0;
            CHECK(provide() == file);
            CHECK(texts_run == 1);
            CHECK(read_bytes(file) == content);
        }
        CHECK(provide() == file);
        CHECK(texts_run == 1);
    }
    SECTION("a limit that leaves all texts is none") {
        Config limited = load(folder,
                              "methods = [\"rollout\"]\nmodel.path = \"m\"\nmodel.cache = \"cache\"\n"
                              "dataset.sentences = \"s.txt\"\ndataset.limit = 99\n");
        provide_dataset(limited, 1, [&](std::size_t, std::size_t) { ++texts_run; });
        CHECK(limited.dataset.string() == file);
        CHECK(texts_run == 1);
    }
    SECTION("whatever lies in an entry's place is replaced, or refused by name") {
        const std::string checksum = std::filesystem::path(file).replace_extension(".sha256").string();
        const std::string right = read_bytes(checksum);
        write_bytes(checksum, std::string(5000, 'a'));
        CHECK(provide() == file);
        CHECK(texts_run == 2);
        CHECK(read_bytes(checksum) == right);
        for (const std::string& place : {file, checksum}) {
            std::filesystem::remove(place);
            std::filesystem::create_directory(place);
            CHECK(provide() == file);
            CHECK(read_bytes(file) == content);
            CHECK(read_bytes(checksum) == right);
            std::filesystem::remove(place);
            std::filesystem::create_directories(place + "/more");
            CHECK_THAT(message_of<InputError>(provide), Catch::Contains(": is a folder, expected a file"));
            std::filesystem::remove_all(place);
        }
    }
    SECTION("a folder that is a loop of links is refused by name") {
        std::filesystem::remove_all(folder.file("cache"));
        std::filesystem::create_symlink("cache", folder.file("cache"));
        CHECK_THAT(message_of<InputError>(provide),
                   Catch::Contains("cache: cannot be made: ") && Catch::Contains("model.cache names another"));
    }
}

TEST_CASE("the edge weights of the grid are extracted, and no others", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("s.txt"), "the key\n");
    const auto provide = [&](const std::string& axes) {
        Config config = load(folder, config_text("model.cache = \"cache\"\ndataset.sentences = \"s.txt\"\n"
                                                 "evaluation.references = [\"blank_out\"]\n" +
                                                 axes));
        provide_dataset(config, 1);
        return config;
    };
    const auto names = [](const Config& config) {
        std::vector<std::string> found;
        for (const auto& [name, tensor] : Dataset::open(config.dataset.string()).example(0).weights)
            found.push_back(name);
        return found;
    };
    const Config plain = provide("");
    CHECK(names(plain).empty());
    const Config both = provide("axes.edge_weights = [\"value_norm\", \"attention\", \"agf\"]\n");
    CHECK(names(both) == std::vector<std::string>{"agf", "value_norm"});
    CHECK(both.dataset != plain.dataset);
    CHECK(provide("axes.edge_weights = [\"agf\", \"value_norm\"]\n").dataset == both.dataset);
    // An entry with more weights serves, unless it is damaged.
    CHECK(provide("axes.edge_weights = \"agf\"\n").dataset == both.dataset);
    CHECK(provide("").dataset == plain.dataset);
    std::filesystem::remove(plain.dataset);
    CHECK(provide("").dataset == both.dataset);
    CHECK(provide("axes.edge_weights = [\"agf\", \"gf\"]\n").dataset != both.dataset);
    write_bytes(both.dataset.string(), "damaged");
    CHECK(names(provide("axes.edge_weights = \"value_norm\"\n")) == std::vector<std::string>{"value_norm"});
    CHECK_THAT(message_of<ParameterError>([&] { provide("axes.edge_weights = \"value_nrm\"\n"); }),
               Catch::Contains("a model gives no 'value_nrm'; did you mean 'value_norm'?"));
    CHECK_THAT(
        message_of<ParameterError>([&] { provide("axes.edge_weights = \"qqqqqqq\"\n"); }),
        Catch::EndsWith("a model gives no 'qqqqqqq'; known: attention, value_norm, value_zeroing, af, gf, agf"));
}

TEST_CASE("references that a model does not give are refused before a text is run", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("s.txt"), "the key\n");
    Config config = load(folder, config_text("model.cache = \"cache\"\ndataset.sentences = \"s.txt\"\n"
                                             "evaluation.references = [\"grad_nrm\"]\n"));
    CHECK_THAT(message_of<ParameterError>([&] { provide_dataset(config, 1); }),
               Catch::Contains("evaluation.references: a model gives no 'grad_nrm'") &&
                   Catch::Contains("did you mean 'grad_norm'?"));
    CHECK_FALSE(std::filesystem::exists(folder.file("cache")));
}

TEST_CASE("a stopped extraction leaves nothing in the cache", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("s.txt"), "the key\na b c\n");
    Config config = load(folder, config_text("model.cache = \"cache\"\ndataset.sentences = \"s.txt\"\n"));
    std::atomic<bool> stop = false;
    const auto stop_after_first = [&](std::size_t, std::size_t) { stop = true; };
    CHECK_THROWS_AS(provide_dataset(config, 1, stop_after_first, &stop), Stopped);
    CHECK(std::filesystem::is_empty(folder.file("cache")));
    stop = false;
    provide_dataset(config, 1, {}, &stop);
    CHECK(Dataset::open(config.dataset.string()).size() == 2);
}

TEST_CASE("configs with half of a text source are refused", "[model]") {
    const TemporaryDirectory folder;
    const auto message = [&](const std::string& text) {
        return message_of<InputError>([&] { load(folder, text); });
    };
    CHECK_THAT(message(config_text("")), Catch::Contains("model.path needs dataset.sentences"));
    CHECK_THAT(message("methods = [\"rollout\"]\ndataset.sentences = \"s.txt\"\n"),
               Catch::Contains("dataset.sentences needs model.path"));
    CHECK_THAT(message(config_text("dataset.sentences = \"s.txt\"\ndataset.path = \"d\"\n")),
               Catch::Contains("dataset.path and dataset.sentences are both given"));
    CHECK_THAT(message(config_text("dataset.sentences = \"s.txt\"\nmodel.target = \"best\"\n")),
               Catch::Contains("target: 'best', expected predicted, label, output(X) or difference(X, Y)"));
    CHECK_THAT(message(config_text("dataset.sentences = \"s.txt\"\nmodel.precision = \"float16\"\n")),
               Catch::Contains("model.precision"));
    Config config = load(folder, config_text("dataset.sentences = \"none.txt\"\nmodel.cache = \"cache\"\n"));
    CHECK_THAT(message_of<InputError>([&] { provide_dataset(config, 1); }), Catch::Contains("none.txt"));
}
