#include "attention/model/tokenizer/characters.hpp"

#include <vector>

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Utf16 = std::vector<UChar>;

// The C interface, because its names carry no version of ICU's C++ ABI.

void check(UErrorCode status, const char* what) {
    if (U_FAILURE(status)) throw InternalError(fmt::format("ICU: {}: {}", what, u_errorName(status)));
}

Utf16 to_utf16(std::u32string_view text) {
    Utf16 out(2 * text.size());
    std::int32_t length = 0;
    UErrorCode status = U_ZERO_ERROR;
    u_strFromUTF32(out.data(), static_cast<std::int32_t>(out.size()), &length,
                   reinterpret_cast<const UChar32*>(text.data()), static_cast<std::int32_t>(text.size()), &status);
    check(status, "u_strFromUTF32");
    out.resize(static_cast<std::size_t>(length));
    return out;
}

std::u32string from_utf16(const UChar* text, std::int32_t length) {
    std::u32string out;
    for (std::int32_t i = 0; i < length;) {
        UChar32 c = 0;
        U16_NEXT(text, i, length, c);
        out += static_cast<char32_t>(c);
    }
    return out;
}

}  // namespace

std::u32string decode_utf8(std::string_view text, const std::string& what) {
    if (!is_utf8(text)) throw InputError(fmt::format("{}: '{}' is not UTF-8", what, excerpt(text)));
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        char32_t c = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
        for (std::size_t k = 1; k < bytes; ++k) c = (c << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
        out += c;
        i += bytes;
    }
    return out;
}

std::string encode_utf8(std::u32string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char32_t c : text) {
        const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
        if (c < 0x80) {
            out += static_cast<char>(c);
        } else if (c < 0x800) {
            out += static_cast<char>(0xC0 | (c >> 6));
            tail(0);
        } else if (c < 0x10000) {
            out += static_cast<char>(0xE0 | (c >> 12));
            tail(6);
            tail(0);
        } else {
            out += static_cast<char>(0xF0 | (c >> 18));
            tail(12);
            tail(6);
            tail(0);
        }
    }
    return out;
}

bool is_white_space(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)); }

bool is_punctuation(char32_t c) {
    if (c < 0x80) return c > 0x20 && c < 0x7F && !u_isalnum(static_cast<UChar32>(c));
    return u_ispunct(static_cast<UChar32>(c));
}

bool is_other(char32_t c) { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_C_MASK) != 0; }

bool is_nonspacing_mark(char32_t c) { return u_charType(static_cast<UChar32>(c)) == U_NON_SPACING_MARK; }

bool is_ideograph(char32_t c) {
    constexpr char32_t blocks[][2] = {
        {0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
        {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF},  // begins at 2B820 in Unicode; the reference tokenizers have 2B920
        {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F},
    };
    for (const auto& block : blocks) {
        if (c >= block[0] && c <= block[1]) return true;
    }
    return false;
}

std::u32string decomposed(std::u32string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* nfd = unorm2_getNFDInstance(&status);
    check(status, "unorm2_getNFDInstance");
    const Utf16 source = to_utf16(text);
    Utf16 out(source.size() + 16);
    for (;;) {
        status = U_ZERO_ERROR;
        const std::int32_t length = unorm2_normalize(nfd, source.data(), static_cast<std::int32_t>(source.size()),
                                                     out.data(), static_cast<std::int32_t>(out.size()), &status);
        if (status != U_BUFFER_OVERFLOW_ERROR) {
            check(status, "unorm2_normalize");
            return from_utf16(out.data(), length);
        }
        out.resize(static_cast<std::size_t>(length) + 1);
    }
}

std::u32string lower_case(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (const char32_t c : text) {
        if (c < 0x80) {
            out += c >= U'A' && c <= U'Z' ? c + 32 : c;
            continue;
        }
        const Utf16 source = to_utf16({&c, 1});
        UChar mapped[8];
        UErrorCode status = U_ZERO_ERROR;
        const std::int32_t length =
            u_strToLower(mapped, 8, source.data(), static_cast<std::int32_t>(source.size()), "", &status);
        check(status, "u_strToLower");
        out += from_utf16(mapped, length);
    }
    return out;
}

}  // namespace attnflow
