// The example explorer: tokens shaded by each method, and the layered graph of one example.

import { el, shortToken, show, toMarkup, tokenText } from "./tree.js";
import { Example, toCsv } from "./data.js";
import { EmbeddedNetwork } from "./network.js";
import { Solver } from "./solver.js";
import { edgeDistance, edgePath, graphGeometry, graphTree } from "./graph_view.js";
import { VIEWS, cutMeaning, cutName, cutText, decodeCut, filtered, precomputedView, solvedView, staticView } from "./views.js";
import { maxFlow } from "./max_flow.js";
import { methodStyles } from "./charts.js";
import { pretty } from "./findings.js";
import { inkOn, ramp } from "./theme.js";
import { field, segmented, select } from "./controls.js";
import { save } from "./save.js";

const EDGE_STEPS = [50, 100, 200, 400, 800, 1600];
const fixed = (value, digits = 4) => (Number.isFinite(value) ? value.toFixed(digits) : "\u2013");

export class Explorer {
  constructor(root, report, page) {
    this.root = root;
    this.report = report;
    this.page = page; // { selection, theme, tip, select(), track() }
    this.solver = new Solver();
    this.state = { example: 0, view: "flow", source: null, sink: null, edgeStep: 3 };
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
    this.live = document.createElement("p");
    this.live.className = "hidden-visually";
    this.live.setAttribute("aria-live", "polite");
    this.root.append(this.live);
  }

  openExample(index) {
    this.state.example = index;
    this.example = new Example(this.report, index);
    this.state.source = this.sourceOfRun();
    this.state.sink = null;
    this.cursor = null;
    this.refresh();
  }

