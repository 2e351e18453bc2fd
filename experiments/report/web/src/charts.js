// The charts of a report as Vega-Lite specifications. Each chart is
//   { id, name, title, note, panels: [{ title, minWidth, spec(width) }], legend, rows }
// where `name` says what is shown, `title` what is found, legend is [{ label, colour, shape, method }]
// and `rows` are the numbers that it shows. The page lays out panels and legend itself; `standalone`
// puts them into one specification for a figure file.

import { SHAPES, inkOn, ramp } from "./theme.js";
import { unique } from "./data.js";
import {
  bestWord,
  capital,
  correlationFinding,
  decimal,
  leadersOf,
  listed,
  metricName,
  pretty,
  referenceTitle,
  saturationFinding,
  undefinedWords,
  withReference,
} from "./findings.js";

const WITHOUT_LAYER = "no layer";
const NONE = "none";
const FEW = 3; // methods whose intervals can be bands without hiding each other

/** Colour and shape of each method, the same in every chart. */
export function methodStyles(report, theme) {
  return new Map(
    report.methods.map((method, m) => [
      method,
      {
        colour: theme.methods[m % theme.methods.length],
        shape: SHAPES[m % SHAPES.length],
        dash: m < 8 ? [1, 0] : [4, 3],
      },
    ]),
  );
}

// Of figure files; the page has legends of its own.
const NAMES = { title: null, labelExpr: "replace(datum.label, regexp('_', 'g'), ' ')" };

function styleScales(report, theme, rows) {
  const styles = methodStyles(report, theme);
  const domain = report.methods.filter((method) => rows.some((row) => row.method === method));
  return {
    color: {
      field: "method",
      type: "nominal",
      legend: NAMES,
      scale: { domain, range: domain.map((m) => styles.get(m).colour) },
    },
    shape: {
      field: "method",
      type: "nominal",
      legend: NAMES,
      scale: { domain, range: domain.map((m) => styles.get(m).shape) },
    },
  };
}

function legendOf(report, theme, methods) {
  const styles = methodStyles(report, theme);
  return methods.map((method) => ({ label: pretty(method), method, ...styles.get(method) }));
}

export function vegaConfig(theme) {
  const text = {
    labelColor: theme.soft,
    titleColor: theme.soft,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 500,
  };
  return {
    background: null,
    font: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    view: { stroke: null },
    mark: { invalid: "show" }, // rows without a value are filtered out before
    axis: {
      ...text,
      domainColor: theme.line,
      tickColor: theme.line,
      gridColor: theme.faint,
      labelPadding: 5,
      titlePadding: 8,
    },
    legend: { ...text, labelColor: theme.ink, symbolStrokeWidth: 2, symbolOpacity: 1 },
    title: { color: theme.ink, fontSize: 12, fontWeight: 600, anchor: "start", offset: 8 },
    text: { color: theme.ink, fontSize: 11 },
    rule: { color: theme.soft },
  };
}

const hasBand = (row) => typeof row.ci_low === "number" && typeof row.ci_high === "number";

const meanTooltip = (report, metric) => [
  { field: "method", title: "Method" },
  { field: "layer", title: "Layer" },
  { field: "mean", title: `Mean ${metricName(report, metric)}`, format: ".3f" },
  { field: "std", title: "Standard deviation", format: ".3f" },
  { field: "ci", title: `${report.percent} interval` },
  { field: "n", title: "Examples" },
  { field: "n_undefined", title: "Undefined" },
];

const withInterval = (row) => ({
  ...row,
  ci: hasBand(row) ? `${decimal(row.ci_low, 3)} to ${decimal(row.ci_high, 3)}` : "not computed",
});

// What the values and their intervals span; with 0 where it is near.
function valueDomain(rows) {
  let low = Math.min(...rows.map((r) => (hasBand(r) ? r.ci_low : r.mean)));
  let high = Math.max(...rows.map((r) => (hasBand(r) ? r.ci_high : r.mean)));
  const span = Math.max(0.1, high - low);
  if (low > 0 && low < 0.25 * span) low = 0;
  if (high < 0 && high > -0.25 * span) high = 0;
  const margin = 0.05 * span;
  return [low === 0 ? 0 : low - margin, high === 0 ? 0 : Math.min(Math.max(1, high), high + margin)];
}

