#include "graph/support/sha256.hpp"

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/temporary_directory.hpp"

using namespace attnflow;

TEST_CASE("checksums are those of sha256sum", "[sha256]") {
    // The two first examples of FIPS 180-4, and one longer than the buffer that a file is read by.
    CHECK(sha256_of_text("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_of_text("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const attnflow::testing::TemporaryDirectory folder;
    const std::string million(1'000'000, 'a');
    attnflow::testing::write_bytes(folder.file("a"), million + million);
    CHECK(sha256_of_file(folder.file("a")) == sha256_of_text(million + million));
    CHECK(sha256_of_text(million) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    CHECK_THROWS_AS(sha256_of_file(folder.file("missing")), InputError);
}
