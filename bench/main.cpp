/// attnflow_bench [--large] [options of Google Benchmark]: see README.md in this folder.

#include <cstring>

#include <benchmark/benchmark.h>

#include "bench/families.hpp"

int main(int argc, char** argv) {
    bool large = false;
    int kept = 1;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--large") == 0) {
            large = true;
        } else {
            argv[kept++] = argv[i];
        }
    }
    argc = kept;
    attnflow::bench::register_max_flow(large);
    attnflow::bench::register_methods();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
}
