// The example explorer: tokens shaded by each method, and the layered graph of one example.

import { el, shortToken, show, toMarkup, tokenText } from "./tree.js";
import { Example, sourcePosition, toCsv } from "./data.js";
import { EmbeddedNetwork } from "./network.js";
import { Solver } from "./solver.js";
import { edgeDistance, edgePath, graphGeometry, graphTree } from "./graph_view.js";
import {
  VIEWS,
  cutMeaning,
  cutName,
  cutText,
  decodeCut,
  drawnCut,
  filtered,
  precomputedView,
  solvedView,
  staticView,
} from "./views.js";
import { maxFlow } from "./max_flow.js";
import { methodStyles } from "./charts.js";
import { pretty } from "./findings.js";
import { inkOn, ramp } from "./theme.js";
import { field, segmented, select } from "./controls.js";
import { save } from "./save.js";

const EDGE_STEPS = [50, 100, 200, 400, 800, 1600];
const LISTED_EDGES = 8;
const QUANTITIES = { raw: "Weight", fused: "Weight", rollout: "Share of walks", flow: "Flow" };
const fixed = (value, digits = 4) => (Number.isFinite(value) ? value.toFixed(digits) : "\u2013");

export class Explorer {
  constructor(root, report, page) {
    this.root = root;
    this.report = report;
    this.page = page; // { selection, theme, tip, select(), track() }
    this.solver = new Solver();
    // layer: null follows the page; the page keeps its own where the run has no points for the layer.
    this.state = { example: 0, view: "flow", layer: null, source: null, sink: null, edgeStep: 3 };
    this.networks = new Map();
    this.ticket = 0;
    this.last = null; // the latest content and what it was made for
    this.build();
    this.openExample(0);
  }

  build() {
    const box = (name) => el("div", { class: name, id: `explorer-${name}` });
    show(this.root, box("controls"), box("strips"), box("graph-controls"), box("graph"), box("answer"));
    this.boxes = Object.fromEntries([...this.root.children].map((child) => [child.className, child]));
    const { graph } = this.boxes;
    graph.tabIndex = 0;
    graph.setAttribute("role", "application");
    graph.setAttribute(
      "aria-label",
      "Layered token graph. Arrow keys move between vertices, Enter makes an input the sink and any other vertex the source.",
    );
    graph.addEventListener("pointermove", (event) => this.point(event));
    graph.addEventListener("pointerleave", () => this.leave());
    graph.addEventListener("click", (event) => this.click(event));
    graph.addEventListener("keydown", (event) => this.key(event));
    graph.addEventListener("blur", () => this.leave());
    this.listenToTokens(this.boxes.strips);
    this.live = document.createElement("p");
    this.live.className = "hidden-visually";
    this.live.setAttribute("aria-live", "polite");
    this.root.append(this.live);
  }

  openExample(index) {
    this.state.example = index;
    this.example = new Example(this.report, index);
    this.state.source = this.sourceOfRun();
    this.state.layer = null;
    this.state.sink = null;
    this.cursor = null;
    this.refresh();
  }

  /** The page's selection has changed. */
  follow(changes) {
    if ("layer" in changes) this.state.layer = null;
    if ("source" in changes) this.state.source = this.sourceOfRun();
    return this.refresh();
  }

  // Position of the source whose scores are selected; 0 where it is all of them.
  sourceOfRun() {
    return sourcePosition(this.page.selection.source, this.example) ?? 0;
  }

  // Do the selected scores come from the chosen source and layer?
  get isHeld() {
    const { layers } = this.report;
    const { source } = this.page.selection;
    const isSource = sourcePosition(source, this.example) === this.state.source;
    return isSource && (layers.length === 0 || layers.includes(this.layer));
  }

  network(index) {
    const key = `${this.state.example}/${index}`;
    if (!this.networks.has(key)) {
      const json = this.example.json.networks[index];
      this.networks.set(key, new EmbeddedNetwork(json, this.example.layers, this.example.tokens.length));
    }
    return this.networks.get(key);
  }

  get layer() {
    return Math.min(this.state.layer ?? this.page.selection.layer ?? this.example.layers, this.example.layers);
  }

  /** Draws everything anew: selection, theme or example have changed. */
  refresh() {
    const index = this.report.networkIndex(this.page.selection);
    this.fusedIndex = index;
    this.fused = this.network(index);
    this.raw = this.network(this.report.json.networks[index].raw);
    if (this.state.sink === null) this.state.sink = this.firstSink();
    this.drawControls();
    this.drawStrips();
    return this.redraw();
  }

