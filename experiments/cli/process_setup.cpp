#include "experiments/cli/process_setup.hpp"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "graph/support/files/mapping.hpp"

namespace attnflow {
namespace {

constexpr std::size_t least_stack = std::size_t{2} << 20;

std::atomic<std::size_t> failed_allocation = 0;

/// Bytes of address space that the process has.
std::optional<std::size_t> bytes_in_use() {
    // Without memory to spare: a plain buffer.
    char text[128] = {};
    const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::nullopt;
    const ssize_t count = ::read(file, text, sizeof text - 1);
    ::close(file);
    std::size_t pages = 0;
    if (count <= 0 || std::from_chars(text, text + count, pages).ec != std::errc()) return std::nullopt;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::string mebibytes(std::size_t bytes) {
    return fmt::format("{:.{}f} MiB", static_cast<double>(bytes) / (1 << 20), bytes < (10u << 20) ? 1 : 0);
}

}  // namespace

void prepare_process() {
    for (int number = 0; number < 3; ++number) {
        if (::fcntl(number, F_GETFD) >= 0) continue;
        // Nothing can be written to what is open for reading. The lowest free number is this one.
        if (::open("/dev/null", O_RDONLY) < 0) break;
    }
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
    survive_short_files();
    // It would start a thread a core, which attnflow never uses (graph/support/gemm.cpp).
    ::setenv("OPENBLAS_NUM_THREADS", "1", 1);
    // Each thread that allocates would reserve 64 MiB of address space for memory of its own.
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) ::mallopt(M_ARENA_MAX, 1);
    pthread_attr_t attributes;
    if (::pthread_getattr_default_np(&attributes) != 0) return;
    std::size_t stack = 0;
    if (::pthread_attr_getstacksize(&attributes, &stack) == 0 && stack < least_stack &&
        ::pthread_attr_setstacksize(&attributes, least_stack) == 0)
        ::pthread_setattr_default_np(&attributes);
    ::pthread_attr_destroy(&attributes);
}

int with_enough_stack(const std::function<int()>& body) {
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= least_stack)
        return body();
    int result = 0;
    std::thread([&] { result = body(); }).join();
    return result;
}

void note_failed_allocation(std::size_t bytes) noexcept { failed_allocation = bytes; }

std::string memory_message() {
    std::string text = "not enough memory";
    const char* separator = ": ";
    const auto add = [&](const std::string& part) {
        text += separator + part;
        separator = ", ";
    };
    if (const std::size_t bytes = failed_allocation; bytes > 0) add(mebibytes(bytes) + " more were asked for");
    if (const auto used = bytes_in_use()) add(mebibytes(*used) + " are in use now");
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        add(fmt::format("{} are allowed (ulimit -v)", mebibytes(limit.rlim_cur)));
    return text + "; expected a higher limit, a smaller input, or fewer --jobs";
}

}  // namespace attnflow
