// Figures for publications, as SVG texts: the charts of the page, and the figures of the
// attention-flow paper (attention graph, token bars, tables by layer). Needs no document.

import { el, toMarkup } from "./tree.js";
import { shortToken } from "./token_text.js";
import { Example, Report, sourcePosition } from "./data.js";
import { EmbeddedNetwork } from "./network.js";
import { CHARTS, methodStyles, standalone } from "./charts.js";
import { decimal, metricName, pretty, withReference } from "./findings.js";
import { chartSvg } from "./chart_view.js";
import { THEMES, ramp } from "./theme.js";
import { graphGeometry, graphTree, labelLength, tokenLabel } from "./graph_view.js";
import { VIEWS, drawnCut, filtered, precomputedView, solvedView, staticView } from "./views.js";
import { maxFlow } from "./max_flow.js";

const MOST_TOKENS = 60; // of a map or of bars
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

const canvas = (width, height, theme, ...children) =>
  toMarkup(
    el(
      "svg",
      {
        xmlns: "http://www.w3.org/2000/svg",
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        "font-family": FONT,
        "font-size": 12,
      },
      el("rect", { width, height, fill: theme.ground }),
      children,
    ),
  );
// Lines of at most `limit` characters.
function wrapped(words, limit) {
  const lines = [""];
  for (const word of words.split(" ")) {
    if (lines.at(-1) && lines.at(-1).length + word.length >= limit) lines.push("");
    lines.push([lines.pop(), word].filter(Boolean).join(" "));
  }
  return lines;
}
const text = (x, y, words, attributes = {}) => el("text", { x, y, fill: THEMES.light.ink, ...attributes }, words);

// ---- the paper's first figure: raw weights, rollout and flow of one example, side by side

function attentionGraph(report, selection, theme, index) {
  const example = new Example(report, index);
  const place = report.networkIndex(selection);
  const load = (k) => new EmbeddedNetwork(example.json.networks[k], example.layers, example.tokens.length);
  const fused = load(place);
  const networks = { fused, raw: load(report.json.networks[place].raw) };
  const n = example.tokens.length;
  const layer = Math.min(selection.layer ?? example.layers, example.layers);
  const source = sourcePosition(selection.source, example) ?? 0;
  const flow = flowForFigure(report, example, fused, selection, layer, source);
  const panels = [
    ["raw", staticView("raw", networks, layer, source)],
    ["rollout", staticView("rollout", networks, layer, source)],
    ...(flow ? [["flow", flow]] : []),
  ];
  const width = 430;
  const trees = panels.map(([view, content], p) => {
    const picked = filtered(content.edges, example.tokens, {
      source,
      sink: flow?.sink ?? null,
      maxEdges: 300,
      cut: content.cut,
      most: 30,
    });
    const geometry = graphGeometry(example, picked.rows, width, {
      rightLabels: false,
      limit: 24,
    });
    const model = {
      example,
      edges: picked.edges,
      largest: Math.max(1e-12, ...picked.edges.map((e) => e.w)),
      mass: content.mass,
      source: { l: layer, i: source },
      sink: view === "flow" ? flow.sink : null,
      name: VIEWS[view].label,
      cut: drawnCut(content, geometry.rowOf),
    };
    const tree = graphTree(model, geometry, theme);
    tree.attributes.x = p * (width + 20);
    tree.attributes.y = 28;
    const words =
      view === "flow"
        ? `Flow to \u201c${example.tokenLabel(flow.sink, 16)}\u201d: ${flow.value.toFixed(3)}, limited by ${report.cuts.name(flow.cut)}`
        : `${VIEWS[view].label}${view === "rollout" ? ` from \u201c${example.tokenLabel(source, 16)}\u201d` : ""}`;
    const notes = [
      p === 0 && example.unknownWords && `${example.unknownWords}.`,
      picked.words,
      model.cut?.words,
      content.foundBy &&
        `The maximum flow that ${content.foundBy.replace("\u2019", "'")} finds; its value is unique, its edges are not.`,
    ].filter(Boolean);
    const lines = notes
      .flatMap((note) => wrapped(note, 66))
      .map((line, k) =>
        text(p * (width + 20) + 12, 28 + geometry.height + 16 * (k + 1), line, {
          "font-size": 11,
          fill: theme.soft,
        }),
      );
    return {
      tree,
      lines,
      height: geometry.height + 16 * lines.length,
      title: text(p * (width + 20) + 12, 18, words, { "font-weight": 600, fill: theme.ink }),
    };
  });
  const height = 44 + Math.max(...trees.map((t) => t.height));
  return canvas(
    panels.length * (width + 20),
    height,
    theme,
    trees.map((t) => [t.title, t.tree, t.lines]),
  );
}

