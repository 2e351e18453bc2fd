// Reading the report document that `attnflow report` embeds.

import { CutVocabulary } from "./cuts.js";
import { plural } from "./explorer/numbers.js";
import { directionOf, shortToken, tokenText } from "./token_text.js";

function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; ++i) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
function numbers(text, size, read) {
  const bytes = bytesOf(text);
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / size }, (_, i) => view[read](i * size, true));
}
export const decodeFloats = (text) => numbers(text, 4, "getFloat32");
export const decodeUint32 = (text) => numbers(text, 4, "getUint32");
export const decodeUint16 = (text) => numbers(text, 2, "getUint16");

const byValue = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : 0);
export const unique = (values) => [...new Set(values)];

export class Report {
  constructor(json) {
    this.json = json;
    this.methods = json.methods;
    this.axes = json.axes.map(({ name }) => name);
    this.ownDefaults = new Set(json.own_defaults ?? []); // axes of which each method has its own value
    this.stages = new Map(json.axes.map(({ name, stage }) => [name, stage]));
    this.titles = new Map(json.metrics.map(({ name, title }) => [name, title]));
    this.directions = new Map(json.metrics.map(({ name, direction }) => [name, direction]));
    this.asking = new Set(json.metrics.filter((metric) => metric.asks_model).map(({ name }) => name));
    this.cuts = new CutVocabulary(json.cuts);
    this.tables = {};
    for (const [name, { columns, rows }] of Object.entries(json.tables)) {
      this.tables[name] = rows.map((row) => Object.fromEntries(columns.map((column, c) => [column, row[c]])));
    }
    this.points = json.points.map((row) =>
      Object.fromEntries(["method", ...this.axes].map((name, c) => [name, row[c]])),
    );
    this.layers = unique(this.points.map((p) => p.layer).filter((l) => typeof l === "number")).sort(byValue);
  }

  /** Of intervals and tests, as the run was told. */
  get level() {
    return this.json.run.level;
  }
  /** "95 %" */
  get percent() {
    return `${Number((100 * this.level).toPrecision(6))}\u00a0%`;
  }
  /** What p has to be below: "0.05". */
  get alpha() {
    return Number((1 - this.level).toPrecision(6));
  }

  table(name) {
    return this.tables[name] ?? [];
  }

  /** The values that an axis takes in this run, numbers in order. */
  values(axis) {
    return unique(this.points.map((p) => p[axis]).filter((v) => v !== null && v !== undefined)).sort(byValue);
  }

  /** Axes with more than one value, the layer aside. */
  get varied() {
    return this.axes.filter(
      (axis) => axis !== "layer" && !this.ownDefaults.has(axis) && this.values(axis).length > 1,
    );
  }
  /** Axes with one value, as "heads mean". */
  get fixed() {
    return this.axes
      .filter((axis) => axis !== "layer" && this.values(axis).length === 1)
      .map((axis) => `${axis.replace("_", " ")} ${this.values(axis)[0]}`);
  }

  /** Axes that say which scores are compared; points that differ in nothing else have the same scores. */
  get comparing() {
    return this.axes.filter((axis) => this.stages.get(axis) === "comparing");
  }
  /** Axes with more than one value that the answer of a method depends on, the layer aside. */
  get answering() {
    return this.varied.filter((axis) => ["network", "attribution"].includes(this.stages.get(axis)));
  }
  /** Whether a row is of the first that is compared, where that varies. */
  isComparedFirst(row) {
    return this.comparing.every((axis) => row[axis] === null || row[axis] === this.values(axis)[0]);
  }

  /** What scores are compared with; model metrics have none. */
  get references() {
    return unique(
      this.table("correlation_by_layer")
        .filter((row) => !this.asksModel(row.metric))
        .map((row) => row.reference),
    );
  }
  /** What rows of a metric call their reference: `model` alone for those that ask one. */
  referencesOf(metric) {
    return unique(
      this.table("correlation_by_layer")
        .filter((row) => row.metric === metric)
        .map((row) => row.reference),
    );
  }
  asksModel(metric) {
    return this.asking.has(metric);
  }
  /** Above 0 where `a` is the better of two values of a metric. */
  better(metric, a, b) {
    return this.directions.get(metric) === "smaller" ? b - a : a - b;
  }
  get metrics() {
    return unique(this.table("correlation_by_layer").map((row) => row.metric));
  }

