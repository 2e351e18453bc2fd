// Nothing of its own: what attnflow_headers() in AttnflowTargets.cmake precompiles belongs to a target.
