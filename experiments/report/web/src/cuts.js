// The vocabulary of binding cuts. Kinds, their order, meaning and sides are those of the document (`cuts`, from
// graph/binding_cut.hpp); here is only how to read them.

export class CutVocabulary {
  /** `list` is the document's `cuts`. */
  constructor(list) {
    this.list = list;
    this.kinds = list.map(({ kind }) => kind);
    this.trivial = this.kinds.filter((kind) => this.isTrivial(kind));
    this.other = this.kinds.filter((kind) => !this.isTrivial(kind));
  }

  shape(kind) {
    return this.list[this.kinds.indexOf(kind)];
  }
  /** Whether such a cut is one number of the source or of the sink, and no layer in between plays a part. */
  isTrivial(kind) {
    return this.shape(kind).is_trivial;
  }
  /** What cuts of a kind go around, for reading. */
  meaning(kind) {
    return this.shape(kind).meaning;
  }

  /** "sink_lane(2)", as tables have it. */
  text({ kind, layer }) {
    return this.shape(kind).has_layer ? `${kind}(${layer})` : kind;
  }
  /** The same for reading: "sink lane at layer 2". */
  name(cut) {
    return this.text(cut)
      .replace("_", " ")
      .replace(/\((\d+)\)/, " at layer $1");
  }
  /** From the 16 bits that a score's cut is embedded as. */
  decode(code) {
    return { kind: this.kinds[code & 7], layer: code >> 3 };
  }

  /** Names the first cut whose capacity is `value`, the flow from (top, source) to (0, sink): { kind, layer }. */
  classify(g, top, source, sink, value) {
    const paths = pathMasks(g, top, source, sink);
    // Vertices of the source's layer and of the input always count: the closed forms hold whole rows and columns.
    const counts = (l, v) => l === 0 || l === top || (paths.reached[v] === 1 && paths.reaches[v] === 1);
    for (const { shape, k } of this.candidates(top)) {
      const side = sideByShape(shape, k, g, top, source, sink);
      if (capacityUpTo(value, g, top, side, counts) === value) {
        return { kind: shape.kind, layer: shape.has_layer ? k : 0 };
      }
    }
    return { kind: this.kinds.at(-1), layer: 0 };
  }

  // Every cut that has a name, in the order of the vocabulary.
  *candidates(top) {
    for (const shape of this.list) {
      if (!shape.at) continue;
      const [lowest, highest] = [placeOf(shape.lowest, top), placeOf(shape.highest, top)];
      for (let step = 0; step <= highest - lowest; ++step) {
        yield { shape, k: shape.is_downwards ? highest - step : lowest + step };
      }
    }
  }

  /**
   * By vertex, 1 on the source side of a cut; of one that has no name it is `interior`. Vertices on no path from
   * source to sink stand where their edges cost nothing.
   */
  side(g, top, source, sink, cut, interior) {
    const shape = this.shape(cut.kind);
    if (!shape.at) return interior;
    const side = sideByShape(shape, layerOf(shape, cut, top), g, top, source, sink);
    const { reached, reaches } = pathMasks(g, top, source, sink);
    return side.map((value, v) => (!reaches[v] ? 1 : reached[v] ? value : 0));
  }

  /** The vertices [l, i] that a cut runs around: the lanes of source and sink; null of one that has no name. */
  ringed(cut, top, source, sink) {
    const shape = this.shape(cut.kind);
    if (!shape.at) return null;
    const k = layerOf(shape, cut, top);
    const out = [];
    for (let l = top; l >= 0; --l) {
      const part = partOf(shape, k, l);
      if (part === "source") out.push([l, source]);
      if (part === "all_but_sink") out.push([l, sink]);
    }
    return out;
  }
}

const placeOf = ({ from_top, distance }, top) => (from_top ? top - distance : distance);
const layerOf = (shape, cut, top) => (shape.has_layer ? cut.layer : placeOf(shape.lowest, top));
const partOf = (shape, k, l) => (l > k ? shape.above : l === k ? shape.at : shape.below);

function sideByShape(shape, k, g, top, source, sink) {
  const isDearerAbove = (x) => {
    const above = source < g.widths[k + 1] ? g.capacity(k + 1, source, x) : 0;
    return above > (sink < g.widths[k - 1] ? g.capacity(k, x, sink) : 0);
  };
  const holds = {
    nothing: () => false,
    source: (i) => i === source,
    dearer_above: isDearerAbove,
    all_but_sink: (i) => i !== sink,
    everything: () => true,
  };
  const side = new Uint8Array(g.firstVertex[top + 1]);
  for (let l = 0; l <= top; ++l) {
    const isInside = holds[partOf(shape, k, l)];
    for (let i = 0; i < g.widths[l]; ++i) side[g.vertex(l, i)] = isInside(i) ? 1 : 0;
  }
  return side;
}

// Capacity from one side to the other over vertices that count; some number above `limit` once it is passed.
function capacityUpTo(limit, g, top, side, counts) {
  let sum = 0;
  for (let l = 1; l <= top; ++l) {
    for (let i = 0; i < g.widths[l]; ++i) {
      const from = g.vertex(l, i);
      if (side[from] === 0 || !counts(l, from)) continue;
      for (let j = 0, slot = g.slot(l, i, 0), to = g.vertex(l - 1, 0); j < g.widths[l - 1]; ++j, ++slot, ++to) {
        if (side[to] === 0 && counts(l - 1, to)) sum += g.capacities[slot];
      }
      if (sum > limit) return sum;
    }
  }
  return sum;
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
