#include "attention/files/numpy/npy.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::size_t longest_header = 65536;
constexpr std::size_t most_axes = 8;
constexpr std::size_t most_text = 1 << 20;  // characters of one string: a text array is small

struct Header {
    std::string descr;
    bool fortran_order = false;
    std::vector<std::size_t> shape;
};

// The dictionary of a header: only the literals that NumPy writes there, under Python 2 too, whose sizes may end
// in L and whose strings may begin with u.
class HeaderParser {
public:
    HeaderParser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

    Header parse() {
        Header header;
        bool has_descr = false, has_order = false, has_shape = false;
        const auto once = [&](bool& seen, const std::string& key) {
            if (seen) fail("'" + key + "' twice");
            seen = true;
        };
        expect('{');
        while (!take('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr") {
                once(has_descr, key);
                if (peek() == '[') refuse_structured();
                header.descr = quoted();
            } else if (key == "fortran_order") {
                once(has_order, key);
                header.fortran_order = boolean();
            } else if (key == "shape") {
                once(has_shape, key);
                header.shape = tuple();
            } else {
                fail("the key '" + excerpt(key) + "'");
            }
            if (!take(',')) {
                expect('}');
                break;
            }
        }
        skip_blank();
        if (!text_.empty()) fail("something after the dictionary");
        if (!has_descr || !has_order || !has_shape) fail("not all of them");
        return header;
    }

private:
    [[noreturn]] void fail(const std::string& found) const {
        throw InputError(fmt::format(
            "{}: npy header holds {}, expected a dictionary of descr, fortran_order and shape", where_, found));
    }
    [[noreturn]] void refuse_structured() const {
        throw OtherElements(
            fmt::format("{}: a structured array (several fields), expected an array of plain numbers", where_));
    }
    void skip_blank() {
        const std::size_t first = text_.find_first_not_of(" \t\n");
        text_.remove_prefix(first == std::string_view::npos ? text_.size() : first);
    }
    char peek() {
        skip_blank();
        return text_.empty() ? '\0' : text_.front();
    }
    bool take(char c) {
        if (peek() != c) return false;
        text_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!take(c)) fail(fmt::format("'{}' where '{}' belongs", excerpt(text_.substr(0, 12)), c));
    }
    std::string quoted() {
        if (peek() == 'u') text_.remove_prefix(1);
        const char quote = peek();
        if (quote != '\'' && quote != '"') fail("'" + excerpt(text_.substr(0, 12)) + "' where a string belongs");
        const std::size_t end = text_.find(quote, 1);
        if (end == std::string_view::npos) fail("a string without end");
        const std::string out(text_.substr(1, end - 1));
        if (out.find('\\') != std::string::npos) fail("an escaped character");
        text_.remove_prefix(end + 1);
        return out;
    }
    bool boolean() {
        skip_blank();
        for (const bool value : {true, false}) {
            const std::string_view word = value ? "True" : "False";
            if (!text_.starts_with(word)) continue;
            text_.remove_prefix(word.size());
            return value;
        }
        fail("'" + excerpt(text_.substr(0, 12)) + "' where True or False belongs");
    }
    std::vector<std::size_t> tuple() {
        std::vector<std::size_t> sizes;
        expect('(');
        while (!take(')')) {
            skip_blank();
            std::size_t size = 0;
            const auto result = std::from_chars(text_.data(), text_.data() + text_.size(), size);
            if (result.ec != std::errc()) fail("'" + excerpt(text_.substr(0, 12)) + "' where a size belongs");
            text_.remove_prefix(static_cast<std::size_t>(result.ptr - text_.data()));
            if (text_.starts_with('L')) text_.remove_prefix(1);
            sizes.push_back(size);
            if (sizes.size() > most_axes) {
                throw InputError(fmt::format("{}: more than {} axes", where_, most_axes));
            }
            if (!take(',')) {
                if (sizes.size() == 1) fail("(N) where a tuple (N,) belongs");
                expect(')');
                break;
            }
        }
        return sizes;
    }

    std::string_view text_;
    const std::string& where_;
};

