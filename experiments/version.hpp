#pragma once

namespace attnflow {

/// "MAJOR.MINOR.PATCH" of this build.
const char* version();
/// Its compiler, "GNU 12.2.0", and the flags that the build type and the user gave it.
const char* compiler();
const char* compiler_flags();
/// Checksums of the code, compiler and flags: of all that extracted attention depends on, and of all that scores
/// and their comparison depend on. Two builds of one version may differ; what one has made is not mixed with the
/// other's.
const char* extraction_code();
const char* results_code();

}  // namespace attnflow
