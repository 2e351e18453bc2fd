#pragma once
/// The family of model metrics: how well token scores say what a model draws on, by asking the model itself what
/// it makes of the text when tokens are changed. There is no reference; metric.hpp has the family of those that
/// compare two vectors.
///
/// A member never runs the model. It says which sets of units it wants changed, what of the outputs counts, and
/// what number these make; asking.hpp runs each distinct set once for all members and grid points of a text.

#include <cmath>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attention/extract/perturbation.hpp"
#include "graph/support/registry.hpp"

namespace attnflow {

/// Which of two values is the better one.
enum class Direction { larger, smaller };

/// "larger", "smaller".
const char* direction_name(Direction direction);

/// Whether `value` is better than `other`.
constexpr bool is_better(double value, double other, Direction direction) {
    return direction == Direction::larger ? value > other : value < other;
}

/// What a member asks for: units (tokens, or words with all their tokens) that are changed at once.
struct UnitSet {
    std::vector<std::size_t> units;  ///< by their place among the scores
    Replacement replacement = Replacement::remove;
};

/// What the model says of the text with a set changed.
struct ModelAnswer {
    const Target& target;             ///< which outputs are looked at
    std::span<const double> whole;    ///< [outputs], logits of the text as it is
    std::span<const double> changed;  ///< [outputs], logits of the changed text
};

/// Names of properties that a model metric can promise (EntryInfo::promises) and that its contract
/// (experiments/contracts/model_metric_contract.hpp) then checks.
namespace model_metric_promise {
inline constexpr const char* at_most_one = "at_most_one";  ///< in [-1, 1]
inline constexpr const char* ranks_only =
    "ranks_only";  ///< strictly increasing functions of scores change nothing
inline constexpr const char* order_free = "order_free";  ///< of scores without ties the order does not matter
}  // namespace model_metric_promise

/// A worked example: what a model metric, with default parameters, says of scores. The model tells two classes
/// apart; the logit of the first is the sum of what units are worth that are left as they are, that of the second
/// is 0; explained is the one that is predicted.
struct KnownModelValue {
    std::vector<double> worth;
    std::vector<double> scores;
    std::optional<double> value;
};

/// What a model metric must provide besides `static EntryInfo describe()` and `static constexpr Direction
/// direction`. The three steps are apart so that sets can be shared and outputs, which may be as many as a
/// vocabulary has words, need not be kept: one number a set is. All are const and called by several threads. Its
/// contract asks for what is right:
///   static std::vector<KnownModelValue> known_values();
template <class M>
concept ModelMetric = requires(const M metric, std::span<const double> scores, const ModelAnswer& answer) {
    { M::describe() } -> std::same_as<EntryInfo>;
    { M::direction } -> std::convertible_to<Direction>;
    /// From the scores of the n >= 1 units that may be changed, none NaN. Empty where the metric is undefined.
    { metric.sets(scores) } -> std::same_as<std::vector<UnitSet>>;
    /// What counts of the answer to one set.
    { metric.answer(answer) } -> std::same_as<double>;
    /// The number, from what answer() made of each set, in their order.
    { metric.value(scores) } -> std::same_as<std::optional<double>>;
};

struct ModelMetricFamily {
    static constexpr const char* noun = "model metric";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual Direction direction() const = 0;
        /// Empty where the metric is undefined, as it is without units and where a score is NaN. Throws
        /// InternalError where a member names a unit that does not exist, or one twice.
        virtual std::vector<UnitSet> sets(std::span<const double> scores) const = 0;
        /// Throws InternalError for an answer that is not finite.
        virtual double answer(const ModelAnswer& answer) const = 0;
        /// Throws InternalError for a value that is not finite.
        virtual std::optional<double> value(std::span<const double> answers) const = 0;
        virtual std::vector<KnownModelValue> known_values() const = 0;  ///< none, where the member has none
    };

    static std::vector<std::string> promises() {
        using namespace model_metric_promise;
        return {at_most_one, ranks_only, order_free};
    }

    /// Throw for what a member returned against its promises.
    static void check_sets(const std::string& member, std::span<const UnitSet> sets, std::size_t units);
    static double checked_number(const std::string& member, const char* what, double value);

    template <ModelMetric Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...), name_(Member::describe().name) {}
        Direction direction() const override { return Member::direction; }
        std::vector<UnitSet> sets(std::span<const double> scores) const override {
            for (const double score : scores) {
                if (std::isnan(score)) return {};
            }
            if (scores.empty()) return {};
            std::vector<UnitSet> sets = member_.sets(scores);
            check_sets(name_, sets, scores.size());
            return sets;
        }
        double answer(const ModelAnswer& answer) const override {
            return checked_number(name_, "an answer", member_.answer(answer));
        }
        std::optional<double> value(std::span<const double> answers) const override {
            const std::optional<double> value = member_.value(answers);
            if (value) checked_number(name_, "a value", *value);
            return value;
        }
        std::vector<KnownModelValue> known_values() const override {
            if constexpr (requires { Member::known_values(); }) {
                return Member::known_values();
            } else {
                return {};
            }
        }

    private:
        Member member_;
        std::string name_;
    };
};

using ModelMetricRegistry = Registry<ModelMetricFamily>;

/// The model metrics of this build; the list is in registry.cpp.
ModelMetricRegistry& model_metrics();

}  // namespace attnflow
