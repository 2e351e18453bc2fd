// An embedded network: all capacities (up to as many tokens as the document's `solvable_tokens`), or the largest edges
// of each vertex.

import { decodeUint16, decodeUint32 } from "./data.js";
import { LayeredNetwork } from "./max_flow.js";

/** Edges are { l, i, j, w }: from (l, i) to (l-1, j) with weight w. */
export class EmbeddedNetwork {
  constructor(json, layers, tokens) {
    this.layers = layers;
    this.tokens = tokens;
    this.unit = 2 ** -json.bits;
    this.bits = json.bits;
    this.kept = json.kept ?? 1;
    this.pairs = json.pairs ?? [];
    if (json.dense) {
      this.exact = new LayeredNetwork(new Array(layers + 1).fill(tokens), decodeUint32(json.dense));
    } else {
      this.perVertex = json.k;
      this.columns = decodeUint16(json.columns);
      this.values = decodeUint32(json.values);
    }
  }

  /** Calls visit(j, w) for the edges from (l, i). */
  forEdges(l, i, visit) {
    if (this.exact) {
      const first = this.exact.slot(l, i, 0);
      for (let j = 0; j < this.tokens; ++j) {
        const c = this.exact.capacities[first + j];
        if (c > 0) visit(j, c * this.unit);
      }
      return;
    }
    const first = ((l - 1) * this.tokens + i) * this.perVertex;
    for (let e = 0; e < this.perVertex; ++e) {
      if (this.columns[first + e] !== 65535) visit(this.columns[first + e], this.values[first + e] * this.unit);
    }
  }

  /** Every edge up to `top`, as it is. */
  edges(top = this.layers) {
    const out = [];
    for (let l = 1; l <= top; ++l) {
      for (let i = 0; i < this.tokens; ++i) this.forEdges(l, i, (j, w) => out.push({ l, i, j, w }));
    }
    return out;
  }

  /**
   * The random walk that rollout is: from (layer, source) down, share of walks at each vertex and
   * on each edge. The shares in layer 0 are the rollout of the source.
   */
  walk(layer, source) {
    const mass = Array.from({ length: layer + 1 }, () => new Float64Array(this.tokens));
    mass[layer][source] = 1;
    const edges = [];
    for (let l = layer; l > 0; --l) {
      for (let i = 0; i < this.tokens; ++i) {
        if (mass[l][i] === 0) continue;
        this.forEdges(l, i, (j, w) => {
          mass[l - 1][j] += mass[l][i] * w;
          edges.push({ l, i, j, w: mass[l][i] * w });
        });
      }
    }
    return { mass, edges };
  }

  /** What enters (0, t) in layer 1. */
  columnSum(t) {
    let sum = 0;
    for (let i = 0; i < this.tokens; ++i) {
      this.forEdges(1, i, (j, w) => {
        if (j === t) sum += w;
      });
    }
    return sum;
  }
}
