#include "attention/files/numpy/npz.hpp"

#include <cstring>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "attention/validate.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/attention/make_npz.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

using Strings = std::vector<std::string>;
const std::string golden = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/";

std::string doubles(const std::vector<double>& values) {
    std::string out(values.size() * sizeof(double), '\0');
    std::memcpy(out.data(), values.data(), out.size());
    return out;
}

std::string words(const Strings& texts) {  // <U2
    std::string out;
    for (const std::string& text : texts) {
        for (std::size_t i = 0; i < 2; ++i) {
            out += little_endian(i < text.size() ? static_cast<unsigned char>(text[i]) : 0, 4);
        }
    }
    return out;
}

const std::string attention_2x2 = npy("<f8", "(1, 1, 2, 2)", doubles({1, 0, 0.25, 0.75}));

Dataset open_bytes(const TemporaryDirectory& directory, const std::string& bytes) {
    write_bytes(directory.file("f.npz"), bytes);
    return Dataset::open(directory.file("f.npz"));
}

std::string refusal(const std::string& bytes) {
    const TemporaryDirectory directory;
    const std::string message = message_of<InputError>([&] { open_bytes(directory, bytes); });
    const std::string prefix = directory.file("f.npz") + ": ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

std::string refusal(const std::vector<ZipPart>& parts) { return refusal(zip_archive(parts)); }

}  // namespace

TEST_CASE("files of numpy.savez and savez_compressed equal the safetensors file", "[npz]") {
    const Dataset reference =
        Dataset::open(std::string(ATTNFLOW_SOURCE_DIR) + "/experiments/data/gpt2_ex0.safetensors");
    const Example expected = reference.example(0);
    for (const char* name : {"gpt2_ex0.npz", "gpt2_ex0_compressed.npz"}) {
        INFO(name);
        const Dataset dataset = Dataset::open(golden + name);
        const Example example = dataset.example(0);
        CHECK(example.tokens == expected.tokens);
        REQUIRE(example.attention.layers() == 12);
        REQUIRE(example.attention.heads() == 12);
        CHECK(validate(example.attention, example.id).causal);
        std::vector<double> ours(36), theirs(36);
        for (std::size_t layer = 0; layer < 12; ++layer) {
            for (std::size_t head = 0; head < 12; ++head) {
                example.attention.read_head(layer, head, ours);
                expected.attention.read_head(layer, head, theirs);
                CHECK(ours == theirs);
            }
        }
    }
}

TEST_CASE("an npz dataset has examples, tokens, references and metadata", "[npz]") {
    const TemporaryDirectory directory;
    for (const bool deflate : {false, true}) {
        for (const bool zip64 : {false, true}) {
            const auto part = [&](const std::string& name, const std::string& content) {
                return ZipPart{.name = name, .content = content, .deflate = deflate, .zip64 = zip64};
            };
            const Dataset dataset = open_bytes(
                directory,
                zip_archive({part("b.attentions.npy", attention_2x2), part("a.attentions.npy", attention_2x2),
                             part("a.tokens.npy", npy("<U2", "(2,)", words({"x", "yz"}))),
                             part("a.score.npy", npy(">f8", "(2,)", std::string(16, '\0'))),
                             part("task.npy", npy("<U2", "()", words({"ab"})))},
                            zip64));
            CHECK(dataset.ids() == Strings{"a", "b"});
            CHECK(dataset.example(0).tokens == Strings{"x", "yz"});
            CHECK(dataset.example(1).tokens == Strings{"#0", "#1"});
            CHECK(dataset.example(0).references.at("score") == std::vector<double>{0, 0});
            CHECK(dataset.metadata().at("task") == "ab");
            std::vector<double> head(4);
            dataset.example(1).attention.read_head(0, 0, head);
            CHECK(head == std::vector<double>{1, 0, 0.25, 0.75});
        }
    }
    const Dataset batch =
        open_bytes(directory, zip_archive({{"attentions.npy", npy("<f8", "(2, 1, 1, 1, 1)", doubles({1, 1}))},
                                           {"tokens.npy", npy("<U2", "(2, 1)", words({"p", "q"}))}}));
    CHECK(batch.ids() == Strings{"f/0", "f/1"});
    CHECK(batch.example(1).tokens == Strings{"q"});
}

