#pragma once
/// Phases: what settles pairs before a pair gets waves of its own, by lower bounds of its flow. With any of them
/// left out values and cuts are the same, which is how it is measured what they save (bench/) and how they are
/// tested; one that hands in a bound that is too high makes values wrong.

#include <span>
#include <string>
#include <vector>

namespace attnflow::engine {

struct AllPairs;
class Scratch;

struct Phase {
    const char* name;
    const char* why;  ///< one sentence
    /// Settles what it can of all open pairs.
    void (*settle)(AllPairs& pairs) = nullptr;
    /// In the last loop over sinks, for one that has open pairs. Several threads may be at different sinks.
    void (*settle_sink)(AllPairs& pairs, std::size_t t, Scratch& scratch) = nullptr;
};

namespace phases {
extern const Phase sweeps;
extern const Phase higher_sweeps;
extern const Phase lower_halves;
extern const Phase shared_middle;
extern const Phase token_chains;
extern const Phase feeding;
// Parts of others, without a function of their own.
extern const Phase unconstrained;
extern const Phase found_cuts;
extern const Phase masses_first;
}  // namespace phases

/// In the order in which they run: the one list.
std::span<const Phase* const> phase_list();

/// Which phases run.
class Switches {
public:
    /// All but those named. Throws ParameterError for a name that no phase has.
    explicit Switches(const std::vector<std::string>& without);
    bool on(const Phase& phase) const;

private:
    std::vector<const Phase*> off_;
};

}  // namespace attnflow::engine
