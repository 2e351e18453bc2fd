#include "tests/differential/networks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "graph/generators/network_generator.hpp"
#include "graph/quantiser.hpp"

namespace attnflow::testing {
namespace {

/// Weights of one network, before they are scaled to the sums that a layer shall have.
struct Draft {
    std::vector<std::size_t> widths;
    std::vector<std::vector<std::uint64_t>> layers;  ///< below 2^32 each; layers[l - 1] is the matrix of layer l
    /// Every row of a layer gets the same sum, as in attention.
    bool equal_rows = false;

    std::size_t depth() const { return widths.size() - 1; }
    std::uint64_t& weight(std::size_t l, std::size_t i, std::size_t j) {
        return layers[l - 1][i * widths[l - 1] + j];
    }
    /// Calls set(l, i, j, weight) for every slot.
    template <class Set>
    void for_each(const Set& set) {
        for (std::size_t l = 1; l <= depth(); ++l) {
            for (std::size_t i = 0; i < widths[l]; ++i) {
                for (std::size_t j = 0; j < widths[l - 1]; ++j) set(l, i, j, weight(l, i, j));
            }
        }
    }
};

bool chance(Random& random, std::uint64_t one_in) { return random.below(one_in) == 0; }

Draft draw_shape(Random& random, const NetworkLimits& limits, bool equal_widths) {
    Draft draft;
    std::size_t layers = 1 + random.below(limits.most_layers);
    if (layers == 1 && !chance(random, 8)) layers = limits.most_layers;  // nothing but edges, so rare
    draft.widths.assign(layers + 1, 1 + random.below(limits.most_tokens));
    if (!equal_widths) {
        for (std::size_t& w : draft.widths) w = 1 + random.below(limits.most_tokens);
    }
    for (std::size_t l = 1; l <= layers; ++l) draft.layers.emplace_back(draft.widths[l] * draft.widths[l - 1]);
    return draft;
}

void fill_uniform(Draft& draft, Random& random) {
    draft.for_each([&](auto, auto, auto, std::uint64_t& w) { w = 1 + random.below(1u << 20); });
}

/// Columns of uneven popularity, shared by layers in part; no log, no exp.
void fill_attention(Draft& draft, Random& random) {
    const std::uint64_t sigma = 1 + random.below(5);
    const std::size_t widest = *std::max_element(draft.widths.begin(), draft.widths.end());
    std::vector<std::uint64_t> shared(widest);
    for (auto& s : shared) s = random.below(sigma);
    for (std::size_t l = 1; l <= draft.depth(); ++l) {
        for (std::size_t j = 0; j < draft.widths[l - 1]; ++j) {
            const std::uint64_t popularity = shared[j] + random.below(sigma);
            for (std::size_t i = 0; i < draft.widths[l]; ++i) {
                draft.weight(l, i, j) = (1 + random.below(1u << 12)) << popularity;
            }
        }
    }
    draft.equal_rows = true;
}

/// The skip connection: a share of every row more on the diagonal.
void add_lanes(Draft& draft, std::uint64_t numerator, std::uint64_t denominator) {
    for (std::size_t l = 1; l <= draft.depth(); ++l) {
        for (std::size_t i = 0; i < std::min(draft.widths[l], draft.widths[l - 1]); ++i) {
            std::uint64_t sum = 0;
            for (std::size_t j = 0; j < draft.widths[l - 1]; ++j) sum += draft.weight(l, i, j);
            draft.weight(l, i, i) += sum * numerator / denominator;
        }
    }
}

void clear(Draft& draft, Random& random, std::uint64_t percent) {
    draft.for_each([&](auto, auto, auto, std::uint64_t& w) {
        if (random.below(100) < percent) w = 0;
    });
    if (chance(random, 3)) {
        const std::size_t l = 1 + random.below(draft.depth());
        const std::size_t i = random.below(draft.widths[l]);
        for (std::size_t j = 0; j < draft.widths[l - 1]; ++j) draft.weight(l, i, j) = 0;
    }
}

void draw_uniform(Draft& draft, Random& random) { fill_uniform(draft, random); }

void draw_attention(Draft& draft, Random& random) {
    fill_attention(draft, random);
    const std::pair<std::uint64_t, std::uint64_t> lanes[] = {{1, 1}, {1, 1}, {9, 1}, {1, 4}};
    const auto [numerator, denominator] = lanes[random.below(4)];
    add_lanes(draft, numerator, denominator);
}

void draw_no_skip(Draft& draft, Random& random) { fill_attention(draft, random); }

void draw_sparse(Draft& draft, Random& random) {
    fill_uniform(draft, random);
    clear(draft, random, 20 + random.below(60));
    draft.equal_rows = chance(random, 3);
}

/// Two halves that nothing connects, or one edge in one layer.
void draw_disconnected(Draft& draft, Random& random) {
    fill_attention(draft, random);
    draft.equal_rows = chance(random, 2);
    const bool bridged = chance(random, 2);
    draft.for_each([&](auto, std::size_t i, std::size_t j, std::uint64_t& w) {
        if (i % 2 != j % 2) w = 0;
    });
    if (bridged) {
        const std::size_t l = 1 + random.below(draft.depth());
        draft.weight(l, random.below(draft.widths[l]), random.below(draft.widths[l - 1])) = 1u << 10;
    }
}

void draw_causal(Draft& draft, Random& random) {
    draw_attention(draft, random);
    draft.for_each([](auto, std::size_t i, std::size_t j, std::uint64_t& w) {
        if (j > i) w = 0;
    });
    if (chance(random, 3)) clear(draft, random, 25);
    draft.equal_rows = !chance(random, 3);
}

void draw_window(Draft& draft, Random& random) {
    draw_attention(draft, random);
    const std::size_t reach = random.below(4);
    const bool causal = chance(random, 2);
    draft.for_each([&](auto, std::size_t i, std::size_t j, std::uint64_t& w) {
        if ((i > j ? i - j : j - i) > reach || (causal && j > i)) w = 0;
    });
}

void draw_ties(Draft& draft, Random& random) {
    const std::uint64_t values = 1 + random.below(3);
    const bool zeros = chance(random, 2);
    draft.for_each([&](auto, auto, auto, std::uint64_t& w) { w = (zeros ? 0 : 1) + random.below(values + 1); });
    if (chance(random, 3)) add_lanes(draft, 1, 1);
    draft.equal_rows = chance(random, 2);
}

void draw_near_one_hot(Draft& draft, Random& random) {
    draft.for_each([&](auto, auto, auto, std::uint64_t& w) { w = random.below(4); });
    for (std::size_t l = 1; l <= draft.depth(); ++l) {
        const std::size_t popular = random.below(draft.widths[l - 1]);
        for (std::size_t i = 0; i < draft.widths[l]; ++i) {
            draft.weight(l, i, chance(random, 3) ? popular : random.below(draft.widths[l - 1])) = std::uint64_t{1}
                                                                                                  << 31;
        }
    }
    draft.equal_rows = !chance(random, 3);
}

/// Capacities of every order of magnitude.
void draw_spread(Draft& draft, Random& random) {
    draft.for_each([&](auto, auto, auto, std::uint64_t& w) { w = (1 + random.below(3)) << random.below(30); });
    if (chance(random, 3)) clear(draft, random, 30);
}

/// Rows of one sum over few capacities that are very unlike, columns that take nearly everything.
void draw_brimful(Draft& draft, Random& random) {
    const std::uint64_t choices[] = {0, 0, 1, 7, 1u << 16, 1u << 28};
    draft.for_each([&](auto, auto, auto, std::uint64_t& w) { w = choices[random.below(6)]; });
    for (std::size_t l = 1; l <= draft.depth(); ++l) {
        if (chance(random, 2)) continue;
        const std::size_t popular = random.below(draft.widths[l - 1]);
        for (std::size_t i = 0; i < draft.widths[l]; ++i) draft.weight(l, i, popular) = 1u << 30;
    }
    draft.equal_rows = true;
}

/// One or two vertices a layer, shares of simple fractions beside odd
/// ones.
void draw_thin(Draft& draft, Random& random) {
    for (std::size_t& w : draft.widths) w = 1 + random.below(2);
    for (std::size_t l = 1; l <= draft.depth(); ++l) {
        draft.layers[l - 1].assign(draft.widths[l] * draft.widths[l - 1], 0);
    }
    draft.for_each([&](auto, auto, auto, std::uint64_t& w) {
        w = chance(random, 2) ? 1 + random.below(8) : random.below(1u << 30);
    });
    for (std::size_t l = 1; l <= draft.depth(); ++l) {
        if (!chance(random, 2)) continue;  // simple fractions in all of the layer
        for (std::uint64_t& w : draft.layers[l - 1]) w = random.below(5);
    }
}

struct Member {
    NetworkFamily info;
    void (*draw)(Draft&, Random&);
    bool varying;  ///< widths may differ
};

constexpr Member members[] = {
    {{"uniform", "capacities of one order of magnitude"}, draw_uniform, true},
    {{"attention", "uneven keys and a skip connection"}, draw_attention, true},
    {{"no_skip", "uneven keys without skip connection"}, draw_no_skip, true},
    {{"sparse", "zeros at random, empty rows"}, draw_sparse, true},
    {{"disconnected", "even and odd positions apart, or joined by one edge"}, draw_disconnected, true},
    {{"causal", "no edge to a later position"}, draw_causal, false},
    {{"window", "edges to near positions only, causal or not"}, draw_window, false},
    {{"ties", "two to four different capacities"}, draw_ties, true},
    {{"near_one_hot", "one large capacity a row"}, draw_near_one_hot, true},
    {{"spread", "capacities of every order of magnitude"}, draw_spread, true},
    {{"brimful", "rows of one sum, columns that take nearly everything"}, draw_brimful, true},
    {{"thin", "one or two vertices a layer, up to twice as many layers"}, draw_thin, true},
    {{"generated", "the generators of graph/generators, quantised"}, nullptr, false},
};

__extension__ using Wide = unsigned __int128;

/// The largest sum of a layer: any number of bits between the limits, or just at a power of two.
std::uint64_t draw_total(Random& random, const NetworkLimits& limits) {
    const auto bits = static_cast<std::uint64_t>(limits.least_bits) +
                      random.below(static_cast<std::uint64_t>(limits.most_bits - limits.least_bits) + 1);
    const std::uint64_t most =
        std::min(std::uint64_t{1} << bits, static_cast<std::uint64_t>(largest_layer_sum<std::int64_t>));
    if (bits == 0) return 1;
    switch (random.below(4)) {
        case 0:
            return most;
        case 1:
            return most - 1;
        default:
            return most - random.below(most / 2);
    }
}

std::uint64_t share(std::uint64_t total, std::uint64_t weight, std::uint64_t weights) {
    return weights == 0 ? 0 : static_cast<std::uint64_t>(Wide{total} * weight / weights);
}

/// Shares of `total`, rounded down; what is left over is on the largest, so that they sum to the total.
void divide(std::span<const std::uint64_t> weights, std::uint64_t total, std::vector<std::int64_t>& out) {
    const std::uint64_t sum = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    const std::size_t first = out.size();
    std::uint64_t left = sum == 0 ? 0 : total;
    for (const std::uint64_t w : weights) {
        const std::uint64_t part = share(total, w, sum);
        out.push_back(static_cast<std::int64_t>(part));
        left -= part;
    }
    *std::max_element(out.begin() + static_cast<std::ptrdiff_t>(first), out.end()) +=
        static_cast<std::int64_t>(left);
}

FixedNetwork scaled(const Draft& draft, Random& random, std::uint64_t largest) {
    const bool alike = !chance(random, 3);
    const std::uint64_t other = random.below(draft.depth());  // the layer that has the largest sum in any case
    std::vector<std::int64_t> capacities;
    for (std::size_t l = 1; l <= draft.depth(); ++l) {
        const std::uint64_t total = alike || l - 1 == other ? largest : largest >> random.below(6);
        const std::span<const std::uint64_t> weights(draft.layers[l - 1]);
        if (!draft.equal_rows) {
            divide(weights, total, capacities);
            continue;
        }
        const std::size_t columns = draft.widths[l - 1];
        for (std::size_t i = 0; i < draft.widths[l]; ++i) {
            divide(weights.subspan(i * columns, columns), total / draft.widths[l], capacities);
        }
    }
    return FixedNetwork(draft.widths, std::move(capacities));
}

/// A generator's network with capacities multiplied by a power of two, and bits drawn for the new places.
FixedNetwork draw_generated(Random& random, const NetworkLimits& limits) {
    const auto entries = network_generators().entries();
    const auto& entry = entries[random.below(entries.size())];
    const NetworkSize size{1 + random.below(limits.most_layers), 1 + random.below(limits.most_tokens)};
    const auto real = entry.make()->generate(size, random());
    double most = 1.0;
    for (std::size_t l = 1; l <= real.layers(); ++l) {
        const auto layer = real.layer(l);
        most = std::max(most, std::accumulate(layer.begin(), layer.end(), 0.0));
    }
    const int spare = std::ilogb(most) + 1;  // bits of a layer's sum above the point
    const std::uint64_t total = draw_total(random, limits);
    const int bits =
        std::clamp(static_cast<int>(std::bit_width(total)) - 1 - spare, Quantiser::min_bits, Quantiser::max_bits);
    const FixedNetwork network = Quantiser(bits)(real).network;
    const int more = static_cast<int>(std::bit_width(total)) - 2 - spare - bits;
    if (more <= 0) return network;
    std::vector<std::int64_t> capacities(network.capacities().begin(), network.capacities().end());
    const bool exact = chance(random, 3);  // equal row sums stay equal
    for (std::int64_t& c : capacities) {
        if (c == 0) continue;
        const std::uint64_t low = exact ? 0 : random.below(std::uint64_t{1} << more);
        c = static_cast<std::int64_t>((static_cast<std::uint64_t>(c) << more) + low);
    }
    return FixedNetwork({network.widths().begin(), network.widths().end()}, std::move(capacities));
}

}  // namespace

std::span<const NetworkFamily> network_families() {
    static const std::vector<NetworkFamily> families = [] {
        std::vector<NetworkFamily> all;
        for (const Member& member : members) all.push_back(member.info);
        return all;
    }();
    return families;
}

FixedNetwork draw_network(std::string_view family, const NetworkLimits& limits, std::uint64_t seed) {
    if (limits.most_layers == 0 || limits.most_tokens == 0 || limits.least_bits < 0 ||
        limits.most_bits < limits.least_bits || limits.most_bits > 62) {
        throw ParameterError("networks: expected at least one layer and token, and 0 <= least bits <= bits <= 62");
    }
    Random random(seed);
    const Member* member = &members[random.below(std::size(members))];
    if (family != "all") {
        member = std::find_if(std::begin(members), std::end(members),
                              [&](const Member& m) { return m.info.name == family; });
        if (member == std::end(members)) {
            throw ParameterError(fmt::format("networks: there is no family '{}' (see --list)", family));
        }
    }
    if (member->draw == nullptr) return draw_generated(random, limits);
    const bool thin = member->draw == draw_thin;
    NetworkLimits shape = limits;
    if (thin) shape.most_layers *= 2;
    Draft draft = draw_shape(random, shape, !member->varying || chance(random, 2));
    member->draw(draft, random);
    return scaled(draft, random, draw_total(random, limits));
}

std::string to_text(const FixedNetwork& network) {
    std::string text = fmt::format("widths {}\n", fmt::join(network.widths(), " "));
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        text += fmt::format("layer {}:", l);
        for (std::size_t i = 0; i < network.width(l); ++i) {
            text += fmt::format("{} {}", i > 0 ? " /" : "", fmt::join(network.row(l, i), " "));
        }
        text += '\n';
    }
    return text;
}

FixedNetwork network_from_text(std::string_view text) {
    std::istringstream lines{std::string(text)};
    std::string line;
    std::vector<std::size_t> widths;
    std::vector<std::int64_t> capacities;
    while (std::getline(lines, line)) {
        std::replace(line.begin(), line.end(), '/', ' ');
        std::istringstream words(line);
        std::string word;
        if (!(words >> word) || word[0] == '#') continue;
        if (word == "widths") {
            for (std::size_t w = 0; words >> w;) widths.push_back(w);
        } else if (word == "layer") {
            words >> word;  // its number
            for (std::int64_t c = 0; words >> c;) capacities.push_back(c);
        } else {
            throw InputError(fmt::format("network: a line begins with '{}', expected 'widths' or 'layer'", word));
        }
        if (!words.eof()) throw InputError(fmt::format("network: cannot read a number in '{}'", line));
    }
    return FixedNetwork(std::move(widths), std::move(capacities));
}

}  // namespace attnflow::testing