// Splits magic, version and header text off `bytes`.
std::string_view take_header(std::span<const std::byte>& bytes, const std::string& where) {
    const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(bytes[i]); };
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!text.starts_with(npy_magic) || bytes.size() < npy_magic.size() + 2) {
        throw InputError(fmt::format("{}: no npy array, expected it to begin with \\x93NUMPY", where));
    }
    const unsigned version = byte(6);
    if (version < 1 || version > 3 || byte(7) != 0) {
        throw InputError(fmt::format("{}: npy version {}.{}, expected 1.0, 2.0 or 3.0", where, version, byte(7)));
    }
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    const std::size_t begin = npy_magic.size() + 2 + length_bytes;
    std::size_t length = 0;
    if (bytes.size() >= begin) {
        for (std::size_t i = 0; i < length_bytes; ++i) length |= std::size_t{byte(8 + i)} << (8 * i);
    }
    if (bytes.size() < begin || length > bytes.size() - begin) {
        throw InputError(fmt::format("{}: npy header is cut short (is the file complete?)", where));
    }
    if (length > longest_header) {
        throw InputError(
            fmt::format("{}: npy header of {} bytes, expected at most {}", where, length, longest_header));
    }
    bytes = bytes.subspan(begin + length);
    return text.substr(begin, length);
}

// "<f4" taken apart.
struct Descr {
    bool big_endian = false;
    char kind = ' ';
    std::size_t size = 0;
};

Descr parse_descr(const std::string& descr, const std::string& where) {
    Descr out;
    std::string_view rest = descr;
    if (!rest.empty() && std::string_view("<>|=").find(rest.front()) != std::string_view::npos) {
        out.big_endian = rest.front() == '>';
        rest.remove_prefix(1);
    }
    if (!rest.empty()) {
        out.kind = rest.front();
        rest.remove_prefix(1);
    }
    if (out.kind == 'O') {
        throw OtherElements(
            fmt::format("{}: Python objects (pickled), which are never read; save plain arrays, text as "
                        "np.array(list_of_strings)",
                        where));
    }
    const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), out.size);
    if (result.ec != std::errc() || result.ptr != rest.data() + rest.size()) {
        throw OtherElements(fmt::format("{}: npy type '{}', expected for instance '<f4'", where, excerpt(descr)));
    }
    return out;
}

std::optional<DType> numeric_type(const Descr& descr) {
    const std::string key = descr.kind + std::to_string(descr.size);
    static const std::map<std::string, DType> types{
        {"f8", DType::f64}, {"f4", DType::f32},     {"f2", DType::f16}, {"i8", DType::i64}, {"i4", DType::i32},
        {"i2", DType::i16}, {"i1", DType::i8},      {"u8", DType::u64}, {"u4", DType::u32}, {"u2", DType::u16},
        {"u1", DType::u8},  {"b1", DType::boolean}, {"c8", DType::c64}};
    const auto found = types.find(key);
    return found == types.end() ? std::nullopt : std::optional(found->second);
}

// Reverses the bytes of every element; complex numbers have two.
void swap_bytes(std::vector<std::byte>& bytes, std::size_t width) {
    for (std::size_t i = 0; i + width <= bytes.size(); i += width) {
        std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                     bytes.begin() + static_cast<std::ptrdiff_t>(i + width));
    }
}

// Column-major elements of `width` bytes in row-major order.
std::vector<std::byte> row_major(std::span<const std::byte> bytes, const std::vector<std::size_t>& shape,
                                 std::size_t width) {
    std::vector<std::byte> out(bytes.size());
    std::vector<std::size_t> stride(shape.size(), 1);  // of each axis in the file
    for (std::size_t a = 1; a < shape.size(); ++a) stride[a] = stride[a - 1] * shape[a - 1];
    std::vector<std::size_t> index(shape.size(), 0);
    std::size_t from = 0;
    for (std::size_t to = 0; to < out.size(); to += width) {
        std::memcpy(out.data() + to, bytes.data() + from * width, width);
        for (std::size_t a = shape.size(); a-- > 0;) {
            from += stride[a];
            if (++index[a] < shape[a]) break;
            from -= stride[a] * shape[a];
            index[a] = 0;
        }
    }
    return out;
}

