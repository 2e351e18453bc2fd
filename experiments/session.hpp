#pragma once
/// One example under study: builds networks and attributions when they are asked for and
/// keeps them, so that grid points which differ only in what is read off share the work.

#include <map>
#include <memory>
#include <string>

#include "algorithms/attribution_method.hpp"
#include "attention/dataset.hpp"
#include "attention/heads/head_aggregator.hpp"
#include "experiments/axes.hpp"

namespace attnflow {

/// The attribution methods with their parameters: made once, used for one example after the
/// other by one thread.
class MethodSet {
public:
    explicit MethodSet(std::map<std::string, std::map<std::string, ParameterValue>> parameters = {})
        : parameters_(std::move(parameters)) {}
    AttributionFamily::Interface& method(const std::string& name);

private:
    std::map<std::string, std::map<std::string, ParameterValue>> parameters_;
    std::map<std::string, std::unique_ptr<AttributionFamily::Interface>> methods_;
};

class Session {
public:
    /// Keeps references to both. `with_paths`: attributions come with the best path of each pair
    /// where the method has paths.
    Session(const Example& example, MethodSet& methods, bool with_paths = false)
        : example_(example), methods_(methods), with_paths_(with_paths) {}

    /// The attribution of a point; read-out and positions play no part in it. Throws
    /// ParameterError for a layer or source that the example does not have.
    const Attribution& attribution(const GridPoint& point);
    /// Throws ParameterError for a layer, source or head that the example does not have.
    void check(const GridPoint& point) const;
    const LayeredNetwork<double>& network(const GridPoint& point);
    /// Positions of the sources of a point, in the order of the rows of its attribution.
    std::vector<std::size_t> sources(const GridPoint& point) const;
    /// Layer of a point, the top one when it takes none.
    std::size_t layer(const GridPoint& point) const;

private:
    Attribution attribute(const GridPoint& point);
    Attribution combine(const GridPoint& point, const HeadFamily::Interface& heads,
                        const std::vector<std::string>& passes);

    const Example& example_;
    MethodSet& methods_;
    bool with_paths_;
    std::map<std::string, LayeredNetwork<double>> networks_;
    std::map<std::string, Attribution> attributions_;
};

}  // namespace attnflow
