#pragma once
/// The kinds of failure. A message says where, what was wrong with its
/// value, what was expected and, if possible, how to mend it. Library code only
/// throws; printing and exit codes belong to experiments/cli.

#include <atomic>
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

/// Memory or threads that the process is not allowed to have; the input may be fine. The message says how much.
struct OutOfMemory : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// No failure: the caller asked for an end before the work was done, and nothing of it is left.
struct Stopped : std::runtime_error {
    Stopped() : std::runtime_error("stopped before it was done") {}
};

/// Throws Stopped when there is a flag and it is true.
inline void check_stop(const std::atomic<bool>* stop) {
    if (stop != nullptr && stop->load(std::memory_order_relaxed)) throw Stopped();
}

/// A broken promise of our own: a certificate that fails, an impossible state.
struct InternalError : std::logic_error {
    using std::logic_error::logic_error;
};

}  // namespace attnflow
