// The charts of a report as Vega-Lite specifications. Each chart is
//   { id, title, note, panels: [{ title, spec }], legend: [{ label, colour, shape }], rows }
// where `rows` are the numbers that it shows. The page lays out panels and legend itself;
// `standalone` puts them into one specification for a figure file.

import { CUT_KINDS, CUT_WORDS, SHAPES, inkOn, ramp } from "./theme.js";
import { unique } from "./data.js";

const WITHOUT_LAYER = "no layer";
const NONE = "none";

export const pretty = (name) => name.replaceAll("_", " ");
const firstUpper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Colour and shape of each method, the same in every chart. */
export function methodStyles(report, theme) {
  return new Map(
    report.methods.map((method, m) => [
      method,
      { colour: theme.methods[m % theme.methods.length], shape: SHAPES[m % SHAPES.length], dash: m < 8 ? [1, 0] : [4, 3] },
    ]),
  );
}

function styleScales(report, theme, rows) {
  const styles = methodStyles(report, theme);
  const domain = report.methods.filter((method) => rows.some((row) => row.method === method));
  return {
    color: { field: "method", type: "nominal", scale: { domain, range: domain.map((m) => styles.get(m).colour) } },
    shape: { field: "method", type: "nominal", scale: { domain, range: domain.map((m) => styles.get(m).shape) } },
  };
}

function legendOf(report, theme, methods) {
  const styles = methodStyles(report, theme);
  return methods.map((method) => ({ label: pretty(method), ...styles.get(method) }));
}

export function vegaConfig(theme) {
  const text = { labelColor: theme.soft, titleColor: theme.soft, labelFontSize: 11, titleFontSize: 11, titleFontWeight: 500 };
  return {
    background: null,
    font: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    view: { stroke: null },
    mark: { invalid: "show" }, // rows without a value are filtered out before
    axis: { ...text, domainColor: theme.line, tickColor: theme.line, gridColor: theme.faint, labelPadding: 5, titlePadding: 8 },
    legend: { ...text, symbolStrokeWidth: 2 },
    title: { color: theme.ink, fontSize: 12, fontWeight: 600, anchor: "start", offset: 8 },
    text: { color: theme.ink, fontSize: 11 },
    rule: { color: theme.soft },
  };
}

const hasBand = (row) => typeof row.ci_low === "number" && typeof row.ci_high === "number";

const meanTooltip = (metric) => [
  { field: "method", title: "Method" },
  { field: "layer", title: "Layer" },
  { field: "mean", title: `Mean ${metric}`, format: ".3f" },
  { field: "std", title: "Standard deviation", format: ".3f" },
  { field: "ci", title: "95 % interval" },
  { field: "n", title: "Examples" },
  { field: "n_undefined", title: "Undefined" },
];

const withInterval = (row) => ({
  ...row,
  ci: hasBand(row) ? `${row.ci_low.toFixed(3)} to ${row.ci_high.toFixed(3)}` : "not computed",
});

function valueDomain(rows) {
  const low = Math.min(0, ...rows.map((r) => (hasBand(r) ? r.ci_low : r.mean)));
  const high = Math.max(0, ...rows.map((r) => (hasBand(r) ? r.ci_high : r.mean)));
  const margin = 0.04 * (high - low || 1);
  return [low < 0 ? Math.max(-1, low - margin) : 0, Math.min(Math.max(1, high), high + margin)];
}

