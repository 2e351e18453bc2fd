#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "graph/support/parallel.hpp"

using attnflow::parallel_for;

TEST_CASE("every piece is done once, by a worker below the number of jobs", "[parallel]") {
    for (const std::size_t jobs : {0, 1, 2, 3, 8}) {
        for (const std::size_t count : {0, 1, 2, 1000}) {
            std::vector<int> done(count, 0);
            std::vector<std::size_t> workers(count, 0);
            parallel_for(count, jobs, [&](std::size_t i, std::size_t worker) {
                ++done[i];
                workers[i] = worker;
            });
            CHECK(done == std::vector<int>(count, 1));
            for (const std::size_t worker : workers) CHECK(worker < std::max<std::size_t>(jobs, 1));
        }
    }
}

TEST_CASE("the exception of the smallest index comes out", "[parallel]") {
    for (const std::size_t jobs : {1, 2, 4}) {
        std::string message;
        try {
            parallel_for(100, jobs, [](std::size_t i, std::size_t) {
                if (i >= 7) throw std::runtime_error(std::to_string(i));
            });
        } catch (const std::runtime_error& error) {
            message = error.what();
        }
        CHECK(message == "7");
    }
}
