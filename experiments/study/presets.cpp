#include "experiments/study/presets.hpp"

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

std::vector<PresetSetting> operator+(std::vector<PresetSetting> base, const std::vector<PresetSetting>& more) {
    base.insert(base.end(), more.begin(), more.end());
    return base;
}

std::vector<Preset> make_presets() {
    const std::vector<PresetSetting> paper{
        {"axes.heads", "\"mean\"", "mean over heads"},
        {"axes.skip_weight", "0.5", "A = 0.5 W + 0.5 I"},
        {"axes.renormalise", "\"after_heads\"", "rows of W sum to 1 before the skip connection is mixed in"},
        {"axes.source", "\"cls\"", "the row of the CLS token"},
    };
    const std::vector<PresetSetting> authors_code{
        {"axes.heads", "\"mean\"", "mean over heads"},
        {"axes.skip_weight", "0.5", "row-normalised W + I"},
        {"axes.renormalise", "\"after_skip\"", "row-normalised W + I"},
        {"axes.positions", "\"all\"", "special_tokens_kept: CLS and SEP are in the correlation"},
        {"parameters.attention_flow.normalise_rows", "true", "flow_rows_normalised: flow row divided by its sum"},
    };
    return {
        {"paper", "the conventions that the paper states", paper},
        {"authors-code", "what the authors' published program computes", authors_code},
        {"authors-sva", "authors-code with the averaging of their subject-verb agreement script",
         authors_code +
             std::vector<PresetSetting>{
                 {"axes.source", "\"cls\"", "the row of the CLS token"},
                 {"evaluation.undefined", "\"zero\"", "nan_as_zero: an undefined correlation counts as 0"},
                 {"evaluation.cumulative_layer_mean", "true",
                  "cumulative_layer_mean: lists are never reset, \"layer l\" averages layers 1..l"},
             }},
        {"authors-sst2", "authors-code with the read-out and correlation of their SST-2 script",
         authors_code +
             std::vector<PresetSetting>{
                 {"axes.source", "\"all\"", "column_max_reader: maximum over all query rows"},
                 {"axes.readout", "\"column_max\"", "column_max_reader: maximum over all query rows"},
                 {"evaluation.metrics", "[\"spearman_dense_rank\"]",
                  "dense_rank_spearman: the no-ties formula on dense ranks"},
                 {"dataset.one_extra_example", "true",
                  "one_extra_example: the script stops after appending, one example late"},
             }},
    };
}

}  // namespace

const std::vector<Preset>& presets() {
    static const std::vector<Preset> list = make_presets();
    return list;
}

const Preset& preset(const std::string& name) {
    std::vector<std::string> names;
    for (const Preset& candidate : presets()) {
        if (candidate.name == name) return candidate;
        names.push_back(candidate.name);
    }
    throw ParameterError(fmt::format("no preset '{}'{}", excerpt(name), name_hint(name, names)));
}

}  // namespace attnflow
