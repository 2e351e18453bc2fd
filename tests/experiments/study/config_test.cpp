/// Folders of valid and invalid configs: each valid one says how many grid points it has, each
/// invalid one what its message holds. Run on attention of 2 layers.

#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "experiments/study/config.hpp"
#include "experiments/study/grid.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using attnflow::testing::message_of;
using attnflow::testing::read_bytes;
using attnflow::testing::TemporaryDirectory;
using attnflow::testing::write_bytes;

namespace {

constexpr std::size_t layers = 2;

// What follows `word` in the comments on top of a config.
std::vector<std::string> comments(const std::string& path, const std::string& word) {
    std::vector<std::string> found;
    std::istringstream text(read_bytes(path));
    for (std::string line; std::getline(text, line) && line.starts_with("#");) {
        if (line.starts_with("# " + word + ": ")) found.push_back(line.substr(word.size() + 4));
    }
    return found;
}

std::vector<std::string> configs_in(const std::string& folder) {
    std::vector<std::string> paths;
    for (const auto& entry :
         std::filesystem::directory_iterator(ATTNFLOW_SOURCE_DIR "/tests/experiments/configs/" + folder)) {
        if (entry.is_regular_file()) paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace

TEST_CASE("valid configs span the grid they say", "[config]") {
    const auto paths = configs_in("valid");
    REQUIRE(paths.size() >= 9);
    for (const std::string& path : paths) {
        INFO(path);
        const auto points = comments(path, "points");
        REQUIRE(points.size() == 1);
        const Config config = load_config(path, {});
        CHECK(std::to_string(expand_grid(config, layers).size()) == points.front());
        // The resolved config of a run spans the same grid and says the same.
        const Config again = config_from_toml(config_toml(config), config.name, "/elsewhere/config.toml");
        CHECK(expand_grid(again, layers) == expand_grid(config, layers));
        CHECK(config_toml(again) == config_toml(config));
    }
}

TEST_CASE("invalid configs are refused with the place and what to do", "[config]") {
    const auto paths = configs_in("invalid");
    REQUIRE(paths.size() >= 14);
    for (const std::string& path : paths) {
        const std::string message = message_of<InputError>([&] { expand_grid(load_config(path, {}), layers); });
        INFO(path << ": " << message);
        const auto expected = comments(path, "expect");
        CHECK(!expected.empty());
        for (const std::string& part : expected) CHECK(message.find(part) != std::string::npos);
        CHECK(message.size() < 1000);
    }
}

TEST_CASE("a dataset is relative to the file that names it", "[config]") {
    const std::string root = ATTNFLOW_SOURCE_DIR "/tests/experiments/configs/";
    const auto path = [&](const std::string& config) {
        return load_config(root + config, {}).dataset.lexically_normal().string();
    };
    const auto expected = std::filesystem::path(root + "data.safetensors").lexically_normal().string();
    CHECK(path("valid/one_point.toml") == expected);
    CHECK(path("valid/include_states_differences.toml") == expected);
    const Config config =
        load_config(root + "valid/one_point.toml", setting_from_argument("dataset.path=here.safetensors"));
    CHECK(config.dataset == "here.safetensors");
}

TEST_CASE("a --set holds for every part of a matrix", "[config]") {
    const std::string path =
        ATTNFLOW_SOURCE_DIR "/tests/experiments/configs/valid/matrix_overlap_counts_once.toml";
    const Config config = load_config(path, setting_from_argument("axes.skip_weight=0.3"));
    const auto grid = expand_grid(config, layers);
    REQUIRE(grid.size() == 1);
    CHECK(grid.front().text("skip_weight") == "0.3");
}

TEST_CASE("a --set takes no part of a matrix away", "[config]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("c.toml"),
                "methods = [\"rollout\"]\ndataset.path = \"d\"\n[[matrix]]\naxes.layer = \"all\"\n"
                "[[matrix]]\nmethods = [\"attention_flow\"]\naxes.heads = [\"mean\", \"max\"]\n");
    const auto with = [&](const std::string& assignment) {
        return load_config(folder.file("c.toml"), setting_from_argument(assignment));
    };
    const Config config = with("axes.layer=2");
    CHECK(expand_grid(config, layers).size() == 3);
    CHECK(expand_grid(config_from_toml(config_toml(config), "c", "c.toml"), layers) ==
          expand_grid(config, layers));
    for (const char* part : {"matrix[7].axes.layer=2", "matrix[1].axes.layer=2", "matrix=2"}) {
        CHECK(message_of<InputError>([&] { with(part); }).find("parts of the grid stand in the config") !=
              std::string::npos);
    }
    CHECK(message_of<InputError>([&] { with("axes.skip_weight=[0.1, 0.2"); }).find("--set axes.skip_weight:1:") !=
          std::string::npos);
}

TEST_CASE("files that are included again and again end a config", "[config]") {
    const TemporaryDirectory folder;
    for (int level = 0; level < 4; ++level) {
        std::string names;
        for (int i = 0; i < 60; ++i) names += fmt::format("\"d{}.toml\", ", level + 1);
        write_bytes(folder.file(fmt::format("d{}.toml", level)), "include = [" + names + "]\n");
    }
    write_bytes(folder.file("d4.toml"), "");
    CHECK(message_of<InputError>([&] {
              load_config(folder.file("d0.toml"), {});
          }).find("d3.toml:1:11: more than 1000 files are included in all") != std::string::npos);
}

TEST_CASE("includes nested too deep and includes on the command line are refused", "[config]") {
    const TemporaryDirectory folder;
    for (int i = 0; i < 20; ++i) {
        write_bytes(folder.file("c" + std::to_string(i) + ".toml"),
                    "include = \"c" + std::to_string(i + 1) + ".toml\"\n");
    }
    CHECK(message_of<InputError>([&] {
              load_config(folder.file("c0.toml"), {});
          }).find("c15.toml:1:11: includes are nested more than 16 deep") != std::string::npos);
    const std::string path = ATTNFLOW_SOURCE_DIR "/tests/experiments/configs/valid/one_point.toml";
    CHECK(message_of<InputError>([&] {
              load_config(path, setting_from_argument("include=x.toml"));
          }).find("include works in config files only") != std::string::npos);
}

TEST_CASE("text of any kind survives the resolved config", "[config]") {
    const std::string path = ATTNFLOW_SOURCE_DIR "/tests/experiments/configs/valid/one_point.toml";
    Config config = load_config(path, setting_from_argument("dataset.special_tokens=['a\"b', '\\', 'x']"));
    config.given["dataset.special_tokens"] =
        Setting{.values = {std::string("a\"b\\c\n\t\x01\x7f ü")}, .is_list = true, .where = ""}.text();
    const Config again = config_from_toml(config_toml(config), "c", "c.toml");
    CHECK(again.special_tokens == std::vector<std::string>{"a\"b\\c\n\t\x01\x7f ü"});
}

TEST_CASE("keys and values nested without end are refused, strings with dots are not", "[config]") {
    const auto refusal = [](const std::string& toml) {
        return message_of<InputError>([&] { settings_from_toml(toml, "c.toml"); });
    };
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += ".a";
    CHECK(refusal("x = 1\ny" + deep + " = 1\n") == "c.toml:2:130: a key of more than 64 parts");
    CHECK(refusal("[y" + deep + "]\n").find("a key of more than 64 parts") != std::string::npos);
    for (const std::string hide : {"\"=\"", "'#'", "\"\\\"\"", "','"}) {
        std::string quoted;
        for (int i = 0; i < 100'000; ++i) quoted += "." + hide;
        CHECK(refusal("y" + quoted + " = 1\n").find("a key of more than 64 parts") != std::string::npos);
        CHECK(refusal("t = { x = \"\"\"a\"b\"\"\"\"\", y" + quoted + " = 1 }\n").find("more than 64 parts") !=
              std::string::npos);
    }
    const std::string parts(64 * 2 - 1, '.');
    std::string key = "a";
    for (int i = 0; i < 60; ++i) key += ".a";
    std::string nested = key + " = 1";
    for (int i = 0; i < 250; ++i) nested = key + " = {" + nested + "}";
    // As deep as a text can get: the parser takes it.
    CHECK(refusal(nested).find("tables are nested more than 64 deep") != std::string::npos);
    CHECK(refusal(key + " = 1\n").empty());
    CHECK(refusal("x = \"" + parts + "\" # " + parts + "\ny = '" + parts + "'\nz = [0.1" +
                  [] {
                      std::string more;
                      for (int i = 0; i < 1000; ++i) more += ", 0.1";
                      return more;
                  }() +
                  "]\n")
              .empty());
}