/** Pixels that labels of these texts take at most. */
const labelRoom = (texts, limit = 230) =>
  Math.min(limit, 14 + 6.1 * Math.max(3, ...texts.map((t) => String(t).length)));

// Few methods: bands. More: an interval at each point, the methods side by side within a layer, and a band for the
// one method that the reader points at (the signal `emphasis`).
export function correlationByLayer(report, selection, theme) {
  const all = report
    .table("correlation_by_layer")
    .filter(
      (row) => row.metric === selection.metric && row.mean !== null && report.matches(row, selection, ["layer"]),
    )
    .map(withInterval);
  const missing = undefinedWords(report, selection);
  if (all.length === 0)
    return missing
      ? {
          id: "correlation_by_layer",
          name: capital(metricName(report, selection.metric)),
          title: "Nothing to draw",
          note: missing,
          panels: [],
          rows: [],
        }
      : null;
  const { layers } = report;
  const drawn = report.methods.filter((method) => all.some((row) => row.method === method));
  const layered = drawn.filter((method) => all.some((row) => row.method === method && row.layer !== null));
  const few = layered.length <= FEW && layers.length > 1; // a band needs two layers
  const step = few ? 0 : Math.min(0.11, 0.66 / layered.length);
  const place = (row) => row.layer + step * (layered.indexOf(row.method) - (layered.length - 1) / 2);
  const rows = all.map((row) => (row.layer === null ? row : { ...row, place: place(row) }));
  const { color, shape } = styleScales(report, theme, rows);
  const x = {
    field: "place",
    type: "quantitative",
    title: "Layer of the source",
    scale: { domain: [Math.min(...layers) - 0.4, Math.max(...layers) + 0.4], nice: false },
    axis: { values: layers, format: "d", grid: false },
  };
  const domain = valueDomain(rows);
  const scale = { domain, nice: true };
  const { metric } = selection;
  const pointedAt = "emphasis === '' || datum.method === emphasis";
  const opacity = (value) => ({ condition: { test: pointedAt, value }, value: 0.12 });
  const band = (value) => ({ condition: { test: "datum.method === emphasis", value: 0.2 }, value });
  const panels = report
    .referencesOf(metric)
    .map((reference) => [reference, rows.filter((row) => row.reference === reference)])
    .filter(([, own]) => own.length > 0)
    .map(([reference, own]) => {
      const y = {
        field: "mean",
        type: "quantitative",
        title: `Mean ${metricName(report, metric)}`,
        scale,
        axis: { tickCount: 6, format: ".1f" },
      };
      const byLayer = [{ filter: "isValid(datum.layer)" }];
      const withBand = [...byLayer, { filter: "isValid(datum.ci_low)" }];
      const flat = [{ filter: "!isValid(datum.layer)" }];
      return {
        title: referenceTitle(report, metric, reference),
        minWidth: 300,
        spec: () => ({
          params: [{ name: "emphasis", value: "" }],
          data: { values: own },
          height: 300,
          layer: [
            ...(domain[0] <= 0 && domain[1] >= 0
              ? [{ mark: { type: "rule", opacity: 0.6 }, encoding: { y: { datum: 0 } } }]
              : []),
            {
              transform: withBand,
              mark: { type: "area" },
              encoding: {
                x,
                y: { ...y, field: "ci_low" },
                y2: { field: "ci_high" },
                color,
                opacity: band(few ? 0.16 : 0),
              },
            },
            {
              transform: [...flat, { filter: "isValid(datum.ci_low)" }],
              mark: { type: "rect" },
              encoding: {
                y: { ...y, field: "ci_low" },
                y2: { field: "ci_high" },
                color,
                opacity: band(few ? 0.1 : 0),
              },
            },
            {
              transform: flat,
              mark: { type: "rule", strokeDash: [6, 4], strokeWidth: 2 },
              encoding: { y, color, opacity: opacity(1), tooltip: meanTooltip(report, metric) },
            },
            ...(few
              ? []
              : [
                  {
                    transform: withBand,
                    mark: { type: "rule", strokeWidth: 1.5 },
                    encoding: {
                      x,
                      y: { ...y, field: "ci_low" },
                      y2: { field: "ci_high" },
                      color,
                      opacity: opacity(0.75),
                    },
                  },
                ]),
            {
              transform: byLayer,
              mark: { type: "line", strokeWidth: few ? 2 : 1.5 },
              encoding: { x, y, color, opacity: opacity(few ? 1 : 0.55) },
            },
            {
              transform: byLayer,
              mark: { type: "point", filled: true, size: few ? 58 : 44 },
              encoding: { x, y, color, shape, opacity: opacity(1), tooltip: meanTooltip(report, metric) },
            },
          ],
        }),
      };
    });
  const dashed = drawn.filter((method) => !layered.includes(method));
  const intervals = few
    ? `Bands: ${report.percent} bootstrap intervals of the mean over examples.`
    : `Bars: ${report.percent} bootstrap intervals of the mean over examples, methods side by side within a layer; choose a method to see it alone.`;
  return {
    id: "correlation_by_layer",
    name: `${capital(metricName(report, metric))}${report.asksModel(metric) ? "" : " with each reference"}, by layer`,
    title: correlationFinding(report, selection),
    note:
      (rows.some(hasBand) ? `${intervals} ` : "") +
      (dashed.length > 0
        ? `Dashed: ${listed(dashed.map(pretty))}, which ${dashed.length === 1 ? "takes" : "take"} no layer.`
        : "") +
      (missing ? ` ${missing}` : ""),
    panels,
    legend: legendOf(report, theme, drawn).map((entry, m) => ({ ...entry, dashed: dashed.includes(drawn[m]) })),
    rows: all,
  };
}

