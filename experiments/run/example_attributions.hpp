#pragma once
/// The attributions of one example: builds the network of a grid point, lets a method answer on it, and keeps
/// what the next points can share.

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "algorithms/attribution_method.hpp"
#include "attention/dataset.hpp"
#include "attention/network/heads/head_aggregator.hpp"
#include "attention/padding.hpp"
#include "attention/words.hpp"
#include "experiments/run/method_set.hpp"
#include "experiments/study/grid_point.hpp"

namespace attnflow {

/// Throws ParameterError, beginning with `where`, for edge weights `name` of one matrix a layer and a head
/// strategy that would make of one matrix what the mean does: rows of a table that seem to differ.
void refuse_heads_of_one_matrix(const std::string& name, const std::string& heads, const std::string& where);

class ExampleAttributions {
public:
    /// Keeps references to the example and the methods. `special_tokens`: by exact text, for the
    /// axis of that name. `with_paths`: attributions come with the best path of each pair where the
    /// method has paths. `words`: those of the example, for points that score words. Throws InputError where there
    /// are words and layers are not as wide as the text.
    ExampleAttributions(const Example& example, MethodSet& methods, const std::vector<std::string>& special_tokens,
                        Computing computing = {}, bool with_paths = false, std::optional<Words> words = {});

    /// The example in the units of a point: as it is, or with words for positions. Rows and columns of
    /// attributions count its positions, and so does the network, unless words are joined after the attribution.
    const Example& example(const GridPoint& point) const;

    /// The attribution of a point; read-out and positions play no part in it. Throws
    /// ParameterError for a layer or source that the example does not have.
    Attribution attribution(const GridPoint& point);
    /// Those of points (at least one) that differ in the layer only, layers ascending: in one
    /// pass over the network where the method can.
    std::vector<Attribution> attributions(std::span<const GridPoint> points);
    /// Throws ParameterError for a layer, source, head or edge weights that the example does not
    /// have, and InputError for edge weights that are negative or not finite.
    void check(const GridPoint& point);
    /// Throws InputError where the point's source is called `cls` or `last` and holds padding.
    void check_source(const GridPoint& point, const LeftPadding& padding) const;
    /// Whether a network(point) answers `point`: false where heads are combined by their scores.
    bool has_one_network(const GridPoint& point) const;
    /// Kept until another is asked for, so ask for what shares a network side by side.
    const LayeredNetwork<double>& network(const GridPoint& point);
    /// Positions of the sources of a point, in the order of the rows of its attribution.
    std::vector<std::size_t> sources(const GridPoint& point) const;
    /// Layer of a point, the top one when it takes none.
    std::size_t layer(const GridPoint& point) const;

private:
    /// A point with its options and what they mean for this example.
    struct Question {
        GridPoint point;
        PointOptions options;
        std::size_t layer;
        std::vector<std::size_t> sources;  ///< in the units of the point
        std::vector<std::size_t>
            asked;  ///< positions of the network: the tokens of these, where they are joined later
    };

    PointOptions resolved(const GridPoint& point) const;
    Question question(const GridPoint& point) const;
    const Example& network_example(const UnitChoice& units) const;
    AttentionStack weights(const PointOptions& options) const;
    std::vector<Attribution> of_network(std::span<const GridPoint> points, const std::vector<Question>& questions);
    Attribution joined(const Question& question, Attribution attribution) const;
    const LayeredNetwork<double>& network(const Question& question);
    void subtract_uniform(const Question& question, Attribution& attribution);
    std::vector<Attribution> with_fused_heads(std::span<const Question> questions);
    std::vector<const Attribution*> pass(std::span<const GridPoint> points, const std::string& heads);

    const Example& example_;
    MethodSet& methods_;
    Computing computing_;
    bool with_paths_;
    std::vector<std::size_t> special_positions_;
    std::optional<Words> words_;
    std::map<JoinRows, Example> in_words_;  // the example with words for positions
    std::set<std::string> checked_weights_;
    std::set<std::string> checked_networks_;  ///< keys
    std::string network_key_;
    std::optional<LayeredNetwork<double>> network_;
    PruningLoss loss_;  // of network_
    /// Of the passes of late head strategies, which several strategies share; kept while the
    /// other axes of the network stay the same.
    std::map<std::string, Attribution> passes_;
    std::string passes_key_;
};

}  // namespace attnflow