TEST_CASE("the arrays outlive the dataset", "[npz]") {
    const TemporaryDirectory directory;
    std::optional<Example> kept;
    {
        kept = open_bytes(directory,
                          zip_archive({{.name = "attentions.npy", .content = attention_2x2, .deflate = true}}))
                   .example(0);
    }
    std::vector<double> head(4);
    kept->attention.read_head(0, 0, head);
    CHECK(head == std::vector<double>{1, 0, 0.25, 0.75});
}

TEST_CASE("archives that cannot be trusted are refused, with the reason", "[npz]") {
    const ZipPart good{.name = "attentions.npy", .content = attention_2x2};
    const ZipPart packed{.name = "attentions.npy", .content = attention_2x2, .deflate = true};
    const auto changed = [](ZipPart part, auto change) {
        change(part);
        return std::vector<ZipPart>{part};
    };
    const std::string archive = zip_archive({good});
    CHECK(refusal(archive.substr(0, archive.size() - 1)) ==
          "zip archive: no directory at its end (is the file complete?)");
    CHECK(refusal(archive.substr(0, 60)) == "zip archive: no directory at its end (is the file complete?)");
    CHECK_THAT(refusal("PK"),
               Catch::StartsWith("is text that begins with 'PK', expected a safetensors, npz or npy file: "));
    CHECK(refusal(archive + "more") == "zip archive: no directory at its end (is the file complete?)");
    CHECK(refusal("PK\x03\x04" + archive) ==
          "zip archive: its directory is not where it should be (is the file complete?)");
    CHECK_THAT(refusal("PKxx" + archive), Catch::StartsWith("begins with the bytes 50 4b 78 78 50 4b 03 04, "));
    CHECK(refusal(zip_archive({good}, false, 1)) == "zip archive: directory of 1 members, expected 2");
    CHECK(refusal(zip_archive({good}, true, 1)) == "zip archive: directory of 1 members, expected 2");
    CHECK_THAT(
        refusal(zip_archive({})),
        Catch::StartsWith("is a zip archive without NumPy arrays (members named NAME.npy); it holds nothing: "));
    CHECK(refusal({good, good}) == "zip archive: member 'attentions.npy' twice");
    CHECK(refusal(changed(good, [](ZipPart& p) { p.flags = 1; })) ==
          "member 'attentions.npy': encrypted, expected plain arrays");
    CHECK(refusal(changed(good, [](ZipPart& p) { p.method_offset = 12; })) ==
          "member 'attentions.npy': packed by method 12, expected 0 (stored) or 8 (deflated)");
    CHECK(refusal(changed(good, [](ZipPart& p) { p.local_name = "other.npy"; })) ==
          "member 'attentions.npy': called 'other.npy' in its own header");
    CHECK(refusal(changed(good, [](ZipPart& p) { p.claimed_size = 5; })) ==
          "member 'attentions.npy': " + std::to_string(attention_2x2.size()) +
              " bytes stored, but 5 when unpacked");
    CHECK(refusal(changed(good, [](ZipPart& p) { p.claimed_packed = p.claimed_size = 100000; })) ==
          "member 'attentions.npy': 100000 bytes do not fit into the archive (is the file complete?)");
    CHECK(refusal(changed(good, [](ZipPart& p) {
              p.crc_error = 1;
          })).starts_with("member 'attentions.npy': checksum"));
    CHECK(refusal(changed(packed, [](ZipPart& p) {
              p.crc_error = 1;
          })).starts_with("member 'attentions.npy': checksum"));
    for (const int off : {-1, 1}) {
        CHECK(refusal(changed(
                  packed,
                  [&](ZipPart& p) { p.claimed_size = attention_2x2.size() + static_cast<std::size_t>(off); })) ==
              fmt::format("member 'attentions.npy': deflated data is damaged, or not {} bytes long",
                          static_cast<int>(attention_2x2.size()) + off));
    }
    CHECK(refusal(changed(packed, [](ZipPart& p) {
              p.claimed_size = 4'000'000'000;
          })).ends_with(" bytes cannot unpack to 4000000000"));
    CHECK(refusal(changed(good, [](ZipPart& p) {
              p.name = "";
              p.local_name = "";
          })) == "member '': expected a name in UTF-8");
    CHECK(refusal(changed(good, [](ZipPart& p) { p.name = "a\xff.npy"; })) ==
          "member 'a\\xff.npy': expected a name in UTF-8");
    CHECK_THAT(refusal({{"readme.txt", "hello"}}), Catch::Contains("; it holds readme.txt: "));
    for (const std::string name : {"archive/data.pkl", "archive/.format_version"})
        CHECK_THAT(refusal({good, {name, "x"}}), Catch::StartsWith("is a file of torch.save: "));
    CHECK_THAT(refusal({{"archive/data.pkl", "x"}, good}), Catch::StartsWith("is a file of torch.save: "));
    CHECK(refusal({{"attentions.npy", "no array"}}) ==
          "member 'attentions.npy': no npy array, expected it to begin with \\x93NUMPY");
    // A file name from a stranger is a name, not a path: it reaches messages only.
    CHECK_THAT(refusal({{"../../etc/passwd", "x"}}), Catch::Contains("; it holds ../../etc/passwd: "));
}

