#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/run_command.hpp"

int main(int argc, char** argv) {
    std::filesystem::current_path(attnflow::testing::source_folder());
    return Catch::Session().run(argc, argv);
}
