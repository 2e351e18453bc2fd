#include "attention/model/blocks/activation.hpp"

#include <algorithm>
#include <cmath>

#include "graph/support/error.hpp"
#include "tests/attention/model/defined_activation.hpp"
#include "tests/attention/model/finite_differences.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

Vector activated(Activation kind, const Vector& x) {
    Vector y(x.size());
    activate<double>(kind, x.size(), x.data(), y.data(), 1);
    return y;
}

}  // namespace

TEST_CASE("activations have the values of their definitions", "[model]") {
    const Vector x{-40.0, -3.0, -1.0, -1e-3, 0.0, 0.5, 2.0, 30.0};
    for (const Activation kind : activations()) {
        CAPTURE(activation_name(kind));
        const Vector y = activated(kind, x);
        for (std::size_t i = 0; i < x.size(); ++i)
            CHECK(y[i] == Approx(defined_activation(kind, x[i])).margin(1e-12));
    }
}

TEST_CASE("activations are straight far from 0, where their parts leave the range of numbers", "[model]") {
    const Vector x{-1e5, -1e3, -1e2, 1e2, 1e3, 1e5};
    for (const Activation kind : activations()) {
        CAPTURE(activation_name(kind));
        Vector value, slope;
        for (const double at : x) {
            value.push_back(defined_activation(kind, at));
            slope.push_back((defined_activation(kind, at + 1.0) - defined_activation(kind, at - 1.0)) / 2.0);
        }
        const auto check = [&]<class Real>(Real, double tolerance) {
            const std::vector<Real> in(x.begin(), x.end());
            std::vector<Real> out(x.size());
            std::vector<Real> gradient(x.size(), Real(1));
            activate<Real>(kind, x.size(), in.data(), out.data(), 1);
            activate_backward<Real>(kind, x.size(), in.data(), gradient.data(), 1);
            for (std::size_t i = 0; i < x.size(); ++i) {
                CAPTURE(x[i]);
                CHECK(static_cast<double>(out[i]) == Approx(value[i]).epsilon(tolerance).margin(tolerance));
                CHECK(static_cast<double>(gradient[i]) == Approx(slope[i]).margin(tolerance));
            }
        };
        check(double(), 1e-9);
        check(float(), 1e-6);
    }
}

TEST_CASE("activations have the names that config.json calls them by", "[model]") {
    CHECK(activation_named("gelu") == Activation::gelu);
    CHECK(activation_named("gelu_new") == Activation::gelu_tanh);
    CHECK(activation_named("gelu_pytorch_tanh") == Activation::gelu_tanh);
    CHECK(activation_named("quick_gelu") == Activation::quick_gelu);
    CHECK(activation_named("silu") == Activation::silu);
    CHECK(activation_named("swish") == Activation::silu);
    CHECK(activation_named("relu") == Activation::relu);
    CHECK(activation_named("tanh") == Activation::tanh);
    CHECK(activation_named("gelu_python") == Activation::gelu);
    CHECK_FALSE(activation_named("gelu_10").has_value());
    CHECK_FALSE(activation_named("").has_value());
}

TEST_CASE("the derivative of each activation is that of finite differences, in both precisions", "[model]") {
    for (const Activation kind : activations()) {
        CAPTURE(activation_name(kind));
        Vector x = random_values(201, 1, 2.0);
        x[0] = -30.0;  // where the functions are flat
        x[1] = 30.0;
        Vector gradient = random_values(x.size(), 2);
        const Vector expected =
            finite_differences([&](const Vector& at) { return activated(kind, at); }, x, gradient);
        std::vector<float> single = to_float(gradient);
        activate_backward<double>(kind, x.size(), x.data(), gradient.data(), 1);
        CHECK(deviation(gradient, expected) < 1e-8);
        activate_backward<float>(kind, x.size(), to_float(x).data(), single.data(), 2);
        CHECK(deviation(to_double(single), expected) < 2e-6);
    }
}

TEST_CASE("activations in single precision are those in double, in place, on any number of threads", "[model]") {
    for (const Activation kind : activations()) {
        CAPTURE(activation_name(kind));
        std::vector<float> x(40003);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = -20.0f + 0.001f * static_cast<float>(i);
        const Vector expected = activated(kind, to_double(x));
        std::vector<float> y(x.size());
        activate<float>(kind, x.size(), x.data(), y.data(), 3);
        const auto by_size = [&](Vector values) {
            for (std::size_t i = 0; i < x.size(); ++i)
                values[i] /= std::max(1.0, std::abs(static_cast<double>(x[i])));
            return values;
        };
        CHECK(deviation(by_size(to_double(y)), by_size(expected)) < 5e-7);
        activate<float>(kind, x.size(), x.data(), x.data(), 1);
        CHECK(x == y);
    }
}

TEST_CASE("every activation has names of its own", "[model]") {
    std::vector<std::string> names = activation_names();
    CHECK(names.size() >= activations().size());
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    for (const std::string& name : names) CHECK(activation_named(name).has_value());
    for (const Activation kind : activations()) CHECK(activation_named(activation_name(kind)) == kind);
}

TEST_CASE("the table has every activation, in their order", "[model]") {
    const std::vector<Activation> kinds = activations();
    REQUIRE(kinds.size() == activation_count);
    for (std::size_t i = 0; i < kinds.size(); ++i) CHECK(static_cast<std::size_t>(kinds[i]) == i);
    CHECK_THROWS_AS(activation_name(Activation::count), InternalError);
}