TEST_CASE("members that share bytes are refused", "[npz]") {
    // Two directory entries for one local header: the second name is not the local one; with
    // equal names they would be the same member twice.
    std::string archive = zip_archive({{"a.npy", attention_2x2}, {"b.npy", attention_2x2}});
    const std::size_t second = archive.rfind("PK\x01\x02");
    archive.replace(second + 42, 4, little_endian(0, 4));
    CHECK(refusal(archive) == "member 'b.npy': called 'a.npy' in its own header");

    // The first member claims the bytes of the second, too.
    std::string overlapping = zip_archive({{"a.npy", attention_2x2}, {"b.npy", attention_2x2}});
    const std::size_t first = overlapping.find("PK\x01\x02");
    const std::string longer = little_endian(attention_2x2.size() + 40, 4);
    overlapping.replace(first + 20, 8, longer + longer);
    CHECK(refusal(overlapping) == "zip archive: members overlap");
}

TEST_CASE("an archive that unpacks to far more than its size is refused before it does", "[npz]") {
    const std::string zeros = npy("<f8", "(1, 1, 3000, 3000)", std::string(72'000'000, '\0'));
    const std::string message = refusal({{.name = "attentions.npy", .content = zeros, .deflate = true}});
    INFO(message);
    CHECK(message.find("would unpack to 72000") != std::string::npos);
    CHECK(message.find("more than 200 times as many") != std::string::npos);
}

TEST_CASE("an archive cut or changed anywhere is read or refused, never worse", "[npz]") {
    const TemporaryDirectory directory;
    const std::string archive = zip_archive({{.name = "attentions.npy", .content = attention_2x2, .deflate = true},
                                             {"tokens.npy", npy("<U2", "(2,)", words({"x", "yz"}))}});
    const auto survives = [&](const std::string& bytes) {
        try {
            open_bytes(directory, bytes).example(0);
        } catch (const InputError&) {
        }
    };
    for (std::size_t length = 1; length < archive.size(); ++length) survives(archive.substr(0, length));
    for (std::size_t at = 0; at < archive.size(); ++at) {
        for (const char byte : {'\0', '\xff', '\x7f'}) {
            std::string bytes = archive;
            bytes[at] = byte;
            survives(bytes);
        }
    }
    SUCCEED();
}
