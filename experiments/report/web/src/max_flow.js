// Exact maximum flow on a small layered network, the same integers as the C++ solvers use.
//
// Dinic's algorithm: breadth-first levels in the residual network, then a blocking flow along
// level edges, tokens in order of position. The value is unique; the edge flows are those which
// this order finds. Capacities are integers up to 2^32 and sums of them stay below 2^53, so double
// arithmetic is exact. O(V^2 E) at worst, far less in practice; meant for examples of
// up to the document's `solvable_tokens`.

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

/** The maximum flow from (layer, source) to (0, sink): { value, flow by slot, cut of `cuts`, its side by vertex }. */
export function maxFlow(network, layer, source, sink, cuts) {
  const dinic = new Dinic(network, layer, source, sink);
  const value = dinic.solve();
  const cut = cuts.classify(network, layer, source, sink, value);
  const side = cuts.side(network, layer, source, sink, cut, dinic.sourceSide());
  return { value, flow: dinic.flow, cut, side };
}

/** Only the values, from one source to every token. */
export function flowRow(network, layer, source) {
  return Float64Array.from({ length: network.widths[0] }, (_, t) => new Dinic(network, layer, source, t).solve());
}