// The flow into the token that the run scores highest (source aside).
function flowForFigure(report, example, fused, selection, layer, source) {
  if (fused.exact) {
    const scores = (example.attributions(selection).find((row) => row.cuts) ?? { scores: [] }).scores;
    let sink = source === 0 ? Math.min(1, example.tokens.length - 1) : 0;
    scores.forEach((score, t) => {
      if (t !== source && score > (scores[sink] ?? -Infinity)) sink = t;
    });
    return {
      ...solvedView(
        fused,
        layer,
        source,
        sink,
        maxFlow(fused.exact, layer, source, sink, report.cuts),
        report.cuts,
      ),
      sink,
    };
  }
  const pair = fused.pairs.find((p) => p.layer === layer && p.source === source && p.sink !== p.source);
  return pair ? { ...precomputedView(pair, report.cuts), sink: pair.sink } : null;
}

// ---- token bars: the scores of each method, a bar a token

function tokenBars(report, selection, theme, index) {
  const example = new Example(report, index);
  const rows = example.attributions(selection);
  if (rows.length === 0) return null;
  const styles = methodStyles(report, theme);
  const shown = example.tokens.map((_, t) => t).slice(0, MOST_TOKENS);
  const labels = 12 + 7 * Math.max(3, ...shown.map((t) => labelLength(example, t, 16)));
  const [bar, gap, line, top] = [150, 24, 20, 70];
  const parts = [
    text(
      12,
      22,
      `${example.unit === "word" ? "Word" : "Token"} scores of ${shortToken(example.json.id, 40)}, layer ${selection.layer ?? example.layers}`,
      { "font-weight": 600, "font-size": 14, fill: theme.ink },
    ),
  ];
  rows.forEach((row, r) => {
    const x = labels + r * (bar + gap);
    const largest = Math.max(1e-300, ...row.scores.map((s) => Math.abs(s) || 0));
    parts.push(text(x, 50, pretty(row.method), { "font-weight": 600, fill: theme.ink }));
    shown.forEach((t, k) => {
      const length = (bar - 46) * (Math.abs(row.scores[t]) / largest || 0);
      parts.push(
        el("rect", {
          x,
          y: top + k * line - 10,
          width: Math.max(0.5, length).toFixed(1),
          height: 13,
          rx: 2,
          fill: styles.get(row.method).colour,
        }),
        text((x + length + 5).toFixed(1), top + k * line, row.scores[t].toFixed(3), {
          "font-size": 10,
          fill: theme.soft,
        }),
      );
    });
  });
  shown.forEach((t, k) =>
    parts.push(
      tokenLabel(example, t, 16, theme, {
        x: labels - 8,
        y: top + k * line,
        "text-anchor": "end",
        fill: theme.ink,
      }),
    ),
  );
  const notes = tokenNotes(example, shown.length);
  notes.forEach((note, k) =>
    parts.push(text(labels, top + (shown.length + k) * line, note, { fill: theme.soft })),
  );
  return canvas(labels + rows.length * (bar + gap), top + (shown.length + notes.length) * line, theme, parts);
}