// Metrics that are shares; all others are correlations and have a sign.
const isShare = (metric) => /^(top_k_overlap|precision_at_k)/.test(metric);

// The colour scale of a metric. It never follows the data: a colour is the same number in every chart.
function metricColour(metric, theme) {
  return isShare(metric)
    ? { domain: [0, 1], range: theme.sequential, of: (v) => ramp(theme.sequential, v) }
    : { domain: [-1, 1], range: theme.diverging, of: (v) => ramp(theme.diverging, (v + 1) / 2) };
}

// A heat map with its numbers written in where they fit; `x` and `y` are names of fields of `rows`.
function heatMap({ rows, x, y, xTitle, yTitle, xOrder, yOrder, value, colour, valueTitle, tooltip }) {
  const values = rows.map((row) => ({
    ...row,
    cell_ink: inkOn(colour.of(row[value])),
    short: decimal(row[value]).replace(/^(\u2212?)0\./, "$1."),
  }));
  const room = labelRoom(yOrder, 200) + (yTitle ? 18 : 0);
  const minWidth = room + Math.max(120, 40 * xOrder.length);
  const spec = (width) => {
    const cell = (width - room) / xOrder.length;
    const turned = cell < 4 + 6.1 * Math.max(...xOrder.map((text) => text.length));
    return {
      data: { values },
      height: 34 * yOrder.length,
      encoding: {
        x: {
          field: x,
          type: "nominal",
          title: xTitle,
          sort: xOrder,
          axis: {
            labelAngle: turned ? -40 : 0,
            labelAlign: turned ? "right" : "center",
            domain: false,
            ticks: false,
            labelLimit: 200,
            labelOverlap: false,
          },
        },
        y: {
          field: y,
          type: "nominal",
          title: yTitle,
          sort: yOrder,
          axis: { domain: false, ticks: false, labelLimit: 200 },
        },
      },
      layer: [
        {
          mark: { type: "rect", cornerRadius: 2, strokeWidth: 2, stroke: "transparent" },
          encoding: {
            color: {
              field: value,
              type: "quantitative",
              scale: { domain: colour.domain, range: colour.range, interpolate: "rgb", clamp: true },
              legend: null,
            },
            tooltip,
          },
        },
        ...(cell < 19 ? [] : ["#101316", "#ffffff"]).map((ink) => ({
          transform: [{ filter: { field: "cell_ink", equal: ink } }],
          mark: { type: "text", fontSize: cell < 27 ? 8.5 : 11, color: ink },
          encoding: {
            text:
              cell < 42
                ? { field: "short", type: "nominal" }
                : { field: value, type: "quantitative", format: ".2f" },
            tooltip,
          },
        })),
      ],
    };
  };
  return { spec, minWidth, ramp: { title: valueTitle, domain: colour.domain, range: colour.range } };
}

