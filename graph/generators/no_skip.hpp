#pragma once
/// `uneven_keys` without skip connection: no lane carries half of every row, so flows are
/// bound higher up.

#include "graph/generators/uneven_keys.hpp"

namespace attnflow {

class NoSkipAttention : public UnevenKeys {
public:
    static EntryInfo describe() {
        EntryInfo info = UnevenKeys::describe({.skip_weight = 0.0});
        info.name = "no_skip";
        info.summary = "uneven_keys without skip connection";
        return info;
    }
    using UnevenKeys::UnevenKeys;
};

}  // namespace attnflow
