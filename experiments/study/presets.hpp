#pragma once
/// Presets: named bundles of settings that a config, or the `attribute` command, starts
/// from. Settings given explicitly win over the preset's.

#include <string>
#include <utility>
#include <vector>

namespace attnflow {

struct PresetSetting {
    std::string key;    ///< as in a config file, for instance "axes.skip_weight"
    std::string value;  ///< TOML
    std::string why;    ///< the convention or published quirk that it stands for
};

struct Preset {
    std::string name;
    std::string summary;
    std::vector<PresetSetting> settings;
};

const std::vector<Preset>& presets();
/// Throws ParameterError with the nearest name when there is no such preset.
const Preset& preset(const std::string& name);

}  // namespace attnflow
