#include "attention/extract/edge_weights/edge_weight.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

namespace attnflow {
namespace {

/// No number either, but not one that arithmetic makes.
constexpr std::uint32_t unwritten_bits = 0x7fe0a770;

bool is_good(float weight) { return weight >= 0.0f && weight <= std::numeric_limits<float>::max(); }

class Check {
public:
    Check(EntryInfo (*describe)(), const EdgeWeightNeeds& needs, const LayerEvidence& layer, std::span<float> out)
        : describe_(describe), needs_(needs), layer_(layer), out_(out) {}

    void evidence() const {
        const ModelShape& shape = layer_.shape;
        const std::size_t n = layer_.tokens;
        const std::size_t all = shape.heads * n * n;
        expect(layer_.attention.size(), all, "weights of attention");
        if (needs_.gradient) expect(layer_.attention_gradient.size(), all, "gradients of attention");
        expect(out_.size(), needs_.heads ? all : n * n, "weights to write");
        if (!needs_.internals) return;
        if (layer_.internals == nullptr) refuse("no internals of the layer, which it needs");
        const LayerInternals& in = *layer_.internals;
        expect(in.values.size(), n * shape.key_heads * shape.head_width, "numbers in the internals' values");
        expect(in.output_weight.size(), shape.width * shape.heads * shape.head_width,
               "numbers in the internals' output weight");
        for (const auto& rows : {in.input, in.attended, in.middle, in.output})
            expect(rows.size(), n * shape.width, "numbers in rows of the internals");
        if (!in.finish || !in.finish_middle) refuse("internals without the rest of the layer");
    }

    void clear() const { std::fill(out_.begin(), out_.end(), std::bit_cast<float>(unwritten_bits)); }

    void weights() const {
        bool good = true;
        for (const float weight : out_) good &= is_good(weight);  // to the end, so that it is vectorised
        if (good) return;
        const auto bad = std::find_if_not(out_.begin(), out_.end(), is_good);
        const std::string text = fmt::format("{} at {}, expected a finite number of at least 0",
                                             std::bit_cast<std::uint32_t>(*bad) == unwritten_bits
                                                 ? std::string("wrote nothing, or added to what was there,")
                                                 : fmt::format("wrote {}", *bad),
                                             place(static_cast<std::size_t>(bad - out_.begin())));
        if (*bad < 0.0f && std::isfinite(*bad)) refuse(text);
        if (std::bit_cast<std::uint32_t>(*bad) == unwritten_bits) refuse(text);
        throw InputError(fmt::format("{}: {}; the model's numbers are too large for float32, or it divides by 0",
                                     name(), text));
    }

private:
    std::string name() const { return fmt::format("edge weight '{}', layer {}", describe_().name, layer_.layer); }

    [[noreturn]] void refuse(const std::string& text) const {
        throw InternalError(fmt::format("{}: {}", name(), text));
    }

    void expect(std::size_t size, std::size_t expected, const char* what) const {
        if (size != expected)
            refuse(fmt::format("{} {}, expected {} for {} and {}", size, what, expected,
                               counted(layer_.tokens, "token"), counted(layer_.shape.heads, "head")));
    }

    std::string place(std::size_t index) const {
        const std::size_t n = layer_.tokens;
        const std::string head = needs_.heads ? fmt::format("head {}, ", index / (n * n)) : "";
        return fmt::format("{}row {}, column {}", head, index / n % n, index % n);
    }

    EntryInfo (*describe_)();
    const EdgeWeightNeeds& needs_;
    const LayerEvidence& layer_;
    std::span<float> out_;
};

}  // namespace

void weigh_and_check(EntryInfo (*describe)(), const EdgeWeightNeeds& needs, const LayerEvidence& layer,
                     std::span<float> out, const std::function<void()>& write) {
    const Check check(describe, needs, layer, out);
    check.evidence();
    check.clear();
    write();
    check.weights();
}

std::string edge_weight_name(std::string_view call, const std::string& where) {
    const std::string canonical = edge_weights().canonical(call, where);
    const std::string name = parse_call(call, where).name;
    return canonical == edge_weights().canonical(name, where) ? name : canonical;
}

const EdgeWeightRegistry::Entry* find_edge_weight(std::string_view call) {
    std::string_view name = call.substr(0, call.find('('));
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    return edge_weights().find(name);
}

}  // namespace attnflow
