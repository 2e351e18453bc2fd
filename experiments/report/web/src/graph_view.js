// The layered token graph: a column a layer (inputs left), a row a token, edges as wide as their
// weight. Builds a tree for the page and for figure files alike.

import { el } from "./tree.js";
import { shortToken, shownLength, tokenText } from "./token_text.js";
import { ramp } from "./theme.js";

const VERTEX_REACH = 9; // pixels from a vertex or edge that count as on it
const EDGE_REACH = 5;
const MARGIN = { top: 44, right: 14, bottom: 14 };

/** Places for `rows` shown tokens of `example` and all of its layers, in `width` pixels. */
export function graphGeometry(
  example,
  rows,
  width,
  { rightLabels = width >= 720, limit = width < 480 ? 13 : 20 } = {},
) {
  const label = 6.8 * Math.max(3, ...rows.map((t) => labelLength(example, t, limit))) + 18;
  const rowHeight = rows.length <= 8 ? 42 : rows.length <= 12 ? 32 : rows.length <= 26 ? 24 : 18;
  const left = label;
  const right = width - MARGIN.right - (rightLabels ? label - 8 : 0);
  return {
    width,
    height: MARGIN.top + rowHeight * Math.max(1, rows.length - 1) + MARGIN.bottom + 8,
    limit,
    rightLabels,
    rowHeight,
    rowOf: new Map(rows.map((t, r) => [t, r])),
    x: (l) => left + 6 + ((right - left - 12) * l) / example.layers,
    y: (r) => MARGIN.top + rowHeight * r,
  };
}

const point = (geometry, l, i) => [geometry.x(l), geometry.y(geometry.rowOf.get(i))];

/** The curve of an edge, and its y at any x, for drawing and for the pointer. */
export function edgePath(geometry, { l, i, j }) {
  const [x1, y1] = point(geometry, l, i);
  const [x0, y0] = point(geometry, l - 1, j);
  const middle = (x0 + x1) / 2;
  return `M${x1.toFixed(1)} ${y1}C${middle.toFixed(1)} ${y1} ${middle.toFixed(1)} ${y0} ${x0.toFixed(1)} ${y0}`;
}

/** Distance in y from (x, y) to an edge at x; Infinity beside its columns. */
function edgeDistance(geometry, { l, i, j }, x, y) {
  const [x1, y1] = point(geometry, l, i);
  const [x0, y0] = point(geometry, l - 1, j);
  if (x < x0 + 6 || x > x1 - 6) return Infinity;
  // x(t) of this curve is monotone and y(t) is smoothstep: invert x by bisection.
  const u = (x - x0) / (x1 - x0);
  let low = 0;
  let high = 1;
  for (let step = 0; step < 18; ++step) {
    const t = (low + high) / 2;
    if (1.5 * t * (1 - t) * (1 - t) + 1.5 * t * t * (1 - t) + t * t * t < u) low = t;
    else high = t;
  }
  return Math.abs(y0 + (y1 - y0) * (3 * low * low - 2 * low * low * low) - y);
}

/** The vertex [l, i] or edge at a place of the drawing, as { vertex } or { edge }; a label stands for its input. */
export function nearest(geometry, layers, edges, x, y) {
  for (const [t, row] of geometry.rowOf) {
    if (Math.abs(geometry.y(row) - y) > VERTEX_REACH) continue;
    for (let l = 0; l <= layers; ++l) if (Math.abs(geometry.x(l) - x) < VERTEX_REACH) return { vertex: [l, t] };
    if (x < geometry.x(0)) return { vertex: [0, t] };
  }
  let best = null;
  let distance = EDGE_REACH;
  for (const edge of edges) {
    const d = edgeDistance(geometry, edge, x, y);
    if (d < distance) [best, distance] = [edge, d];
  }
  return best ? { edge: best } : null;
}

/**
 * model: { example, edges [{ l, i, j, w, strong }], largest (weight of the widest edge),
 *   mass(l, i) in [0, 1] or null, source { l, i }, sink or null,
 *   cut: null or { edges [{ l, i, j, w }], ringed [[l, i]] }, name: what a screen reader calls the graph }.
 */
