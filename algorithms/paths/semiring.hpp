#pragma once
/// Path algebra: what a path is worth, and what several paths are worth together.
///
/// A semiring says how edge weights combine along a path (`multiply`) and how alternative
/// paths combine (`add`). Once it is fixed, the worth of all paths between two layers is a
/// product of matrices (path_product.hpp), so a method is a semiring and a sentence:
///
/// | semiring | along a path | among paths | method |
/// |---|---|---|---|
/// | PlusTimes | product | sum | rollout |
/// | MaxTimes | product | largest | best_path |
/// | MaxMin | smallest weight | largest | widest_path |
/// | MinPlus | sum of lengths | smallest | shortest_path |
/// | SoftMaxMin | soft minimum | soft maximum | soft_widest_path |
///
/// Laws: `add` is associative and commutative with neutral element zero(); `multiply` is
/// associative with neutral element one(); zero() absorbs in `multiply`; `multiply`
/// distributes over `add`. MaxMin and MinPlus on integers keep them exactly, PlusTimes,
/// MaxTimes and MinPlus on reals up to rounding. SoftMaxMin does not distribute, see there.
///
/// Gondran & Minoux, Graphs, Dioids and Semirings, Springer 2008

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>

namespace attnflow {

/// zero() is the worth of no path at all, one() that of the empty path.
template <class S>
concept Semiring = requires(const S semiring, typename S::Value value) {
    { semiring.zero() } -> std::same_as<typename S::Value>;
    { semiring.one() } -> std::same_as<typename S::Value>;
    { semiring.add(value, value) } -> std::same_as<typename S::Value>;
    { semiring.multiply(value, value) } -> std::same_as<typename S::Value>;
};

/// A semiring whose `add` returns one of its operands, the better one: then some single path
/// is worth as much as all paths together, and can be shown (best_paths.hpp).
template <class S>
concept SelectiveSemiring = Semiring<S> && requires(const S semiring, typename S::Value value) {
    { semiring.better(value, value) } -> std::same_as<bool>;  // strictly
};

/// A semiring whose values are not attention weights: `edge` makes a value of a weight >= 0 and
/// `score` a number in the unit of weights of the worth of paths with `edges` edges each. Edges
/// do not exist where the weight is 0, so edge(0) must be zero(), and score(zero(), l) 0.
template <class S>
concept MapsEdges = requires(const S semiring, double weight, typename S::Value worth, std::size_t edges) {
    { semiring.edge(weight) } -> std::same_as<typename S::Value>;
    { semiring.score(worth, edges) } -> std::same_as<double>;
};

/// Whether products may begin at either end; a semiring says so only when they may not.
template <class S>
constexpr bool is_distributive() {
    if constexpr (requires { S::distributive; }) return S::distributive;
    return true;
}

template <class T>
struct PlusTimes {
    using Value = T;
    T zero() const { return T(0); }
    T one() const { return T(1); }
    T add(T a, T b) const { return a + b; }
    T multiply(T a, T b) const { return a * b; }
};

/// On weights >= 0.
template <class T>
struct MaxTimes {
    using Value = T;
    T zero() const { return T(0); }
    T one() const { return T(1); }
    T add(T a, T b) const { return std::max(a, b); }
    T multiply(T a, T b) const { return a * b; }
    bool better(T a, T b) const { return a > b; }
};

/// On weights >= 0; the empty path is infinitely wide.
template <class T>
struct MaxMin {
    using Value = T;
    T zero() const { return T(0); }
    T one() const {
        return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity()
                                                    : std::numeric_limits<T>::max();
    }
    T add(T a, T b) const { return std::max(a, b); }
    T multiply(T a, T b) const { return std::min(a, b); }
    bool better(T a, T b) const { return a > b; }
};

/// On lengths >= 0; an edge of weight w is w^-exponent long.
struct MinPlus {
    using Value = double;
    double exponent = 1.0;

    double zero() const { return std::numeric_limits<double>::infinity(); }
    double one() const { return 0.0; }
    double add(double a, double b) const { return std::min(a, b); }
    double multiply(double a, double b) const { return a + b; }
    bool better(double a, double b) const { return a < b; }
    double edge(double weight) const { return exponent == 1.0 ? 1.0 / weight : std::pow(weight, -exponent); }
    double score(double length, std::size_t) const {
        return exponent == 1.0 ? 1.0 / length : std::pow(length, -1.0 / exponent);
    }
};

/// MaxMin made smooth by a temperature t > 0: max becomes t log sum exp(x / t), which is up to
/// t log(n) larger; min its mirror image, up to t log(2) smaller.
///
/// Not distributive: min(max(a, b), c) and max(min(a, c), min(b, c)) differ, so a product of
/// three matrices depends on where it begins. path_product() begins at the source.
struct SoftMaxMin {
    using Value = double;
    static constexpr bool distributive = false;
    double temperature = 0.01;

    double zero() const { return -std::numeric_limits<double>::infinity(); }
    double one() const { return std::numeric_limits<double>::infinity(); }
    double add(double a, double b) const {
        const double gap = std::abs(a - b);  // NaN when a == b == -infinity
        return gap >= 0.0 ? std::max(a, b) + temperature * std::log1p(std::exp(-gap / temperature)) : a;
    }
    double multiply(double a, double b) const { return -add(-a, -b); }
    double edge(double weight) const { return weight > 0.0 ? weight : zero(); }
    /// As if the minimum over the edges of a path had a mean in place of the sum.
    double score(double worth, std::size_t edges) const {
        return worth == zero() ? 0.0 : worth + temperature * std::log(static_cast<double>(edges));
    }
};

static_assert(SelectiveSemiring<MaxMin<float>> && SelectiveSemiring<MaxTimes<double>>);
static_assert(SelectiveSemiring<MinPlus> && MapsEdges<MinPlus> && MapsEdges<SoftMaxMin>);
static_assert(Semiring<PlusTimes<double>> && !SelectiveSemiring<PlusTimes<double>>);
static_assert(!Semiring<double>);

}  // namespace attnflow