  // Position of the source whose scores the run holds; the first one where it holds all.
  sourceOfRun() {
    const n = this.example.tokens.length;
    const { source } = this.page.selection;
    return typeof source === "number" ? Math.min(source, n - 1) : source === "last" ? n - 1 : 0;
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
    return Math.min(this.page.selection.layer ?? this.example.layers, this.example.layers);
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
    const pair = this.fused.pairs.find((p) => p.source === this.state.source && p.sink !== p.source);
    if (pair) return pair.sink;
    const rows = this.example.attributions(this.page.selection);
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
        field("Example", select("example", examples, state.example, (e) => this.openExample(Number(e)))),
        el("button", { id: "next-example", "aria-label": "Next example", onclick: step(1) }, "\u2192"),
      ),
      this.report.layers.length > 1 &&
        field("Layer", select("layer", this.report.layers.map((l) => [l, `${l}`]), this.layer, (l) => this.page.select({ layer: Number(l) }))),
      field("Source", select("source", tokens, state.source, (t) => this.change({ source: Number(t) }))),
      field("Sink", select("sink", tokens, state.sink, (t) => this.change({ sink: Number(t) }))),
    );
    show(
      this.boxes["graph-controls"],
      segmented("view", Object.entries(VIEWS).map(([name, { label }]) => [name, label]), state.view, (view) => this.change({ view })),
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

  change(changes) {
    Object.assign(this.state, changes);
    this.drawControls();
    this.drawStrips();
    return this.redraw();
  }

  /** Draws the graph anew: its width or what it shows has changed. */
  redraw() {
    return this.page.track(this.drawGraph());
  }

  // ---- tokens shaded by each method

  stripRows() {
    const { example, page } = this;
    const styles = methodStyles(this.report, page.theme);
    const rows = example.attributions(page.selection).map(({ method, scores, cuts }) => ({
      name: pretty(method),
      id: method,
      colour: styles.get(method)?.colour,
      scores,
      cuts,
    }));
    for (const [name, scores] of Object.entries(example.json.references)) {
      rows.push({ name: `reference: ${name}`, id: name, scores, isReference: true });
    }
    return rows;
  }

  drawStrips() {
    const { example } = this;
    const focusedToken = document.activeElement?.dataset?.token;
    const focusedStrip = document.activeElement?.dataset?.strip;
    const { json } = example;
    const facts = [
      `${example.tokens.length} tokens`,
      `${example.layers} layer${example.layers === 1 ? "" : "s"}`,
      `${json.heads} head${json.heads === 1 ? "" : "s"}`,
      json.group && `group ${json.group}`,
      json.label !== undefined && `label ${json.label}`,
      json.predicted !== undefined && `predicted ${json.predicted}`,
    ].filter(Boolean);
    const rows = this.stripRows();
    show(
      this.boxes.strips,
      el(
        "div",
        { class: "strip-head" },
        el("h3", {}, `Tokens shaded by each method, layer ${this.layer}`),
        el("button", { class: "quiet", onclick: () => this.saveScores(rows) }, "Download CSV"),
      ),
      el("p", { class: "note" }, `${facts.join(" \u00b7 ")}. Each line is scaled to its own largest score; numbers are those of the sink. Choose a token to make it the sink.`),
      rows.map((row) => this.strip(row)),
      el("div", { class: "own-strips" }),
    );
    this.drawOwnStrips();
    if (focusedStrip) this.focusToken(focusedStrip, focusedToken);
  }

  // Scores from a source that the run did not ask for: the walk at once, the flow when the solver
  // has it, in a line that is there from the start so that nothing moves.
  ownRows(flow) {
    const { state, layer, fused, example } = this;
    if (!fused.exact || state.source === this.sourceOfRun()) return [];
    const from = `from \u201c${shortToken(example.tokens[state.source], 12)}\u201d`;
    return [
      { name: `rollout ${from}`, id: "own-rollout", scores: Array.from(fused.walk(layer, state.source).mass[0]) },
      { name: `flow ${from}`, id: "own-flow", scores: flow ?? example.tokens.map(() => NaN), pending: !flow },
    ];
  }

  drawOwnStrips(flow) {
    const focused = document.activeElement?.dataset ?? {};
    show(this.boxes.strips.querySelector(".own-strips"), this.ownRows(flow).map((row) => this.strip(row)));
    if (focused.strip?.startsWith("own-")) this.focusToken(focused.strip, focused.token);
  }

  focusToken(strip, token) {
    this.boxes.strips.querySelector(`[data-strip="${strip}"][data-token="${token}"]`)?.focus();
  }

  async solveOwnStrips(ticket) {
    const { state, layer, fused } = this;
    if (this.ownRows().length === 0) return;
    const values = await this.solver.row(`${state.example}/${this.fusedIndex}`, fused.exact, layer, state.source);
    if (ticket === this.ticket) this.drawOwnStrips(Array.from(values, (v) => v * fused.unit));
  }

  strip(row) {
    const { theme, tip } = this.page;
    const { tokens } = this.example;
    const largest = Math.max(1e-300, ...row.scores.map((s) => (Number.isFinite(s) ? Math.abs(s) : 0)));
    const signed = row.scores.some((s) => s < 0);
    const move = (event, t) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = event.currentTarget.parentElement.children[Math.min(tokens.length - 1, Math.max(0, t + step))];
      next?.focus();
    };
    const about = (t) => [
      ["Token", `${t} ${shortToken(tokens[t], 40)}`],
      [row.name, fixed(row.scores[t], 6)],
      ...(row.cuts ? [["Binding cut", cutName(decodeCut(row.cuts[t]))]] : []),
    ];
    return el(
      "div",
      { class: row.isReference ? "strip reference" : "strip", "data-method": row.id, "aria-busy": row.pending && "true" },
      el("span", { class: "strip-name" }, row.colour && el("i", { class: "dot", style: { background: row.colour } }), row.name),
      el("span", { class: "strip-value" }, fixed(row.scores[this.state.sink])),
      el(
        "span",
        { class: "strip-tokens", role: "group", "aria-label": `Scores by ${row.name}` },
        tokens.map((token, t) => {
          const score = row.scores[t];
          const colour = signed
            ? ramp(theme.diverging, (score / largest + 1) / 2)
            : ramp(theme.sequential, Number.isFinite(score) ? score / largest : 0);
          const at = (event) => {
            const box = event.currentTarget.getBoundingClientRect();
            tip.at(event.clientX || box.left, event.clientY || box.bottom, about(t));
          };
          return el(
            "button",
            {
              class: t === this.state.sink ? "token chosen" : "token",
              tabindex: t === this.state.sink ? 0 : -1,
              "data-token": t,
              "data-strip": row.id,
              "aria-label": `${shortToken(token, 40)}: ${fixed(score)}`,
              "aria-pressed": t === this.state.sink ? "true" : "false",
              style: { "background-color": colour, color: inkOn(colour) },
              onpointerenter: at,
              onpointerleave: () => tip.hide(),
              onfocus: at,
              onblur: () => tip.hide(),
              onkeydown: (event) => move(event, t),
              onclick: () => this.change({ sink: t }),
            },
            shortToken(token, 24),
          );
        }),
      ),
    );
  }

  saveScores(rows) {
    const { example } = this;
    const out = rows.flatMap((row) =>
      example.tokens.map((token, t) => ({
        example: example.json.id,
        scores: row.id,
        layer: row.isReference ? null : this.layer,
        position: t,
        token,
        score: Number.isFinite(row.scores[t]) ? row.scores[t] : null,
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
      return { ...staticView(state.view, { raw: this.raw, fused: this.fused }, layer, source), kept: this.fused.kept };
    }
    if (this.fused.exact) {
      const { fused } = this;
      const view = (answer) => solvedView(fused, layer, source, sink, answer);
      // The first graph is solved here and now: there is no page without one, however late a worker starts.
      if (!this.drawn) return view(maxFlow(fused.exact, layer, source, sink));
      return this.solver.pair(`${state.example}/${this.fusedIndex}`, fused.exact, layer, source, sink).then(view);
    }
    const pair = this.fused.pairs.find((p) => p.layer === layer && p.source === source && p.sink === sink);
    if (pair) return precomputedView(this.fused, pair);
    return { edges: [], mass: null, problem: this.availablePairs() };
  }

  availablePairs() {
    const { pairs } = this.fused;
    if (pairs.length === 0) return "No flows were computed for this example: it has more than 64 tokens.";
    const name = (t) => `${t} ${shortToken(this.example.tokens[t], 12)}`;
    const sources = [...new Set(pairs.map((p) => p.source))].map(name).join(", ");
    const sinks = [...new Set(pairs.map((p) => p.sink))].map(name).join(", ");
    return `With more than 64 tokens only some pairs are computed: from ${sources} in layer ${pairs[0].layer} to ${sinks}.`;
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
    show(this.boxes.graph, el("p", { class: "notice strong", id: "graph-problem", role: "alert" }, `This graph could not be drawn: ${error.message}`));
    show(this.boxes.answer);
  }

  drawContent(content) {
    const { state, layer, example } = this;
    const { theme } = this.page;
    const width = Math.max(280, this.boxes.graph.clientWidth);
    const picked = filtered(content.edges, example.tokens, {
      source: state.source,
      sink: state.sink,
      maxEdges: EDGE_STEPS[state.edgeStep],
    });
    const geometry = graphGeometry(example.layers, picked.rows, example.tokens, width);
    const visible = ({ i, j }) => geometry.rowOf.has(i) && geometry.rowOf.has(j);
    const cutEdges = content.cut ? content.cut.edges.filter(visible).sort((a, b) => b.w - a.w).slice(0, 400) : [];
    const isFlow = state.view === "flow";
    this.drawn = {
      content,
      geometry,
      edges: picked.edges,
      model: {
        layers: example.layers,
        tokens: example.tokens,
        edges: picked.edges,
        largest: Math.max(1e-12, ...picked.edges.map((e) => e.w), ...cutEdges.map((e) => e.w)),
        mass: content.mass,
        source: { l: layer, i: state.source },
        sink: isFlow || state.view === "rollout" ? state.sink : null,
        cut: content.cut ? { edges: cutEdges, ringed: content.cut.ringed.filter(([, i]) => geometry.rowOf.has(i)) } : null,
      },
    };
    show(this.boxes.graph, graphTree(this.drawn.model, geometry, theme));
    if (document.activeElement === this.boxes.graph && this.cursor) this.showCursor();
    this.drawFacts(content, picked);
  }

  drawFacts(content, picked) {
    const { state, layer, example, fused } = this;
    const name = (t) => `\u201c${shortToken(example.tokens[t], 24)}\u201d (${t})`;
    const rollout = fused.walk(layer, state.source).mass[0][state.sink];
    const facts = []; // [name, number or words, id]
    if (content.cut) {
      facts.push(["Flow", content.value, "flow-value"]);
      facts.push(["Binding cut", `${cutName(content.cut)}: ${cutMeaning(content.cut)}`, "binding-cut"]);
      facts.push(["Cut capacity", content.cutCapacity, "cut-capacity"]);
    }
    if (fused.exact) {
      facts.push(["Rollout", rollout, "rollout-value"]);
      facts.push(["Column sum", fused.columnSum(state.sink), "column-sum"]);
    }
    const fact = ([term, value, id]) => {
      const isNumber = typeof value === "number";
      return el("div", { class: isNumber ? null : "words" }, el("dt", {}, term), el("dd", { id, "data-value": isNumber && value, title: isNumber && fixed(value, 8) }, isNumber ? fixed(value) : value));
    };
    const notes = [VIEWS[state.view].words];
    if (content.cut) {
      notes.push(
        `The flow drawn is the one found by ${content.foundBy}; its value is unique, ` +
          "its edges are not: another maximum flow may use others. Dashed: the edges of the cut; ringed: what it runs around.",
      );
    }
    if (!fused.exact) notes.push(`Only the ${fused.perVertex} largest edges of each vertex are in this page, ${Math.round(100 * fused.kept)} % of all weight.`);
    if (picked.words) notes.push(picked.words);
    show(
      this.boxes.answer,
      el("h3", {}, `From ${name(state.source)} in layer ${layer} to ${name(state.sink)}`),
      content.problem && el("p", { class: "notice", id: "pair-problem" }, content.problem),
      facts.length > 0 && el("dl", {}, facts.map(fact)),
      notes.map((note) => el("p", { class: "note" }, note)),
      el(
        "div",
        { class: "downloads" },
        el("button", { class: "quiet", onclick: () => this.saveEdges() }, "Download CSV"),
        el("button", { class: "quiet", onclick: () => this.saveSvg() }, "Download SVG"),
      ),
    );
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
    if (l === 0) return this.change({ sink: i });
    this.state.source = i;
    if (l !== this.layer) return this.page.select({ layer: l });
    return this.change({});
  }

  key(event) {
    if (!this.drawn) return;
    const { geometry, model } = this.drawn;
    const rows = [...geometry.rowOf.keys()];
    const [l, i] = this.cursor ?? [this.layer, this.state.source];
    const row = Math.max(0, rows.indexOf(i));
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-l, 0], End: [model.layers - l, 0] };
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
    this.live.textContent = rows.map(([name, text]) => `${name} ${text}`).join(", ");
  }

  about({ vertex, edge }) {
    const { tokens } = this.example;
    const { content } = this.drawn;
    const word = (t) => `${t} ${shortToken(tokens[t], 24)}`;
    const quantity = { raw: "Weight", fused: "Weight", rollout: "Share of walks", flow: "Flow" }[this.state.view];
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
        el("circle", { cx: geometry.x(l), cy: geometry.y(geometry.rowOf.get(i)), r: 9, fill: "none", stroke: theme.ink, "stroke-width": 1.5 }),
      );
    }
    if (found?.edge) {
      shapes.push(el("path", { d: edgePath(geometry, found.edge), fill: "none", stroke: theme.ink, "stroke-width": 1.5 }));
    }
    overlay.replaceChildren(...svgNodes(shapes));
  }
}

// Shapes for inside an <svg>, made by way of one.
function svgNodes(shapes) {
  const holder = document.createElement("div");
  show(holder, el("svg", {}, shapes));
  return [...holder.firstChild.childNodes];
}
