#pragma once
/// The contract of an attribution method: what every method must do, what it promises, and that it is right.
///
/// Looked at on networks of every generator, of several sizes, and on two variants of each that no softmax makes:
/// one with other row sums and one with a third of its edges missing.
///
///   right         the method's known answers (KnownAnswer) and its definition, where it has one, on every network
///   form          one finite score a source and token; the same when asked twice, from a fresh object, for some
///   of the
///                 sources, and for several layers at once
///   promises      see namespace promise

#include <functional>
#include <memory>

#include "algorithms/attribution_method.hpp"
#include "experiments/contracts/laws.hpp"

namespace attnflow {

struct MethodContract {
    using Make = std::function<std::unique_ptr<AttributionFamily::Interface>()>;

    Make make;  ///< with default parameters
    EntryInfo info;
    Make like = {};           ///< another method whose scores it must have
    std::uint64_t seeds = 2;  ///< networks of each generator and size

    /// Also complains, instead of throwing, where the method throws what is no refusal.
    void check(Laws& laws) const;
};

namespace law {
inline constexpr const char* layers_together = "layers together are the layers one by one";
inline constexpr const char* sources_apart = "sources do not influence each other";
inline constexpr const char* defined = "its definition holds";
inline constexpr const char* alike = "scores as the reference does";
}  // namespace law

}  // namespace attnflow
