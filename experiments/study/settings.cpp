#include "experiments/study/settings.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "attention/files/file_kind.hpp"
#include "graph/support/error.hpp"
#include "graph/support/files/input_file.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

std::string place(const toml::source_region& region, const std::string& origin) {
    return fmt::format("{}:{}:{}", origin, region.begin.line, region.begin.column);
}

ParameterValue scalar(const toml::node& node, const std::string& key, const std::string& where) {
    if (const auto* value = node.as_boolean()) return value->get();
    if (const auto* value = node.as_integer()) return value->get();
    if (const auto* value = node.as_floating_point()) return value->get();
    if (const auto* value = node.as_string()) return value->get();
    throw InputError(fmt::format("{}: {} holds a {}, expected a boolean, number, text or a list of those", where,
                                 excerpt(key),
                                 node.is_table()   ? "table"
                                 : node.is_array() ? "list"
                                                   : "date or time"));
}

// Far more than any key has; a text can open thousands, and each takes a level of the stack.
constexpr std::size_t most_tables = 64;

void flatten(const toml::table& table, const std::string& prefix, const std::string& origin, Settings& out,
             std::size_t depth = 0) {
    for (const auto& [name, node] : table) {
        const std::string key = prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
        if (const auto* child = node.as_table()) {
            if (depth == most_tables) {
                throw InputError(fmt::format("{}: tables are nested more than {} deep",
                                             place(node.source(), origin), most_tables));
            }
            flatten(*child, key, origin, out, depth + 1);
            continue;
        }
        if (const auto* list = node.as_array(); list != nullptr && key == "matrix" && list->is_array_of_tables()) {
            for (std::size_t i = 0; i < list->size(); ++i) {
                const std::string part = fmt::format("matrix[{}]", i + 1);
                out[part + "."] = {.values = {true}, .where = place((*list)[i].source(), origin)};
                flatten(*(*list)[i].as_table(), part, origin, out);
            }
            continue;
        }
        Setting setting{.values = {}, .is_list = node.is_array(), .where = place(node.source(), origin)};
        if (const auto* list = node.as_array()) {
            for (const toml::node& item : *list)
                setting.values.push_back(scalar(item, key, place(item.source(), origin)));
        } else {
            setting.values.push_back(scalar(node, key, setting.where));
        }
        out.insert_or_assign(key, std::move(setting));
    }
}

// A dotted key opens a table a part, and the parser goes into each without a limit of its own. So
// a text is looked through for what it must not reach: more than 64 dots without a comma, bracket
// or '=' between them, outside of strings and comments.
class KeyDepthCheck {
public:
    KeyDepthCheck(std::string_view toml, const std::string& origin) : text_(toml), origin_(origin) {}

    void run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                skip_string(c);
            } else if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else {
                if (std::string_view(",=[]{}\n").find(c) != std::string_view::npos) dots_ = 0;
                if (c == '.' && ++dots_ > most_dots) refuse();
                ++at_;
            }
        }
    }

private:
    static constexpr std::size_t most_dots = 64;

    // Behind the string that begins here; one that does not end is the parser's to refuse.
    void skip_string(char quote) {
        const std::string three(3, quote);
        const bool long_form = text_.substr(at_).starts_with(three);
        at_ += long_form ? 3 : 1;
        while (at_ < text_.size()) {
            if (quote == '"' && text_[at_] == '\\') {
                at_ += 2;
            } else if (long_form && text_.substr(at_).starts_with(three)) {
                at_ += 3;
                while (at_ < text_.size() && text_[at_] == quote) ++at_;  // """" ends with a quote of its own
                return;
            } else if (!long_form && (text_[at_] == quote || text_[at_] == '\n')) {
                ++at_;
                return;
            } else {
                ++at_;
            }
        }
    }

    [[noreturn]] void refuse() const {
        const std::string_view before = text_.substr(0, at_);
        const std::size_t line_start = before.rfind('\n') + 1;  // 0 where there is none
        throw InputError(fmt::format("{}:{}:{}: a key of more than {} parts", origin_,
                                     std::count(before.begin(), before.end(), '\n') + 1, at_ - line_start + 1,
                                     most_dots));
    }

    std::string_view text_;
    const std::string& origin_;
    std::size_t at_ = 0;
    std::size_t dots_ = 0;
};

