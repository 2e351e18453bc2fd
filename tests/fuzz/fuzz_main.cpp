/// One target as a libFuzzer program; ATTNFLOW_FUZZ_TARGET names it.

#include <cstdint>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    attnflow::fuzz::ATTNFLOW_FUZZ_TARGET(std::as_bytes(std::span(data, size)));
    return 0;
}