// What is said below the tokens of a figure that shows so many of them.
function tokenNotes(example, shown) {
  const left = example.tokens.length - shown;
  return [left > 0 && `and ${left} more ${example.unit}${left === 1 ? "" : "s"}`, example.unknownWords].filter(
    Boolean,
  );
}

// A colour scale with its ends named.
function scale(x, y, colours, low, high, theme) {
  const start = x + 6 * low.length + 4;
  const stops = Array.from({ length: 12 }, (_, k) =>
    el("rect", { x: start + 6 * k, y, width: 6, height: 9, fill: ramp(colours, k / 11) }),
  );
  const end = (at, words) => text(at, y + 8, words, { "font-size": 10, fill: theme.soft });
  return [end(x, low), stops, end(start + 76, high)];
}

// ---- the maps of the paper: the scores of every layer, a row a layer, a column a token

function tokenMap(report, selection, theme, index) {
  const example = new Example(report, index);
  const layers = report.layers.filter((l) => l <= example.layers);
  const scoresOf = (method, layer) =>
    example.attributions({ ...selection, layer }).find((row) => row.method === method && row.point.layer === layer)
      ?.scores;
  const maps = report.methods
    .map((method) => ({ method, rows: layers.map((layer) => scoresOf(method, layer)) }))
    .filter(({ rows }) => rows.some(Boolean));
  if (maps.length === 0) return null;
  // From left to right the tokens as they are read.
  const shown = example.tokens.map((_, t) => t).slice(0, MOST_TOKENS);
  const order = example.direction === "rtl" ? [...shown].reverse() : shown;
  const [cell, line, top] = [shown.length <= 16 ? 30 : 18, 24, 84];
  const lengths = order.map((t) => 7 * labelLength(example, t, 16));
  // Labels lean to the left, below the first columns beyond the map.
  const left = 12 + Math.max(32, ...lengths.map((length, k) => 0.64 * length - (k + 0.5) * cell));
  const width = left + shown.length * cell + 28;
  const grid = { layers, order, cell, line, top, bottom: top + layers.length * line };
  const title = `Scores of the ${example.unit}s of ${shortToken(example.json.id, 40)} by layer`;
  const below = grid.bottom + 20 + 0.8 * Math.max(21, ...lengths);
  const notes = tokenNotes(example, shown.length);
  return canvas(maps.length * width, below + 20 * notes.length, theme, [
    text(12, 22, title, { "font-weight": 600, "font-size": 14, fill: theme.ink }),
    maps.map((map, m) => oneMap(example, map, grid, m * width + left, theme)),
    notes.map((note, k) => text(left, below + 6 + 20 * k, note, { fill: theme.soft })),
  ]);
}

function oneMap(example, { method, rows }, { layers, order, cell, line, top, bottom }, x0, theme) {
  const values = rows.flatMap((row) => row ?? []).filter(Number.isFinite);
  const largest = Math.max(1e-300, ...values.map(Math.abs));
  const isSigned = values.some((v) => v < 0);
  const colours = isSigned ? theme.diverging : theme.sequential;
  const colour = (v) => ramp(colours, isSigned ? (v / largest + 1) / 2 : v / largest);
  const least = isSigned ? `\u2212${decimal(largest, 3)}` : "0";
  // The top layer on top, as in the model.
  const layerRow = (layer, r) => {
    const y = top + r * line;
    const scores = rows[layers.indexOf(layer)];
    const square = (t, k) =>
      el("rect", { x: x0 + k * cell, y, width: cell - 1, height: line - 1, fill: colour(scores[t]) });
    return [
      text(x0 - 8, y + 16, `L${layer}`, { "text-anchor": "end", fill: theme.soft }),
      scores && order.map(square),
    ];
  };
  const label = (t, k) => {
    const [x, y] = [x0 + (k + 0.5) * cell + 4, bottom + 14];
    const place = { x, y, "text-anchor": "end", transform: `rotate(-50 ${x} ${y})` };
    return tokenLabel(example, t, 16, theme, { ...place, fill: theme.ink });
  };
  return [
    text(x0, 52, pretty(method), { "font-weight": 600, fill: theme.ink }),
    scale(x0, 58, colours, least, decimal(largest, 3), theme),
    [...layers].reverse().map(layerRow),
    order.map(label),
  ];
}

