#include "attention/model/outputs/output_layer.hpp"

#include <cmath>
#include <map>

#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/attention/model/finite_differences.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

constexpr std::size_t width = 5;
constexpr std::size_t outputs = 4;

/// A folder with all tensors that an output layer may have.
class OutputFiles {
public:
    OutputFiles() {
        add("t.weight", {width, width}, 1);
        add("t.bias", {width}, 2);
        add("n.weight", {width}, 3);
        add("n.bias", {width}, 4);
        add("d", {outputs, width}, 5);
        add("b", {outputs}, 6);
        std::vector<NewTensor> tensors;
        for (const auto& [name, tensor] : tensors_) tensors.push_back(tensor);
        write_safetensors(folder_.file("model.safetensors"), tensors);
    }

    WeightFiles open() const { return WeightFiles::open(folder_.path()); }
    const Vector& operator[](const std::string& name) const { return tensors_.at(name).values; }

private:
    void add(const std::string& name, const std::vector<std::size_t>& shape, std::uint64_t seed) {
        std::size_t count = 1;
        for (const std::size_t size : shape) count *= size;
        tensors_[name] = {name, DType::f64, shape, random_values(count, seed)};
    }

    TemporaryDirectory folder_;
    std::map<std::string, NewTensor> tensors_;
};

OutputSpec decoder_only(bool bias) {
    return {.task = Task::classification, .outputs = outputs, .decoder = "d", .decoder_bias = bias ? "b" : ""};
}

OutputSpec with_transform(Activation activation, bool normed) {
    OutputSpec spec = decoder_only(true);
    spec.transform = OutputSpec::Transform{.activation = activation, .name = "t", .norm_name = "n"};
    if (normed) spec.transform->norm = NormSpec{NormKind::layer_norm, 1e-5};
    return spec;
}

Vector matrix_times(const Vector& matrix, const Vector& x, const Vector& bias) {
    Vector y = bias;
    for (std::size_t i = 0; i < y.size(); ++i)
        for (std::size_t j = 0; j < x.size(); ++j) y[i] += matrix[i * x.size() + j] * x[j];
    return y;
}

}  // namespace

TEST_CASE("an output layer computes what its spec says, and its derivative", "[model]") {
    const OutputFiles files;
    const std::vector<OutputSpec> specs{decoder_only(true), decoder_only(false),
                                        with_transform(Activation::tanh, false),
                                        with_transform(Activation::gelu, true)};
    for (std::size_t s = 0; s < specs.size(); ++s) {
        CAPTURE(s);
        const OutputLayer<double> layer(specs[s], width, files.open());
        const Vector hidden = random_values(2 * width, 7);
        OutputLayer<double>::Trace trace;
        const Vector logits = layer.forward(2, hidden.data(), 1, trace);
        REQUIRE(logits.size() == 2 * outputs);
        for (std::size_t row = 0; row < 2; ++row) {
            Vector x(hidden.begin() + static_cast<std::ptrdiff_t>(row * width),
                     hidden.begin() + static_cast<std::ptrdiff_t>((row + 1) * width));
            if (s >= 2) {
                x = matrix_times(files["t.weight"], x, files["t.bias"]);
                for (double& value : x)
                    value = s == 2 ? std::tanh(value) : value * 0.5 * std::erfc(-value / std::sqrt(2.0));
            }
            if (s == 3) {
                double mean = 0.0;
                double square = 0.0;
                for (const double value : x) mean += value / width;
                for (const double value : x) square += (value - mean) * (value - mean) / width;
                for (std::size_t j = 0; j < width; ++j)
                    x[j] = (x[j] - mean) / std::sqrt(square + 1e-5) * files["n.weight"][j] + files["n.bias"][j];
            }
            const Vector expected = matrix_times(files["d"], x, s == 1 ? Vector(outputs) : files["b"]);
            for (std::size_t o = 0; o < outputs; ++o)
                CHECK(logits[row * outputs + o] == Approx(expected[o]).margin(1e-12));
        }
        const Vector one(hidden.begin(), hidden.begin() + width);
        const Vector dy = random_values(outputs, 8);
        layer.forward(1, one.data(), 1, trace);
        const Vector gradient = layer.backward(dy, trace);
        const Vector expected = finite_differences(
            [&](const Vector& at) {
                OutputLayer<double>::Trace ignored;
                return layer.forward(1, at.data(), 2, ignored);
            },
            one, dy);
        CHECK(deviation(gradient, expected) < 1e-8);
    }
}

TEST_CASE("without a task nothing is read and nothing is given", "[model]") {
    const OutputFiles files;
    const OutputLayer<float> layer({}, width, files.open());
    OutputLayer<float>::Trace trace;
    CHECK(layer.forward(3, std::vector<float>(3 * width).data(), 1, trace).empty());
}

TEST_CASE("tensors of an output layer that do not fit are refused", "[model]") {
    const OutputFiles files;
    const auto message = [&](const OutputSpec& spec) {
        return message_of<InputError>([&] { OutputLayer<float>(spec, width, files.open()); });
    };
    OutputSpec more = decoder_only(true);
    more.outputs = 5;
    CHECK_THAT(message(more), Catch::Contains("tensor 'd': shape [4, 5], expected [5, 5]"));
    OutputSpec other = with_transform(Activation::tanh, true);
    other.transform->norm_name = "x";
    CHECK_THAT(message(other), Catch::Contains("no tensor 'x.weight'"));
}
