// What the explorer can show of an example: for each view the edges to draw, the shading of
// vertices and the words that go with it. Shared by the page and by figure files.

export const VIEWS = {
  raw: {
    label: "Raw weights",
    words: "Attention weights of each layer with the heads fused, without skip connection.",
  },
  fused: {
    label: "Fused network",
    words: "The network that methods work on: fused heads, renormalised, with the skip connection.",
  },
  rollout: {
    label: "Rollout",
    words: "The random walk from the source downwards; an edge is as wide as the share of walks on it.",
  },
  flow: { label: "Flow", words: "A maximum flow from the source to the sink, and the cut that limits it." },
};

// Tokens that are drawn: all up to what the page can solve, else those that carry most.
const maxRows = (n) => (n <= 64 ? 64 : 48);
const MOST_CUT_EDGES = 400;

/** Edges and shading of a view that needs no solver. */
export function staticView(view, networks, layer, source) {
  const { raw, fused } = networks;
  if (view === "rollout") {
    const { mass, edges } = fused.walk(layer, source);
    return { edges, mass: (l, i) => (l <= layer ? mass[l][i] : 0), tokenScores: mass[0], total: null };
  }
  const network = view === "raw" ? raw : fused;
  const edges = network.edges(layer).map((edge) => ({ ...edge, strong: edge.l === layer && edge.i === source }));
  return { edges, mass: null, tokenScores: null };
}

/** Edges, shading and cut of a solved pair; `answer` as max_flow.js gives it, named by `cuts`. */
export function solvedView(network, layer, source, sink, answer, cuts) {
  const g = network.exact;
  const through = Array.from({ length: layer + 1 }, () => new Float64Array(network.tokens));
  const edges = [];
  const cutEdges = [];
  for (let l = 1; l <= layer; ++l) {
    for (let i = 0; i < g.widths[l]; ++i) {
      for (let j = 0; j < g.widths[l - 1]; ++j) {
        const slot = g.slot(l, i, j);
        const w = answer.flow[slot] * network.unit;
        if (w > 0) {
          edges.push({ l, i, j, w, c: g.capacities[slot] * network.unit });
          through[l][i] += w;
          if (l === 1) through[0][j] += w;
        }
        if (answer.side[g.vertex(l, i)] && !answer.side[g.vertex(l - 1, j)] && g.capacities[slot] > 0) {
          cutEdges.push({ l, i, j, w: g.capacities[slot] * network.unit });
        }
      }
    }
  }
  const value = answer.value * network.unit;
  return {
    value,
    edges,
    mass: (l, i) => (l <= layer && value > 0 ? through[l][i] / value : 0),
    cut: {
      ...answer.cut,
      edges: cutEdges,
      size: cutEdges.length,
      ringed: cuts.ringed(answer.cut, layer, source, sink) ?? smallerSide(answer.side, g, layer),
    },
    cutCapacity: cutEdges.reduce((sum, edge) => sum + edge.w, 0),
    foundBy: "Dinic's algorithm, tokens in order of position",
  };
}

/** The same from a pair that was computed when the report was written. */
export function precomputedView(pair, cuts) {
  const through = Array.from({ length: pair.layer + 1 }, () => new Map());
  const add = (l, i, w) => through[l].set(i, (through[l].get(i) ?? 0) + w);
  const edges = pair.edges.map(([l, i, j, w]) => {
    add(l, i, w);
    if (l === 1) add(0, j, w);
    return { l, i, j, w };
  });
  const cut = { kind: cuts.kinds[pair.cut[0]], layer: pair.cut[1] };
  const cutEdges = pair.cut_edges.map(([l, i, j, w]) => ({ l, i, j, w }));
  return {
    value: pair.value,
    edges,
    mass: (l, i) => (l <= pair.layer && pair.value > 0 ? (through[l].get(i) ?? 0) / pair.value : 0),
    cut: {
      ...cut,
      edges: cutEdges,
      size: pair.cut_size,
      ringed: cuts.ringed(cut, pair.layer, pair.source, pair.sink) ?? pair.side,
    },
    cutCapacity: pair.cut_capacity,
    foundBy: `the solver ${pair.solver}`,
  };
}

