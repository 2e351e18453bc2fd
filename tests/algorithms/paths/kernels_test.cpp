/// The fast products against the plain loops, on every instruction set of this machine.

#include "algorithms/paths/kernels.hpp"

#include <catch2/catch.hpp>

#include "algorithms/paths/path_product.hpp"
#include "graph/support/random.hpp"
#include "tests/every_target.hpp"
#include "tests/exponential.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

enum class Kind { uniform, attention, sparse, ties, scales, large, tiny, zero };

template <class T>
RowMajor<T> random_matrix(std::size_t rows, std::size_t columns, Kind kind, Random& random) {
    RowMajor<T> matrix(rows, columns);
    std::vector<double> column_scale(columns);
    for (double& scale : column_scale) scale = std::exp(-8.0 * random.uniform());
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            const double u = random.uniform();
            const double e = exponential(random) / static_cast<double>(columns);
            switch (kind) {
                case Kind::uniform:
                    matrix(i, j) = static_cast<T>(u);
                    break;
                case Kind::attention:
                    matrix(i, j) = static_cast<T>(e / 2 + (i == j ? 0.5 : 0.0));
                    break;
                case Kind::sparse:
                    matrix(i, j) = random.below(20) == 0 ? static_cast<T>(u) : T(0);
                    break;
                case Kind::ties:
                    matrix(i, j) = static_cast<T>(random.below(3)) / T(2);
                    break;
                case Kind::scales:
                    matrix(i, j) = static_cast<T>(u * column_scale[j]);
                    break;
                case Kind::large:
                    matrix(i, j) = static_cast<T>(u * 1e9);
                    break;
                // Products of two fall below the smallest number.
                case Kind::tiny:
                    matrix(i, j) = static_cast<T>(u * (sizeof(T) == 4 ? 1e-22 : 1e-161));
                    break;
                case Kind::zero:
                    break;
            }
        }
    }
    return matrix;
}

constexpr Kind kinds[] = {Kind::uniform, Kind::attention, Kind::sparse, Kind::ties,
                          Kind::scales,  Kind::large,     Kind::tiny,   Kind::zero};

struct Shape {
    std::size_t rows, depth, columns;
};
constexpr Shape shapes[] = {{1, 1, 1},   {1, 7, 3},    {2, 20, 20},    {20, 20, 20},   {8, 64, 64},
                            {9, 65, 67}, {70, 70, 70}, {64, 130, 257}, {13, 600, 100}, {3, 90, 200}};

template <class S>
RowMajor<typename S::Value> plain(const S& semiring, const RowMajor<typename S::Value>& left,
                                  const RowMajor<typename S::Value>& right) {
    RowMajor<typename S::Value> out(left.rows(), right.columns());
    multiply<S>(semiring, view(left), view(right), view(out));
    return out;
}

template <class S>
RowMajor<typename S::Value> fast(const S& semiring, const RowMajor<typename S::Value>& left,
                                 const RowMajor<typename S::Value>& right) {
    // Whatever `out` holds is overwritten.
    RowMajor<typename S::Value> out(left.rows(), right.columns(), typename S::Value(7));
    multiply(semiring, view(left), view(right), view(out));
    return out;
}

template <class S>
void check_maximum_products() {
    using T = typename S::Value;
    for (const Shape& shape : shapes) {
        for (const Kind left_kind : kinds) {
            for (const Kind right_kind : {left_kind, Kind::attention, Kind::scales}) {
                Random random(static_cast<std::uint64_t>(left_kind) * 100 +
                              static_cast<std::uint64_t>(right_kind));
                const auto left = random_matrix<T>(shape.rows, shape.depth, left_kind, random);
                const auto right = random_matrix<T>(shape.depth, shape.columns, right_kind, random);
                INFO(shape.rows << " x " << shape.depth << " x " << shape.columns << ", kinds "
                                << static_cast<int>(left_kind) << ", " << static_cast<int>(right_kind));
                CHECK(fast(S(), left, right) == plain(S(), left, right));
            }
        }
    }
}

template <class T>
void check_sums() {
    for (const Shape& shape : shapes) {
        for (const Kind kind : kinds) {
            Random random(shape.rows + static_cast<std::uint64_t>(kind));
            const auto left = random_matrix<T>(shape.rows, shape.depth, kind, random);
            const auto right = random_matrix<T>(shape.depth, shape.columns, Kind::attention, random);
            const auto sums = fast(PlusTimes<T>(), left, right);
            const auto expected = plain(PlusTimes<T>(), left, right);
            const T tolerance = static_cast<T>(shape.depth) * std::numeric_limits<T>::epsilon();
            std::size_t wrong = 0;
            for (std::size_t k = 0; k < sums.values().size(); ++k) {
                const T error = std::abs(sums.values()[k] - expected.values()[k]);
                wrong += error <= tolerance * expected.values()[k] + std::numeric_limits<T>::min() ? 0 : 1;
            }
            INFO(shape.rows << " x " << shape.depth << " x " << shape.columns << ", kind "
                            << static_cast<int>(kind));
            CHECK(wrong == 0);
        }
    }
}

template <class S>
void check_rows_alone() {
    using T = typename S::Value;
    Random random(3);
    const auto left = random_matrix<T>(70, 70, Kind::attention, random);
    const auto right = random_matrix<T>(70, 90, Kind::scales, random);
    const auto together = fast(S(), left, right);
    for (std::size_t i = 0; i < left.rows(); ++i) {
        RowMajor<T> row(1, left.columns());
        std::copy(left.row(i).begin(), left.row(i).end(), row.row(0).begin());
        CHECK(std::ranges::equal(fast(S(), row, right).row(0), together.row(i)));
    }
}

}  // namespace

TEST_CASE("fast maximum products are those of the plain loops", "[paths][kernels]") {
    on_every_target([] {
        check_maximum_products<MaxMin<float>>();
        check_maximum_products<MaxMin<double>>();
        check_maximum_products<MaxTimes<float>>();
        check_maximum_products<MaxTimes<double>>();
    });
}

TEST_CASE("fast sums of products are those of the plain loops, up to rounding", "[paths][kernels]") {
    on_every_target([] {
        check_sums<float>();
        check_sums<double>();
    });
}

TEST_CASE("products of whole layers, through BLAS or not, are those of the plain loops up to rounding",
          "[paths][kernels]") {
    INFO(layer_kernel());
    for (const Shape& shape : shapes) {
        Random random(shape.rows);
        const auto left = random_matrix<float>(shape.rows, shape.depth, Kind::uniform, random);
        const auto right = random_matrix<float>(shape.depth, shape.columns, Kind::attention, random);
        RowMajor<float> out(shape.rows, shape.columns, 7.0f);
        multiply_layers(PlusTimes<float>(), view(left), view(right), view(out));
        const auto expected = plain(PlusTimes<float>(), left, right);
        for (std::size_t k = 0; k < out.values().size(); ++k) {
            REQUIRE(out.values()[k] == Approx(expected.values()[k]).epsilon(1e-4));
        }
    }
    CHECK_FALSE(layer_kernel().empty());
}

TEST_CASE("a row has the same bits alone and among others", "[paths][kernels]") {
    on_every_target([] {
        check_rows_alone<PlusTimes<float>>();
        check_rows_alone<PlusTimes<double>>();
        check_rows_alone<MaxTimes<double>>();
        check_rows_alone<MaxMin<float>>();
    });
}