const bestOf = (report, { metric }, rows) =>
  rows.reduce((best, row) => (best === null || report.better(metric, row.mean, best.mean) > 0 ? row : best), null);
// "Highest with blank_out", "Lowest sufficiency"
const bestTitle = (report, { metric, reference }) =>
  `${bestWord(report, metric)}${report.asksModel(metric) ? ` ${metricName(report, metric)}` : withReference(report, metric, reference)}`;

export function scoresByLayer(report, selection, theme) {
  const colour = metricColour(selection.metric, theme);
  const rows = report
    .table("correlation_by_layer")
    .filter(
      (row) => row.metric === selection.metric && row.mean !== null && report.matches(row, selection, ["layer"]),
    )
    .map((row) => ({
      ...withInterval(row),
      column: row.layer === null ? WITHOUT_LAYER : `${row.layer}`,
      name: pretty(row.method),
    }));
  if (rows.length === 0) return null;
  const yOrder = report.methods.filter((m) => rows.some((r) => r.method === m)).map(pretty);
  const xOrder = [...report.layers.map(String), WITHOUT_LAYER].filter((c) => rows.some((r) => r.column === c));
  const panels = report
    .referencesOf(selection.metric)
    .filter((reference) => rows.some((r) => r.reference === reference))
    .map((reference) => ({
      title: referenceTitle(report, selection.metric, reference),
      ...heatMap({
        rows: rows.filter((r) => r.reference === reference),
        x: "column",
        y: "name",
        xTitle: "Layer of the source",
        yTitle: null,
        xOrder,
        yOrder,
        value: "mean",
        colour,
        valueTitle: `Mean ${metricName(report, selection.metric)}`,
        tooltip: meanTooltip(report, selection.metric),
      }),
    }));
  const best = bestOf(
    report,
    selection,
    rows.filter((r) => r.reference === selection.reference && r.reference !== `method(${r.method})`),
  );
  const where = best && (best.layer === null ? "without a layer" : `at layer ${best.layer}`);
  return {
    id: "scores_by_layer",
    name: "Methods by layer",
    title: best
      ? `${bestTitle(report, selection)}: ${pretty(best.method)} ${where}, ${decimal(best.mean)}`
      : "Every method and layer in numbers",
    note: [`Mean ${metricName(report, selection.metric)} over examples.`, undefinedWords(report, selection)]
      .filter(Boolean)
      .join(" "),
    panels,
    rows,
  };
}

