#include "attention/files/file_kind.hpp"

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/attention/make_npz.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using std::string_literals::operator""s;

namespace {

struct Known {
    std::string bytes;
    std::string says;
};

/// Beginnings as the programs write them, two of a kind where there are two.
std::vector<Known> known_files() {
    const std::string tar = "attention.npy"s + std::string(244, '\0') + "ustar\0"s + "00" + std::string(248, '\0');
    return {
        {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "is a Git LFS pointer"},
        {"version https://hawser.github.com/spec/v1\noid sha256:00\nsize 1\n", "is a Git LFS pointer"},
        {"<!doctype HTML><title>404</title>", "is an HTML page"},
        {"\xEF\xBB\xBF\r\n  <HTML lang=\"en\">", "is an HTML page"},
        {"<!-- saved from a page --> <!doctype html>", "is an HTML page"},
        {"<script>location.reload()</script>", "is an HTML page"},
        {"\xEF\xBB\xBFversion https://git-lfs.github.com/spec/v1\noid sha256:00\n", "is a Git LFS pointer"},
        {"version https://xethub.com/spec/v1\n", "is a Xet pointer"},
        {"# xet version 0\nfilesize = 1\n", "is a Xet pointer"},
        {"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "is an XML document"},
        {"\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0"s, "is an HDF5 file"},
        {std::string(512, 'M') + "\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0"s, "is an HDF5 file"},
        {"MATLAB 5.0 MAT-file, Platform: GLNXA64", "is a MATLAB file"},
        {"\x80\x04\x95\x1c\0\0\0\0\0\0\0\x8c\x15"s, "is a Python pickle"},
        {"(dp0\nS'attentions'\np1\n", "is a Python pickle"},
        {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02"s, "is a file of torch.save"},
        {zip_archive({{.name = "archive/data.pkl", .content = "x"}}), "is a file of torch.save"},
        {zip_archive({{.name = "weights/.format_version", .content = "1"}}), "is a file of torch.save"},
        {"GGUF\3\0\0\0\x23\1\0\0\0\0\0\0"s, "is a GGUF model"},
        {"\x08\x08\x12\x07pytorch\x1a\x05"
         "2.1.0:",
         "is an ONNX model"},
        {"\x1c\0\0\0TFL3\x14\0\x20\0"s, "is a TensorFlow Lite model"},
        {"\x1f\x8b\x08\0\0\0\0\0\0\x03"s, "is compressed with gzip"},
        {"BZh91AY&SY\x01\x02", "is compressed with bzip2"},
        {"\xfd"
         "7zXZ\0\0\4"s,
         "is compressed with xz"},
        {"\x28\xb5\x2f\xfd\x04\x58\x19\x02\x03", "is compressed with zstd"},
        {tar, "is a tar archive"},
        {"7z\xbc\xaf\x27\x1c\0\4"s, "is a 7z archive"},
        {"PAR1\x15\0\x15\x10"s, "is a Parquet table"},
        {"ARROW1\0\0\xff\xff"s, "is an Arrow table"},
        {"SQLite format 3\0\x10\0"s, "is an SQLite database"},
        {"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"s, "is a PNG document"},
        {"%PDF-1.7\n%\xe2\xe3", "is a PDF document"},
        {"\xff\xfe{\0\"\0a\0\"\0:\0"
         "1\0}\0"s,
         "is text in UTF-16LE"},
        {"\xfe\xff\0{\0\"\0a"s, "is text in UTF-16BE"},
        {"d\0a\0t\0a\0s\0e\0t\0.\0p\0"s, "is text in UTF-16LE"},
        {std::string(64, '\0'), "begins with zero bytes only"},
    };
}

std::string refusal(const std::string& path) {
    return message_of<InputError>([&] { Dataset::open(path); });
}

}  // namespace

TEST_CASE("other kinds of file are named where tensors are read, and where text is", "[kinds]") {
    const TemporaryDirectory folder;
    const std::string path = folder.file("attention.npz");  // the name says nothing
    for (const Known& known : known_files()) {
        INFO(known.says);
        write_bytes(path, known.bytes);
        CHECK_THAT(refusal(path), Catch::StartsWith(path + ": " + known.says));
        const auto why = why_no_text(known.bytes);
        REQUIRE(why.has_value());
        CHECK_THAT(*why, Catch::StartsWith(known.says));
        CHECK(file_kind(known.bytes) == FileKind::other);
    }
}

TEST_CASE("what is read is known as that", "[kinds]") {
    const TemporaryDirectory folder;
    const std::string safetensors = folder.file("s");
    write_safetensors(safetensors, {attention_tensor("attentions", 1, 1, 2)});
    const std::string tensors = read_bytes(safetensors);
    CHECK(file_kind(tensors) == FileKind::safetensors);
    CHECK_FALSE(why_no_tensors(tensors).has_value());
    CHECK_FALSE(why_no_safetensors(tensors).has_value());
    CHECK_THAT(*why_no_text(tensors), Catch::StartsWith("is a safetensors file, expected text"));
    // A header whose length, read as text or as a protocol buffer, looks like something else.
    for (const std::size_t length : {std::size_t{'{'}, std::size_t{0x120508}}) {
        CHECK(file_kind(raw_safetensors("{" + std::string(length - 2, ' ') + "}")) == FileKind::safetensors);
    }
    for (const std::string text : {"p max 4 3\n", "{\"a\": 1}", "the key to the cabinets\n", "[PAD]\n[UNK]\n",
                                   "\xEF\xBB\xBFtext", "na\xc3\xafve \xe4\xb8\xad\xe6\x96\x87\n"}) {
        CHECK(file_kind(text) == FileKind::text);
        CHECK_FALSE(why_no_text(text).has_value());
        CHECK_THAT(*why_no_tensors(text), Catch::Contains(", expected a safetensors, npz or npy file"));
    }
    // A character that is cut where looking ends.
    CHECK(file_kind(std::string(1023, 'a') + "\xc3\xa9 and more") == FileKind::text);
    const std::string npz = zip_archive({{.name = "attentions.npy", .content = "x"}});
    CHECK(file_kind(npz) == FileKind::zip);
    CHECK_THAT(*why_no_text(npz), Catch::StartsWith("is a npz file, expected text"));
    CHECK_THAT(*why_no_safetensors(npz), Catch::StartsWith("is a NumPy file, expected safetensors"));
    CHECK(file_kind("\x93NUMPY\1\0v\0"s) == FileKind::npy);
    CHECK(file_kind("\xe0\x01\x02 no text at all") == FileKind::unknown);
    CHECK_THAT(*why_no_tensors("\xe0\x01\x02 no text at all"),
               Catch::StartsWith("begins with the bytes e0 01 02 20"));
    CHECK_FALSE(why_no_text("").has_value());
}

TEST_CASE("a server's answer that was saved as a file is known as that", "[kinds]") {
    for (const std::string answer : {"Entry not found", "{\"error\":\"Invalid username or password.\"}",
                                     "Access to model a/b is restricted. You must be authenticated"}) {
        INFO(answer);
        CHECK_THAT(*why_no_tensors(answer), Catch::Contains("a server's answer: the download was refused"));
        CHECK_THAT(*why_no_safetensors(answer), Catch::Contains("a server's answer: the download was refused"));
        CHECK_FALSE(why_no_text(answer).has_value());  // a sentence may begin so
    }
}

TEST_CASE("what stands in the place of a model's weights is told how to become safetensors", "[kinds]") {
    for (const std::string& bytes :
         {"\x80\x04\x95\x1c\0\0\0\0\0\0\0\x8c\x15"s, "\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0"s,
          "MATLAB 5.0 MAT-file, Platform: GLNXA64"s, "0.1 0.9\n"s}) {
        const std::string why = *why_no_safetensors(bytes);
        INFO(why);
        CHECK_THAT(why, Catch::Contains("expected safetensors") && Catch::Contains("save_pretrained"));
        CHECK_THAT(why, !Catch::Contains("attentions"));
    }
}
