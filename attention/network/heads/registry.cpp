/// The list of head strategies: one line each.

#include "attention/network/heads/entropy_weighted.hpp"
#include "attention/network/heads/followed.hpp"
#include "attention/network/heads/geometric_mean.hpp"
#include "attention/network/heads/head_aggregator.hpp"
#include "attention/network/heads/late.hpp"
#include "attention/network/heads/max.hpp"
#include "attention/network/heads/mean.hpp"
#include "attention/network/heads/median.hpp"
#include "attention/network/heads/min.hpp"
#include "attention/network/heads/single.hpp"
#include "attention/network/heads/top_k.hpp"

namespace attnflow {

HeadRegistry& head_strategies() {
    static HeadRegistry registry = [] {
        HeadRegistry r;
        r.add<MeanHeads>();
        r.add<MaxHeads>();
        r.add<MinHeads>();
        r.add<MedianHeads>();
        r.add<GeometricMeanHeads>();
        r.add<SingleHead>();
        r.add<EntropyWeightedHeads>();
        r.add<TopKHeads>();
        r.add<FollowedHead>();
        r.add<LateHeads>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

void check_head_exists(const AttentionStack& attention, std::int64_t head, const std::string& where) {
    if (head >= 0 && static_cast<std::size_t>(head) < attention.heads()) return;
    throw ParameterError(fmt::format("{}: there is no head {}, the attention has heads 0 to {}", where, head,
                                     attention.heads() - 1));
}

}  // namespace attnflow