export function headsBySkip(report, selection, theme) {
  const heads = report.values("heads");
  const skips = report.values("skip_weight");
  if (heads.length < 2 && skips.length < 2) return null;
  const colour = metricColour(selection.metric, theme);
  const free = ["heads", "skip_weight"];
  const rows = report
    .table("correlation_by_layer")
    .filter((row) => row.metric === selection.metric && row.reference === selection.reference && row.mean !== null)
    .filter((row) => report.matches(row, selection, free))
    .map((row) => ({
      ...withInterval(row),
      skip: row.skip_weight === null ? NONE : `${row.skip_weight}`,
      fused: `${row.heads ?? NONE}`,
    }));
  const methods = report.methods.filter((m) => rows.some((r) => r.method === m));
  if (methods.length === 0) return null;
  const panels = methods.map((method) => {
    const own = rows.filter((r) => r.method === method);
    return {
      title: pretty(method),
      ...heatMap({
        rows: own,
        x: "skip",
        y: "fused",
        xTitle: "Skip weight",
        yTitle: "Heads",
        xOrder: [...skips.map(String), NONE].filter((s) => own.some((r) => r.skip === s)),
        yOrder: [...heads.map(String), NONE].filter((h) => own.some((r) => r.fused === h)),
        value: "mean",
        colour,
        valueTitle: `Mean ${metricName(report, selection.metric)}`,
        tooltip: [
          ...meanTooltip(report, selection.metric),
          { field: "fused", title: "Heads" },
          { field: "skip", title: "Skip weight" },
        ],
      }),
    };
  });
  const best = bestOf(report, selection, rows);
  const settings = [
    best.heads !== null && `heads ${best.heads}`,
    best.skip_weight !== null && `skip weight ${best.skip_weight}`,
  ].filter(Boolean);
  return {
    id: "heads_by_skip",
    name: `Heads and skip weight, layer ${selection.layer}`,
    title: `${bestTitle(report, selection)}: ${pretty(best.method)}${settings.length > 0 ? ` with ${settings.join(" and ")}` : ""}, ${decimal(best.mean)}`,
    note: `Mean ${metricName(report, selection.metric)}${withReference(report, selection.metric, selection.reference)}.${rows.some((r) => r.skip === NONE) ? ` \u201c${NONE}\u201d: the method takes no skip connection.` : ""}`,
    panels,
    rows,
  };
}

const MOST_PAIRS = 21;