  // To begin with, the token that the flow (else the first method) scores highest, source aside;
  // where pairs are precomputed, one of those.
  firstSink() {
    const pairs = this.fused.pairs.filter((p) => p.source === this.state.source && p.sink !== p.source);
    const pair = pairs.find((p) => p.layer === this.layer) ?? pairs[0];
    if (pair) return pair.sink;
    const rows = this.example.attributions({ ...this.page.selection, layer: this.layer });
    const scores = (rows.find((row) => row.cuts) ?? rows[0])?.scores;
    if (!scores) return this.example.tokens.length - 1;
    let best = this.state.source === 0 ? 1 : 0;
    scores.forEach((score, t) => {
      if (t !== this.state.source && score > (scores[best] ?? -Infinity)) best = t;
    });
    return Math.min(best, this.example.tokens.length - 1);
  }

  // ---- controls

  drawControls() {
    const { example, state } = this;
    const focused = document.activeElement?.id;
    const tokens = example.tokens.map((token, t) => [t, `${t} ${shortToken(token, 18)}`]);
    const examples = this.report.json.examples.map(({ id }, e) => [e, tokenText(id)]);
    const step = (by) => () => this.openExample((state.example + by + examples.length) % examples.length);
    show(
      this.boxes.controls,
      el(
        "div",
        { class: "example-picker" },
        el("button", { id: "previous-example", "aria-label": "Previous example", onclick: step(-1) }, "\u2190"),
        field(
          "Example",
          select("example", examples, state.example, (e) => this.openExample(Number(e))),
        ),
        el("button", { id: "next-example", "aria-label": "Next example", onclick: step(1) }, "\u2192"),
      ),
      example.layers > 1 &&
        field(
          "Layer",
          select(
            "layer",
            Array.from({ length: example.layers }, (_, l) => [l + 1, `${l + 1}`]),
            this.layer,
            (l) => this.moveSource(Number(l), state.source),
          ),
        ),
      field(
        "Source",
        select("source", tokens, state.source, (t) => this.moveSource(this.layer, Number(t))),
      ),
      field(
        "Sink",
        select("sink", tokens, state.sink, (t) => this.change({ sink: Number(t) })),
      ),
    );
    show(
      this.boxes["graph-controls"],
      segmented(
        "view",
        Object.entries(VIEWS).map(([name, { label }]) => [name, label]),
        state.view,
        (view) => this.change({ view }),
      ),
      el(
        "label",
        { class: "slider" },
        el("span", {}, "Most edges"),
        el("input", {
          type: "range",
          id: "edges",
          min: 0,
          max: EDGE_STEPS.length - 1,
          step: 1,
          value: state.edgeStep,
          "aria-valuetext": `${EDGE_STEPS[state.edgeStep]}`,
          oninput: (event) => {
            state.edgeStep = Number(event.target.value);
            event.target.setAttribute("aria-valuetext", `${EDGE_STEPS[state.edgeStep]}`);
            event.target.nextSibling.textContent = `${EDGE_STEPS[state.edgeStep]}`;
            this.redraw();
          },
        }),
        el("output", {}, `${EDGE_STEPS[state.edgeStep]}`),
      ),
    );
    if (focused) document.getElementById(focused)?.focus();
  }

  // Of all that a choice changes, only that is touched: with 512 tokens, building the lists takes longer than a frame.
  syncControls() {
    const { state } = this;
    const values = { layer: this.layer, source: state.source, sink: state.sink };
    for (const [id, value] of Object.entries(values)) {
      const control = this.boxes.controls.querySelector(`#${id}`);
      if (control) control.value = String(value);
    }
    for (const button of this.boxes["graph-controls"].querySelectorAll("#view button")) {
      button.setAttribute("aria-pressed", button.id === `view-${state.view}` ? "true" : "false");
    }
  }

  change(changes) {
    Object.assign(this.state, changes);
    this.syncControls();
    if (this.stripKey() !== this.drawnStrips) this.drawStrips();
    else if ("sink" in changes) this.markSink();
    return this.redraw();
  }

  // The page follows where the run has points for the layer or source; where not, it keeps what it shows.
  moveSource(layer, source) {
    const { report, page, example, state } = this;
    Object.assign(state, { layer, source });
    const changes = {};
    if (report.layers.includes(layer) && layer !== page.selection.layer) changes.layer = layer;
    const is = (value) => sourcePosition(value, example) === source;
    const held = is(page.selection.source) ? undefined : report.values("source").find(is);
    if (held !== undefined) changes.source = held;
    return Object.keys(changes).length > 0 ? page.select(changes) : this.change({});
  }

