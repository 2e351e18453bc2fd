#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "experiments/cli/app.hpp"
#include "experiments/cli/process_setup.hpp"

// The memory of this program as ever, but for one thing: how much could not be had is known when it is told.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(std::size_t bytes) {
    for (;;) {
        if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) break;
        handler();
    }
    attnflow::note_failed_allocation(bytes);
    throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    const auto unit = static_cast<std::size_t>(alignment);
    if (bytes <= SIZE_MAX - unit) {
        if (void* memory = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit)) return memory;
    }
    attnflow::note_failed_allocation(bytes);
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

int main(int argc, char** argv) {
    attnflow::prepare_process();
    try {
        return attnflow::with_enough_stack([&] { return attnflow::run_app(argc, argv); });
    } catch (const std::exception& error) {  // no thread could be started
        std::fputs("attnflow: ", stderr);
        std::fputs(error.what(), stderr);
        std::fputs("\n", stderr);
        return attnflow::exit_bad_input;
    }
}