export function correlationByLayer(report, selection, theme) {
  const rows = report
    .table("correlation_by_layer")
    .filter((row) => row.metric === selection.metric && row.mean !== null && report.matches(row, selection, ["layer"]))
    .map(withInterval);
  if (rows.length === 0) return null;
  const { color, shape } = styleScales(report, theme, rows);
  const layers = report.layers;
  const x = {
    field: "layer",
    type: "quantitative",
    title: "Layer of the source",
    scale: { domain: [Math.min(...layers), Math.max(...layers, Math.min(...layers) + 1)], nice: false, padding: 14 },
    axis: { values: layers, format: "d", grid: false },
  };
  const scale = { domain: valueDomain(rows), nice: true };
  const metric = selection.metric;
  const panels = report.references
    .map((reference) => [reference, rows.filter((row) => row.reference === reference)])
    .filter(([, own]) => own.length > 0)
    .map(([reference, own]) => {
      const y = { field: "mean", type: "quantitative", title: `Mean ${pretty(metric)}`, scale, axis: { tickCount: 6, format: ".1f" } };
      const byLayer = [{ filter: "isValid(datum.layer)" }];
      return {
        title: `Reference: ${reference}`,
        height: 260,
        spec: {
          data: { values: own },
          height: 260,
          layer: [
            { mark: { type: "rule", opacity: 0.6 }, encoding: { y: { datum: 0 } } },
            {
              transform: [...byLayer, { filter: "isValid(datum.ci_low)" }],
              mark: { type: "area", opacity: 0.16 },
              encoding: { x, y: { ...y, field: "ci_low" }, y2: { field: "ci_high" }, color },
            },
            {
              transform: [{ filter: "!isValid(datum.layer)" }],
              mark: { type: "rule", strokeDash: [6, 4], strokeWidth: 2, opacity: 1 },
              encoding: { y, color, tooltip: meanTooltip(metric) },
            },
            { transform: byLayer, mark: { type: "line", strokeWidth: 2 }, encoding: { x, y, color } },
            {
              transform: byLayer,
              mark: { type: "point", filled: true, size: 58, opacity: 1 },
              encoding: { x, y, color, shape, tooltip: meanTooltip(metric) },
            },
          ],
        },
      };
    });
  const drawn = report.methods.filter((method) => rows.some((row) => row.method === method));
  const dashed = drawn.filter((method) => rows.every((row) => row.method !== method || row.layer === null));
  return {
    id: "correlation_by_layer",
    title: `${firstUpper(pretty(metric))} with each reference, by layer`,
    note:
      (rows.some(hasBand) ? "Bands: 95 % bootstrap intervals of the mean over examples. " : "") +
      (dashed.length > 0 ? `Dashed: ${dashed.map(pretty).join(", ")}, which takes no layer.` : ""),
    panels,
    legend: legendOf(report, theme, drawn).map((entry, m) => ({ ...entry, dashed: dashed.includes(drawn[m]) })),
    rows,
  };
}

// The colour scale of a metric: diverging around 0 where it can be negative.
function metricColour(report, metric, theme) {
  const means = report.table("correlation_by_layer").filter((r) => r.metric === metric && r.mean !== null).map((r) => r.mean);
  const signed = means.some((m) => m < 0);
  return signed
    ? { domain: [-1, 1], range: theme.diverging, of: (v) => ramp(theme.diverging, (v + 1) / 2) }
    : { domain: [0, 1], range: theme.sequential, of: (v) => ramp(theme.sequential, v) };
}

// A heat map with its numbers written in; `x` and `y` are names of fields of `rows`.
function heatMap({ rows, x, y, xTitle, yTitle, xOrder, yOrder, value, colour, valueTitle, tooltip, fontSize = 11 }) {
  const values = rows.map((row) => ({ ...row, cell_ink: inkOn(colour.of(row[value])) }));
  const encoding = {
    x: { field: x, type: "nominal", title: xTitle, sort: xOrder, axis: { labelAngle: 0, domain: false, ticks: false, labelLimit: 120 } },
    y: { field: y, type: "nominal", title: yTitle, sort: yOrder, axis: { domain: false, ticks: false, labelLimit: 140 } },
  };
  return {
    data: { values },
    height: 34 * yOrder.length,
    encoding,
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
      ...["#101316", "#ffffff"].map((ink) => ({
        transform: [{ filter: { field: "cell_ink", equal: ink } }],
        mark: { type: "text", fontSize, color: ink },
        encoding: { text: { field: value, type: "quantitative", format: ".2f" }, tooltip },
      })),
    ],
    _legend: { title: valueTitle, domain: colour.domain, range: colour.range },
  };
}

