/// Every attribution method of the registry against its contract, and broken methods that the contract must
/// notice.

#include "experiments/contracts/method_contract.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include "tests/contract/complaints.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

void check_all(std::uint64_t seeds) {
    for (const auto& entry : attribution_methods().entries()) {
        INFO(entry.info.name);
        CHECK(complaints(MethodContract{[&] { return entry.make(); }, entry.info, {}, seeds}) ==
              std::vector<Complaint>());
    }
}

}  // namespace

TEST_CASE("every method keeps its contract", "[contract][methods]") { check_all(2); }

// attnflow_contract_tests "[.long][methods]"
TEST_CASE("every method keeps its contract, many seeds", "[.long][contract][methods]") { check_all(50); }

namespace {

// Any method, with what it answers changed. `change` says what to answer instead; a change that never changes a
// score is no fault of this method.
class Mutant final : public AttributionFamily::Interface {
public:
    using Answer = std::function<RowMajor<double>(const AttributionProblem&)>;
    using Change = std::function<RowMajor<double>(const Answer& method, const AttributionProblem& problem)>;

    Mutant(std::unique_ptr<Interface> method, Change change, bool& changes)
        : method_(std::move(method)), change_(std::move(change)), changes_(changes) {}

    Attribution attribute(const AttributionProblem& problem) override {
        Attribution answer = method_->attribute(problem);
        RowMajor<double> other =
            change_([&](const AttributionProblem& asked) { return method_->attribute(asked).scores; }, problem);
        changes_ = changes_ || other != answer.scores;
        answer.scores = std::move(other);
        return answer;
    }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) override {
        std::vector<Attribution> answers;
        for (const std::size_t layer : problem.layers)
            answers.push_back(attribute({problem.network, layer, problem.sources}));
        return answers;
    }
    std::vector<KnownAnswer> known_answers() const override { return method_->known_answers(); }
    std::optional<RowMajor<double>> definition(const AttributionProblem& problem) const override {
        return method_->definition(problem);
    }

private:
    std::unique_ptr<Interface> method_;
    Change change_;
    bool& changes_;
};

using Answer = Mutant::Answer;
using Problem = AttributionProblem;

Mutant::Change each(const std::function<double(double)>& change) {
    return [change](const Answer& method, const Problem& problem) {
        auto scores = method(problem);
        for (double& score : scores.values()) score = change(score);
        return scores;
    };
}

LayeredNetwork<double> with_layer(const LayeredNetwork<double>& network, std::size_t layer,
                                  const std::function<double(std::size_t, std::size_t)>& capacity) {
    std::vector<double> capacities(network.capacities().begin(), network.capacities().end());
    for (std::size_t i = 0; i < network.width(layer); ++i) {
        for (std::size_t j = 0; j < network.width(layer - 1); ++j)
            capacities[network.slot(layer, i, j)] = capacity(i, j);
    }
    return {{network.widths().begin(), network.widths().end()}, std::move(capacities)};
}

