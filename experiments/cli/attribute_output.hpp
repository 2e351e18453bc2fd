#pragma once
/// What `attnflow attribute` shows, in each of its formats.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attention/model/text_model.hpp"
#include "experiments/cli/blank_out_sets.hpp"
#include "experiments/run/example_attributions.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

/// What is to be attributed, with everything resolved.
struct AttributeRequest {
    Example example;
    GridPoint point;     ///< as asked for and shown
    GridPoint computed;  ///< the same on this example, whose heads may be fused already
    std::map<std::string, ParameterValue> parameters;
    std::vector<std::string> special_tokens;
    bool source_given = false;
    /// What the weights were extracted with, as Dataset::extraction(); for a model what of it matters.
    std::map<std::string, std::string> extraction = {};
    std::string target_words = {};        ///< what gradients of a model are of, "" where there are none
    std::optional<Dataset> dataset = {};  ///< where the example is from a file
    std::optional<TextModel> model = {};  ///< where there is one, and what it made of the text
    Encoding encoding = {};
    std::vector<double> outputs = {};
    std::optional<BlankOutSets> blanked = {};
    std::optional<Words> words = {};  ///< where words are scored
};

/// And what came of it.
struct AttributeAnswer {
    const Attribution& attribution;
    const Example& example;  ///< in the units of the scores
    std::size_t layer;
    bool whole_matrix;                  ///< every source by itself, else `scores`
    const std::vector<double>& scores;  ///< one a token
};

/// Every token is shown, so what is compared plays no part.
inline bool is_shown(const AxisInfo& axis) { return axis.stage != AxisStage::comparing; }
/// Nor do axes that are only there where they are asked for.
inline bool is_shown(const AxisInfo& axis, const GridPoint& point) {
    return is_shown(axis) && (!axis.only_where_asked || point.has(axis.name));
}

/// Whether edge weights of this name, if a model makes them, depend on the target.
bool is_made_of_gradients(const std::string& edge_weights_name);

/// To standard output.
void print_json(const AttributeRequest& request, ExampleAttributions& attributions, const AttributeAnswer& answer);
void print_csv(const AttributeRequest& request, const ExampleAttributions& attributions,
               const AttributeAnswer& answer);
void print_table(const AttributeRequest& request, const ExampleAttributions& attributions,
                 const AttributeAnswer& answer, bool color);

}  // namespace attnflow
