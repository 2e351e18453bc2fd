#include "experiments/findings/equal_values.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "experiments/store/run_store.hpp"
#include "experiments/study/axes/pruning.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

/// So many are compared with each other, which takes their square.
constexpr std::size_t most_values = 2000;

/// Two values of an axis, by number.
struct ValuePair {
    std::size_t first;
    std::size_t second;
    bool equal = true;
    bool seen = false;  ///< in some example
};

/// An axis with its values in the order of the grid.
struct VariedAxis {
    std::string name;
    std::vector<std::string> values;
    /// By value: its grid points, each by the number of its group, which are those that differ in this axis only.
    std::vector<std::map<std::size_t, std::size_t>> points;
    std::vector<ValuePair> pairs;

    VariedAxis(std::string axis, const std::vector<GridPoint>& grid) : name(std::move(axis)) {
        std::map<std::string, std::size_t> value_numbers;
        std::map<std::string, std::size_t> groups;
        for (std::size_t p = 0; p < grid.size(); ++p) {
            if (!grid[p].has(name)) continue;
            const auto [value, fresh] = value_numbers.emplace(grid[p].text(name), values.size());
            if (fresh) {
                values.push_back(value->first);
                points.emplace_back();
            }
            const std::string rest = grid[p].without(name).key(AxisStage::comparing);
            points[value->second][groups.emplace(rest, groups.size()).first->second] = p;
        }
        const std::size_t count = std::min(values.size(), most_values);
        for (std::size_t a = 0; a < count; ++a) {
            for (std::size_t b = a + 1; b < count; ++b) pairs.push_back({a, b});
        }
    }

    bool has_equal() const {
        return std::any_of(pairs.begin(), pairs.end(), [](const ValuePair& pair) { return pair.equal; });
    }
    bool are_equal(std::size_t a, std::size_t b) const {  // a < b
        return std::any_of(pairs.begin(), pairs.end(), [&](const ValuePair& pair) {
            return pair.first == a && pair.second == b && pair.equal && pair.seen;
        });
    }

    /// Values that are equal to each other, each in one set.
    std::vector<std::vector<std::size_t>> sets() const {
        std::vector<std::vector<std::size_t>> sets;
        for (std::size_t v = 0; v < values.size(); ++v) {
            const auto fits = [&](const std::vector<std::size_t>& set) {
                return std::all_of(set.begin(), set.end(), [&](std::size_t other) { return are_equal(other, v); });
            };
            const auto found = std::find_if(sets.begin(), sets.end(), fits);
            if (found == sets.end()) {
                sets.push_back({v});
            } else {
                found->push_back(v);
            }
        }
        std::erase_if(sets, [](const std::vector<std::size_t>& set) { return set.size() < 2; });
        return sets;
    }
};

/// What is compared at a point: its scores, and of which tokens. Empty where there are none.
struct Compared {
    std::vector<std::size_t> positions = {};
    std::vector<double> scores = {};
    bool operator==(const Compared&) const = default;
};

/// The scores of one example at points that are asked for.
class ExampleScores {
public:
    ExampleScores(RunStore& store, std::size_t example)
        : store_(store), example_(example), stored_(store.stored_attributions(example)) {}

    const Compared& at(std::size_t point) {
        const auto found = compared_.find(point);
        if (found != compared_.end()) return found->second;
        // With all points of an attribution it is read once and not kept: of all sources it is a matrix.
        const Plan& plan = store_.plan();
        const std::size_t a = plan.attribution_of[point];
        if (std::find(stored_.begin(), stored_.end(), a) == stored_.end()) return compared_[point];
        const ExampleRecord& record = store_.record().examples[example_];
        const RowMajor<double> rows = store_.attribution(example_, a).scores;
        for (const std::size_t p : plan.points_of[a]) {
            const std::vector<double> all = plan.options[p].scores(rows);
            Compared& compared = compared_[p];
            compared.positions =
                plan.options[p].compared_positions(record.tokens, store_.record().special_tokens, record.words);
            for (const std::size_t t : compared.positions) compared.scores.push_back(all.at(t));
        }
        return compared_.at(point);
    }
    bool has(std::size_t point) { return !at(point).scores.empty(); }

private:
    RunStore& store_;
    std::size_t example_;
    std::vector<std::size_t> stored_;
    std::map<std::size_t, Compared> compared_;  // by point
};

