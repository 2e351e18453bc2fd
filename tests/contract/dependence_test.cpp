/// The direction of dependence, read from the #include lines: graph <- attention <- algorithms <- experiments, the
/// rooms within each (rooms.txt), and that algorithms/maxflow knows graph only.

#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>

#include <catch2/catch.hpp>

namespace {

namespace fs = std::filesystem;

using Strings = std::vector<std::string>;

struct Include {
    std::string file;      // both from the source folder
    std::string included;  // as written
};

/// The quoted includes of every file below `folder`.
std::vector<Include> includes_of(const std::string& folder) {
    const fs::path root(ATTNFLOW_SOURCE_DIR);
    const std::regex quoted("\\s*#\\s*include\\s*\"([^\"]+)\".*");
    std::vector<Include> includes;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
        const fs::path& path = entry.path();
        if (path.extension() != ".hpp" && path.extension() != ".cpp") continue;
        std::ifstream file(path);
        std::string line;
        while (std::getline(file, line)) {
            std::smatch match;
            if (std::regex_match(line, match, quoted))
                includes.push_back({path.lexically_relative(root).generic_string(), match[1]});
        }
    }
    REQUIRE_FALSE(includes.empty());
    return includes;
}

/// "file: include" for every include of `folder` that begins with none of `allowed`.
Strings foreign_includes(const std::string& folder, const Strings& allowed) {
    Strings foreign;
    for (const Include& include : includes_of(folder)) {
        const bool known = std::any_of(allowed.begin(), allowed.end(), [&](const std::string& prefix) {
            return include.included.rfind(prefix, 0) == 0;
        });
        if (!known) foreign.push_back(include.file + ": " + include.included);
    }
    return foreign;
}

/// The rooms of rooms.txt, lowest first.
class Rooms {
public:
    explicit Rooms(Strings names) : names_(std::move(names)) {}
    static Rooms read() {
        std::ifstream file(ATTNFLOW_SOURCE_DIR "/tests/contract/rooms.txt");
        Strings names;
        for (std::string line; std::getline(file, line);) {
            if (!line.empty() && line[0] != '#') names.push_back(line);
        }
        REQUIRE(names.size() > 20);
        return Rooms(std::move(names));
    }

    const Strings& names() const { return names_; }

    /// The place of the longest name that fits; nothing where none does.
    std::optional<std::size_t> place(const std::string& file) const {
        std::optional<std::size_t> best;
        for (std::size_t r = 0; r < names_.size(); ++r) {
            const std::string& name = names_[r];
            const bool fits = file == name ||
                              (file.rfind(name, 0) == 0 && (file[name.size()] == '/' || file[name.size()] == '.'));
            if (fits && (!best || name.size() > names_[*best].size())) best = r;
        }
        return best;
    }

    /// What is wrong with `includes`: files that belong to no room, and includes of a higher one.
    Strings complaints(const std::vector<Include>& includes) const {
        Strings out;
        for (const Include& include : includes) {
            const auto from = place(include.file);
            const auto to = place(include.included);
            if (!from) {
                out.push_back(include.file + " stands in no room");
            } else if (!to || *to > *from) {
                out.push_back(include.file + " includes " + include.included);
            }
        }
        return out;
    }

private:
    Strings names_;
};

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

TEST_CASE("rooms include only what stands below them", "[contract]") {
    const Rooms rooms = Rooms::read();
    std::vector<Include> all;
    for (const char* folder : {"graph", "attention", "algorithms", "experiments"}) {
        const auto includes = includes_of(folder);
        all.insert(all.end(), includes.begin(), includes.end());
    }
    CHECK(rooms.complaints(all) == Strings{});
    for (const std::string& name : rooms.names()) {
        INFO(name << " in rooms.txt");
        const auto place = rooms.place(name);
        CHECK(std::any_of(all.begin(), all.end(), [&](const Include& include) {
            return rooms.place(include.file) == place || rooms.place(include.included) == place;
        }));
    }
}

TEST_CASE("an include that runs up and a file of no room are found", "[contract]") {
    const Rooms rooms({"a/low", "a/high/inner", "a/high", "a/last"});
    CHECK(rooms.place("a/high/inner/x.hpp") == 1);
    CHECK(rooms.place("a/high/x.hpp") == 2);
    CHECK(rooms.place("a/highest.hpp") == std::nullopt);
    CHECK(Rooms({"a/list.hpp", "a/list"}).place("a/list.hpp") == 0);
    CHECK(Rooms({"a/list.hpp", "a/list"}).place("a/list.cpp") == 1);
    CHECK(rooms.complaints({{"a/high/x.hpp", "a/low.hpp"}, {"a/last.cpp", "a/high/inner/x.hpp"}}).empty());
    CHECK(rooms.complaints({{"a/low/x.hpp", "a/high/x.hpp"},
                            {"a/high/inner/x.cpp", "a/high/x.hpp"},
                            {"a/lost.cpp", "a/low.hpp"},
                            {"a/last.cpp", "b/x.hpp"}}) ==
          Strings{"a/low/x.hpp includes a/high/x.hpp", "a/high/inner/x.cpp includes a/high/x.hpp",
                  "a/lost.cpp stands in no room", "a/last.cpp includes b/x.hpp"});
}