export function scoresByLayer(report, selection, theme) {
  const colour = metricColour(report, selection.metric, theme);
  const rows = report
    .table("correlation_by_layer")
    .filter((row) => row.metric === selection.metric && row.mean !== null && report.matches(row, selection, ["layer"]))
    .map((row) => ({ ...withInterval(row), column: row.layer === null ? WITHOUT_LAYER : `${row.layer}`, name: pretty(row.method) }));
  if (rows.length === 0) return null;
  const yOrder = report.methods.filter((m) => rows.some((r) => r.method === m)).map(pretty);
  const xOrder = [...report.layers.map(String), WITHOUT_LAYER].filter((c) => rows.some((r) => r.column === c));
  const panels = report.references
    .filter((reference) => rows.some((r) => r.reference === reference))
    .map((reference) => ({
      title: `Reference: ${reference}`,
      spec: heatMap({
        rows: rows.filter((r) => r.reference === reference),
        x: "column",
        y: "name",
        xTitle: "Layer of the source",
        yTitle: null,
        xOrder,
        yOrder,
        value: "mean",
        colour,
        valueTitle: `Mean ${pretty(selection.metric)}`,
        tooltip: meanTooltip(selection.metric),
      }),
    }));
  return { id: "scores_by_layer", title: "Methods by layer", note: `Mean ${pretty(selection.metric)} over examples.`, panels, rows };
}

export function headsBySkip(report, selection, theme) {
  const heads = report.values("heads");
  const skips = report.values("skip_weight");
  if (heads.length < 2 && skips.length < 2) return null;
  const colour = metricColour(report, selection.metric, theme);
  const free = ["heads", "skip_weight"];
  const rows = report
    .table("correlation_by_layer")
    .filter((row) => row.metric === selection.metric && row.reference === selection.reference && row.mean !== null)
    .filter((row) => report.matches(row, selection, free))
    .map((row) => ({ ...withInterval(row), skip: row.skip_weight === null ? NONE : `${row.skip_weight}`, fused: `${row.heads ?? NONE}` }));
  const methods = report.methods.filter((m) => rows.some((r) => r.method === m));
  if (methods.length === 0) return null;
  const panels = methods.map((method) => {
    const own = rows.filter((r) => r.method === method);
    return {
      title: pretty(method),
      narrow: true,
      spec: heatMap({
        rows: own,
        x: "skip",
        y: "fused",
        xTitle: "Skip weight",
        yTitle: "Heads",
        xOrder: [...skips.map(String), NONE].filter((s) => own.some((r) => r.skip === s)),
        yOrder: heads.map(String).filter((h) => own.some((r) => r.fused === h)),
        value: "mean",
        colour,
        valueTitle: `Mean ${pretty(selection.metric)}`,
        tooltip: [
          ...meanTooltip(selection.metric),
          { field: "fused", title: "Heads" },
          { field: "skip", title: "Skip weight" },
        ],
      }),
    };
  });
  return {
    id: "heads_by_skip",
    title: `Heads and skip weight, layer ${selection.layer}`,
    note: `Mean ${pretty(selection.metric)} with ${selection.reference}. "${NONE}": the method takes no skip connection.`,
    panels,
    rows,
  };
}