export function comparisons(report, selection, theme) {
  const all = report
    .table("comparisons")
    .filter(
      (row) => row.metric === selection.metric && row.mean_difference !== null && report.matches(row, selection),
    )
    .map((row) => ({
      ...row,
      pair: `${pretty(row.method)} \u2212 ${pretty(row.other_method)}`,
      decided: row.p_holm !== null && row.p_holm < report.alpha ? "yes" : "no",
      interval: row.ci_low === null ? "not computed" : `${decimal(row.ci_low, 3)} to ${decimal(row.ci_high, 3)}`,
    }));
  if (all.length === 0) return null;
  const references = report
    .referencesOf(selection.metric)
    .filter((reference) => all.some((r) => r.reference === reference));
  const tooMany = unique(all.map((r) => r.pair)).length > MOST_PAIRS;
  // Each reference has a pivot of its own: its leader, which is never the reference itself.
  const pivots = new Map(
    references.map((reference) => [reference, leadersOf(report, selection, reference)?.best.method]),
  );
  const has = (row, method) => row.method === method || row.other_method === method;
  const rows = tooMany ? all.filter((r) => has(r, pivots.get(r.reference))) : all;
  // One scale for all references: what the intervals span, and 0.
  const low = Math.min(0, ...rows.map((r) => r.ci_low ?? r.mean_difference));
  const high = Math.max(0, ...rows.map((r) => r.ci_high ?? r.mean_difference));
  const margin = 0.06 * Math.max(0.02, high - low);
  const domain = [low - margin, high + margin];
  const tooltip = [
    { field: "pair", title: "Pair" },
    { field: "mean_difference", title: "Mean difference", format: ".3f" },
    { field: "interval", title: `${report.percent} interval` },
    { field: "effect_size", title: "Effect size", format: ".2f" },
    { field: "p", title: "p", format: ".4f" },
    { field: "p_holm", title: "p after Holm", format: ".4f" },
    { field: "n", title: "Examples" },
  ];
  const drawn = references.filter((reference) => rows.some((r) => r.reference === reference));
  const panels = drawn.map((reference) => {
    const own = rows.filter((r) => r.reference === reference);
    const order = unique(own.map((r) => r.pair));
    const room = labelRoom(order, 300);
    const spec = (width) => {
      // Where labels would take half of the width, each stands above its line.
      const isNarrow = width < room + 200;
      const y = {
        field: "pair",
        type: "nominal",
        sort: order,
        title: null,
        axis: isNarrow ? null : { labelLimit: 300, domain: false, ticks: false, grid: true },
      };
      const x = {
        type: "quantitative",
        title: `Difference of mean ${metricName(report, selection.metric)}`,
        scale: { domain, nice: false },
        axis: { tickCount: width < 420 ? 4 : 6, grid: false },
      };
      const color = {
        field: "decided",
        type: "nominal",
        scale: { domain: ["yes", "no"], range: [theme.ink, theme.soft] },
        legend: null,
      };
      const down = isNarrow ? { yOffset: 8 } : {};
      return {
        data: { values: own },
        height: Math.max(60, (isNarrow ? 40 : 24) * order.length),
        layer: [
          // Labels stand between the lines of a narrow chart: there the zero line is beside the intervals only.
          isNarrow
            ? {
                mark: { type: "tick", orient: "vertical", size: 16, thickness: 1, color: theme.soft, ...down },
                encoding: { x: { datum: 0, ...x }, y },
              }
            : { mark: { type: "rule" }, encoding: { x: { datum: 0, ...x } } },
          ...(isNarrow
            ? [{ stroke: theme.ground, strokeWidth: 4 }, { color: theme.soft }].map((style) => ({
                mark: { type: "text", align: "left", baseline: "middle", dy: -8, ...style }, // first its halo
                encoding: { x: { value: 0 }, y, text: { field: "pair" } },
              }))
            : []),
          {
            mark: { type: "rule", strokeWidth: 2.5, ...down },
            encoding: { x: { ...x, field: "ci_low" }, x2: { field: "ci_high" }, y, color },
          },
          {
            mark: { type: "point", filled: true, size: 64, opacity: 1, ...down },
            encoding: {
              x: { ...x, field: "mean_difference" },
              y,
              color,
              shape: {
                field: "decided",
                type: "nominal",
                scale: { domain: ["yes", "no"], range: ["circle", "diamond"] },
                legend: null,
              },
              tooltip,
            },
          },
        ],
      };
    };
    return { title: referenceTitle(report, selection.metric, reference), minWidth: 340, spec };
  });
  const decided = (reference) => {
    const own = all.filter((r) => r.reference === reference);
    return `${own.filter((r) => r.decided === "yes").length} of ${own.length}${withReference(report, selection.metric, reference)}`;
  };
  return {
    id: "comparisons",
    name: `Paired comparisons, layer ${selection.layer}`,
    title: `Differences that are decided: ${listed(references.map(decided))}`,
    note:
      `Difference of means on the same examples with its ${report.percent} interval; right of 0, the first method correlates more.` +
      (tooMany
        ? ` Only pairs with ${drawn.length === 1 ? pretty(pivots.get(drawn[0])) : "the best method of each reference"} are drawn; the CSV of \u201cattnflow figures\u201d has all.`
        : ""),
    panels,
    legend: [
      { label: `decided: p < ${report.alpha} after Holm\u2019s correction`, colour: theme.ink, shape: "circle" },
      { label: "not decided", colour: theme.soft, shape: "diamond" },
    ],
    rows,
  };
}