  initialSelection() {
    const metric = this.metrics[0];
    const selection = {
      metric,
      reference: this.referencesOf(metric)[0],
      layer: this.layers[this.layers.length - 1] ?? null,
    };
    for (const axis of this.axes) {
      if (axis === "layer") continue;
      const values = this.values(axis);
      // Half of the skip connection is the paper's convention: begin there when it was run.
      selection[axis] = axis === "skip_weight" && values.includes(0.5) ? 0.5 : values[0];
    }
    return selection;
  }

  /** True when a row agrees with the selection in each axis that it has, those in `free` aside. */
  matches(row, selection, free = []) {
    return this.axes.every(
      (axis) =>
        free.includes(axis) ||
        this.ownDefaults.has(axis) ||
        row[axis] === null ||
        row[axis] === undefined ||
        row[axis] === selection[axis],
    );
  }

  /** Index of the embedded network with these settings, the one with a skip connection first. */
  networkIndex(selection) {
    const { networks } = this.json;
    const fits = ({ settings }) => Object.entries(settings).every(([axis, value]) => value === selection[axis]);
    const found = networks.findIndex((network) => "skip_weight" in network.settings && fits(network));
    return Math.max(0, found >= 0 ? found : networks.findIndex(fits));
  }
}

/** One embedded example, decoded when it is asked for. */
export class Example {
  constructor(report, index) {
    this.report = report;
    this.json = report.json.examples[index];
    this.tokens = this.json.tokens; // or words of the pieces that they are
    this.unit = this.json.unit ?? "token";
    this.direction = directionOf(this.tokens);
    this.unknown = new Set(this.json.unknown ?? []); // positions that the model read as its unknown token
    this.unknownToken = tokenText(this.json.unknown_token ?? "[UNK]");
    this.layers = this.json.layers;
    this.scores = decodeFloats(this.json.scores);
    this.cuts = this.json.cuts ? decodeUint16(this.json.cuts) : null;
  }

  /** What the model read in place of an unknown word; "" where it read the token that is shown. */
  mark(t) {
    return this.unknown.has(t) && tokenText(this.tokens[t]) !== this.unknownToken ? this.unknownToken : "";
  }
  /** "2 of 6 tokens are read as [UNK]"; "" without any. */
  get unknownWords() {
    const { size } = this.unknown;
    if (size === 0) return "";
    return `${size} of ${plural(this.tokens.length, this.unit)} ${size === 1 ? "is" : "are"} read as ${this.unknownToken}`;
  }
  /** A token in a line of text, with what the model read in its place. */
  tokenLabel(t, limit) {
    const mark = this.mark(t);
    return `${shortToken(this.tokens[t], limit)}${mark && ` (read as ${mark})`}`;
  }

  /** [{ method, point, message }] of the methods that failed at the selected settings. */
  failures(selection) {
    return (this.json.failures ?? [])
      .map(({ place, message }) => ({ point: this.report.points[this.report.json.score_points[place]], message }))
      .filter(({ point }) => this.report.matches(point, selection, this.report.comparing))
      .map(({ point, message }) => ({ method: point.method, point, message }));
  }

  /** [{ method, point, scores, cuts }] of every method at the selected settings. */
  attributions(selection) {
    const n = this.tokens.length;
    const out = [];
    this.report.json.score_points.forEach((index, place) => {
      const point = this.report.points[index];
      if (!this.report.matches(point, selection, this.report.comparing)) return;
      const scores = Array.from(this.scores.subarray(place * n, (place + 1) * n));
      if (scores.every(Number.isNaN)) return;
      const cuts = this.cuts && Array.from(this.cuts.subarray(place * n, (place + 1) * n));
      out.push({ method: point.method, point, scores, cuts: cuts && cuts[0] !== 0xffff ? cuts : null });
    });
    return out;
  }
}

/** Position of the source that an axis value names in an example; null for all of them, and where it has none. */
export const sourcePosition = (value, example) => example.json.sources[value] ?? null;

// As experiments/tables/csv.cpp does: an apostrophe before whatever a spreadsheet would take for a formula, also where
// it separates cells by semicolons and takes off quotes. A minus sign alone is a token.
const FORMULA = /^[ "]*([=+@\uff1d\uff0b\uff20\uff0d]|-.)/u;
/** Text of a cell that a spreadsheet takes as text, never as a formula. */
export function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = String(value)
    .replace(/[\u0000-\u001f\u007f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .split(";")
    .map((field) => (FORMULA.test(field) ? `'${field}` : field))
    .join(";");
  return /[",;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
export function toCsv(rows) {
  if (rows.length === 0) return "";
  const columns = unique(rows.flatMap(Object.keys));
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((cells) => `${cells.map(csvCell).join(",")}\n`)
    .join("");
}