std::string toml_text(const ParameterValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return to_text(value);
    std::string out = "\"";
    for (const char c : *text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

}  // namespace

std::string Setting::text() const {
    if (!is_list) return toml_text(values.front());
    std::vector<std::string> items;
    for (const ParameterValue& value : values) items.push_back(toml_text(value));
    return "[" + join(items, ", ") + "]";
}

Settings settings_from_toml(std::string_view toml, const std::string& origin) {
    KeyDepthCheck(toml, origin).run();
    Settings settings;
    try {
        flatten(toml::parse(toml, origin), "", origin, settings);
    } catch (const toml::parse_error& error) {
        throw InputError(
            fmt::format("{}: {}", place(error.source(), origin), escape_controls(error.description())));
    }
    return settings;
}

namespace {

constexpr std::size_t most_bytes = 1u << 20;  // far more than a config needs
constexpr std::size_t most_files = 1000;      // a file that several include counts as often as it is read
constexpr std::size_t deepest = 16;

std::string read_config(const std::string& path, const std::string& included_at) {
    const std::string where = included_at.empty() ? "" : included_at + ": includes ";
    std::error_code error;
    if (!std::filesystem::exists(path, error) && !error)
        throw InputError(fmt::format("{}{}: no such config file", where, escape_controls(path)));
    try {
        const InputFile file = InputFile::open(path);
        std::string begin(std::min<std::size_t>(file.size(), 1024), '\0');
        file.read(0, begin);
        if (const auto why = why_no_text(begin))
            throw InputError(fmt::format("{}: {}", escape_controls(path), *why));
        return file.text(most_bytes);
    } catch (const InputError& unreadable) {
        throw InputError(where + unreadable.what());
    }
}

// One text for one file, however it is reached. Not every readable path has a canonical form
// (a pipe of the shell, for instance): those are their own identity.
std::string identity(const std::filesystem::path& path) {
    std::error_code none;
    const auto canonical = std::filesystem::weakly_canonical(path, none);
    return none ? path.string() : canonical.string();
}

// `chain`: the files that include this one, outermost first; `files`: how many were read.
Settings with_includes(const std::string& path, std::vector<std::string> chain, const std::string& included_at,
                       std::size_t& files) {
    if (++files > most_files)
        throw InputError(fmt::format("{}: more than {} files are included in all", included_at, most_files));
    const std::string text = read_config(path, included_at);
    chain.push_back(identity(path));
    Settings own = settings_from_toml(text, escape_controls(path));
    for (auto& [key, setting] : own) setting.file = path;

    const auto node = own.extract("include");
    if (node.empty()) return own;
    const Setting& include = node.mapped();
    Settings settings;
    for (const ParameterValue& value : include.values) {
        const auto name =
            std::get<std::string>(ParameterSpec{.name = "include", .summary = "", .fallback = std::string()}.check(
                value, include.where));
        const auto target = std::filesystem::path(path).parent_path() / name;
        if (std::find(chain.begin(), chain.end(), identity(target)) != chain.end()) {
            throw InputError(
                fmt::format("{}: includes {}, which includes this file", include.where, excerpt(name)));
        }
        if (chain.size() == deepest) {
            throw InputError(fmt::format("{}: includes are nested more than {} deep", include.where, deepest));
        }
        overlay(settings, with_includes(target.string(), chain, include.where, files));
    }
    overlay(settings, own);
    return settings;
}

}  // namespace

Settings settings_from_file(const std::string& path) {
    std::size_t files = 0;
    return with_includes(path, {}, "", files);
}

Settings setting_from_argument(const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw ParameterError(
            fmt::format("--set {}: expected KEY=VALUE, for instance axes.layer=[1,6]", excerpt(assignment)));
    }
    const std::string key = assignment.substr(0, equals);
    const std::string value = assignment.substr(equals + 1);
    const std::string where = "--set " + excerpt(key);
    Setting setting;
    try {
        Settings parsed = settings_from_toml("value = " + value, where);
        if (parsed.size() == 1 && parsed.contains("value")) setting = parsed.at("value");
    } catch (const InputError& error) {
        if (value.find_first_of("[{\"'") == 0) throw ParameterError(error.what());
        // else no TOML value: a bare word
    }
    if (setting.values.empty() && !setting.is_list) setting.values = {value};
    setting.where = where;
    return {{key, std::move(setting)}};
}

void overlay(Settings& base, const Settings& over) {
    const auto is_matrix = [](const auto& entry) { return entry.first.starts_with("matrix["); };
    if (std::any_of(over.begin(), over.end(), is_matrix)) std::erase_if(base, is_matrix);
    for (const auto& [key, setting] : over) base.insert_or_assign(key, setting);
}

}  // namespace attnflow
