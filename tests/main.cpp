#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/run_command.hpp"

const std::string attnflow::testing::executable = ATTNFLOW_EXECUTABLE;

int main(int argc, char** argv) {
    std::filesystem::current_path(ATTNFLOW_SOURCE_FOLDER);
    return Catch::Session().run(argc, argv);
}
