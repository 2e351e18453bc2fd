#include "attention/files/file_kind.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "attention/files/numpy/npy.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t looked_at = 1024;
constexpr std::uint64_t longest_safetensors_header = 100'000'000;

// In the order of the page. What is read here (safetensors, npz, npy, text) has entries where it was given in the
// place of another.
enum Entry : std::size_t {
    empty,
    directory,
    git_lfs,
    xet,
    html,
    server_answer,
    xml,
    utf16,
    compressed,
    archive,
    torch,
    pickle,
    hdf5,
    matlab,
    gguf,
    onnx,
    tflite,
    table,
    database,
    picture,
    zip_without_arrays,
    other_zip,
    text_for_tensors,
    numpy_for_weights,
    tensors_for_text,
    other_weights,
    zero_bytes,
    unknown_bytes,
    entries
};

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"file/empty", "is empty", "what wrote or downloaded it stopped, or the disk was full", "make it again"},
    {"file/directory", "is a directory, expected a file", "the name is that of the folder around it",
     "name the file itself; the directory of a model goes to `--model`, that of a run to `attnflow report`"},
    {"file/git_lfs", "is a Git LFS pointer, a text of some lines that stands for the file itself",
     "the repository was cloned or downloaded without Git LFS", "fetch the file with `git lfs pull`"},
    {"file/xet", "is a Xet pointer, a text of some lines that stands for the file itself",
     "the repository was cloned or downloaded without Xet",
     "fetch the file with `git xet pull` or the hub's own client"},
    {"file/html", "is an HTML page",
     "the download gave a page (a sign-in, an error, a preview) instead of the file",
     "download it again by the address of the raw file (on a model hub `/resolve/`, not `/blob/`), signed in "
     "where "
     "that is needed"},
    {"file/server_answer", "is text that begins with '{begin}', a server's answer",
     "the download was refused (the name is wrong, or the model asks for a sign-in) and the answer was saved "
     "instead of the file",
     "correct the name, or accept the model's terms and sign in, then download the file again"},
    {"file/xml", "is an XML document", "the download gave a server's answer, mostly an error, instead of the file",
     "open it to read why, then download the file again"},
    {"file/utf16", "is text in {encoding}, expected UTF-8",
     "some editors and the `>` of PowerShell write text in this way",
     "convert it with `iconv -f {encoding} -t UTF-8 FILE > NEW`"},
    {"file/compressed", "is compressed with {program}", "compressed files are not unpacked here",
     "unpack it with `{program} -dc FILE > NEW`"},
    {"file/archive", "is a {kind} archive", "archives are not unpacked here",
     "unpack it with `{command}` and name the file that it holds"},
    {"file/torch_save", "is a file of torch.save", "it holds a pickled program, which is never run here",
     "attention: `numpy.savez(\"NEW.npz\", attentions=torch.load(\"FILE\", weights_only=True).float().numpy())`; "
     "weights of a model: `safetensors.torch.save_file(torch.load(\"FILE\", weights_only=True), "
     "\"model.safetensors\")`"},
    {"file/pickle", "is a Python pickle", "it is a program that loading would run, so it is never loaded here",
     "load it in Python, if you trust whoever wrote it, and save the arrays with "
     "`numpy.savez(\"NEW.npz\", attentions=weights)`"},
    {"file/hdf5", "is an HDF5 file, as Keras, h5py and MATLAB 7.3 write it", "HDF5 is not read",
     "convert it with `numpy.savez(\"NEW.npz\", attentions=h5py.File(\"FILE\")[\"NAME\"][:])`"},
    {"file/matlab", "is a MATLAB file", "MATLAB files are not read",
     "convert it with `numpy.savez(\"NEW.npz\", attentions=scipy.io.loadmat(\"FILE\")[\"NAME\"])`"},
    {"file/gguf", "is a GGUF model of llama.cpp", "it holds quantised weights of a model and no attention",
     "take the model in the safetensors format, and for attention `scripts/dump_attention.py`"},
    {"file/onnx", "is an ONNX model", "it is a graph that another program runs, and holds no attention",
     "take the model in the safetensors format, and for attention `scripts/dump_attention.py`"},
    {"file/tflite", "is a TensorFlow Lite model",
     "it is a graph that another program runs, and holds no attention",
     "take the model in the safetensors format, and for attention `scripts/dump_attention.py`"},
    {"file/table", "is {kind} table", "tables of data sets are not read",
     "texts: `pandas.read_{reader}(\"FILE\")[[\"text\", \"label\"]].to_csv(\"NEW.tsv\", sep=\"\\t\", "
     "index=False)`; "
     "arrays: save them with `numpy.savez(\"NEW.npz\", attentions=weights)`"},
    {"file/database", "is an SQLite database", "it may be the store of a run, which is read by its folder",
     "for a run name the folder: `attnflow report FOLDER`"},
    {"file/picture", "is a {kind} document", "pictures of attention are not read, numbers are",
     "save the numbers with `numpy.savez(\"NEW.npz\", attentions=weights)`"},
    {"file/no_arrays", "is a zip archive without NumPy arrays (members named NAME.npy); it holds {members}",
     "it is an archive of something else (a model, a document, a packed folder)",
     "save the arrays with `numpy.savez(\"NEW.npz\", attentions=weights)`, or unpack the archive and name the "
     "file "
     "that it holds"},
    {"file/zip", "is a zip archive",
     "archives are not unpacked here (npz files, which hold tensors, are also zip "
     "archives)",
     "unpack it with `unzip FILE` and name the file that it holds"},
    {"file/text", "is text that begins with '{begin}', expected a safetensors, npz or npy file",
     "numbers as text, configs and indexes hold no tensors",
     "save arrays with `numpy.savez(\"NEW.npz\", attentions=weights)`; weights of a model in several files: name "
     "the "
     "directory with `--model`"},
    {"file/numpy", "is a NumPy file, expected safetensors",
     "weights of a model are read from safetensors files only",
     "`safetensors.numpy.save_file(dict(numpy.load(\"FILE\")), \"model.safetensors\")`"},
    {"file/tensors", "is a {kind} file, expected text", "it holds tensors",
     "name the text file; attention goes to `attnflow validate FILE` or, in a config, `dataset.path`"},
    {"file/other_weights", "is {kind}, expected safetensors",
     "weights of a model are read from safetensors files only",
     "where it holds weights, convert the model: "
     "`transformers.AutoModel.from_pretrained(\"FOLDER\").save_pretrained(\"NEW\")`, with the class that "
     "config.json "
     "names; else fetch model.safetensors again"},
    {"file/zeros", "begins with zero bytes only",
     "its place was reserved, but the download or copy did not fill it", "download or copy it again"},
    {"file/unknown", "begins with the bytes {bytes}, which is no safetensors, npz or npy file",
     "it is of another format, or was damaged on its way",
     "compare its size with the original's; save arrays with `numpy.savez(\"NEW.npz\", attentions=weights)`"},
}};