const std::vector<std::pair<std::string, Mutant::Change>>& mutations() {
    static const std::vector<std::pair<std::string, Mutant::Change>> all{
        {"all 0", each([](double) { return 0.0; })},
        {"all -1", each([](double) { return -1.0; })},
        {"twice", each([](double score) { return 2.0 * score; })},
        {"a millionth off", each([](double score) { return score + 1e-6; })},
        {"square root", each([](double score) { return std::sqrt(score); })},
        {"first source for all",
         [](const Answer& method, const Problem& problem) {
             auto scores = method(problem);
             for (std::size_t s = 1; s < scores.rows(); ++s)
                 std::copy(scores.row(0).begin(), scores.row(0).end(), scores.row(s).begin());
             return scores;
         }},
        {"tokens one further",
         [](const Answer& method, const Problem& problem) {
             auto scores = method(problem);
             for (std::size_t s = 0; s < scores.rows(); ++s)
                 std::rotate(scores.row(s).begin(), scores.row(s).begin() + 1, scores.row(s).end());
             return scores;
         }},
        {"a layer too low",
         [](const Answer& method, const Problem& problem) {
             Problem lower = problem;
             const bool fits = problem.layer > 1 &&
                               problem.network.width(problem.layer - 1) == problem.network.width(problem.layer);
             if (fits) --lower.layer;
             return method(lower);
         }},
        {"layer 1 skipped",
         [](const Answer& method, const Problem& problem) {
             const auto other =
                 with_layer(problem.network, 1, [](std::size_t i, std::size_t j) { return i == j; });
             return method({other, problem.layer, problem.sources});
         }},
        {"top layer skipped",
         [](const Answer& method, const Problem& problem) {
             const auto other =
                 with_layer(problem.network, problem.layer, [](std::size_t i, std::size_t j) { return i == j; });
             return method({other, problem.layer, problem.sources});
         }},
        {"layer 1 transposed",
         [](const Answer& method, const Problem& problem) {
             const auto& network = problem.network;
             if (network.width(0) != network.width(1)) return method(problem);
             const auto other =
                 with_layer(network, 1, [&](std::size_t i, std::size_t j) { return network.capacity(1, j, i); });
             return method({other, problem.layer, problem.sources});
         }},
        {"reads above its layer",
         [](const Answer& method, const Problem& problem) {
             auto scores = method(problem);
             if (problem.layer == problem.network.layers()) return scores;
             for (double& score : scores.values()) score += problem.network.capacity(problem.layer + 1, 0, 0);
             return scores;
         }},
        {"other sources count",
         [](const Answer& method, const Problem& problem) {
             auto scores = method(problem);
             if (scores.rows() == 2) scores(0, 0) += 0.01;
             return scores;
         }},
        {"drifts",
         [calls = 0](const Answer& method, const Problem& problem) mutable {
             auto scores = method(problem);
             scores(0, 0) += 1e-12 * ++calls;
             return scores;
         }},
    };
    return all;
}

// The laws that a mutant of a method breaks; nothing where it is no mutant of this one.
std::vector<std::string> killed_by(const AttributionRegistry::Entry& entry, const Mutant::Change& change) {
    bool changes = false;
    const MethodContract contract{
        [&] { return std::make_unique<Mutant>(entry.make(), change, changes); }, entry.info, {}, 1};
    auto broken = laws_of(complaints(contract));
    CHECK((changes || broken.empty()));
    return broken;
}

}  // namespace

TEST_CASE("a broken method is noticed, whichever it is", "[contract][methods][mutants]") {
    for (const auto& entry : attribution_methods().entries()) {
        std::size_t killed = 0;
        for (const auto& [name, change] : mutations()) {
            const auto laws = killed_by(entry, change);
            INFO(entry.info.name << ", " << name);
            UNSCOPED_INFO(fmt::format("{}", fmt::join(laws, "; ")));
            killed += !laws.empty();
        }
        // The others change nothing that this method reads.
        const bool reads_every_layer = promises(entry.info, promise::uses_every_layer);
        INFO(entry.info.name);
        CHECK(killed >= (reads_every_layer ? mutations().size() : 8));
    }
}

// attnflow_contract_tests "[.table]": the table of docs/adding-a-member.md.
TEST_CASE("which law notices which broken method", "[.table]") {
    fmt::print("| method | change | noticed by |\n|---|---|---|\n");
    for (const auto& entry : attribution_methods().entries()) {
        for (const auto& [name, change] : mutations()) {
            const auto laws = killed_by(entry, change);
            fmt::print("| `{}` | {} | {} |\n", entry.info.name, name,
                       laws.empty() ? "changes nothing here" : fmt::format("{}", fmt::join(laws, "; ")));
        }
    }
}