// Of a cut without a name, the side that has fewer vertices, as [layer, position].
function smallerSide(side, g, layer) {
  const last = g.firstVertex[layer + 1];
  let inside = 0;
  for (let v = 0; v < last; ++v) inside += side[v];
  const wanted = inside * 2 <= last ? 1 : 0;
  const out = [];
  for (let l = 0; l <= layer; ++l) {
    for (let i = 0; i < g.widths[l]; ++i) if (side[g.vertex(l, i)] === wanted) out.push([l, i]);
  }
  return out;
}

/**
 * The part of a cut that is drawn: every edge between drawn tokens, up to a limit; the filter of other edges does not
 * apply to it. { edges, ringed, words }: `words` says whether it is all of the cut. `rowOf` has the drawn tokens.
 */
export function drawnCut(content, rowOf) {
  const { cut, cutCapacity } = content;
  if (!cut) return null;
  const edges = cut.edges
    .filter(({ i, j }) => rowOf.has(i) && rowOf.has(j))
    .sort((a, b) => b.w - a.w)
    .slice(0, MOST_CUT_EDGES);
  const sum = edges.reduce((total, { w }) => total + w, 0);
  const words =
    edges.length === cut.size
      ? `${cut.size === 1 ? "The one edge" : `All ${cut.size} edges`} of the cut ${cut.size === 1 ? "is" : "are"} drawn.`
      : `${edges.length} of ${cut.size} edges of the cut are drawn, ${sum.toFixed(4)} of ${cutCapacity.toFixed(4)} of its capacity.`;
  return { edges, ringed: cut.ringed.filter(([, i]) => rowOf.has(i)), words };
}

function largestByLayer(edges, most) {
  const layers = new Map();
  for (const edge of edges) {
    if (!layers.has(edge.l)) layers.set(edge.l, []);
    layers.get(edge.l).push(edge);
  }
  const out = [];
  let left = most;
  let layersLeft = layers.size;
  for (const own of [...layers.values()].sort((a, b) => a.length - b.length)) {
    const kept = own.sort((a, b) => b.w - a.w).slice(0, Math.ceil(left / layersLeft));
    out.push(...kept);
    left -= kept.length;
    --layersLeft;
  }
  return out;
}

/**
 * The tokens and edges that are drawn: up to `maxRows` tokens (source, sink, and those on the
 * heaviest edges, half of them for the cut) in order of position, and of the edges between them the largest of each layer, `maxEdges`
 * in all, lightest first. Every layer gets the same number, as far as it has them: else one layer of sharp
 * attention would hide that the others attend at all. `words` says what was left out.
 */
export function filtered(edges, tokens, { source, sink, cut, most = maxRows(tokens.length), maxEdges }) {
  let rows = tokens.map((_, t) => t);
  let inside = edges;
  if (tokens.length > most) {
    const weights = (list) => {
      const weight = new Float64Array(tokens.length);
      for (const { i, j, w } of list) {
        weight[i] += i === j ? 0 : w;
        weight[j] += w;
      }
      return weight;
    };
    const [inCut, weight] = [weights(cut?.edges ?? []), weights(edges)];
    const first = [source, sink].filter((t) => t !== null && t !== undefined);
    const ordered = (by) => rows.filter((t) => by[t] > 0 && !first.includes(t)).sort((a, b) => by[b] - by[a]);
    const half = ordered(inCut).slice(0, most >> 1);
    const kept = new Set([...new Set([...first, ...half, ...ordered(weight), ...rows])].slice(0, most));
    rows = rows.filter((t) => kept.has(t));
    inside = edges.filter(({ i, j }) => kept.has(i) && kept.has(j));
  }
  const total = edges.reduce((sum, { w }) => sum + w, 0);
  const drawn = largestByLayer(inside, maxEdges).sort((a, b) => a.w - b.w);
  const carried = drawn.reduce((sum, { w }) => sum + w, 0);
  const words = [];
  if (rows.length < tokens.length) words.push(`${rows.length} of ${tokens.length} tokens`);
  if (drawn.length < edges.length) {
    words.push(
      `the ${drawn.length} largest of ${edges.length} edges${drawn.length >= maxEdges ? ", as many in each layer" : ""}, ${Math.round((100 * carried) / (total || 1))} % of their weight`,
    );
  }
  return { rows, edges: drawn, words: words.length > 0 ? `Filtered: ${words.join("; ")}.` : "" };
}
