#pragma once
/// SHA-256 (FIPS 180-4), as lower-case hexadecimal: what `sha256sum` prints.

#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // of libcrypto

namespace attnflow {

/// A checksum of bytes that come one after the other.
class Sha256 {
public:
    Sha256();
    void add(std::span<const std::byte> bytes);
    void add(std::string_view text) { add(std::as_bytes(std::span(text))); }
    /// Once, when all was added.
    std::string hexadecimal();

private:
    std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

/// Throws InputError for a file that cannot be read.
std::string sha256_of_file(const std::string& path);
std::string sha256_of_text(const std::string& text);

}  // namespace attnflow
