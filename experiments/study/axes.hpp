#pragma once
/// The axes of an experiment: what can be varied, the values each takes, and which methods
/// take it. Config check, command line, result columns and docs read this one table.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attention/network/build_network.hpp"
#include "graph/support/registry.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

/// What the value of an axis decides, and so what two grid points that differ in it can share.
enum class AxisStage {
    network,      ///< the network that a method gets
    attribution,  ///< the question that is asked of it: layer, source
    reading,      ///< what is read off the answer: points that differ in nothing else share it
};

struct AxisInfo {
    std::string name;
    std::string summary;
    std::string values;  ///< the values it takes, in words
    ParameterValue fallback;
    /// Name in EntryInfo::axes that a method must list to take this axis; "" for all methods.
    std::string taken_with;
    /// The value in canonical form. Throws ParameterError, beginning with `where`.
    std::function<ParameterValue(const ParameterValue& value, const std::string& where)> check;
    AxisStage stage = AxisStage::network;
};

/// In the order of the columns of results.
const std::vector<AxisInfo>& axes();
/// Throws ParameterError with the nearest name when there is no such axis.
const AxisInfo& axis_info(const std::string& name);
bool takes(const EntryInfo& method, const AxisInfo& axis);

/// One combination of a method with a value for each axis that it takes.
struct GridPoint {
    std::string method;
    std::map<std::string, ParameterValue> values;

    bool has(const std::string& axis) const { return values.contains(axis); }
    /// The value as text, "" when the method does not take the axis.
    std::string text(const std::string& axis) const;
    /// The layer of a point of a grid, where every layer is a number; nothing without one.
    std::optional<std::int64_t> layer() const;
    /// Equal for points that agree in all axes of the stages up to `last` and, except for
    /// networks, in the method.
    std::string key(AxisStage last) const;
    bool operator==(const GridPoint&) const = default;
};

/// The network that a point asks for; without a skip_weight axis there is no skip connection.
/// Positions of special tokens are dropped where the point says so.
NetworkOptions network_options(const GridPoint& point, const std::vector<std::size_t>& special_positions = {});

/// Positions of the sources that a `source` value names in an example of n tokens, one of which may be
/// `masked`. Throws ParameterError, beginning with `where`, for an index that is not below n, and for `mask`
/// where no token is masked.
std::vector<std::size_t> resolve_sources(const ParameterValue& source, std::size_t n,
                                         std::optional<std::size_t> masked, const std::string& where);

/// Positions that a `positions` value keeps: `all`, or without the special tokens.
std::vector<std::size_t> kept_positions(const std::string& positions, const std::vector<std::string>& tokens,
                                        const std::vector<std::string>& special);

/// One score a token from one row of scores a source, by the `readout` axis.
std::vector<double> read_out(const RowMajor<double>& scores, const std::string& readout);

}  // namespace attnflow
