#include "graph/support/sha256.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "graph/support/error.hpp"
#include "graph/support/files/input_file.hpp"

namespace attnflow {
Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
        throw InternalError("sha256: libcrypto offers none");
    }
}

void Sha256::add(std::span<const std::byte> bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string Sha256::hexadecimal() {
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    std::string text;
    for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

std::string sha256_of_file(const std::string& path) {
    Sha256 sum;
    const InputFile file = InputFile::open(path);
    std::vector<char> buffer(std::min(file.size(), std::size_t{1} << 20));
    for (std::size_t offset = 0; offset < file.size(); offset += buffer.size()) {
        buffer.resize(std::min(buffer.size(), file.size() - offset));
        file.read(offset, buffer);
        sum.add(std::string_view(buffer.data(), buffer.size()));
    }
    return sum.hexadecimal();
}

std::string sha256_of_text(const std::string& text) {
    Sha256 sum;
    sum.add(text);
    return sum.hexadecimal();
}

}  // namespace attnflow
