// Exact maximum flow on a small layered network, the same integers as the C++ solvers use.
//
// Dinic's algorithm: breadth-first levels in the residual network, then a blocking flow along
// level edges, tokens in order of position. The value is unique; the edge flows are those which
// this order finds. Capacities are integers up to 2^32 and sums of them stay below 2^53, so double
// arithmetic is exact. O(V^2 E) at worst, far less in practice; meant for up to 64 tokens.

/** widths[l] vertices in layer l; capacities of layers 1..L, row-major, one after the other. */
export class LayeredNetwork {
  constructor(widths, capacities) {
    this.widths = widths;
    this.layers = widths.length - 1;
    this.capacities = capacities;
    this.firstVertex = [0];
    this.firstSlot = [0, 0];
    for (let l = 0; l <= this.layers; ++l) {
      this.firstVertex.push(this.firstVertex[l] + widths[l]);
      if (l > 0) this.firstSlot.push(this.firstSlot[l] + widths[l] * widths[l - 1]);
    }
    if (capacities.length !== this.firstSlot[this.layers + 1])
      throw new RangeError("capacities do not fit the widths");
  }
  vertex(layer, position) {
    return this.firstVertex[layer] + position;
  }
  slot(layer, i, j) {
    return this.firstSlot[layer] + i * this.widths[layer - 1] + j;
  }
  capacity(layer, i, j) {
    return this.capacities[this.slot(layer, i, j)];
  }
}

class Dinic {
  constructor(network, layer, source, sink) {
    this.g = network;
    this.top = layer;
    this.source = source;
    this.sink = sink;
    this.flow = new Float64Array(network.firstSlot[layer + 1]);
    const vertices = network.firstVertex[layer + 1];
    this.level = new Int32Array(vertices);
    this.next = new Int32Array(vertices);
    this.queue = new Int32Array(vertices);
    this.layerOf = new Int32Array(vertices);
    for (let l = 0; l <= layer; ++l) this.layerOf.fill(l, network.firstVertex[l], network.firstVertex[l + 1]);
  }

  // Neighbour number k of v: first the layer below, then the layer above.
  neighbour(v, k) {
    const { g, top } = this;
    const l = this.layerOf[v];
    const i = v - g.firstVertex[l];
    const down = l > 0 ? g.widths[l - 1] : 0;
    if (k < down) {
      const slot = g.slot(l, i, k);
      return { to: g.vertex(l - 1, k), slot, sign: 1, residual: g.capacities[slot] - this.flow[slot] };
    }
    k -= down;
    if (l === top || k >= g.widths[l + 1]) return null;
    const slot = g.slot(l + 1, k, i);
    return { to: g.vertex(l + 1, k), slot, sign: -1, residual: this.flow[slot] };
  }

  // Levels from the source; false when the sink cannot be reached any more.
  buildLevels() {
    const { level, queue, layerOf, g, top, flow } = this;
    level.fill(-1);
    const s = g.vertex(top, this.source);
    const t = g.vertex(0, this.sink);
    level[s] = 0;
    let head = 0;
    let tail = 0;
    queue[tail++] = s;
    while (head < tail) {
      const v = queue[head++];
      const l = layerOf[v];
      const i = v - g.firstVertex[l];
      if (l > 0) {
        for (let j = 0, slot = g.slot(l, i, 0), w = g.firstVertex[l - 1]; j < g.widths[l - 1]; ++j, ++slot, ++w) {
          if (level[w] < 0 && g.capacities[slot] > flow[slot]) {
            level[w] = level[v] + 1;
            queue[tail++] = w;
          }
        }
      }
      if (l < top) {
        for (let k = 0, w = g.firstVertex[l + 1]; k < g.widths[l + 1]; ++k, ++w) {
          if (level[w] < 0 && flow[g.slot(l + 1, k, i)] > 0) {
            level[w] = level[v] + 1;
            queue[tail++] = w;
          }
        }
      }
    }
    return level[t] >= 0;
  }

  // Pushes up to `limit` from v to the sink along level edges; the amount that arrived.
  push(v, limit) {
    if (v === this.sinkVertex) return limit;
    let sent = 0;
    for (;;) {
      const edge = this.neighbour(v, this.next[v]);
      if (edge === null) return sent;
      if (edge.residual > 0 && this.level[edge.to] === this.level[v] + 1) {
        const arrived = this.push(edge.to, Math.min(limit - sent, edge.residual));
        this.flow[edge.slot] += edge.sign * arrived;
        sent += arrived;
        if (sent === limit) return sent;
      }
      ++this.next[v];
    }
  }

  solve() {
    this.sinkVertex = this.g.vertex(0, this.sink);
    const s = this.g.vertex(this.top, this.source);
    let value = 0;
    while (this.buildLevels()) {
      this.next.fill(0);
      value += this.push(s, Infinity);
    }
    return value;
  }

  // After solve(): the source side of the source-minimal minimum cut.
  sourceSide() {
    return this.level.map((level) => (level >= 0 ? 1 : 0));
  }
}

/**
 * Names the first cut of the vocabulary (graph/binding_cut.hpp) whose capacity equals `value`:
 * { kind, layer }. Inner vertices on no path from source to sink are left out of sums.
 */