export function comparisons(report, selection, theme) {
  const rows = report
    .table("comparisons")
    .filter((row) => row.metric === selection.metric && row.mean_difference !== null && report.matches(row, selection))
    .map((row) => ({
      ...row,
      pair: `${pretty(row.method)} \u2212 ${pretty(row.other_method)}`,
      decided: row.p_holm !== null && row.p_holm < 0.05 ? "yes" : "no",
      interval: `${Number(row.ci_low).toFixed(3)} to ${Number(row.ci_high).toFixed(3)}`,
    }));
  if (rows.length === 0) return null;
  const order = unique(rows.map((r) => r.pair));
  const extent = Math.max(0.05, ...rows.flatMap((r) => [Math.abs(r.ci_low), Math.abs(r.ci_high)])) * 1.08;
  const tooltip = [
    { field: "pair", title: "Pair" },
    { field: "mean_difference", title: "Mean difference", format: ".3f" },
    { field: "interval", title: "95 % interval" },
    { field: "effect_size", title: "Effect size", format: ".2f" },
    { field: "p", title: "p", format: ".4f" },
    { field: "p_holm", title: "p after Holm", format: ".4f" },
    { field: "n", title: "Examples" },
  ];
  const panels = report.references
    .filter((reference) => rows.some((r) => r.reference === reference))
    .map((reference) => {
      const y = { field: "pair", type: "nominal", sort: order, title: null, axis: { labelLimit: 210, domain: false, ticks: false } };
      const x = {
        type: "quantitative",
        title: `Difference of mean ${pretty(selection.metric)}`,
        scale: { domain: [-extent, extent], nice: false },
        axis: { tickCount: 5 },
      };
      const color = {
        field: "decided",
        type: "nominal",
        scale: { domain: ["yes", "no"], range: [theme.accent, theme.soft] },
        legend: null,
      };
      return {
        title: `Reference: ${reference}`,
        spec: {
          data: { values: rows.filter((r) => r.reference === reference) },
          height: Math.max(80, 26 * order.length),
          layer: [
            { mark: { type: "rule" }, encoding: { x: { datum: 0, ...x } } },
            { mark: { type: "rule", strokeWidth: 2.5 }, encoding: { x: { ...x, field: "ci_low" }, x2: { field: "ci_high" }, y, color } },
            {
              mark: { type: "point", filled: true, size: 70, opacity: 1 },
              encoding: {
                x: { ...x, field: "mean_difference" },
                y,
                color,
                shape: { field: "decided", type: "nominal", scale: { domain: ["yes", "no"], range: ["circle", "diamond"] }, legend: null },
                tooltip,
              },
            },
          ],
        },
      };
    });
  return {
    id: "comparisons",
    title: `Paired comparisons, layer ${selection.layer}`,
    note: "Difference of means on the same examples with its 95 % interval; right of 0, the first method correlates more.",
    panels,
    legend: [
      { label: "Holm-corrected p < 0.05", colour: theme.accent, shape: "circle" },
      { label: "not decided", colour: theme.soft, shape: "diamond" },
    ],
    rows,
  };
}

export function saturationByLayer(report, selection, theme) {
  const free = ["layer", "positions"];
  const kept = report.values("positions")[0];
  const rows = report
    .table("saturation_by_layer")
    .filter((row) => report.matches(row, selection, free) && (row.positions === null || row.positions === kept))
    .map((row) => ({ ...row, order: CUT_KINDS.indexOf(row.cut), words: CUT_WORDS[row.cut] }));
  if (rows.length === 0) return null;
  const methods = unique(rows.map((r) => r.method));
  const panels = methods.map((method) => ({
    title: `Binding cuts of ${pretty(method)}`,
    spec: {
      data: { values: rows.filter((r) => r.method === method && r.share > 0) },
      height: 240,
      mark: { type: "bar", stroke: theme.ground, strokeWidth: 1 },
      encoding: {
        x: { field: "layer", type: "ordinal", title: "Layer of the source", axis: { labelAngle: 0, domain: false, ticks: false } },
        y: {
          field: "share",
          type: "quantitative",
          title: "Share of flows",
          stack: "zero",
          scale: { domain: [0, 1], nice: false },
          axis: { format: ".0%", tickCount: 5 },
        },
        color: { field: "cut", type: "nominal", scale: { domain: CUT_KINDS, range: theme.cuts } },
        order: { field: "order" },
        tooltip: [
          { field: "layer", title: "Layer" },
          { field: "cut", title: "Cut" },
          { field: "words", title: "Meaning" },
          { field: "share", title: "Share", format: ".1%" },
          { field: "pairs", title: "Flows" },
        ],
      },
    },
  }));
  const agreement = flowAgreement(report, selection, theme, methods);
  if (agreement) panels.push(agreement);
  return {
    id: "saturation_by_layer",
    title: "Saturation of flow, by layer",
    note:
      "Which cut limits each flow. A flow limited by source row or sink column is one number of the top or of the first layer: " +
      "no layer in between plays a part.",
    panels,
    legend: CUT_KINDS.filter((cut) => rows.some((r) => r.cut === cut && r.share > 0)).map((cut) => ({
      label: pretty(cut),
      title: CUT_WORDS[cut],
      colour: theme.cuts[CUT_KINDS.indexOf(cut)],
      shape: "square",
    })),
    rows,
  };
}