// ---- the paper's tables: mean and deviation, methods by layer

const meanText = ({ mean, std }) => `${decimal(mean)} \u00b1 ${decimal(std)}`;

function tableByLayer(report, selection, theme) {
  const all = report
    .table("correlation_by_layer")
    .filter((row) => row.metric === selection.metric && report.matches(row, selection, ["layer"]));
  if (all.length === 0) return null;
  const columns = [...report.layers, null].filter((l) => all.some((row) => row.layer === l));
  const methods = report.methods.filter((m) => all.some((row) => row.method === m));
  const [first, cell, line] = [150, 88, 22];
  const width = first + columns.length * cell + 12;
  const parts = [];
  let y = 24;
  const rule = (at, weight) =>
    el("line", { x1: 8, x2: width - 8, y1: at, y2: at, stroke: theme.ink, "stroke-width": weight });
  for (const reference of report.referencesOf(selection.metric)) {
    parts.push(
      text(
        8,
        y,
        `Mean ${metricName(report, selection.metric)}${withReference(report, selection.metric, reference)} \u00b1 standard deviation`,
        { "font-weight": 600, fill: theme.ink },
      ),
    );
    y += 10;
    parts.push(rule(y, 1.2));
    y += 16;
    columns.forEach((l, c) =>
      parts.push(
        text(first + (c + 1) * cell, y, l === null ? "no layer" : `L${l}`, {
          "text-anchor": "end",
          fill: theme.ink,
        }),
      ),
    );
    y += 7;
    parts.push(rule(y, 0.6));
    for (const method of methods) {
      y += line;
      parts.push(text(8, y - 5, pretty(method), { fill: theme.ink }));
      columns.forEach((l, c) => {
        const row = all.find((r) => r.method === method && r.reference === reference && r.layer === l);
        if (row && row.mean !== null) {
          parts.push(
            text(first + (c + 1) * cell, y - 5, meanText(row), { "text-anchor": "end", fill: theme.ink }),
          );
        }
      });
    }
    y += 4;
    parts.push(rule(y, 1.2));
    y += 34;
  }
  return canvas(width, y - 20, theme, parts);
}

const OWN = {
  attention_graph: attentionGraph,
  token_map: tokenMap,
  token_bars: tokenBars,
  table_by_layer: tableByLayer,
};
const NEEDS_EXAMPLE = new Set(["attention_graph", "token_map", "token_bars"]);

/** [{ name, svg }] for every figure that the run has data for; `only` picks one by name. */
export async function figures(json, { only = null, theme = "light", settings = {} } = {}) {
  const report = new Report(json);
  const selection = { ...report.initialSelection(), ...settings };
  if (!report.referencesOf(selection.metric).includes(selection.reference))
    selection.reference = report.referencesOf(selection.metric)[0];
  const colours = THEMES[theme];
  const out = [];
  for (const make of CHARTS) {
    const chart = make(report, selection, colours);
    if (chart?.panels.length > 0 && (!only || chart.id === only))
      out.push({ name: chart.id, svg: await chartSvg(standalone(chart, colours), colours) });
  }
  for (const [name, draw] of Object.entries(OWN)) {
    if ((only && only !== name) || (NEEDS_EXAMPLE.has(name) && json.examples.length === 0)) continue;
    const svg = draw(report, selection, colours, 0);
    if (svg) out.push({ name, svg });
  }
  return out;
}
