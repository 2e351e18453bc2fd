#pragma once

namespace attnflow {

/// "MAJOR.MINOR.PATCH" of this build.
const char* version();

}  // namespace attnflow
