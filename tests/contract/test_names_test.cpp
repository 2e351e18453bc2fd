/// A failing test names its room: in the folders of the rooms a test bears the name of the module that it tests.
/// What tests several modules together stands in tests/programs, what every registry entry promises in
/// tests/contract.

#include <filesystem>

#include <catch2/catch.hpp>

namespace {

namespace fs = std::filesystem;

/// Whether `test`, a path below tests/, stands where its module stands: tests/A/b_test.cpp for A/b.hpp or A/b.cpp,
/// and tests/A/b/b_test.cpp for the members of the folder A/b.
bool names_a_module(const fs::path& test, const fs::path& root) {
    const std::string stem = test.stem().string();
    const fs::path module = root / test.parent_path() / stem.substr(0, stem.size() - std::string("_test").size());
    return fs::exists(module.string() + ".hpp") || fs::exists(module.string() + ".cpp") ||
           (module.filename() == module.parent_path().filename() && fs::is_directory(module.parent_path()));
}

}  // namespace

TEST_CASE("tests bear the name of the module that they test", "[contract]") {
    const fs::path root(ATTNFLOW_SOURCE_DIR);
    std::size_t tests = 0;
    for (const char* folder : {"graph", "attention", "algorithms", "experiments"}) {
        for (const auto& entry : fs::recursive_directory_iterator(root / "tests" / folder)) {
            const fs::path test = entry.path().lexically_relative(root / "tests");
            const std::string name = test.filename().string();
            if (name.size() < 9 || name.compare(name.size() - 9, 9, "_test.cpp") != 0) continue;
            INFO("tests/" << test.generic_string());
            CHECK(names_a_module(test, root));
            ++tests;
        }
    }
    CHECK(tests > 50);
    CHECK_FALSE(names_a_module("graph/no_such_module_test.cpp", root));
    CHECK_FALSE(names_a_module("graph/pearson_test.cpp", root));  // a module of another room
    CHECK(names_a_module("experiments/metrics/metrics_test.cpp", root));
}
