// What is chosen in the explorer, and what follows from it: example, layer, networks, names. Knows no document.

import { shortToken } from "../token_text.js";
import { Example, sourcePosition } from "../data.js";
import { EmbeddedNetwork } from "../network.js";

export const EDGE_STEPS = [50, 100, 200, 400, 800, 1600];

export class ExplorerState {
  /** `selection` is the page's; its changes come by follow(). */
  constructor(report, selection) {
    this.report = report;
    this.selection = selection;
    this.view = "flow";
    this.edgeStep = 3; // place in EDGE_STEPS
    this.networks = new Map(); // those decoded so far, by example and index
    this.open(0);
  }

  open(index) {
    this.index = index;
    this.example = new Example(this.report, index);
    this.ownLayer = null; // null follows the page; its own where the run has no points for the layer
    this.source = this.sourceOfRun();
    this.sink = this.firstSink();
  }

  /** The page's selection has changed. */
  follow(changes) {
    if ("layer" in changes) this.ownLayer = null;
    if ("source" in changes) this.source = this.sourceOfRun();
  }

  /** Another layer and source; the changes of the page's selection that go with them, where the run has points. */
  moveSource(layer, source) {
    const { report, selection, example } = this;
    this.ownLayer = layer;
    this.source = source;
    const changes = {};
    if (report.layers.includes(layer) && layer !== selection.layer) changes.layer = layer;
    const is = (value) => sourcePosition(value, example) === source;
    const held = is(selection.source) ? undefined : report.values("source").find(is);
    if (held !== undefined) changes.source = held;
    return changes;
  }

  get layer() {
    return Math.min(this.ownLayer ?? this.selection.layer ?? this.example.layers, this.example.layers);
  }

  /** The page's selection at the explorer's layer. */
  get selectionHere() {
    return { ...this.selection, layer: this.layer };
  }

  // Position of the source whose scores are selected; 0 where it is all of them.
  sourceOfRun() {
    return sourcePosition(this.selection.source, this.example) ?? 0;
  }

  /** Does the run have scores of the chosen layer? */
  get isLayerHeld() {
    const { layers } = this.report;
    return layers.length === 0 || layers.includes(this.layer);
  }
  /** Are the selected scores those of the chosen source? */
  get isSourceHeld() {
    return sourcePosition(this.selection.source, this.example) === this.source;
  }
  get isHeld() {
    return this.isLayerHeld && this.isSourceHeld;
  }

  network(index) {
    const key = `${this.index}/${index}`;
    if (!this.networks.has(key)) {
      const { json, layers, tokens } = this.example;
      this.networks.set(key, new EmbeddedNetwork(json.networks[index], layers, tokens.length));
    }
    return this.networks.get(key);
  }
  get fusedIndex() {
    return this.report.networkIndex(this.selection);
  }
  /** What methods work on, at the page's settings. */
  get fused() {
    return this.network(this.fusedIndex);
  }
  /** The same without skip connection. */
  get raw() {
    return this.network(this.report.json.networks[this.fusedIndex].raw);
  }

  /** Names the fused network for the solver. */
  get networkKey() {
    return `${this.index}/${this.fusedIndex}`;
  }
  /** Names all that the graph shows, its width aside. */
  get graphKey() {
    return [this.index, this.view, this.fusedIndex, this.layer, this.source, this.sink].join("/");
  }
  /** Names all that the strips show, the sink and colours aside. */
  get stripsKey() {
    return JSON.stringify([this.index, this.layer, this.source, this.selection]);
  }

  // To begin with, the token that the flow (else the first method) scores highest, source aside;
  // where pairs are precomputed, one of those.
  firstSink() {
    const { source, example } = this;
    const pairs = this.fused.pairs.filter((p) => p.source === source && p.sink !== p.source);
    const pair = pairs.find((p) => p.layer === this.layer) ?? pairs[0];
    if (pair) return pair.sink;
    const rows = example.attributions(this.selectionHere);
    const scores = (rows.find((row) => row.cuts) ?? rows[0])?.scores;
    const last = example.tokens.length - 1;
    if (!scores) return last;
    let best = source === 0 ? 1 : 0;
    scores.forEach((score, t) => {
      if (t !== source && score > (scores[best] ?? -Infinity)) best = t;
    });
    return Math.min(best, last);
  }

  /** "“word” (3)"; "“word” (3, read as [UNK])" */
  tokenName(t, limit = 24) {
    const mark = this.example.mark(t);
    return `\u201c${shortToken(this.example.tokens[t], limit)}\u201d (${t}${mark && `, read as ${mark}`})`;
  }
  /** "From “a” (0) in layer 6 to “b” (3)" */
  pairName() {
    return `From ${this.tokenName(this.source)} in layer ${this.layer} to ${this.tokenName(this.sink)}`;
  }
}
