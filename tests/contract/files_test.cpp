/// Files are opened in one place for reading and one for writing (graph/support/files), whose rules therefore hold
/// everywhere: regular files only, no links, whole or not at all. What opens, makes, renames or removes files by
/// other means is found here by its name, and must stand in the list below with its reason.

#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include <catch2/catch.hpp>

#include "tests/attention/make_files.hpp"

namespace {

namespace fs = std::filesystem;

/// Words that open, make, change or remove files.
const std::regex forbidden(
    R"(\b(?:std::)?(?:w?[io]?fstream|basic_[io]?fstream|filebuf)\b)"
    R"(|\b(?:std::)?(?:fopen|fopen64|freopen|fdopen|tmpfile|tmpnam|popen)\s*\()"
    // Names that functions and members of ours have as well: as the system's.
    R"(|(?:^|[^A-Za-z0-9_>])::(?:open|creat|rename|link|truncate|remove)\s*\()"
    R"(|(?:^|[^A-Za-z0-9_.>:])(?:::)?(?:open64|openat|mkstemp|mkdtemp|mkostemp|mkdir|mkdirat|mkfifo|mknod|renameat|)"
    R"(renameat2|unlink|unlinkat|rmdir|linkat|symlink|symlinkat|ftruncate|chmod|fchmod|chown|utimensat|opendir|)"
    R"(fdopendir|shm_open|memfd_create|mmap|sendfile|copy_file_range|syscall|dlopen|posix_spawnp?)\s*\()"
    R"(|\bstd::rename\s*\()"
    R"(|\b(?:std::filesystem|fs)::(?:rename|remove|remove_all|create_director\w*|create_\w*link|copy\w*|resize_file|)"
    R"(permissions|last_write_time)\s*\()"
    R"(|\bnamespace\s+(?!fs\b)\w+\s*=\s*(?:::)?std::filesystem)"
    R"(|\bposix_spawn_file_actions_addopen\s*\(|\bsqlite3_open\w*\s*\()");

struct Exception {
    const char* word;
    const char* why;
};

/// By file: what it may do by itself.
const std::map<std::string, std::vector<Exception>> exceptions{
    {"graph/support/files/input_file.cpp", {{"::openat", "the one place that opens for reading"}}},
    {"graph/support/files/mapping.cpp", {{"::mmap", "maps what InputFile opened"}}},
    {"graph/support/files/output_file.cpp",
     {{"::open", "folders; the one place that opens for writing"},
      {"::openat", "the one place that opens for writing"},
      {"::fdopendir", "folders, to remove what killed processes left"},
      {"::mkdirat", "makes folders"},
      {"::linkat", "gives a file its name"},
      {"::renameat", "gives a file its name"},
      {"::unlinkat", "what is left of killed processes, and names of a run"},
      {"::ftruncate", "of a file without a name"},
      {"fs::create_directories", "the folder that the user named"},
      {"fs::remove_all", "scratch folders"}}},
    {"graph/support/gemm.cpp",
     {{"::mmap", "asks whether there is room, without a file"}, {"::dlopen", "the BLAS, of a fixed name"}}},
    {"experiments/store/sqlite.cpp", {{"sqlite3_open_v2", "the store, by the rules of sqlite_vfs.hpp"}}},
    {"experiments/report/process.cpp",
     {{"posix_spawn_file_actions_addopen", "/dev/null as the input of a program"},
      {"::posix_spawnp", "node, chromium and rsvg-convert"},
      {"::unlink", "in a scratch folder"}}},
    {"experiments/inputs/text_cache.cpp", {{"fs::remove", "an empty folder in the place of an entry"}}},
    {"experiments/cli/process_setup.cpp",
     {{"::open", "/dev/null for what was closed, /proc/self/statm when memory is short"}}},
};

/// The words of a file that its exceptions do not name; those that were used are added to `used`.
std::vector<std::string> strange_words(const std::string& text, const std::string& name,
                                       std::set<std::string>& used) {
    std::vector<std::string> found;
    const auto own = exceptions.find(name);
    std::size_t line = 1;
    auto from = text.begin();
    for (std::sregex_iterator match(text.begin(), text.end(), forbidden), end; match != end; ++match) {
        const auto at = text.begin() + match->position();
        line += static_cast<std::size_t>(std::count(from, at, '\n'));
        from = at;
        // Not in a comment, which explains such calls.
        const std::size_t begin = text.rfind('\n', static_cast<std::size_t>(match->position())) + 1;
        const std::string before = text.substr(begin, static_cast<std::size_t>(match->position()) - begin);
        if (before.find("//") != std::string::npos) continue;
        std::string word = match->str();
        while (word.back() == '(' || word.back() == ' ') word.pop_back();
        // Without what stood before it, which tells ::open from Dataset::open and unlink from a member.
        const char first = word.front();
        if (first != ':' && std::isalnum(static_cast<unsigned char>(first)) == 0 && first != '_') word.erase(0, 1);
        const auto named = [&](const Exception& exception) { return word == exception.word; };
        if (own != exceptions.end() && std::any_of(own->second.begin(), own->second.end(), named)) {
            used.insert(name + " " + word);
        } else {
            found.push_back(name + ":" + std::to_string(line) + ": " + word);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("files are opened, made and removed in one place", "[contract][files]") {
    std::vector<std::string> strange;
    std::set<std::string> used;
    std::size_t files = 0;
    for (const char* folder : {"graph", "attention", "algorithms", "experiments", "bench"}) {
        for (const auto& entry : fs::recursive_directory_iterator(fs::path(ATTNFLOW_SOURCE_DIR) / folder)) {
            const fs::path& path = entry.path();
            if (path.extension() != ".hpp" && path.extension() != ".cpp") continue;
            ++files;
            const std::string name = path.lexically_normal().string();
            const auto found = strange_words(attnflow::testing::read_bytes(path.string()), name, used);
            strange.insert(strange.end(), found.begin(), found.end());
        }
    }
    CHECK(files > 200);
    CHECK(strange == std::vector<std::string>{});
    // No exception outlives its reason.
    std::set<std::string> listed;
    for (const auto& [name, words] : exceptions) {
        for (const Exception& exception : words) listed.insert(name + " " + exception.word);
    }
    CHECK(used == listed);
}

TEST_CASE("the words that open files are known", "[contract][files]") {
    for (const std::string code :
         {"std::ofstream out(path);", "std::ifstream in(path);", "#include <fstream>",
          "FILE* f = std::fopen(p, \"w\");", "::open(path, O_RDONLY)", "std::filesystem::rename(a, b)",
          "fs::remove(path, error)", "::unlink(p)", "fs::create_directory(p)", "sqlite3_open(p, &h)",
          "std::filesystem::copy_file(a, b)", "std::rename(a, b)", "return unlink(p);", "mmap(nullptr, n)",
          "dlopen(name, RTLD_NOW)", "namespace files = std::filesystem;"}) {
        std::set<std::string> used;
        INFO(code);
        CHECK(strange_words(code, "x.cpp", used).size() == 1);
        CHECK(strange_words("// " + code, "x.cpp", used).empty());
    }
    std::set<std::string> used;
    CHECK(strange_words("Dataset::open(path); TextModel::open(x); InputFile::open(p)", "x.cpp", used).empty());
}