namespace {

enum class Fault { none, zero, minus_one, reversed, skipped, recursion, no_skip };

// Relevance as Chefer, Gur & Wolf (2021) propagate it: R_l = R_{l-1} + A_l R_{l-1}, R_0 = I. Rows sum to nothing
// in particular, so no promise of the bundled methods speaks of it.
template <Fault fault, bool declares = true>
class Relevance {
public:
    static EntryInfo describe() {
        EntryInfo info{.name = "relevance",
                       .summary = "relevance by adding what each layer mixes",
                       .axes = {axis::heads, axis::layer, axis::source}};
        if (declares) {
            info.promises = {
                promise::non_negative, promise::uses_every_layer, promise::independent_of_upper_layers,
                promise::affine,       promise::monotone,         promise::equivariant};
        }
        return info;
    }
    static std::vector<KnownAnswer> known_answers() requires(declares) {
        return {{LayeredNetwork<double>({2, 2, 2}, {0.5, 0.5, 0.25, 0.0, 0.0, 2.0, 1.0, 0.5}),
                 2,
                 {0, 1},
                 {{2.0, 2.5}, {1.875, 2.0}}}};
    }

    Attribution attribute(const AttributionProblem& problem) const {
        const auto& network = problem.network;
        const std::size_t n = network.width(0);
        for (std::size_t l = 1; l <= problem.layer; ++l) {
            if (network.width(l) != n) throw ParameterError("relevance: layers of different widths");
        }
        RowMajor<double> relevance(n, n, 0.0);
        for (std::size_t i = 0; i < n; ++i) relevance(i, i) = 1.0;
        for (std::size_t l = 1; l <= problem.layer; ++l) {
            if (fault == Fault::skipped && l == 1) continue;
            const std::size_t read = fault == Fault::reversed ? problem.layer + 1 - l : l;
            RowMajor<double> next = relevance;
            if (fault == Fault::no_skip) next = RowMajor<double>(n, n, 0.0);
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t k = 0; k < n; ++k) {
                    for (std::size_t j = 0; j < n; ++j) {
                        next(i, j) += fault == Fault::recursion ? relevance(i, k) * network.capacity(read, k, j)
                                                                : network.capacity(read, i, k) * relevance(k, j);
                    }
                }
            }
            relevance = std::move(next);
        }
        RowMajor<double> scores(problem.sources.size(), n);
        for (std::size_t s = 0; s < scores.rows(); ++s) {
            const auto row = relevance.row(problem.sources[s]);
            std::copy(row.begin(), row.end(), scores.row(s).begin());
        }
        for (double& score : scores.values()) {
            if (fault == Fault::zero) score = 0.0;
            if (fault == Fault::minus_one) score = -1.0;
        }
        return {.scores = std::move(scores)};
    }
};

template <class Member>
std::vector<std::string> broken_laws(MethodContract::Make like = {}) {
    using Adapter = AttributionFamily::Adapter<Member>;
    return laws_of(complaints(
        MethodContract{[] { return std::make_unique<Adapter>(); }, Member::describe(), std::move(like), 1}));
}

using Broken = std::vector<std::string>;

}  // namespace

TEST_CASE("a method whose rows sum to nothing in particular is held to what it declares", "[contract][methods]") {
    CHECK(broken_laws<Relevance<Fault::none>>() == Broken());
    CHECK(broken_laws<Relevance<Fault::zero>>() == Broken{law::right, promise::uses_every_layer});
    CHECK(broken_laws<Relevance<Fault::minus_one>>() ==
          Broken{law::right, promise::uses_every_layer, promise::non_negative});
    CHECK(broken_laws<Relevance<Fault::reversed>>() == Broken{law::right});
    CHECK(broken_laws<Relevance<Fault::skipped>>() == Broken{law::right, promise::uses_every_layer});
    CHECK(broken_laws<Relevance<Fault::recursion>>() == Broken{law::right});
    CHECK(broken_laws<Relevance<Fault::no_skip>>() == Broken{law::right});
    CHECK(broken_laws<Relevance<Fault::zero, false>>() == Broken{law::known});
}

