#pragma once
/// What a grid point asks for: the options that its axes set, each in the terms of the code that acts on it.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attention/dataset.hpp"
#include "attention/network/build_network.hpp"
#include "attention/words.hpp"
#include "graph/layered_network.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

/// Which positions of the source's layer are explained.
struct SourceChoice {
    enum class Kind {
        index,   ///< one position, counted from 0
        last,    ///< the last one
        masked,  ///< that whose token a masked language model fills in
        every,   ///< each by itself
        slice,   ///< those from `index` to `end`, each by itself
        list,    ///< those of `listed`, each by itself
    };
    Kind kind = Kind::index;
    std::size_t index = 0;
    std::optional<std::size_t> end = {};   ///< one past the last; nothing: up to the last position there is
    std::vector<std::size_t> listed = {};  ///< ascending

    /// One position, so that there is one row of scores; else a set of them.
    bool is_single() const { return kind == Kind::index || kind == Kind::last || kind == Kind::masked; }

    bool operator==(const SourceChoice&) const = default;

    /// In a layer of n positions, one of which may be `masked`. Throws ParameterError, beginning with `where`, for
    /// an index that is not below n, a slice that is not within the n, and where the masked position is asked for
    /// and there is none.
    std::vector<std::size_t> positions(std::size_t n, std::optional<std::size_t> masked,
                                       const std::string& where) const;
};

/// What positions of a network and scores are of: tokens, or words of which tokens are pieces
/// (attention/words.hpp).
struct UnitChoice {
    enum class Joined {
        never,   ///< tokens
        before,  ///< attention is joined, and words are attributed to
        after,   ///< tokens are attributed to, and their scores are joined
    };
    Joined joined = Joined::never;
    JoinRows rows = JoinRows::mean;  ///< of the attention from a word, or of its scores as a source

    bool are_words() const { return joined != Joined::never; }
    bool operator==(const UnitChoice&) const = default;
};

/// How rows of scores, one a source, become one score a token.
enum class ReadOut {
    row,  ///< there is one row
    column_max,
    column_sum,
};

/// What is done to something, one after the other: for axes that no field speaks of.
template <class Function>
struct Steps : std::vector<std::function<Function>> {
    /// Functions cannot be compared, so steps are equal where there are none.
    bool operator==(const Steps& other) const { return this->empty() && other.empty(); }
};

// What axes of each stage set (AxisStage), and no other.

struct NetworkStageOptions {
    UnitChoice units = {};  ///< of the network, or of scores that are made of it
    NetworkOptions network{.skip_weight = 0.0};
    std::string edge_weights = attention_weights;  ///< as weights_by_name()
    bool drop_special_tokens = false;              ///< network.dropped_keys are theirs, which an example decides
    /// On the network when it is built.
    Steps<LayeredNetwork<double>(const LayeredNetwork<double>&)> network_steps = {};

    bool operator==(const NetworkStageOptions&) const = default;
};

struct AttributionStageOptions {
    std::optional<std::size_t> layer = {};  ///< of the source, from 1; nothing: the top one
    SourceChoice source = {};

    bool operator==(const AttributionStageOptions&) const = default;
};

struct ReadingStageOptions {
    ReadOut read_out = ReadOut::row;
    /// On the score of each token then.
    Steps<void(std::vector<double>&)> score_steps = {};

    bool operator==(const ReadingStageOptions&) const = default;
};

struct ComparingStageOptions {
    bool score_special_tokens = true;

    bool operator==(const ComparingStageOptions&) const = default;
};

/// Defaults are what a method gets that does not take the axis.
struct PointOptions : NetworkStageOptions, AttributionStageOptions, ReadingStageOptions, ComparingStageOptions {
    /// One score a token from one row of scores a source.
    std::vector<double> scores(const RowMajor<double>& rows) const;
    /// Positions of the units that are compared. `words`: the first position of each word, for units that are
    /// words; else they play no part.
    std::vector<std::size_t> compared_positions(const std::vector<std::string>& tokens,
                                                const std::vector<std::string>& special_tokens,
                                                const std::vector<std::size_t>& words) const;
    /// Layer of the source where there are `layers`. Throws ParameterError, beginning with `where`, for one that
    /// does not exist.
    std::size_t source_layer(std::size_t layers, const std::string& where) const;
    /// Whether there are several rows of scores, and nothing makes one of them.
    bool has_row_for_each_source() const;
};

}  // namespace attnflow
