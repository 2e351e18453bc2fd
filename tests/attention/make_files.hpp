#pragma once
/// Small files for tests: a directory that cleans up after itself, attention that is
/// random but repeatable, datasets, and files that are wrong in a chosen way.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "attention/attention_stack.hpp"
#include "attention/files/safetensors.hpp"
#include "tests/message_of.hpp"
#include "tests/temporary_directory.hpp"

namespace attnflow::testing {

/// A safetensors file with exactly this header and data, right or wrong.
inline std::string raw_safetensors(const std::string& header, const std::string& data = "") {
    const std::uint64_t length = header.size();
    std::string bytes(sizeof length, '\0');
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes + header + data;
}

/// Rows that sum to 1, every weight positive (none after the query when `causal`);
/// row-major [layers, heads, tokens, tokens].
inline std::vector<double> random_attention(std::size_t layers, std::size_t heads, std::size_t tokens,
                                            std::uint64_t seed, bool causal = false) {
    std::mt19937_64 random(seed);
    std::vector<double> weights(layers * heads * tokens * tokens);
    for (std::size_t row = 0; row < layers * heads * tokens; ++row) {
        const std::size_t used = causal ? row % tokens + 1 : tokens;
        double* first = weights.data() + row * tokens;
        double sum = 0.0;
        // Not std::uniform_real_distribution, whose numbers differ between libraries.
        for (std::size_t k = 0; k < used; ++k)
            sum += first[k] = static_cast<double>((random() >> 11) + 1) * 0x1p-53;
        for (std::size_t k = 0; k < used; ++k) first[k] /= sum;
    }
    return weights;
}

inline NewTensor attention_tensor(const std::string& name, std::size_t layers, std::size_t heads,
                                  std::size_t tokens, std::uint64_t seed = 1, DType dtype = DType::f64) {
    return {name, dtype, {layers, heads, tokens, tokens}, random_attention(layers, heads, tokens, seed)};
}

/// A dataset of ex0, ex1, ... with the given numbers of tokens "w0", "w1", ..., labels
/// 0, 1, 0, ..., predictions 0, the group "even" or "odd", and a reference
/// `blank_out` of 1, 2, ..., n. Returns `path`.
inline std::string write_small_dataset(const std::string& path, std::size_t layers, std::size_t heads,
                                       const std::vector<std::size_t>& token_counts, DType dtype = DType::f32) {
    std::vector<NewTensor> tensors;
    std::string examples;
    for (std::size_t i = 0; i < token_counts.size(); ++i) {
        const std::size_t n = token_counts[i];
        const std::string id = "ex" + std::to_string(i);
        tensors.push_back(attention_tensor(id + ".attentions", layers, heads, n, i + 1, dtype));
        NewTensor blank_out{id + ".blank_out", DType::f32, {n}, {}};
        std::string tokens;
        for (std::size_t t = 0; t < n; ++t) {
            blank_out.values.push_back(static_cast<double>(t + 1));
            tokens += (t == 0 ? "\"w" : ", \"w") + std::to_string(t) + '"';
        }
        tensors.push_back(blank_out);
        examples += std::string(i == 0 ? "" : ", ") + R"({"id": ")" + id + R"(", "tokens": [)" + tokens +
                    R"(], "label": )" + std::to_string(i % 2) + R"(, "predicted": 0, "group": ")" +
                    (i % 2 == 0 ? "even" : "odd") + "\"}";
    }
    write_safetensors(path, tensors, {{"examples", "[" + examples + "]"}});
    return path;
}

}  // namespace attnflow::testing
