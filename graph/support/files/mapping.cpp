#include "graph/support/files/mapping.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <system_error>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

// Entries are never freed, so the handler may follow the list at any time; they are taken again.
std::atomic<Mapping::Entry*> first_entry = nullptr;

Mapping::Entry* take_entry() {
    for (Mapping::Entry* entry = first_entry; entry != nullptr; entry = entry->next) {
        bool free = false;
        if (entry->taken.compare_exchange_strong(free, true)) return entry;
    }
    auto* fresh = new Mapping::Entry;
    fresh->taken = true;
    fresh->next = first_entry;
    while (!first_entry.compare_exchange_weak(fresh->next, fresh)) {
    }
    return fresh;
}

struct sigaction before {};
std::size_t page_bytes = 4096;

// Only lock-free atomics and mmap(), which is a plain system call.
void put_zeros(int signal, siginfo_t* info, void* context) {
    const int error = errno;
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    for (Mapping::Entry* entry = first_entry; entry != nullptr && info->si_code == BUS_ADRERR;
         entry = entry->next) {
        if (address < entry->begin || address >= entry->end) continue;
        entry->was_cut = true;
        // What comes after this page is gone too, so one call is enough, however much is missing.
        const std::uintptr_t page = address / page_bytes * page_bytes;
        if (::mmap(reinterpret_cast<void*>(page), entry->end - page, PROT_READ,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
            break;
        errno = error;
        return;
    }
    errno = error;
    if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction != nullptr) {
        before.sa_sigaction(signal, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(signal);
    } else {
        ::signal(signal, SIG_DFL);  // the touch is repeated, and ends the process
    }
}

static_assert(std::atomic<std::size_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free &&
                  std::atomic<Mapping::Entry*>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

}  // namespace

Mapping::Mapping(const InputFile& file) : path_(file.path()), stamp_(file.stamp()), size_(file.size()) {
    if (size_ == 0) throw InputError(escape_controls(path_) + ": is empty");
    entry_ = take_entry();
    void* data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
    if (data == MAP_FAILED) {
        const int error = errno;
        entry_->taken = false;
        throw InputError(fmt::format("{}: {} bytes cannot be mapped: {}{}", escape_controls(path_), size_,
                                     std::generic_category().message(error),
                                     error == ENOMEM ? "; expected more address space (ulimit -v)" : ""));
    }
    data_ = static_cast<const std::byte*>(data);
    entry_->was_cut = false;
    entry_->begin = reinterpret_cast<std::uintptr_t>(data);
    entry_->end = reinterpret_cast<std::uintptr_t>(data) + size_;
}

Mapping::~Mapping() {
    entry_->begin = 0;
    entry_->end = 0;
    ::munmap(const_cast<std::byte*>(data_), size_);
    entry_->taken = false;
}

void Mapping::check_unchanged() const {
    attnflow::check_unchanged(path_, stamp_);
    if (entry_->was_cut)
        throw InputError(fmt::format("{}: was cut short while it was read", escape_controls(path_)));
}

void survive_short_files() {
    static std::once_flag once;
    std::call_once(once, [] {
        page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        struct sigaction action {};
        action.sa_sigaction = put_zeros;
        action.sa_flags = SA_SIGINFO | SA_RESTART;
        ::sigemptyset(&action.sa_mask);
        ::sigaction(SIGBUS, &action, &before);
    });
}

}  // namespace attnflow
