#pragma once
/// Which cut binds: the reason why a max flow is not larger, in one vocabulary for every
/// solver.
///
/// Deep attention networks saturate: from a few layers on, the flow from s to t is often
/// just the out-capacity of s or the in-capacity of t, and says nothing of the layers in
/// between. So every flow comes with the first of these cuts, in this order, whose capacity
/// equals the value (A_l the matrix of layer l, source (L, s), sink (0, t), o_l(s) the row
/// sum of A_l at s without its diagonal entry, c_l(t) the column sum without it):
///
///   source_row        everything that leaves (L, s): row sum of A_L at s
///   sink_column       everything that enters (0, t): column sum of A_1 at t
///   source_lane(k)    around (L, s)..(k, s), k = L-1, ..., 1:
///                     o_L(s) + ... + o_{k+1}(s) + row sum of A_k at s
///   sink_lane(k)      around (0, t)..(k, t), k = 1, ..., L-2:
///                     c_1(t) + ... + c_k(t) + column sum of A_{k+1} at t
///   crossing(b)       b = 1, ..., L-1; the source's lane above layer b, the sink's below,
///                     the cheaper side for each vertex of layer b:
///                     sum_{l>=b+2} o_l(s) + sum_x min(A_{b+1}[s][x], A_b[x][t]) + sum_{l<=b-1} c_l(t)
///   interior          none of these; the source-minimal minimum cut says which (Certificate)
///
/// Inner vertices that are on no path from s to t carry no flow, so sums leave them out:
/// under a causal mask this restricts them to the token window between t and s.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/layered_network.hpp"

namespace attnflow {

enum class CutKind : std::uint8_t { source_row, sink_column, source_lane, sink_lane, crossing, interior };

/// What of a layer lies on the source side of a cut that has a name: nothing, the source's vertex, every vertex x
/// whose edge from the source's vertex above is dearer than its edge to the sink's vertex below, all but the
/// sink's vertex, everything.
enum class CutPart : std::uint8_t { nothing, source, dearer_above, all_but_sink, everything };

/// Its name, as above.
const char* to_string(CutPart part);

/// A layer counted from the input, or from the source's layer down.
struct CutLayer {
    bool from_top = false;
    std::size_t distance = 0;

    /// Signed: a range of layers may be empty.
    std::int64_t of(std::size_t top) const {
        const auto d = static_cast<std::int64_t>(distance);
        return from_top ? static_cast<std::int64_t>(top) - d : d;
    }
};

/// A kind of the vocabulary: its cuts k = lowest, ..., highest, by what lies on the source side above layer k, in
/// it and below it. An interior cut has no such description.
struct CutShape {
    CutKind kind;
    const char* name;
    const char* meaning;  ///< what such a cut goes around, for people: "everything that leaves the source"
    const char* group;    ///< in short, for tables of shares: kinds of one group are one row
    bool is_trivial;      ///< one number of the source or of the sink: no layer in between plays a part
    CutPart above, at, below;
    CutLayer lowest, highest;
    bool is_downwards;  ///< the order of k: from the highest down
    bool has_layer;     ///< k is part of a cut's name

    CutPart in_layer(std::size_t layer, std::size_t k) const {
        return layer > k ? above : layer == k ? at : below;
    }
};

/// The vocabulary: each kind at the place of its CutKind.
std::span<const CutShape> cut_shapes();

const CutShape& shape_of(CutKind kind);
/// The name of a kind without its layer.
const char* to_string(CutKind kind);
/// All kinds, in the order of the vocabulary.
inline constexpr CutKind all_cut_kinds[] = {CutKind::source_row, CutKind::sink_column, CutKind::source_lane,
                                            CutKind::sink_lane,  CutKind::crossing,    CutKind::interior};

struct BindingCut {
    CutKind kind = CutKind::interior;
    /// k of a lane, b of a crossing; 0 for the others.
    std::uint32_t layer = 0;

    std::string text() const;  ///< "source_row", "sink_lane(2)", ...
    bool operator==(const BindingCut&) const = default;
};

/// The cuts of flows from one layer of a network to its input: which one binds, and what stands on its sides.
/// Keeps what it learns of a source and of the sinks, so ask for one source after the other. Not for use by two
/// threads at once; keeps a reference to the network.
class CutClassifier {
public:
    CutClassifier(const FixedNetwork& network, std::size_t source_layer);

    /// `value` is the max flow from (source_layer, source) to (0, sink).
    /// O(L n) after O(L n^2) for a new source and for each new sink.
    BindingCut classify(std::size_t source, std::size_t sink, std::int64_t value);

    using Mask = std::vector<char>;  ///< by vertex

    /// 1 for the vertices on the source side of a cut that has a name (cut_shapes). Vertices on no path from
    /// source to sink stand where their edges cost nothing, so that the capacity of all edges out of the side is
    /// that of the cut. Throws InternalError for `interior`, whose side a certificate has.  O(L n^2).
    Mask source_side(std::size_t source, std::size_t sink, const BindingCut& cut);

private:
    void enter_source(std::size_t source);
    const Mask& reaches(std::size_t sink);
    bool on_path(std::size_t layer, std::size_t position) const;
    std::int64_t row_sum(std::size_t layer, std::size_t position, bool with_diagonal) const;
    std::int64_t column_sum(std::size_t layer, std::size_t position, bool with_diagonal) const;
    std::int64_t edge_or_none(std::size_t layer, std::size_t from, std::size_t to) const;
    std::int64_t meeting(std::size_t b, std::size_t source, std::size_t sink) const;
    struct Question {
        std::size_t source, sink;
        std::int64_t value;
    };
    std::int64_t out_of_source_lane(const Question& asked, std::size_t layers);
    std::int64_t into_sink_lane(const Question& asked, std::size_t layers);
    std::int64_t out_of_layer(const Question& asked, std::size_t layer, CutPart from, CutPart to) const;
    bool has_capacity(const Question& asked, const CutShape& shape, std::size_t k);

    const FixedNetwork& g_;
    std::size_t top_;
    bool full_ = true;  // no zero anywhere: every inner vertex is on a path
    std::optional<std::size_t> source_;
    Mask reached_;                   // from the current source
    std::vector<Mask> reaches_;      // by sink, empty until asked for
    const Mask* to_sink_ = nullptr;  // of the current sink
    // Of the current question, by number of layers, as far as they were asked for: sums of o_l(source) from the
    // top down, of c_l(sink) from the input up. Beyond its value they may stand still.
    std::vector<std::int64_t> out_of_source_lane_, into_sink_lane_;
};

}  // namespace attnflow