void append_utf8(std::string& out, std::uint32_t c, const std::string& where) {
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        throw InputError(fmt::format("{}: text with code point {:#x}, which is not Unicode", where, c));
    }
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    const auto tail = [&](int shift) { put(0x80u | ((c >> shift) & 0x3Fu)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0u | (c >> 6));
        tail(0);
    } else if (c < 0x10000) {
        put(0xE0u | (c >> 12));
        tail(6);
        tail(0);
    } else {
        put(0xF0u | (c >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

// One element of a text array; NumPy fills it up with zeros.
std::string decode_text(std::span<const std::byte> element, const Descr& descr, const std::string& where) {
    std::string out;
    if (descr.kind == 'S') {
        out.assign(reinterpret_cast<const char*>(element.data()), element.size());
        out.erase(out.find_last_not_of('\0') + 1);
        if (!is_utf8(out)) throw InputError(fmt::format("{}: text '{}' is not UTF-8", where, excerpt(out)));
        return out;
    }
    std::size_t end = element.size();
    while (end >= 4 && std::all_of(element.begin() + static_cast<std::ptrdiff_t>(end - 4),
                                   element.begin() + static_cast<std::ptrdiff_t>(end),
                                   [](std::byte b) { return b == std::byte{0}; })) {
        end -= 4;
    }
    for (std::size_t i = 0; i < end; i += 4) {
        std::uint32_t c = 0;
        for (std::size_t b = 0; b < 4; ++b) {
            c |= std::to_integer<std::uint32_t>(element[i + b]) << (8 * (descr.big_endian ? 3 - b : b));
        }
        append_utf8(out, c, where);
    }
    return out;
}

// Throws unless shape and type account for exactly these bytes.
std::size_t checked_elements(const std::vector<std::size_t>& shape, std::size_t width, std::size_t available,
                             const std::string& where) {
    std::size_t elements = 1;
    std::size_t size = width;
    bool overflow = false;
    for (const std::size_t axis : shape) {
        overflow = __builtin_mul_overflow(elements, axis, &elements) || overflow;
        overflow = __builtin_mul_overflow(size, axis, &size) || overflow;
    }
    if (overflow) {
        throw InputError(fmt::format("{}: shape {} has too many elements to count", where, shape_text(shape)));
    }
    if (size != available) {
        throw InputError(fmt::format("{}: {} bytes of data, expected {} for shape {} of {} bytes each{}", where,
                                     available, size, shape_text(shape), width,
                                     available < size ? " (is the file complete?)" : ""));
    }
    return elements;
}

}  // namespace

NpyArray read_npy(std::span<const std::byte> bytes, const std::string& where) {
    const std::string_view text = take_header(bytes, where);
    const Header header = HeaderParser(text, where).parse();
    const Descr descr = parse_descr(header.descr, where);

    NpyArray array;
    array.is_text = descr.kind == 'U' || descr.kind == 'S';
    const auto dtype = numeric_type(descr);
    if ((!array.is_text && !dtype) || (array.is_text && (descr.size == 0 || descr.size > most_text))) {
        throw OtherElements(
            fmt::format("{}: npy type '{}' cannot be read{}, expected f8, f4, f2, another number, or text", where,
                        excerpt(header.descr),
                        header.descr.ends_with("V2") ? " (bfloat16? convert it to float32 first)" : ""));
    }
    const std::size_t width = descr.kind == 'U' ? 4 * descr.size : descr.size;
    const std::size_t elements = checked_elements(header.shape, width, bytes.size(), where);

    const bool reorder = header.fortran_order && header.shape.size() > 1 && elements > 0;
    array.view = TensorView{"", dtype.value_or(DType::u8), header.shape, nullptr};
    if (reorder) array.owned = row_major(bytes, header.shape, width);
    if (array.is_text) {
        const std::span<const std::byte> ordered = reorder ? std::span<const std::byte>(array.owned) : bytes;
        for (std::size_t e = 0; e < elements; ++e) {
            array.text.push_back(decode_text(ordered.subspan(e * width, width), descr, where));
        }
        array.owned.clear();
        return array;
    }
    if (descr.big_endian && width > 1) {
        if (!reorder) array.owned.assign(bytes.begin(), bytes.end());
        swap_bytes(array.owned, descr.kind == 'c' ? width / 2 : width);
    }
    array.view.data = array.owned.empty() ? bytes.data() : array.owned.data();
    return array;
}

std::shared_ptr<const NpyFile> NpyFile::read(std::shared_ptr<const MappedFile> file, const std::string& path) {
    const std::shared_ptr<NpyFile> result(new NpyFile(path));
    const std::string where = escape_controls(path);
    result->file_ = std::move(file);
    result->array_ = read_npy(result->file_->bytes(), where);
    if (result->array_.is_text) throw InputError(where + ": an array of text, expected attention");
    TensorView view = result->array_.view;
    view.name = "attentions";
    if (result->array_.owned.empty()) view.file = result->file_.get();
    result->tensors_.emplace(view.name, view);
    return result;
}

}  // namespace attnflow
