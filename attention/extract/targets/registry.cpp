/// The list of targets: one line each.

#include "attention/extract/targets/margin.hpp"
#include "attention/extract/targets/target_kind.hpp"

namespace attnflow {

TargetRegistry& targets() {
    static TargetRegistry registry = [] {
        TargetRegistry r;
        r.add<MarginTarget>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
