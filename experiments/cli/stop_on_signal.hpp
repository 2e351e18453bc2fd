#pragma once
/// Ctrl-C, SIGTERM and the end of the terminal (SIGHUP) as a flag that long work looks at.

#include <atomic>
#include <csignal>
#include <string_view>

#include <unistd.h>

namespace attnflow {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP only sets `stop`; a second one ends the process
/// as usual. There is one such flag in a process.
class StopOnSignal {
public:
    StopOnSignal() {
        stop = false;
        struct sigaction action {};
        action.sa_handler = [](int) {
            stop.store(true, std::memory_order_relaxed);
            constexpr std::string_view message =
                "\nattnflow: stopping when the work at hand is done; once more ends at once\n";
            // write() is one of the few calls that a handler may make; a lost message does no harm.
            [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message.data(), message.size());
        };
        action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
        watch(SIGINT, action, interrupt_);
        watch(SIGTERM, action, terminate_);
        watch(SIGHUP, action, hang_up_);
    }
    ~StopOnSignal() {
        ::sigaction(SIGINT, &interrupt_, nullptr);
        ::sigaction(SIGTERM, &terminate_, nullptr);
        ::sigaction(SIGHUP, &hang_up_, nullptr);
    }
    StopOnSignal(const StopOnSignal&) = delete;
    StopOnSignal& operator=(const StopOnSignal&) = delete;

    static inline std::atomic<bool> stop = false;
    static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

private:
    // A signal that is ignored, as shells arrange for jobs in the background, stays so.
    static void watch(int signal, const struct sigaction& action, struct sigaction& before) {
        ::sigaction(signal, &action, &before);
        if (before.sa_handler == SIG_IGN) ::sigaction(signal, &before, nullptr);
    }

    struct sigaction interrupt_ {};
    struct sigaction terminate_ {};
    struct sigaction hang_up_ {};
};

}  // namespace attnflow
