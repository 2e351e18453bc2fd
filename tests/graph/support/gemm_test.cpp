#include "graph/support/gemm.hpp"

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace attnflow;

namespace {

/// Products of whole numbers, which are exact: how many are wrong.
template <class Real>
std::size_t wrong_products(unsigned seed) {
    std::mt19937 random(seed);
    std::size_t wrong = 0;
    for (int round = 0; round < 300; ++round) {
        const std::size_t m = 1 + random() % 40;
        const std::size_t n = 1 + random() % 200;
        const std::size_t k = 1 + random() % 64;
        const auto numbers = [&](std::size_t count) {
            std::vector<Real> values(count);
            for (Real& value : values) value = static_cast<Real>(random() % 7) - Real(3);
            return values;
        };
        const std::vector<Real> a = numbers(m * k);
        const std::vector<Real> b = numbers(k * n);
        std::vector<Real> product(m * n);
        multiply<Real>(m, n, k, Real(1), {a.data(), k}, Flip::no, {b.data(), n}, Flip::no, Real(0),
                       {product.data(), n});
        std::vector<Real> expected(m * n);
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t l = 0; l < k; ++l) {
                for (std::size_t j = 0; j < n; ++j) expected[i * n + j] += a[i * k + l] * b[l * n + j];
            }
        }
        wrong += product == expected ? 0 : 1;
    }
    return wrong;
}

}  // namespace

// An OpenBLAS without threads hands one buffer to two threads that multiply at the same time.
TEST_CASE("products that run side by side are right, whatever the BLAS", "[gemm]") {
    for (const std::size_t threads : {2u, 8u, 70u}) {
        std::atomic<std::size_t> wrong = 0;
        {
            std::vector<std::jthread> workers;
            for (std::size_t t = 0; t < threads; ++t) {
                workers.emplace_back([&wrong, t] {
                    wrong += wrong_products<float>(static_cast<unsigned>(t));
                    wrong += wrong_products<double>(static_cast<unsigned>(t));
                });
            }
        }
        CHECK(wrong == 0);
    }
}