/** Rows of the agreement table at the selected settings, both ways round. */
function agreementRows(report, selection, free) {
  return report
    .table("agreement")
    .filter((row) => row.mean !== null && report.matches(row, selection, ["positions", ...free]))
    .flatMap((row) => [row, { ...row, method: row.other_method, other_method: row.method }]);
}

function flowAgreement(report, selection, theme, flows) {
  const others = ["column_sum", "rollout"].filter((m) => report.methods.includes(m));
  const rows = agreementRows(report, selection, ["layer"])
    .filter((r) => flows.includes(r.other_method) && others.includes(r.method) && r.layer !== null)
    .map((r) => ({ ...r, name: `with ${pretty(r.method)}` }));
  if (rows.length === 0) return null;
  const { color, shape } = styleScales(report, theme, rows);
  const x = { field: "layer", type: "ordinal", title: "Layer of the source", axis: { labelAngle: 0, domain: false, ticks: false } };
  const y = {
    field: "mean",
    type: "quantitative",
    title: "Mean rank correlation",
    scale: { domain: [Math.min(0, ...rows.map((r) => r.mean)), 1], nice: true },
    axis: { tickCount: 5, format: ".1f" },
  };
  return {
    title: `Rank agreement of flow with ${others.map(pretty).join(" and ")}`,
    spec: {
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
    },
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
  const colour = { domain: [-1, 1], range: theme.diverging, of: (v) => ramp(theme.diverging, (v + 1) / 2) };
  return {
    id: "agreement",
    title: `Agreement between methods, layer ${selection.layer}`,
    note: "Mean Spearman correlation between the token scores of two methods, over examples; all positions count.",
    panels: [
      {
        title: null,
        square: true,
        spec: heatMap({
          rows,
          x: "other",
          y: "name",
          xTitle: null,
          yTitle: null,
          xOrder: order,
          yOrder: order,
          value: "mean",
          colour,
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
    rows: report.table("agreement").filter((row) => row.mean !== null && report.matches(row, selection, ["positions"])),
  };
}

export const CHARTS = [correlationByLayer, scoresByLayer, headsBySkip, comparisons, saturationByLayer, agreement];

/** The specification of a panel for the page: as wide as its box, without legends. */
export function pageSpec(panel, width) {
  const { _legend, ...spec } = panel.spec;
  return withoutLegends({ ...spec, width, autosize: { type: "fit-x", contains: "padding" } });
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

/** One specification for the whole chart: panels side by side, legends and title inside. */
export function standalone(chart, theme) {
  const width = chart.panels.length > 3 ? 150 : chart.panels.length > 1 ? 330 : 460;
  return {
    title: { text: chart.title, fontSize: 14, offset: 14 },
    background: theme.ground,
    padding: 12,
    hconcat: chart.panels.map((panel) => {
      const { _legend, ...spec } = panel.spec;
      const own = { ...spec, width, ...(panel.title && { title: panel.title }) };
      if (_legend) {
        own.layer = spec.layer.map((layer, index) =>
          index > 0
            ? layer
            : {
                ...layer,
                encoding: { ...layer.encoding, color: { ...layer.encoding.color, legend: { title: _legend.title } } },
              },
        );
      }
      return own;
    }),
    resolve: { scale: { color: "independent", shape: "independent" } },
  };
}