export function saturationByLayer(report, selection, theme) {
  const { cuts } = report;
  const colourOf = (kind) => {
    const [its, alike] = cuts.isTrivial(kind)
      ? [theme.cuts.trivial, cuts.trivial]
      : [theme.cuts.other, cuts.other];
    return its[alike.indexOf(kind) % its.length];
  };
  const free = ["layer", ...report.comparing];
  const rows = report
    .table("saturation_by_layer")
    .filter((row) => report.matches(row, selection, free) && report.isComparedFirst(row))
    .map((row) => ({
      ...row,
      order: cuts.kinds.indexOf(row.cut),
      name: pretty(row.cut),
      words: cuts.meaning(row.cut),
    }));
  if (rows.length === 0) return null;
  const methods = unique(rows.map((r) => r.method));
  const kinds = cuts.kinds.filter((cut) => rows.some((r) => r.cut === cut && r.share > 0));
  const panels = methods.map((method) => ({
    title: `Binding cuts of ${pretty(method)}`,
    minWidth: 300,
    spec: () => ({
      data: { values: rows.filter((r) => r.method === method && r.share > 0) },
      height: 240,
      mark: { type: "bar", stroke: theme.ground, strokeWidth: 1 },
      encoding: {
        x: {
          field: "layer",
          type: "ordinal",
          title: "Layer of the source",
          axis: { labelAngle: 0, domain: false, ticks: false },
        },
        y: {
          field: "share",
          type: "quantitative",
          title: "Share of flows",
          stack: "zero",
          scale: { domain: [0, 1], nice: false },
          axis: { format: ".0%", tickCount: 5 },
        },
        color: {
          field: "cut",
          type: "nominal",
          legend: NAMES,
          scale: { domain: kinds, range: kinds.map(colourOf) },
        },
        order: { field: "order" },
        tooltip: [
          { field: "layer", title: "Layer" },
          { field: "name", title: "Cut" },
          { field: "words", title: "Meaning" },
          { field: "share", title: "Share", format: ".1%" },
          { field: "pairs", title: "Flows" },
        ],
      },
    }),
  }));
  const agreement = flowAgreement(report, selection, theme, methods);
  if (agreement) panels.push(agreement);
  const found = saturationFinding(report, selection);
  return {
    id: "saturation_by_layer",
    name: "Saturation of flow, by layer",
    title: found ? found.title : "From layer 1 a flow is one edge",
    note:
      `Which cut limits each flow. Red: ${cuts.trivial.map(pretty).join(" or ")}, one number of the top or of the first layer, where no layer in between plays a part. ` +
      "Grey: cuts that the layers in between have a part in.",
    panels,
    legend: kinds.map((cut) => ({
      label: `${pretty(cut)}: ${cuts.meaning(cut)}`,
      colour: colourOf(cut),
      shape: "square",
    })),
    rows,
  };
}

/** Rows of the agreement table at the selected settings, both ways round. */
function agreementRows(report, selection, free) {
  return report
    .table("agreement")
    .filter((row) => row.mean !== null && report.matches(row, selection, [...report.comparing, ...free]))
    .flatMap((row) => [row, { ...row, method: row.other_method, other_method: row.method }]);
}

function flowAgreement(report, selection, theme, flows) {
  const comparedWith = (flow) => report.json.compared_with[flow] ?? [];
  const others = unique(flows.flatMap(comparedWith));
  const rows = agreementRows(report, selection, ["layer"])
    .filter((r) => flows.includes(r.other_method) && comparedWith(r.other_method).includes(r.method))
    .filter((r) => r.layer !== null)
    .map((r) => ({ ...r, name: `with ${pretty(r.method)}` }));
  if (rows.length === 0) return null;
  const { color, shape } = styleScales(report, theme, rows);
  const x = {
    field: "layer",
    type: "ordinal",
    title: "Layer of the source",
    axis: { labelAngle: 0, domain: false, ticks: false },
  };
  const y = {
    field: "mean",
    type: "quantitative",
    title: "Mean rank correlation",
    scale: { domain: [Math.min(0, ...rows.map((r) => r.mean)), 1], nice: true },
    axis: { tickCount: 5, format: ".1f" },
  };
  return {
    title: `Rank agreement of flow with ${listed(others.map(pretty))}`,
    minWidth: 300,
    spec: () => ({
      data: { values: rows },
      height: 240,
      layer: [
        { mark: { type: "line", strokeWidth: 2 }, encoding: { x, y, color } },
        {
          mark: { type: "point", filled: true, size: 58, opacity: 1 },
          encoding: {
            x,
            y,
            color,
            shape,
            tooltip: [
              { field: "name", title: "Flow" },
              { field: "layer", title: "Layer" },
              { field: "mean", title: "Mean Spearman", format: ".3f" },
              { field: "n", title: "Examples" },
            ],
          },
        },
      ],
    }),
    legend: legendOf(report, theme, others),
  };
}