TEST_CASE("a method can be held to the scores of another", "[contract][methods]") {
    const auto relevance = [] { return std::make_unique<AttributionFamily::Adapter<Relevance<Fault::none>>>(); };
    CHECK(broken_laws<Relevance<Fault::none>>(relevance) == Broken());
    CHECK(broken_laws<Relevance<Fault::recursion, false>>(relevance) == Broken{law::known, law::alike});
}

namespace {

enum class Shape { extra_row, no_row, short_row, nothing, not_finite, cuts, layers, path };

// What no answer can look like.
template <Shape shape>
class Misshapen {
public:
    static EntryInfo describe() {
        return {.name = "misshapen", .summary = "of another shape", .axes = {axis::layer, axis::source}};
    }
    Attribution attribute(const AttributionProblem& problem) const {
        const std::size_t rows = problem.sources.size();
        const std::size_t tokens = problem.network.width(0);
        if (shape == Shape::extra_row) return {.scores = RowMajor<double>(rows + 1, tokens)};
        if (shape == Shape::no_row) return {.scores = RowMajor<double>(0, tokens)};
        if (shape == Shape::short_row) return {.scores = RowMajor<double>(rows, tokens - 1)};
        if (shape == Shape::nothing) return {};
        Attribution answer{.scores = RowMajor<double>(rows, tokens)};
        if (shape == Shape::not_finite) answer.scores(0, tokens - 1) = std::nan("");
        if (shape == Shape::cuts) answer.binding_cuts = RowMajor<BindingCut>(rows, tokens + 1);
        if (shape == Shape::path) answer.paths = PathTable(rows, tokens, problem.layer + 1);
        return answer;
    }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) const {
        std::vector<Attribution> answers;
        for (const std::size_t layer : problem.layers)
            answers.push_back(attribute({problem.network, layer, problem.sources}));
        if (shape == Shape::layers) answers.pop_back();
        return answers;
    }
};

template <Shape shape>
std::string refusal(bool layers = false) {
    const LayeredNetwork<double> network({3, 2, 2}, std::vector<double>(10, 0.5));
    AttributionFamily::Adapter<Misshapen<shape>> method;
    try {
        if (layers)
            method.attribute_layers({network, {1, 2}, {0, 1}});
        else
            method.attribute({network, 2, {0, 1}});
    } catch (const InternalError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("an answer that cannot be one is refused where it is given", "[contract][methods]") {
    const std::string shape = ": one row a source, one column an input token";
    CHECK(refusal<Shape::extra_row>() == "method 'misshapen': answers [3, 3] scores, expected [2, 3]" + shape);
    CHECK(refusal<Shape::no_row>() == "method 'misshapen': answers [0, 3] scores, expected [2, 3]" + shape);
    CHECK(refusal<Shape::short_row>() == "method 'misshapen': answers [2, 2] scores, expected [2, 3]" + shape);
    CHECK(refusal<Shape::nothing>() == "method 'misshapen': answers [0, 0] scores, expected [2, 3]" + shape);
    CHECK(refusal<Shape::not_finite>() ==
          "method 'misshapen': layer 2, source 0, token 2: the score is nan, expected a finite number");
    CHECK(refusal<Shape::cuts>() == "method 'misshapen': names [2, 4] cuts for [2, 3] scores");
    CHECK(refusal<Shape::path>() ==
          "method 'misshapen': paths of [2, 3] pairs with 4 positions each, expected [2, 3] with 3");
    CHECK(refusal<Shape::layers>(true) == "method 'misshapen': answers for 1 layers, expected 2");
    CHECK(refusal<Shape::nothing>(true) == "method 'misshapen': answers [0, 0] scores, expected [2, 3]" + shape);
}