  /** Draws the graph anew: its width or what it shows has changed. */
  redraw() {
    return this.page.track(this.drawGraph());
  }

  // ---- tokens shaded by each method

  // What the strips are made for, the sink aside.
  stripKey() {
    const { state, page } = this;
    return JSON.stringify([state.example, this.layer, state.source, page.theme.name, page.selection]);
  }

  stripRows() {
    const { example, page } = this;
    const styles = methodStyles(this.report, page.theme);
    const selection = { ...page.selection, layer: this.layer };
    const row = ({ method, point, ...rest }) => ({
      name: pretty(method) + this.fromWords(point.source),
      id: method,
      colour: styles.get(method)?.colour,
      ...rest,
    });
    const rows = [...example.attributions(selection), ...example.failures(selection)].map(row);
    for (const [name, scores] of Object.entries(example.json.references)) {
      rows.push({ name: `reference: ${name}`, id: `reference ${name}`, scores, isReference: true });
    }
    return rows;
  }

  // " from ..." where scores are not those of the chosen source.
  fromWords(source) {
    if (source === null || source === undefined) return "";
    const position = sourcePosition(source, this.example);
    if (position === this.state.source) return "";
    return position === null ? " from all positions" : ` from ${this.tokenName(position, 12)}`;
  }

  tokenName(t, limit = 24) {
    return `\u201c${shortToken(this.example.tokens[t], limit)}\u201d (${t})`;
  }

  drawStrips() {
    const { example, state, fused } = this;
    const { token: focusedToken, strip: focusedStrip } = document.activeElement?.dataset ?? {};
    const { json } = example;
    const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
    const facts = [
      plural(example.tokens.length, "token"),
      plural(example.layers, "layer"),
      plural(json.heads, "head"),
      json.group && `group ${tokenText(json.group)}`,
      json.label !== undefined && `label ${json.label}`,
      json.predicted !== undefined && `predicted ${json.predicted}`,
    ].filter(Boolean);
    const rows = this.stripRows();
    const { layers } = this.report;
    const missing =
      !this.isHeld &&
      [
        layers.length > 0 && !layers.includes(this.layer) && `The run has no scores of layer ${this.layer}.`,
        sourcePosition(this.page.selection.source, example) !== state.source &&
          `The run has no scores from ${this.tokenName(state.source)}; a line says where its scores are from.`,
        fused.exact && "Rollout and flow are computed here.",
      ]
        .filter(Boolean)
        .join(" ");
    this.rows = new Map(rows.map((row) => [row.id, row]));
    this.drawnStrips = this.stripKey();
    show(
      this.boxes.strips,
      el(
        "div",
        { class: "strip-head" },
        el(
          "h3",
          { id: "strips-title" },
          `Tokens shaded by each method, from ${this.tokenName(state.source)} in layer ${this.layer}`,
        ),
        el(
          "button",
          {
            class: "quiet",
            "aria-label": "Download CSV: scores of the tokens",
            onclick: () => this.saveScores(rows),
          },
          "Download CSV",
        ),
      ),
      el(
        "p",
        { class: "note" },
        `${facts.join(" \u00b7 ")}. Numbers are those of the sink. Choose a token to make it the sink.`,
      ),
      el("ul", { class: "legend", id: "shading" }, shading(rows, this.page.theme)),
      missing && el("p", { class: "note", id: "strips-missing" }, missing),
      el("div", { class: "own-strips" }),
      rows.map((row) => this.strip(row)),
    );
    this.drawOwnStrips();
    this.showChosen();
    if (focusedStrip) this.focusToken(focusedStrip, focusedToken);
  }

  // Scores from a source or layer that the run did not ask for: the walk at once, the flow when the solver
  // has it, in a line that is there from the start so that nothing moves.
  ownRows() {
    const { state, layer, fused, example } = this;
    if (!fused.exact || this.isHeld) return [];
    const flow = this.ownFlow?.key === this.drawnStrips ? this.ownFlow.values : null;
    return [
      {
        name: "rollout, computed here",
        id: "own-rollout",
        scores: Array.from(fused.walk(layer, state.source).mass[0]),
      },
      {
        name: "flow, computed here",
        id: "own-flow",
        scores: flow ?? example.tokens.map(() => NaN),
        pending: !flow,
      },
    ];
  }

  drawOwnStrips() {
    const focused = document.activeElement?.dataset ?? {};
    const rows = this.ownRows();
    for (const row of rows) this.rows.set(row.id, row);
    show(
      this.boxes.strips.querySelector(".own-strips"),
      rows.map((row) => this.strip(row)),
    );
    if (focused.strip?.startsWith("own-")) this.focusToken(focused.strip, focused.token);
  }

