#pragma once
/// Settings as they come: TOML files, presets and --set flattened to dotted keys, each with
/// the place it was written. What they mean is decided in config.hpp.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/support/parameters.hpp"

namespace attnflow {

struct Setting {
    std::vector<ParameterValue> values;  ///< one, or the items of a list
    bool is_list = false;
    std::string where;      ///< "file.toml:3:1", "--set axes.layer", "preset paper"
    std::string file = {};  ///< path of the file that says it, "" when none does

    /// The value as TOML.
    std::string text() const;
};

using Settings = std::map<std::string, Setting>;

/// The keys of the n-th [[matrix]] table (from 1) become "matrix[n].KEY"; "matrix[n]." stands for the
/// table itself, which may hold none. Throws InputError
/// for a syntax error ("file.toml:3:7: ...") or a value that is neither a scalar nor a list of
/// scalars.
Settings settings_from_toml(std::string_view toml, const std::string& origin);
/// With the settings of the files that `include` names (relative to `path`) below its own.
/// Throws InputError for files that are missing or include each other, a chain of more than 16
/// or a file over 16 MiB.
Settings settings_from_file(const std::string& path);

/// "key=value", the value in TOML; text that is no TOML value is taken as a string. Throws
/// ParameterError without '=', with an empty key, or for a list or quoted text that does not end.
Settings setting_from_argument(const std::string& assignment);

/// Settings of `over` replace those of `base`; its [[matrix]] tables, if any, all of those.
void overlay(Settings& base, const Settings& over);

}  // namespace attnflow