export function agreement(report, selection, theme) {
  const rows = agreementRows(report, selection, []).map((row) => ({
    ...row,
    name: pretty(row.method),
    other: pretty(row.other_method),
  }));
  if (rows.length === 0) return null;
  const methods = report.methods.filter((m) => rows.some((r) => r.method === m));
  const order = methods.map(pretty);
  const ordered = rows.filter((r) => r.method < r.other_method).sort((a, b) => b.mean - a.mean);
  const pair = (row) => `${row.name} and ${row.other} (${decimal(row.mean)})`;
  return {
    id: "agreement",
    name: `Agreement between methods, layer ${selection.layer}`,
    title:
      ordered.length > 1
        ? `Closest: ${pair(ordered[0])}; farthest: ${pair(ordered.at(-1))}`
        : capital(pair(ordered[0])),
    note: "Mean Spearman correlation between the token scores of two methods, over examples; all positions count.",
    panels: [
      {
        title: null,
        square: true,
        ...heatMap({
          rows,
          x: "other",
          y: "name",
          xTitle: null,
          yTitle: null,
          xOrder: order,
          yOrder: order,
          value: "mean",
          colour: metricColour("spearman", theme),
          valueTitle: "Mean Spearman",
          tooltip: [
            { field: "name", title: "Method" },
            { field: "other", title: "and" },
            { field: "mean", title: "Mean Spearman", format: ".3f" },
            { field: "std", title: "Standard deviation", format: ".3f" },
            { field: "n", title: "Examples" },
          ],
        }),
      },
    ],
    rows: report
      .table("agreement")
      .filter((row) => row.mean !== null && report.matches(row, selection, report.comparing)),
  };
}

export const CHARTS = [correlationByLayer, scoresByLayer, headsBySkip, comparisons, saturationByLayer, agreement];

/** The specification of a panel for the page: as wide as its box, without legends. */
export function pageSpec(panel, width) {
  return withoutLegends({ ...panel.spec(width), width, autosize: { type: "fit-x", contains: "padding" } });
}

function withoutLegends(spec) {
  const strip = (encoding) =>
    encoding &&
    Object.fromEntries(
      Object.entries(encoding).map(([channel, value]) => [
        channel,
        (channel === "color" || channel === "shape") && value.field ? { ...value, legend: null } : value,
      ]),
    );
  return {
    ...spec,
    ...(spec.encoding && { encoding: strip(spec.encoding) }),
    ...(spec.layer && { layer: spec.layer.map(withoutLegends) }),
  };
}

/** Columns for `count` panels that want `minWidth` each, rows as even as can be (6 panels: 3 and 3, never 4 and 2). */
export function columnsFor(count, minWidth, width, gap = 28) {
  const most = Math.max(1, Math.min(count, Math.floor((width + gap) / (minWidth + gap))));
  return Math.ceil(count / Math.ceil(count / most));
}

/** One specification for the whole chart: panels in rows, legends and title inside. */
export function standalone(chart, theme) {
  const minWidth = Math.max(...chart.panels.map((panel) => panel.minWidth));
  const roomy = { 1: 420, 2: 360, 3: 300 }[chart.panels.length] ?? 230;
  const inside = Math.min(460, Math.max(roomy, minWidth - 60)); // of a plot, without its labels
  const lastOf = chart.panels.map((panel) => !panel.legend).lastIndexOf(true); // bears the legend of the chart
  const panels = chart.panels.map((panel, p) => {
    const drawn = panel.spec(inside + 160);
    const spec = panel.legend || panel.ramp || p === lastOf ? drawn : withoutLegends(drawn);
    const own = { ...spec, width: inside, ...(panel.title && { title: panel.title }) };
    const { ramp: scale } = panel;
    if (scale) {
      const legend =
        p === chart.panels.length - 1
          ? { title: scale.title, orient: "bottom", direction: "horizontal", gradientLength: 150 }
          : null;
      own.layer = spec.layer.map((layer, l) =>
        l > 0 ? layer : { ...layer, encoding: { ...layer.encoding, color: { ...layer.encoding.color, legend } } },
      );
    }
    return own;
  });
  return {
    title: { text: chart.name, fontSize: 14, offset: 14 },
    background: theme.ground,
    padding: 12,
    columns: columnsFor(panels.length, inside + 120, 1340),
    concat: panels.map(({ params, ...panel }) => panel),
    ...(panels.some((panel) => panel.params) && { params: panels.find((panel) => panel.params).params }),
    resolve: { scale: { color: "independent", shape: "independent" } },
  };
}
