#pragma once

#include <string>

#include "attention/files/json.hpp"
#include "tests/temporary_directory.hpp"

namespace attnflow::testing {

/// The right answers in tests/golden/NAME.
inline Json golden_json(const std::string& name) {
    const std::string path = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/" + name;
    return parse_json(read_bytes(path), path);
}

}  // namespace attnflow::testing