void compare_example(RunStore& store, std::size_t example, std::vector<VariedAxis>& varied) {
    ExampleScores scores(store, example);
    for (VariedAxis& axis : varied) {
        for (ValuePair& pair : axis.pairs) {
            for (const auto& [group, a] : axis.points[pair.first]) {
                if (!pair.equal) break;
                const auto other = axis.points[pair.second].find(group);
                if (other == axis.points[pair.second].end()) continue;
                const std::size_t b = other->second;
                if (!scores.has(a) || !scores.has(b)) continue;
                pair.seen = true;
                pair.equal = scores.at(a) == scores.at(b);
            }
        }
    }
}

EqualValues equal_of(const VariedAxis& axis, const std::vector<std::size_t>& set) {
    EqualValues found{axis.name, {}, "", ""};
    std::vector<std::string> shown;
    for (const std::size_t v : set) {
        found.values.push_back(axis.values[v]);
        shown.push_back(escape_controls(axis.values[v]));
    }
    const std::string last = shown.back();
    shown.pop_back();
    found.title = fmt::format("{} {} and {} give the same scores", axis.name, join(shown, ", "), last);
    found.text =
        "They are equal in every bit, for every example and method that takes this axis: here these values change "
        "nothing.";
    return found;
}

/// Pruners that dropped nothing at any of their points, or everything of some example or row.
std::vector<EqualValues> idle_pruners(const Results& results) {
    std::map<std::string, double> largest;
    std::map<std::string, std::size_t> without;
    std::map<std::string, PruningShares> partly;  // of the point that lost most rows
    for (const PruningShares& shares : results.pruning) {
        const std::string value = results.grid[shares.point].text(PruningAxis::name);
        if (shares.empty_rows > partly[value].empty_rows) partly[value] = shares;
        largest[value] = std::max(largest[value], shares.largest);
        without[value] = std::max(without[value], shares.examples_without);
    }
    std::vector<EqualValues> found;
    for (const auto& [value, count] : without) {
        if (count == 0) continue;
        found.push_back(
            {PruningAxis::name,
             {value},
             fmt::format("{} {} drops everything in {} of {}", PruningAxis::name, escape_controls(value), count,
                         counted(results.examples.size(), "example")),
             "All rows of the attention are left empty there: a position draws on itself at most, by the "
             "skip connection, and scores say nothing of the model."});
    }
    for (const auto& [value, shares] : partly) {
        if (shares.examples_with_empty_rows == shares.examples_without) continue;
        found.push_back({PruningAxis::name,
                         {value},
                         fmt::format("{} {} leaves {} without any attention, in {} of {}", PruningAxis::name,
                                     escape_controls(value), counted(shares.empty_rows, "row"),
                                     shares.examples_with_empty_rows, counted(results.examples.size(), "example")),
                         "There a position draws on itself at most, by the skip connection. Rows are those of all "
                         "layers, at the grid point where they are most."});
    }
    for (const auto& [value, share] : largest) {
        if (share > 0.0) continue;
        found.push_back({PruningAxis::name,
                         {value},
                         fmt::format("{} {} drops nothing", PruningAxis::name, escape_controls(value)),
                         "It is above no weight of any example: the scores are those without it."});
    }
    return found;
}

}  // namespace

std::vector<EqualValues> equal_values(RunStore& store, const Results& results) {
    std::vector<VariedAxis> varied;
    for (const AxisInfo& axis : axes()) varied.emplace_back(axis.name, results.grid);
    const auto is_settled = [](const VariedAxis& axis) { return !axis.has_equal(); };
    for (std::size_t e = 0; e < store.record().examples.size(); ++e) {
        std::erase_if(varied, is_settled);
        if (varied.empty()) break;
        compare_example(store, e, varied);
    }
    std::vector<EqualValues> found;
    for (const VariedAxis& axis : varied) {
        for (const auto& set : axis.sets()) found.push_back(equal_of(axis, set));
    }
    for (EqualValues& pruner : idle_pruners(results)) found.push_back(std::move(pruner));
    return found;
}

}  // namespace attnflow
