#include "graph/support/files/mapping.hpp"

#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

/// In a process of its own, because a handler is for good; what it returns, or 128 + the signal that ended it.
int in_process(const std::function<int()>& body) {
    const pid_t process = ::fork();
    if (process == 0) ::_exit(body());
    int status = 0;
    ::waitpid(process, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

constexpr std::size_t bytes = std::size_t{1} << 20;

std::size_t sum(const Mapping& mapping) {
    std::size_t total = 0;
    for (std::size_t i = 0; i < mapping.size(); ++i) total += std::to_integer<std::size_t>(mapping.data()[i]);
    return total;
}

}  // namespace

TEST_CASE("a file that is cut short under a mapping is an error, where the program asked for it", "[files]") {
    const TemporaryDirectory folder;
    const std::string path = folder.file("f");
    write_bytes(path, std::string(bytes, '\1'));
    CHECK(in_process([&] {
              survive_short_files();
              const Mapping mapping(InputFile::open(path));
              if (sum(mapping) != bytes) return 1;
              mapping.check_unchanged();
              std::filesystem::resize_file(path, 10000);
              // By several threads at once, each of which meets what is gone.
              std::vector<std::size_t> sums(4);
              std::vector<std::thread> threads;
              for (std::size_t& total : sums) threads.emplace_back([&] { total = sum(mapping); });
              for (std::thread& thread : threads) thread.join();
              for (const std::size_t total : sums) {
                  if (total != 10000) return 2;
              }
              const std::string message = message_of<InputError>([&] { mapping.check_unchanged(); });
              if (message != path + ": was cut short while it was read: it had 1048576 bytes and has 10000 now")
                  return 3;
              // Put back as it was, the file has another time; and were it the same, what was read is known.
              write_bytes(path, std::string(bytes, '\1'));
              return message_of<InputError>([&] { mapping.check_unchanged(); }).empty() ? 4 : 0;
          }) == 0);
    write_bytes(path, std::string(bytes, '\1'));
    // Libraries install no handler.
    CHECK(in_process([&] {
              ::signal(SIGBUS, SIG_DFL);
              const Mapping mapping(InputFile::open(path));
              std::filesystem::resize_file(path, 10000);
              return sum(mapping) == 10000 ? 0 : 1;
          }) == 128 + SIGBUS);
}

TEST_CASE("a signal of another mapping does what it did", "[files]") {
    const TemporaryDirectory folder;
    const std::string path = folder.file("f");
    write_bytes(path, std::string(bytes, '\1'));
    CHECK(in_process([&] {
              ::signal(SIGBUS, SIG_DFL);
              survive_short_files();
              const InputFile file = InputFile::open(path);
              const auto* data = static_cast<const volatile char*>(
                  ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file.descriptor(), 0));
              std::filesystem::resize_file(path, 10);
              return data[bytes / 2];
          }) == 128 + SIGBUS);
}

TEST_CASE("places in the list of mappings are used again", "[files]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("f"), "text");
    const InputFile file = InputFile::open(folder.file("f"));
    for (int i = 0; i < 1000; ++i) {
        const Mapping one(file);
        const Mapping two(file);
        CHECK(one.data() != two.data());
    }
    write_bytes(folder.file("empty"), "");
    CHECK(message_of<InputError>([&] { Mapping(InputFile::open(folder.file("empty"))); }) ==
          folder.file("empty") + ": is empty");
}
