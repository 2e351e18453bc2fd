#pragma once

namespace attnflow {

/// "MAJOR.MINOR.PATCH" of this build.
const char* version();
/// Its compiler, "GNU 12.2.0", and the flags that the build type and the user gave it.
const char* compiler();
const char* compiler_flags();

}  // namespace attnflow
