#pragma once
/// Follows one head k of the source's layer i: that layer is A(i,k) alone, the layers below are
/// single-headed, the mean of their heads. With rollout this is the paper's
/// A~(i,k) = A(i,k) R, R the rollout of the layers below (printed with index i, which must
/// mean i-1).
///
/// The skip connection is mixed into layer i too, unless its skip weight is 0: see
/// skip_weight = "per_layer(...)".  O(H n^2) a layer, the memory of one matrix.
///
/// Abnar & Zuidema, ACL 2020, arXiv:2005.00928, appendix A.1

#include "attention/network/heads/mean.hpp"
#include "attention/network/heads/single.hpp"

namespace attnflow {

class FollowedHead {
public:
    static EntryInfo describe() {
        return {.name = "followed",
                .summary = "one head in the layer of the source, the mean of the heads in the layers below",
                .paper = "Abnar & Zuidema 2020, arXiv:2005.00928, appendix A.1",
                .complexity = "O(H n^2) a layer, memory of one matrix",
                .parameters = SingleHead::describe().parameters,
                .promises = {head_promise::rows_sum_to_one, head_promise::between_heads, head_promise::monotone,
                             head_promise::homogeneous, head_promise::equivariant}};
    }
    static std::vector<KnownFusion> known_fusions() {
        return {{3,
                 2,
                 {1.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.5},
                 {0.5, 0.5, 0.4166666666666667, 0.5833333333333334},
                 {1.0, 0.0, 0.5, 0.5}}};
    }

    explicit FollowedHead(const Parameters& parameters)
        : head_(parameters.get<std::int64_t>("head")), single_(parameters) {}

    void check(const AttentionStack& attention) const { check_head_exists(attention, head_, "followed"); }

    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        mean_.fuse(attention, layer, out);
    }
    void fuse_source_layer(const AttentionStack& attention, std::size_t layer, std::span<double> out) const {
        single_.fuse(attention, layer, out);
    }

private:
    std::int64_t head_;
    SingleHead single_;
    MeanHeads mean_;
};

}  // namespace attnflow