export function graphTree(model, geometry, theme) {
  const g = geometry;
  const widthOf = (w) => Math.max(0.5, 6.5 * Math.sqrt(w / (model.largest || 1)));
  const faintest = theme.name === "dark" ? 0.26 : 0.16;
  const opacityOf = (w) => faintest + 0.7 * Math.min(1, w / (model.largest || 1));
  const path = (edge, attributes) => el("path", { d: edgePath(g, edge), fill: "none", ...attributes });
  const edges = model.edges.map((edge) =>
    path(edge, {
      stroke: edge.strong === false ? theme.soft : theme.accent,
      "stroke-width": widthOf(edge.w).toFixed(2),
      "stroke-opacity": (edge.strong === false ? 0.6 : 1) * opacityOf(edge.w).toFixed(2),
    }),
  );
  const cut = (model.cut?.edges ?? []).map((edge) =>
    path(edge, {
      class: "cut-edge",
      stroke: theme.cut,
      "stroke-width": Math.max(1.2, widthOf(edge.w)).toFixed(2),
      "stroke-dasharray": "5 3",
      "stroke-opacity": 0.9,
    }),
  );
  return el(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: g.width,
      height: g.height,
      viewBox: `0 0 ${g.width} ${g.height}`,
      "font-family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
      "font-size": 12,
      role: "img",
      "aria-label": model.name,
    },
    columnHeads(model, g, theme),
    el("g", { class: "edges" }, edges),
    el("g", { class: "cut" }, cut),
    el("g", { class: "vertices" }, vertices(model, g, theme)),
    el("g", { class: "labels" }, labels(model, g, theme)),
    el("g", { class: "overlay" }),
  );
}

function columnHeads(model, g, theme) {
  const heads = [];
  for (let l = 0; l <= model.example.layers; ++l) {
    const isSource = l === model.source.l;
    heads.push(
      el(
        "text",
        {
          x: g.x(l).toFixed(1),
          y: 26,
          "text-anchor": "middle",
          fill: isSource ? theme.ink : theme.soft,
          "font-weight": isSource ? 600 : 400,
          "font-size": 11,
        },
        l > 0 ? `${l}` : g.x(1) - g.x(0) < 30 ? "in" : "input",
      ),
    );
  }
  return el(
    "g",
    {},
    el(
      "text",
      {
        x: ((g.x(0) + g.x(model.example.layers)) / 2).toFixed(1),
        y: 11,
        "text-anchor": "middle",
        fill: theme.soft,
        "font-size": 11,
      },
      "Layer",
    ),
    heads,
  );
}

function vertices(model, g, theme) {
  const ringed = new Set((model.cut?.ringed ?? []).map(([l, i]) => `${l},${i}`));
  const out = [];
  for (const i of g.rowOf.keys()) {
    for (let l = 0; l <= model.example.layers; ++l) {
      const [x, y] = point(g, l, i);
      const isSource = l === model.source.l && i === model.source.i;
      const isSink = l === 0 && i === model.sink;
      const isBeyond = l > model.source.l;
      const share = model.mass ? model.mass(l, i) : null;
      const ring = ringed.has(`${l},${i}`);
      out.push(
        el("circle", {
          cx: x.toFixed(1),
          cy: y,
          r: isSource || isSink ? 6.5 : ring ? 5 : 4,
          fill:
            isSource || isSink
              ? theme.accent
              : isBeyond
                ? theme.ground
                : share === null
                  ? theme.faint
                  : ramp(theme.sequential, Math.sqrt(share)),
          stroke: ring ? theme.cut : isSource || isSink ? theme.ground : theme.soft,
          "stroke-width": ring ? 2 : isSource || isSink ? 1.5 : 0.8,
          "stroke-opacity": isBeyond ? 0.35 : 1,
        }),
      );
    }
  }
  return out;
}

function labels(model, g, theme) {
  const out = [];
  for (const [t, row] of g.rowOf) {
    const at = (x, anchor, isEnd) =>
      tokenLabel(model.example, t, g.limit, theme, {
        x: x.toFixed(1),
        y: g.y(row) + 4,
        "text-anchor": anchor,
        fill: isEnd ? theme.accent : theme.ink,
        "font-weight": isEnd ? 700 : 400,
      });
    out.push(at(g.x(0) - 12, "end", t === model.sink));
    if (g.rightLabels) out.push(at(g.x(model.example.layers) + 12, "start", t === model.source.i));
  }
  return out;
}

/** <text> of a token; what the model read in its place stands behind it, smaller. */
export function tokenLabel(example, t, limit, theme, attributes) {
  const token = example.tokens[t];
  const mark = example.mark(t);
  return el(
    "text",
    attributes,
    [...token].length > limit && el("title", {}, tokenText(token)),
    shortToken(token, limit),
    mark && el("tspan", { dx: 4, "font-size": 9, "font-weight": 400, fill: theme.soft }, mark),
  );
}
/** How long that is, in characters. */
export function labelLength(example, t, limit) {
  const mark = example.mark(t);
  return shownLength(example.tokens[t], limit) + (mark ? 0.8 * (mark.length + 1) : 0);
}