// A safetensors file: the length of the header, then the header, which is text.
bool is_safetensors(std::string_view bytes) {
    std::uint64_t length = 0;
    if (bytes.size() < sizeof length) return false;
    std::memcpy(&length, bytes.data(), sizeof length);
    const char first = bytes.size() > sizeof length ? bytes[sizeof length] : ' ';
    return length <= longest_safetensors_header && first >= ' ' && first <= '~';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.size() >= word.size() &&
           std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

std::string_view without_blanks(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF"sv)) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text;
}

bool is_html(std::string_view bytes) {
    std::string_view text = without_blanks(bytes);
    while (text.starts_with("<!--")) {
        const std::size_t end = text.find("-->");
        if (end == std::string_view::npos) return true;
        text = without_blanks(text.substr(end + 3));
    }
    return starts_with_word(text, "<!doctype html") || starts_with_word(text, "<html") ||
           starts_with_word(text, "<head") || starts_with_word(text, "<body") || starts_with_word(text, "<script");
}

// Marked by a byte order mark, or told by zero bytes between letters.
std::string_view wide_encoding(std::string_view bytes) {
    if (bytes.starts_with("\xFF\xFE\0\0"sv)) return "UTF-32LE";
    if (bytes.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32BE";
    if (bytes.starts_with("\xFF\xFE"sv)) return "UTF-16LE";
    if (bytes.starts_with("\xFE\xFF"sv)) return "UTF-16BE";
    const std::string_view sample = bytes.substr(0, std::min<std::size_t>(bytes.size(), 64) & ~std::size_t{1});
    if (sample.size() < 8) return "";
    for (const std::size_t zero : {std::size_t{1}, std::size_t{0}}) {
        bool wide = true;
        for (std::size_t i = 0; i < sample.size(); ++i) {
            const char c = sample[i];
            const bool letter = (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
            wide = wide && (i % 2 == zero ? c == '\0' : letter);
        }
        if (wide) return zero == 1 ? "UTF-16LE" : "UTF-16BE";
    }
    return "";
}

// torch.save of old versions and pickle.dump: the opcode PROTO, or what protocol 0 begins a container with.
bool is_pickle(std::string_view bytes) {
    if (bytes.size() >= 2 && bytes[0] == '\x80') return bytes[1] >= 1 && bytes[1] <= 5;
    return bytes.starts_with("(dp0\n") || bytes.starts_with("(lp0\n") || bytes.starts_with("ccollections\n") ||
           bytes.starts_with("cnumpy");
}

bool is_old_torch(std::string_view bytes) {
    return bytes.starts_with("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv);
}

// A protocol buffer of ONNX: its version (field 1), then the name of the program that wrote it (field 2).
bool is_onnx(std::string_view bytes) {
    if (bytes.size() < 5 || bytes[0] != '\x08' || bytes[1] < 1 || bytes[1] > 20 || bytes[2] != '\x12')
        return false;
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[3]));
    if (length == 0 || length > 64 || bytes.size() < 4 + length) return false;
    const std::string_view name = bytes.substr(4, length);
    return std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// What model hubs and web servers answer in the place of a file.
bool is_server_answer(std::string_view bytes) {
    constexpr std::string_view answers[] = {
        "entry not found", "access to ",         "repository not found", "invalid username", "{\"error\"",
        "{\"message\"",    "not found",          "404: not found",       "404 not found",    "unauthorized",
        "forbidden",       "revision not found", "invalid rev id",       "403 forbidden"};
    const std::string_view text = without_blanks(bytes);
    return std::any_of(std::begin(answers), std::end(answers),
                       [&](std::string_view answer) { return starts_with_word(text, answer); });
}

std::string_view first_member(std::string_view zip) {
    constexpr std::size_t header = 30;
    if (zip.size() < header || !zip.starts_with("PK\x03\x04"sv)) return "";
    const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(zip[i])}; };
    return zip.substr(header, byte(26) | (byte(27) << 8));
}

bool is_text(std::string_view bytes) {
    if (bytes.empty()) return false;
    // A character may be cut at the end of what is looked at.
    std::string_view sample = bytes.substr(0, looked_at);
    for (std::size_t cut = 0; cut < 4 && !sample.empty(); ++cut) {
        if (is_utf8(sample)) break;
        if (bytes.size() <= looked_at) return false;
        sample.remove_suffix(1);
    }
    return is_utf8(sample) && std::none_of(sample.begin(), sample.end(), [](char c) {
               return (c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1b') ||
                      c == '\x7f';
           });
}

struct Found {
    FileKind kind;
    std::string why = {};   ///< the diagnosis of another kind
    Entry entry = entries;  ///< of which kind that is
};

Found found(Entry entry, Diagnosis::Values values = {}) {
    return {FileKind::other, diagnoses[entry].text(values), entry};
}

Found find(std::string_view bytes) {
    const auto begins = [&](std::string_view magic) { return bytes.starts_with(magic); };
    if (bytes.size() >= 16 && bytes.substr(0, looked_at).find_first_not_of('\0') == std::string_view::npos)
        return found(zero_bytes);
    if (is_safetensors(bytes)) return {FileKind::safetensors};
    if (begins(npy_magic)) return {FileKind::npy};
    if (begins("PK\x03\x04"sv) || begins("PK\x05\x06"sv))
        return is_torch_member(first_member(bytes)) ? found(torch) : Found{FileKind::zip};
    if (bytes.empty()) return found(empty);
    const std::string_view text = without_blanks(bytes);
    if (text.starts_with("version https://xethub.com/spec/") || text.starts_with("# xet version"))
        return found(xet);
    if (text.starts_with("version https://git-lfs.github.com/spec/") ||
        text.starts_with("version https://hawser.github.com/spec/"))
        return found(git_lfs);
    if (is_html(bytes)) return found(html);
    if (starts_with_word(without_blanks(bytes), "<?xml")) return found(xml);
    if (const std::string_view encoding = wide_encoding(bytes); !encoding.empty())
        return found(utf16, {{"encoding", std::string(encoding)}});
    constexpr std::pair<std::string_view, std::string_view> programs[] = {{"\x1f\x8b"sv, "gzip"},
                                                                          {"BZh"sv, "bzip2"},
                                                                          {"\xfd"
                                                                           "7zXZ\0"sv,
                                                                           "xz"},
                                                                          {"\x28\xb5\x2f\xfd"sv, "zstd"},
                                                                          {"\x04\x22\x4d\x18"sv, "lz4"}};
    for (const auto& [magic, program] : programs) {
        if (begins(magic)) return found(compressed, {{"program", std::string(program)}});
    }
    if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar")
        return found(archive, {{"kind", "tar"}, {"command", "tar xf FILE"}});
    if (begins("7z\xbc\xaf\x27\x1c"sv)) return found(archive, {{"kind", "7z"}, {"command", "7z x FILE"}});
    if (begins("Rar!"sv)) return found(archive, {{"kind", "rar"}, {"command", "unrar x FILE"}});
    if (is_old_torch(bytes)) return found(torch);
    if (is_pickle(bytes)) return found(pickle);
    constexpr std::string_view hdf5_magic = "\x89HDF\r\n\x1a\n"sv;
    if (begins(hdf5_magic) || (bytes.size() > 520 && bytes.substr(512, 8) == hdf5_magic)) return found(hdf5);
    if (begins("MATLAB 5.0 MAT-file")) return found(matlab);
    if (begins("GGUF") || begins("tjgg") || begins("ggml")) return found(gguf);
    if (is_onnx(bytes)) return found(onnx);
    if (bytes.size() > 8 && bytes.substr(4, 4) == "TFL3") return found(tflite);
    if (begins("PAR1")) return found(table, {{"kind", "a Parquet"}, {"reader", "parquet"}});
    if (begins("ARROW1") || begins("FEA1")) return found(table, {{"kind", "an Arrow"}, {"reader", "feather"}});
    if (begins("SQLite format 3\0"sv)) return found(database);
    constexpr std::pair<std::string_view, std::string_view> pictures[] = {
        {"\x89PNG\r\n\x1a\n"sv, "PNG"}, {"\xff\xd8\xff"sv, "JPEG"}, {"GIF8"sv, "GIF"}, {"%PDF"sv, "PDF"}};
    for (const auto& [magic, kind] : pictures) {
        if (begins(magic)) return found(picture, {{"kind", std::string(kind)}});
    }
    return {is_text(bytes) ? FileKind::text : FileKind::unknown};
}

}  // namespace

FileKind file_kind(std::string_view bytes) { return find(bytes).kind; }

std::optional<std::string> why_no_tensors(std::string_view bytes) {
    Found what = find(bytes);
    switch (what.kind) {
        case FileKind::safetensors:
        case FileKind::zip:
        case FileKind::npy:
            return std::nullopt;
        case FileKind::other:
            return std::move(what.why);
        case FileKind::text:
            if (is_server_answer(bytes))
                return diagnoses[server_answer].text({{"begin", excerpt(without_blanks(bytes), 24)}});
            return diagnoses[text_for_tensors].text({{"begin", excerpt(without_blanks(bytes), 24)}});
        case FileKind::unknown:
            break;
    }
    std::string shown;
    for (const char c : bytes.substr(0, 8)) {
        shown += fmt::format("{}{:02x}", shown.empty() ? "" : " ", static_cast<unsigned char>(c));
    }
    return diagnoses[unknown_bytes].text({{"bytes", shown}});
}

std::optional<std::string> why_no_safetensors(std::string_view bytes) {
    const Found what = find(bytes);
    const auto other = [](std::string_view kind) {
        return diagnoses[other_weights].text({{"kind", std::string(kind)}});
    };
    switch (what.entry) {
        case pickle:
            return other("a Python pickle");
        case hdf5:
            return other("an HDF5 file, as Keras writes it");
        case matlab:
            return other("a MATLAB file");
        case table:
            return other("a table of a data set");
        case picture:
            return other("a picture or document");
        default:
            break;
    }
    switch (what.kind) {
        case FileKind::zip:
            return diagnoses[first_member(bytes).ends_with(".npy") ? numpy_for_weights : other_zip].text();
        case FileKind::text:
            if (is_server_answer(bytes)) return why_no_tensors(bytes);
            return other(fmt::format("text that begins with '{}'", excerpt(without_blanks(bytes), 24)));
        case FileKind::npy:
            return diagnoses[numpy_for_weights].text();
        default:
            return why_no_tensors(bytes);
    }
}

std::optional<std::string> why_no_text(std::string_view bytes) {
    if (bytes.empty()) return std::nullopt;
    Found what = find(bytes);
    switch (what.kind) {
        case FileKind::safetensors:
            return diagnoses[tensors_for_text].text({{"kind", "safetensors"}});
        case FileKind::zip:
            return first_member(bytes).ends_with(".npy") ? diagnoses[tensors_for_text].text({{"kind", "npz"}})
                                                         : diagnoses[other_zip].text();
        case FileKind::npy:
            return diagnoses[tensors_for_text].text({{"kind", "npy"}});
        case FileKind::other:
            return std::move(what.why);
        case FileKind::text:
        case FileKind::unknown:
            break;
    }
    return std::nullopt;
}

const Diagnosis& directory_given() { return diagnoses[directory]; }
const Diagnosis& empty_file() { return diagnoses[empty]; }
const Diagnosis& torch_archive() { return diagnoses[torch]; }
const Diagnosis& archive_without_arrays() { return diagnoses[zip_without_arrays]; }

bool is_torch_member(std::string_view name) {
    const std::string_view last = name.substr(name.rfind('/') + 1);
    return name.find('/') != std::string_view::npos && (last == "data.pkl" || last == ".format_version" ||
                                                        last == ".storage_alignment" || last == "byteorder");
}

Diagnoses file_diagnoses() { return {"What kind of file it is", diagnoses}; }

}  // namespace attnflow
