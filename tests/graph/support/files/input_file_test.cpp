#include "graph/support/files/input_file.hpp"

#include <filesystem>
#include <istream>
#include <sstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "graph/support/files/input_stream.hpp"
#include "graph/support/sha256.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using Catch::Contains;

namespace fs = std::filesystem;

TEST_CASE("only regular files are read, and each other kind is refused by its name", "[files]") {
    const TemporaryDirectory folder;
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    fs::create_directory(folder.file("folder"));
    const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    folder.file("socket").copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const struct {
        std::string path, why;
    } cases[] = {
        {folder.file("pipe"), "is a pipe"},
        {folder.file("folder"), "is a folder"},
        {folder.file("socket"), "is a socket"},
        {"/dev/zero", "is a device"},
        {"/dev/tty", "is a device"},
        {"/proc/self/environ", "is made up by the system"},
        {"/proc/kmsg", "made up|cannot be opened"},
        {folder.file("missing"), "cannot be opened: No such file"},
    };
    for (const auto& c : cases) {
        const std::string expected = c.why.substr(0, c.why.find('|'));
        for (const auto& message : {message_of<InputError>([&] { InputFile::open(c.path); }),
                                    message_of<InputError>([&] { sha256_of_file(c.path); }),
                                    message_of<InputError>([&] { read_file(c.path, 1000); })}) {
            INFO(message);
            CHECK(message.starts_with(c.path + ": "));
            if (c.why == expected) CHECK_THAT(message, Contains(expected));
        }
    }
    ::close(listener);
}

TEST_CASE("links are followed where the user named them and refused where not", "[files]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("file"), "text");
    fs::create_symlink(folder.file("file"), folder.file("link"));
    CHECK(read_file(folder.file("link"), 100) == "text");
    CHECK_THAT(message_of<InputError>([&] { InputFile::open(folder.file("link"), InputFile::Links::refuse); }),
               Contains("is a link, expected a regular file"));
}

TEST_CASE("a file is read as large as it was when it was opened", "[files]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("f"), std::string(10000, 'a'));
    const InputFile file = InputFile::open(folder.file("f"));
    CHECK(message_of<InputError>([&] { read_file(folder.file("f"), 9999); }) ==
          folder.file("f") + ": 10000 bytes, expected at most 9999");
    write_bytes(folder.file("f"), std::string(20000, 'b'));
    CHECK(file.text(10000) == std::string(10000, 'b'));  // grown: no further
    CHECK_THAT(message_of<InputError>([&] { check_unchanged(folder.file("f"), file.stamp()); }),
               Contains("changed while it was read: it was written to"));
    fs::resize_file(folder.file("f"), 4000);
    CHECK_THAT(message_of<InputError>([&] { file.text(10000); }),
               Contains("was cut short while it was read: it had 10000 bytes, and ends after 4000"));
    CHECK_THAT(message_of<InputError>([&] { check_unchanged(folder.file("f"), file.stamp()); }),
               Contains("was cut short while it was read: it had 10000 bytes and has 4000 now"));
    fs::remove(folder.file("f"));
    CHECK_THAT(message_of<InputError>([&] { check_unchanged(folder.file("f"), file.stamp()); }),
               Contains("changed while it was read: No such file"));
    write_bytes(folder.file("g"), std::string(10000, 'a'));
    fs::rename(folder.file("g"), folder.file("f"));
    CHECK_THAT(message_of<InputError>([&] { check_unchanged(folder.file("f"), file.stamp()); }),
               Contains("another file has its name now"));
}

TEST_CASE("a stream over a file gives its lines, and its errors", "[files]") {
    const TemporaryDirectory folder;
    std::string lines;
    for (int i = 0; i < 30000; ++i) lines += std::to_string(i) + "\n";
    write_bytes(folder.file("f"), lines);
    InputBuffer buffer(InputFile::open(folder.file("f")));
    std::istream stream(&buffer);
    stream.exceptions(std::istream::badbit);
    std::ostringstream copy;
    std::string line;
    for (int i = 0; i < 100 && std::getline(stream, line); ++i) copy << line << '\n';
    CHECK(lines.starts_with(copy.str()));
    CHECK(copy.str().size() == 290);
    fs::resize_file(folder.file("f"), 1000);
    CHECK_THROWS_AS(
        [&] {
            while (std::getline(stream, line)) {
            }
        }(),
        InputError);
}
