#pragma once
/// `uneven_keys` under a causal mask: no weight on later positions, so that a token sees
/// only the window before it and half of all pairs have flow 0.

#include "graph/generators/uneven_keys.hpp"

namespace attnflow {

class CausalAttention : public UnevenKeys {
public:
    static EntryInfo describe() {
        EntryInfo info = UnevenKeys::describe({.causal = true});
        info.name = "causal";
        info.summary = "uneven_keys under a causal mask";
        return info;
    }
    using UnevenKeys::UnevenKeys;
};

}  // namespace attnflow
