#pragma once
/// The three kinds of failure. A message says where, what was wrong with its
/// value, what was expected and, if possible, how to mend it. Library code only
/// throws; printing and exit codes belong to experiments/cli.

#include <stdexcept>

namespace attnflow {

/// A file, tensor or configuration that cannot be used as it is.
struct InputError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A parameter or name that the caller got wrong.
struct ParameterError : InputError {
    using InputError::InputError;
};

/// A broken promise of our own: a certificate that fails, an impossible state.
struct InternalError : std::logic_error {
    using std::logic_error::logic_error;
};

}  // namespace attnflow