export function classifyCut(g, top, source, sink, value) {
  const { reached, reaches } = pathMasks(g, top, source, sink);
  const on = (l, i) => l === 0 || l === top || (reached[g.vertex(l, i)] === 1 && reaches[g.vertex(l, i)] === 1);
  const rowSum = (l, i, diagonal) => {
    let sum = 0;
    if (i >= g.widths[l] || !on(l, i)) return 0;
    for (let j = 0; j < g.widths[l - 1]; ++j)
      if ((diagonal || j !== i) && on(l - 1, j)) sum += g.capacity(l, i, j);
    return sum;
  };
  const columnSum = (l, j, diagonal) => {
    let sum = 0;
    if (j >= g.widths[l - 1] || !on(l - 1, j)) return 0;
    for (let i = 0; i < g.widths[l]; ++i) if ((diagonal || i !== j) && on(l, i)) sum += g.capacity(l, i, j);
    return sum;
  };
  if (rowSum(top, source, true) === value) return { kind: "source_row", layer: 0 };
  if (columnSum(1, sink, true) === value) return { kind: "sink_column", layer: 0 };
  for (let k = top - 1, above = 0; k >= 1; --k) {
    above += rowSum(k + 1, source, false);
    if (above + rowSum(k, source, true) === value) return { kind: "source_lane", layer: k };
  }
  for (let k = 1, below = 0; k + 2 <= top; ++k) {
    below += columnSum(k, sink, false);
    if (below + columnSum(k + 1, sink, true) === value) return { kind: "sink_lane", layer: k };
  }
  const above = new Array(top + 3).fill(0);
  for (let l = top; l >= 3; --l) above[l] = above[l + 1] + rowSum(l, source, false);
  for (let b = 1, below = 0; b + 1 <= top; ++b) {
    let meeting = 0;
    if (source < g.widths[b + 1] && sink < g.widths[b - 1] && on(b + 1, source) && on(b - 1, sink)) {
      for (let x = 0; x < g.widths[b]; ++x)
        meeting += Math.min(g.capacity(b + 1, source, x), g.capacity(b, x, sink));
    }
    if (above[b + 2] + below + meeting === value) return { kind: "crossing", layer: b };
    below += columnSum(b, sink, false);
  }
  return { kind: "interior", layer: 0 };
}

// By vertex: reached from the source, and reaching the sink.
function pathMasks(g, top, source, sink) {
  const reached = new Uint8Array(g.firstVertex[top + 1]);
  reached[g.vertex(top, source)] = 1;
  for (let l = top; l > 0; --l) {
    for (let i = 0; i < g.widths[l]; ++i) {
      if (!reached[g.vertex(l, i)]) continue;
      for (let j = 0; j < g.widths[l - 1]; ++j) if (g.capacity(l, i, j) > 0) reached[g.vertex(l - 1, j)] = 1;
    }
  }
  const reaches = new Uint8Array(reached.length);
  reaches[g.vertex(0, sink)] = 1;
  for (let l = 1; l <= top; ++l) {
    for (let i = 0; i < g.widths[l]; ++i) {
      for (let j = 0; j < g.widths[l - 1]; ++j) {
        if (g.capacity(l, i, j) > 0 && reaches[g.vertex(l - 1, j)]) reaches[g.vertex(l, i)] = 1;
      }
    }
  }
  return { reached, reaches };
}

/**
 * Source side of the cut that `classifyCut` named, by vertex (1 = source side). Only the lane of
 * the source is on that side for the cuts around it; all but the sink's lane for those around the sink.
 */
export function sideOfCut(g, top, source, sink, cut, interiorSide) {
  const side = new Uint8Array(g.firstVertex[top + 1]);
  const lane = (from, to, position, value) => {
    for (let l = from; l <= to; ++l) if (position < g.widths[l]) side[g.vertex(l, position)] = value;
  };
  switch (cut.kind) {
    case "source_row":
      lane(top, top, source, 1);
      break;
    case "source_lane":
      lane(cut.layer, top, source, 1);
      break;
    case "sink_column":
      side.fill(1);
      lane(0, 0, sink, 0);
      break;
    case "sink_lane":
      side.fill(1);
      lane(0, cut.layer, sink, 0);
      break;
    case "crossing": {
      const b = cut.layer;
      side.fill(1, 0, g.firstVertex[b]);
      lane(0, b - 1, sink, 0);
      lane(b + 1, top, source, 1);
      for (let x = 0; x < g.widths[b]; ++x) {
        const isUpperCheaper = g.capacity(b + 1, source, x) <= g.capacity(b, x, sink);
        side[g.vertex(b, x)] = isUpperCheaper ? 0 : 1;
      }
      break;
    }
    default:
      side.set(interiorSide);
      return side;
  }
  // Vertices on no path from source to sink go where their edges cost nothing.
  const { reached, reaches } = pathMasks(g, top, source, sink);
  for (let v = 0; v < side.length; ++v) {
    if (!reaches[v]) side[v] = 1;
    else if (!reached[v]) side[v] = 0;
  }
  return side;
}

/** The maximum flow from (layer, source) to (0, sink): { value, flow by slot, cut, side by vertex }. */
export function maxFlow(network, layer, source, sink) {
  const dinic = new Dinic(network, layer, source, sink);
  const value = dinic.solve();
  const cut = classifyCut(network, layer, source, sink, value);
  const side = sideOfCut(network, layer, source, sink, cut, dinic.sourceSide());
  return { value, flow: dinic.flow, cut, side };
}

/** Only the values, from one source to every token. */
export function flowRow(network, layer, source) {
  return Float64Array.from({ length: network.widths[0] }, (_, t) => new Dinic(network, layer, source, t).solve());
}
