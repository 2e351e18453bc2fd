#include "bench/instances.hpp"

#include "attention/dataset.hpp"
#include "attention/network/build_network.hpp"
#include "graph/generators/network_generator.hpp"

namespace attnflow::bench {

const LayeredNetwork<double>& sentence() {
    static const LayeredNetwork<double> network = [] {
        const auto dataset = Dataset::open(ATTNFLOW_SOURCE_DIR "/experiments/data/sva_dev200.safetensors");
        for (std::size_t i = 0; i < dataset.size(); ++i) {
            const Example example = dataset.example(i);
            if (example.tokens.size() == 20) return build_network(example.attention, {});
        }
        throw InternalError("the bundled data has no sentence of 20 tokens");
    }();
    return network;
}

LayeredNetwork<double> Instance::network() const {
    if (family == "real") return sentence();
    return network_generators().at(family).make()->generate({layers, tokens}, 1);
}

std::vector<Instance> instances(bool large) {
    std::vector<Instance> out{{"real", sentence().layers(), sentence().width(0)}};
    for (const std::string& generator : network_generators().names()) {
        out.push_back({generator, 6, 20});
        if (!large) continue;
        for (const std::size_t tokens : {32, 128, 256}) {
            for (const std::size_t layers : {6, 12}) out.push_back({generator, layers, tokens});
        }
    }
    return out;
}

}  // namespace attnflow::bench
