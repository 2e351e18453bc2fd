/// The direction of dependence, graph <- attention <- algorithms <- experiments, read from the
/// #include lines; algorithms/maxflow knows graph only.

#include <filesystem>
#include <fstream>
#include <regex>

#include <catch2/catch.hpp>

namespace {

namespace fs = std::filesystem;

/// "file: include" for every quoted include of `folder` that begins with none of `allowed`.
std::vector<std::string> foreign_includes(const std::string& folder, const std::vector<std::string>& allowed) {
    const std::regex quoted("\\s*#\\s*include\\s*\"([^\"]+)\".*");
    std::vector<std::string> foreign;
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(ATTNFLOW_SOURCE_DIR) / folder)) {
        const fs::path& path = entry.path();
        if (path.extension() != ".hpp" && path.extension() != ".cpp") continue;
        ++files;
        std::ifstream file(path);
        std::string line;
        while (std::getline(file, line)) {
            std::smatch match;
            if (!std::regex_match(line, match, quoted)) continue;
            const std::string include = match[1];
            const bool known = std::any_of(allowed.begin(), allowed.end(), [&](const std::string& prefix) {
                return include.rfind(prefix, 0) == 0;
            });
            if (!known) foreign.push_back(path.filename().string() + ": " + include);
        }
    }
    REQUIRE(files > 0);
    return foreign;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("folders include only what lies below them", "[contract]") {
    CHECK(foreign_includes("graph", {"graph/"}) == Strings{});
    CHECK(foreign_includes("attention", {"graph/", "attention/"}) == Strings{});
    CHECK(foreign_includes("algorithms/maxflow", {"graph/", "algorithms/maxflow/"}) == Strings{});
    CHECK(foreign_includes("algorithms", {"graph/", "attention/", "algorithms/"}) == Strings{});
    CHECK(foreign_includes("experiments", {"graph/", "attention/", "algorithms/", "experiments/"}) == Strings{});
    // The check can fail.
    CHECK_FALSE(foreign_includes("algorithms", {"graph/"}).empty());
}