  focusToken(strip, token) {
    this.boxes.strips.querySelector(`[data-strip="${CSS.escape(strip)}"][data-token="${token}"]`)?.focus();
  }

  async solveOwnStrips(ticket) {
    const { state, layer, fused } = this;
    const key = this.drawnStrips;
    if (!fused.exact || this.isHeld || this.ownFlow?.key === key) return;
    const values = await this.solver.row(`${state.example}/${this.fusedIndex}`, fused.exact, layer, state.source);
    if (ticket !== this.ticket) return;
    this.ownFlow = { key, values: Array.from(values, (v) => v * fused.unit) };
    this.drawOwnStrips();
  }

  strip(row) {
    const { theme } = this.page;
    const { tokens } = this.example;
    const name = el(
      "span",
      { class: "strip-name" },
      row.colour && el("i", { class: "dot", style: { background: row.colour } }),
      row.name,
    );
    if (row.message !== undefined) {
      return el(
        "div",
        { class: "strip failed", "data-method": row.id },
        name,
        el("span", { class: "strip-value" }, "\u2013"),
        el("span", { class: "note" }, `failed: ${tokenText(row.message)}`),
      );
    }
    const largest = Math.max(1e-300, ...row.scores.map((s) => (Number.isFinite(s) ? Math.abs(s) : 0)));
    const signed = row.scores.some((s) => s < 0);
    return el(
      "div",
      {
        class: row.isReference ? "strip reference" : "strip",
        "data-method": row.id,
        "aria-busy": row.pending && "true",
      },
      name,
      el("span", { class: "strip-value" }, fixed(row.scores[this.state.sink])),
      el(
        "span",
        { class: "strip-tokens", role: "group", "aria-label": `Scores by ${row.name}` },
        tokens.map((token, t) => {
          const score = row.scores[t];
          const colour = signed
            ? ramp(theme.diverging, (score / largest + 1) / 2)
            : ramp(theme.sequential, Number.isFinite(score) ? score / largest : 0);
          const word = shortToken(token, 24);
          return el(
            "button",
            {
              class: t === this.state.sink ? "token chosen" : "token",
              tabindex: t === this.state.sink ? 0 : -1,
              "data-token": t,
              "data-strip": row.id,
              title: [...token].length > 24 && tokenText(token),
              "aria-label": `${shortToken(token, 40)}: ${fixed(score)}`,
              "aria-pressed": t === this.state.sink ? "true" : "false",
              style: { "background-color": colour, color: inkOn(colour) },
            },
            word,
          );
        }),
      ),
    );
  }

  // One listener a kind for all tokens: with 512 tokens and five lines there are thousands.
  listenToTokens(box) {
    const { tip } = this.page;
    const of = (event) => event.target.closest?.(".token");
    const at = (event) => {
      const token = of(event);
      if (!token) return;
      const { left, bottom } = token.getBoundingClientRect();
      tip.at(event.clientX || left, event.clientY || bottom, this.aboutToken(token));
    };
    const hide = (event) => of(event) && tip.hide();
    box.addEventListener("pointerover", at);
    box.addEventListener("pointerout", hide);
    box.addEventListener("focusin", at);
    box.addEventListener("focusout", hide);
    box.addEventListener("click", (event) => {
      const token = of(event);
      if (token) this.change({ sink: Number(token.dataset.token) });
    });
    box.addEventListener("keydown", (event) => {
      const token = of(event);
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!token || !step) return;
      event.preventDefault();
      (step > 0 ? token.nextSibling : token.previousSibling)?.focus();
    });
  }

  aboutToken({ dataset }) {
    const row = this.rows.get(dataset.strip);
    const t = Number(dataset.token);
    if (!row) return [];
    return [
      ["Token", `${t} ${shortToken(this.example.tokens[t], 240)}`],
      [row.name, fixed(row.scores[t], 6)],
      ...(row.cuts ? [["Binding cut", cutName(decodeCut(row.cuts[t]))]] : []),
    ];
  }

  // Another sink: its place in each line and its numbers.
  markSink() {
    const { sink } = this.state;
    for (const box of this.boxes.strips.querySelectorAll(".strip-tokens")) {
      const old = box.querySelector(".chosen");
      const mark = (token, isChosen) => {
        token.classList.toggle("chosen", isChosen);
        token.tabIndex = isChosen ? 0 : -1;
        token.setAttribute("aria-pressed", isChosen ? "true" : "false");
      };
      if (old) mark(old, false);
      const token = box.children[sink];
      mark(token, true);
      box.previousSibling.textContent = fixed(this.rows.get(token.dataset.strip)?.scores[sink]);
    }
    this.showChosen();
  }

  // Scrolls each line, and nothing else, to the chosen token. All is measured before anything moves.
  showChosen() {
    const places = [...this.boxes.strips.querySelectorAll(".strip-tokens")]
      .filter((box) => box.scrollHeight > box.clientHeight + 1)
      .map((box) => [box, box.children[this.state.sink].offsetTop - box.clientHeight / 2 + 14]);
    for (const [box, top] of places) box.scrollTop = top;
  }

  saveScores(rows) {
    const { example } = this;
    const out = rows.flatMap((row) =>
      example.tokens.map((token, t) => ({
        example: example.json.id,
        scores: row.isReference ? row.name : row.id,
        layer: row.isReference ? null : this.layer,
        failed: row.message ?? null,
        position: t,
        token,
        score: Number.isFinite(row.scores?.[t]) ? row.scores[t] : null,
        binding_cut: row.cuts ? cutText(decodeCut(row.cuts[t])) : null,
      })),
    );
    save(`${this.report.json.name}_token_scores.csv`, "text/csv", toCsv(out));
  }

  // ---- the graph

  // Edges and cut of the chosen view, or a promise of them; `problem` where they cannot be had.
  content() {
    const { state, layer } = this;
    const { source, sink } = state;
    if (state.view !== "flow") {
      return {
        ...staticView(state.view, { raw: this.raw, fused: this.fused }, layer, source),
        kept: this.fused.kept,
      };
    }
    if (this.fused.exact) {
      const { fused } = this;
      const view = (answer) => solvedView(fused, layer, source, sink, answer);
      // The first graph is solved here and now: there is no page without one, however late a worker starts.
      if (!this.drawn) return view(maxFlow(fused.exact, layer, source, sink));
      return this.solver.pair(`${state.example}/${this.fusedIndex}`, fused.exact, layer, source, sink).then(view);
    }
    const pair = this.fused.pairs.find((p) => p.layer === layer && p.source === source && p.sink === sink);
    if (pair) return precomputedView(pair);
    return { edges: [], mass: null, problem: this.availablePairs() };
  }

  // { words, offer }: why there is no flow, and a pair that there is one for.
  availablePairs() {
    const { pairs } = this.fused;
    const { layer, example, state } = this;
    if (pairs.length === 0)
      return { words: "No flows were computed for this example: it has more than 64 tokens." };
    const here = pairs.filter((p) => p.layer === layer);
    const offered = (list) =>
      list.find((p) => p.sink === state.sink && p.source === state.source) ??
      list.find((p) => p.source === state.source && p.sink !== p.source) ??
      list[0];
    const start = `This example has ${example.tokens.length} tokens, and above 64 flows are computed beforehand`;
    if (here.length === 0) {
      return {
        words: `${start}: for layer ${pairs[0].layer} only, not for layer ${layer}.`,
        offer: offered(pairs),
      };
    }
    const name = (t) => this.tokenName(t, 12);
    const sources = [...new Set(here.map((p) => p.source))].map(name).join(", ");
    const sinks = [...new Set(here.map((p) => p.sink))].map(name).join(", ");
    return { words: `${start}: in layer ${layer} from ${sources} to ${sinks}.`, offer: offered(here) };
  }

  drawProblem({ words, offer }) {
    const { layer, state } = this;
    this.drawn = null;
    const label =
      offer &&
      (offer.layer !== layer
        ? `Show layer ${offer.layer}`
        : `Show the flow from ${this.tokenName(offer.source, 12)} to ${this.tokenName(offer.sink, 12)}`);
    const take = (event) => {
      event.stopPropagation(); // else the new graph takes it for a choice of what is there
      state.sink = offer.sink;
      this.moveSource(offer.layer, offer.source);
      this.boxes.graph.focus();
    };
    show(
      this.boxes.graph,
      el(
        "div",
        { class: "notice", id: "pair-problem" },
        el("p", {}, words),
        el("p", {}, "The other views show every source and layer."),
        offer && el("button", { id: "offer", onclick: take }, label),
      ),
    );
    show(
      this.boxes.answer,
      el("h3", {}, `From ${this.tokenName(state.source)} in layer ${layer} to ${this.tokenName(state.sink)}`),
    );
  }

  // What is drawn stays, dimmed, until the new one is there; a newer call ends an older one.
  async drawGraph() {
    const ticket = ++this.ticket;
    const { state } = this;
    const key = [state.example, state.view, this.fusedIndex, this.layer, state.source, state.sink].join("/");
    try {
      const content = this.last?.key === key ? this.last.content : this.content();
      if (content instanceof Promise) {
        this.root.setAttribute("aria-busy", "true");
        const solved = await content;
        if (ticket !== this.ticket) return; // something newer is on its way
        this.last = { key, content: solved };
      } else {
        this.last = { key, content };
      }
      this.drawContent(this.last.content);
      this.root.removeAttribute("aria-busy");
      this.root.dataset.ready = String(ticket);
      await this.solveOwnStrips(ticket);
    } catch (error) {
      if (ticket === this.ticket) this.fail(error);
      throw error;
    }
  }

  fail(error) {
    this.drawn = null;
    this.last = null;
    this.root.removeAttribute("aria-busy");
    show(
      this.boxes.graph,
      el(
        "p",
        { class: "notice strong", id: "graph-problem", role: "alert" },
        `This graph could not be drawn: ${error.message}`,
      ),
    );
    show(this.boxes.answer);
  }

  drawContent(content) {
    if (content.problem) return this.drawProblem(content.problem);
    const { state, layer, example } = this;
    const { theme } = this.page;
    const width = Math.max(280, this.boxes.graph.clientWidth);
    const picked = filtered(content.edges, example.tokens, {
      source: state.source,
      sink: state.sink,
      cut: content.cut,
      maxEdges: EDGE_STEPS[state.edgeStep],
    });
    const geometry = graphGeometry(example.layers, picked.rows, example.tokens, width);
    const cut = drawnCut(content, geometry.rowOf);
    const isFlow = state.view === "flow";
    this.drawn = {
      content,
      geometry,
      edges: picked.edges,
      model: {
        layers: example.layers,
        tokens: example.tokens,
        edges: picked.edges,
        largest: Math.max(1e-12, ...picked.edges.map((e) => e.w), ...(cut?.edges ?? []).map((e) => e.w)),
        mass: content.mass,
        source: { l: layer, i: state.source },
        sink: isFlow || state.view === "rollout" ? state.sink : null,
        cut,
        name: `${VIEWS[state.view].label}, layered graph, from ${this.tokenName(state.source)} in layer ${layer}${isFlow ? ` to ${this.tokenName(state.sink)}` : ""}`,
      },
    };
    show(this.boxes.graph, graphTree(this.drawn.model, geometry, theme));
    if (document.activeElement === this.boxes.graph && this.cursor) this.showCursor();
    this.drawFacts(content, picked, cut);
  }

  drawFacts(content, picked, cut) {
    const { state, layer, fused } = this;
    const name = (t) => this.tokenName(t);
    const facts = []; // [name, number or words, id]
    if (content.cut) {
      facts.push(["Flow", content.value, "flow-value"]);
      facts.push(["Binding cut", `${cutName(content.cut)}: ${cutMeaning(content.cut)}`, "binding-cut"]);
      facts.push(["Cut capacity", content.cutCapacity, "cut-capacity"]);
    }
    if (fused.exact) {
      facts.push(["Rollout", fused.walk(layer, state.source).mass[0][state.sink], "rollout-value"]);
      facts.push(["Column sum", fused.columnSum(state.sink), "column-sum"]);
    }
    const fact = ([term, value, id]) => {
      const isNumber = typeof value === "number";
      return el(
        "div",
        { class: isNumber ? null : "words" },
        el("dt", {}, term),
        el(
          "dd",
          { id, "data-value": isNumber && value, title: isNumber && fixed(value, 8) },
          isNumber ? fixed(value) : value,
        ),
      );
    };
    const notes = [VIEWS[state.view].words];
    if (content.cut) {
      notes.push(
        `The flow drawn is the one found by ${content.foundBy}; its value is unique, ` +
          "its edges are not: another maximum flow may use others. Dashed: the edges of the cut; ringed: what it runs around.",
        cut.words,
      );
    }
    if (!fused.exact)
      notes.push(
        `Only the ${fused.perVertex} largest edges of each vertex are in this page, ${Math.round(100 * fused.kept)} % of all weight.`,
      );
    if (picked.words) notes.push(picked.words);
    show(
      this.boxes.answer,
      el("h3", {}, `From ${name(state.source)} in layer ${layer} to ${name(state.sink)}`),
      facts.length > 0 && el("dl", {}, facts.map(fact)),
      el("section", { id: "vertex-edges", tabindex: 0, "aria-label": "Edges of the vertex" }),
      notes.map((note) => el("p", { class: "note", id: note === cut?.words ? "cut-drawn" : null }, note)),
      el(
        "div",
        { class: "downloads" },
        el(
          "button",
          { class: "quiet", "aria-label": "Download CSV: edges of the graph", onclick: () => this.saveEdges() },
          "Download CSV",
        ),
        el(
          "button",
          { class: "quiet", "aria-label": "Download SVG: the graph", onclick: () => this.saveSvg() },
          "Download SVG",
        ),
      ),
    );
    this.listEdges(this.cursor ?? [layer, state.source]);
  }

  // The edges of the vertex at the cursor, else of the source, in words: what the drawing shows to the eye.
  listEdges([l, i]) {
    const box = this.boxes.answer.querySelector("#vertex-edges");
    if (!box || !this.drawn) return [];
    const { edges } = this.drawn.content;
    const quantity = QUANTITIES[this.state.view];
    const spoken = []; // the largest edge each way; the list has the others
    const group = (words, list, end) => {
      if (list.length === 0) return null;
      const largest = list.sort((a, b) => b.w - a.w).slice(0, LISTED_EDGES);
      const number = (edge) => `${fixed(edge.w)}${edge.c === undefined ? "" : ` of ${fixed(edge.c)}`}`;
      const more = list.length - largest.length;
      spoken.push(
        `largest ${words.charAt(0).toLowerCase()}${words.slice(1)}: ${this.tokenName(end(largest[0]), 24)} ${number(largest[0])}`,
      );
      return [
        el("h4", {}, words),
        el(
          "ol",
          {},
          largest.map((edge) =>
            el(
              "li",
              {},
              el(
                "span",
                {},
                shortToken(this.example.tokens[end(edge)], 24),
                " ",
                el("small", {}, `(${end(edge)})`),
              ),
              " ",
              el("span", {}, number(edge)),
            ),
          ),
          more > 0 && el("li", { class: "more" }, `and ${more} smaller`),
        ),
      ];
    };
    const place = l === 0 ? "the input" : `layer ${l}`;
    const down = group(
      `To ${l === 1 ? "the input" : `layer ${l - 1}`}`,
      edges.filter((e) => e.l === l && e.i === i),
      (e) => e.j,
    );
    const up = group(
      `From layer ${l + 1}`,
      edges.filter((e) => e.l === l + 1 && e.j === i),
      (e) => e.i,
    );
    const capacities = this.state.view === "flow" && this.fused.exact ? " and capacity" : "";
    show(
      box,
      el("h3", {}, `${quantity}${capacities} at ${this.tokenName(i)} in ${place}`),
      down,
      up,
      !down && !up && el("p", { class: "note" }, "No edge is in use here."),
    );
    return spoken;
  }

  saveEdges() {
    const { tokens } = this.example;
    const rows = this.drawn.content.edges.map(({ l, i, j, w }) => ({
      view: this.state.view,
      layer: l,
      from: i,
      from_token: tokens[i],
      to: j,
      to_token: tokens[j],
      weight: w,
    }));
    save(`${this.report.json.name}_attention_graph.csv`, "text/csv", toCsv(rows));
  }
  saveSvg() {
    const tree = graphTree(this.drawn.model, this.drawn.geometry, this.page.theme);
    save(`${this.report.json.name}_attention_graph.svg`, "image/svg+xml", toMarkup(tree));
  }

  // ---- pointer and keyboard

  // The vertex or edge nearest to a point of the drawing.
  hit(x, y) {
    const { geometry, edges, model } = this.drawn;
    for (const [t, row] of geometry.rowOf) {
      if (Math.abs(geometry.y(row) - y) > 9) continue;
      for (let l = 0; l <= model.layers; ++l) if (Math.abs(geometry.x(l) - x) < 9) return { vertex: [l, t] };
      if (x < geometry.x(0)) return { vertex: [0, t] };
    }
    let best = null;
    let distance = 5;
    for (const edge of edges) {
      const d = edgeDistance(geometry, edge, x, y);
      if (d < distance) [best, distance] = [edge, d];
    }
    return best ? { edge: best } : null;
  }

  place(event) {
    const box = this.boxes.graph.querySelector("svg")?.getBoundingClientRect();
    return box ? [event.clientX - box.left, event.clientY - box.top] : [0, 0];
  }

  point(event) {
    if (!this.drawn) return;
    const found = this.hit(...this.place(event));
    this.boxes.graph.classList.toggle("on-vertex", Boolean(found?.vertex));
    this.mark(found);
    this.page.tip.at(event.clientX, event.clientY, found && this.about(found));
  }
  leave() {
    this.mark(null);
    this.page.tip.hide();
  }

  click(event) {
    const found = this.drawn && this.hit(...this.place(event));
    if (found?.vertex) this.choose(found.vertex);
  }

  choose([l, i]) {
    return l === 0 ? this.change({ sink: i }) : this.moveSource(l, i);
  }

  key(event) {
    if (!this.drawn) return;
    const { geometry, model } = this.drawn;
    const rows = [...geometry.rowOf.keys()];
    const [l, i] = this.cursor ?? [this.layer, this.state.source];
    const row = Math.max(0, rows.indexOf(i));
    const moves = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
      Home: [-l, 0],
      End: [model.layers - l, 0],
    };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (this.cursor) this.choose(this.cursor);
      return;
    }
    if (event.key === "Escape") return this.leave();
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.cursor = [
      Math.min(model.layers, Math.max(0, l + move[0])),
      rows[Math.min(rows.length - 1, Math.max(0, row + move[1]))],
    ];
    this.showCursor();
  }

  showCursor() {
    const { geometry } = this.drawn;
    const [l, i] = this.cursor;
    if (!geometry.rowOf.has(i)) return;
    this.mark({ vertex: this.cursor });
    const box = this.boxes.graph.querySelector("svg").getBoundingClientRect();
    const rows = this.about({ vertex: this.cursor });
    this.page.tip.at(box.left + geometry.x(l), box.top + geometry.y(geometry.rowOf.get(i)), rows);
    const edges = this.listEdges(this.cursor);
    this.live.textContent = [...rows.map(([name, text]) => `${name} ${text}`), ...edges].join(", ");
  }

  about({ vertex, edge }) {
    const { tokens } = this.example;
    const { content } = this.drawn;
    const word = (t) => `${t} ${shortToken(tokens[t], 24)}`;
    const quantity = QUANTITIES[this.state.view];
    if (edge) {
      const rows = [
        ["From", `layer ${edge.l}, ${word(edge.i)}`],
        ["To", edge.l === 1 ? `input, ${word(edge.j)}` : `layer ${edge.l - 1}, ${word(edge.j)}`],
        [quantity, fixed(edge.w, 6)],
      ];
      if (edge.c !== undefined) rows.push(["Capacity", fixed(edge.c, 6)]);
      return rows;
    }
    const [l, i] = vertex;
    const rows = [["Vertex", l === 0 ? `input, ${word(i)}` : `layer ${l}, ${word(i)}`]];
    if (content.mass && l <= this.layer) {
      const through = content.mass(l, i) * (content.value ?? 1);
      rows.push([this.state.view === "flow" ? "Flow through" : quantity, fixed(through, 6)]);
    }
    rows.push(["", l === 0 ? "Enter or click: sink" : "Enter or click: source"]);
    return rows;
  }

  mark(found) {
    const overlay = this.boxes.graph.querySelector(".overlay");
    if (!overlay) return;
    const { geometry } = this.drawn;
    const { theme } = this.page;
    const shapes = [];
    if (found?.vertex && geometry.rowOf.has(found.vertex[1])) {
      const [l, i] = found.vertex;
      shapes.push(
        el("circle", {
          cx: geometry.x(l),
          cy: geometry.y(geometry.rowOf.get(i)),
          r: 9,
          fill: "none",
          stroke: theme.ink,
          "stroke-width": 1.5,
        }),
      );
    }
    if (found?.edge) {
      shapes.push(
        el("path", { d: edgePath(geometry, found.edge), fill: "none", stroke: theme.ink, "stroke-width": 1.5 }),
      );
    }
    overlay.replaceChildren(...svgNodes(shapes));
  }
}

// What the colours of the lines mean: each is scaled to its own largest score.
function shading(rows, theme) {
  const scored = rows.filter((row) => row.scores);
  const isSigned = (row) => row.scores.some((s) => s < 0);
  const scale = (colours, low, high) =>
    el(
      "li",
      { class: "ramp" },
      low,
      el(
        "span",
        { class: "stops" },
        Array.from({ length: 13 }, (_, k) => el("i", { style: { background: ramp(colours, k / 12) } })),
      ),
      high,
    );
  return [
    scored.some((row) => !isSigned(row)) && scale(theme.sequential, "0", "largest score of the line"),
    scored.some(isSigned) && scale(theme.diverging, "\u2212largest", "+largest, in lines with negative scores"),
  ].filter(Boolean);
}

// Shapes for inside an <svg>, made by way of one.
function svgNodes(shapes) {
  const holder = document.createElement("div");
  show(holder, el("svg", {}, shapes));
  return [...holder.firstChild.childNodes];
}
