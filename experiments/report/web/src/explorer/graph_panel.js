// The layered graph of the explorer: draws it, and answers pointer and keyboard.

import { el, show } from "../tree.js";
import { edgePath, graphGeometry, graphTree, nearest } from "../graph_view.js";
import { VIEWS, drawnCut, filtered } from "../views.js";
import { fixed } from "./numbers.js";
import { EDGE_STEPS } from "./state.js";

/** What the weight of an edge is, by view. */
export const QUANTITIES = { raw: "Weight", fused: "Weight", rollout: "Share of walks", flow: "Flow" };

const MOVES = {
  ArrowLeft: ([l, row]) => [l - 1, row],
  ArrowRight: ([l, row]) => [l + 1, row],
  ArrowUp: ([l, row]) => [l, row - 1],
  ArrowDown: ([l, row]) => [l, row + 1],
  Home: ([, row]) => [0, row],
  End: ([, row]) => [Infinity, row],
};

export class GraphPanel {
  /**
   * `page` has theme and tip; `live` is read aloud. `act`: { choose(vertex), describe(vertex), takePair(pair) };
   * describe shows the edges of the vertex at the cursor in words and returns what is to be read aloud.
   */
  constructor(box, live, state, page, act) {
    this.box = box;
    this.live = live;
    this.state = state;
    this.page = page;
    this.act = act;
    this.drawn = null; // content, geometry, edges and model of the graph that is there
    this.cursor = null; // [layer, position] of the keyboard's vertex
    this.listen();
  }

  listen() {
    const { box } = this;
    box.tabIndex = 0;
    box.setAttribute("role", "application");
    box.setAttribute(
      "aria-label",
      "Layered token graph. Arrow keys move between vertices, Enter makes an input the sink and any other vertex the source.",
    );
    box.addEventListener("pointermove", (event) => this.point(event));
    box.addEventListener("pointerleave", () => this.leave());
    box.addEventListener("click", (event) => this.click(event));
    box.addEventListener("keydown", (event) => this.key(event));
    box.addEventListener("blur", () => this.leave());
  }

  // ---- drawing

  /** Draws what contentOf() gave; { picked, cut } say which part of it. */
  draw(content) {
    const { state, box } = this;
    const { source, sink, example } = state;
    const width = Math.max(280, box.clientWidth);
    const maxEdges = EDGE_STEPS[state.edgeStep];
    const picked = filtered(content.edges, example.tokens, { source, sink, cut: content.cut, maxEdges });
    const geometry = graphGeometry(example, picked.rows, width);
    const cut = drawnCut(content, geometry.rowOf);
    this.drawn = { content, geometry, edges: picked.edges, model: this.model(content, picked, cut) };
    show(box, graphTree(this.drawn.model, geometry, this.page.theme));
    return { picked, cut };
  }

  // What graphTree() draws.
  model(content, { edges }, cut) {
    const { view, layer, source, sink, example } = this.state;
    return {
      example,
      edges,
      largest: Math.max(1e-12, ...edges.map((e) => e.w), ...(cut?.edges ?? []).map((e) => e.w)),
      mass: content.mass,
      source: { l: layer, i: source },
      sink: view === "flow" || view === "rollout" ? sink : null,
      cut,
      name: this.name(),
    };
  }

  // What a screen reader calls the graph.
  name() {
    const { state } = this;
    const to = state.view === "flow" ? ` to ${state.tokenName(state.sink)}` : "";
    return `${VIEWS[state.view].label}, layered graph, from ${state.tokenName(state.source)} in layer ${state.layer}${to}`;
  }

  /** Why there is no graph, and a button for one that there is. */
  drawProblem({ words, offer }) {
    this.drawn = null;
    const take = (event) => {
      event.stopPropagation(); // else the new graph takes it for a choice of what is there
      this.act.takePair(offer);
      this.box.focus();
    };
    show(
      this.box,
      el(
        "div",
        { class: "notice", id: "pair-problem" },
        el("p", {}, words),
        el("p", {}, "The other views show every source and layer."),
        offer && el("button", { id: "offer", onclick: take }, this.offerWords(offer)),
      ),
    );
  }

  offerWords({ layer, source, sink }) {
    const { state } = this;
    if (layer !== state.layer) return `Show layer ${layer}`;
    return `Show the flow from ${state.tokenName(source, 12)} to ${state.tokenName(sink, 12)}`;
  }

  drawFailure(error) {
    this.drawn = null;
    const words = `This graph could not be drawn: ${error.message}`;
    show(this.box, el("p", { class: "notice strong", id: "graph-problem", role: "alert" }, words));
  }

  // Rings or thickens what the pointer or cursor is on.
  mark(found) {
    const overlay = this.box.querySelector(".overlay");
    if (!overlay) return;
    const { geometry } = this.drawn;
    const line = { fill: "none", stroke: this.page.theme.ink, "stroke-width": 1.5 };
    const shapes = [];
    if (found?.vertex && geometry.rowOf.has(found.vertex[1])) {
      const [l, i] = found.vertex;
      shapes.push(el("circle", { cx: geometry.x(l), cy: geometry.y(geometry.rowOf.get(i)), r: 9, ...line }));
    }
    if (found?.edge) shapes.push(el("path", { d: edgePath(geometry, found.edge), ...line }));
    overlay.replaceChildren(...svgNodes(shapes));
  }

  // ---- pointer

  // What is at the place of an event.
  found(event) {
    if (!this.drawn) return null;
    const corner = this.box.querySelector("svg")?.getBoundingClientRect() ?? { left: 0, top: 0 };
    const { geometry, edges, model } = this.drawn;
    return nearest(geometry, model.example.layers, edges, event.clientX - corner.left, event.clientY - corner.top);
  }

  point(event) {
    if (!this.drawn) return;
    const found = this.found(event);
    this.box.classList.toggle("on-vertex", Boolean(found?.vertex));
    this.mark(found);
    this.page.tip.at(event.clientX, event.clientY, found && this.about(found));
  }

  leave() {
    this.mark(null);
    this.page.tip.hide();
  }

  click(event) {
    const found = this.found(event);
    if (found?.vertex) this.act.choose(found.vertex);
  }

  // ---- keyboard

  key(event) {
    if (!this.drawn) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (this.cursor) this.act.choose(this.cursor);
      return;
    }
    if (event.key === "Escape") return this.leave();
    if (!MOVES[event.key]) return;
    event.preventDefault();
    this.cursor = this.moved(MOVES[event.key]);
    this.showCursor();
  }

  moved(move) {
    const { geometry, model } = this.drawn;
    const rows = [...geometry.rowOf.keys()];
    const [l, i] = this.cursor ?? [this.state.layer, this.state.source];
    const [toLayer, toRow] = move([l, Math.max(0, rows.indexOf(i))]);
    const within = (value, last) => Math.min(last, Math.max(0, value));
    return [within(toLayer, model.example.layers), rows[within(toRow, rows.length - 1)]];
  }

  /** After drawing anew: the cursor is where it was, while the keyboard is here. */
  restoreCursor() {
    if (document.activeElement === this.box && this.cursor) this.showCursor();
  }

  showCursor() {
    const { geometry } = this.drawn;
    const [l, i] = this.cursor;
    if (!geometry.rowOf.has(i)) return;
    this.mark({ vertex: this.cursor });
    const box = this.box.querySelector("svg").getBoundingClientRect();
    const rows = this.about({ vertex: this.cursor });
    this.page.tip.at(box.left + geometry.x(l), box.top + geometry.y(geometry.rowOf.get(i)), rows);
    const edges = this.act.describe(this.cursor);
    this.live.textContent = [...rows.map(([name, text]) => `${name} ${text}`), ...edges].join(", ");
  }

  // ---- words of the tooltip

  about({ vertex, edge }) {
    return edge ? this.aboutEdge(edge) : this.aboutVertex(vertex);
  }

  place(l, i) {
    const word = `${i} ${this.state.example.tokenLabel(i, 24)}`;
    return l === 0 ? `input, ${word}` : `layer ${l}, ${word}`;
  }

  aboutEdge({ l, i, j, w, c }) {
    const rows = [
      ["From", this.place(l, i)],
      ["To", this.place(l - 1, j)],
      [QUANTITIES[this.state.view], fixed(w, 6)],
    ];
    if (c !== undefined) rows.push(["Capacity", fixed(c, 6)]);
    return rows;
  }

  aboutVertex([l, i]) {
    const { view, layer } = this.state;
    const { mass, value } = this.drawn.content;
    const rows = [["Vertex", this.place(l, i)]];
    if (mass && l <= layer) {
      rows.push([view === "flow" ? "Flow through" : QUANTITIES[view], fixed(mass(l, i) * (value ?? 1), 6)]);
    }
    rows.push(["", l === 0 ? "Enter or click: sink" : "Enter or click: source"]);
    return rows;
  }
}

// Shapes for inside an <svg>, made by way of one.
function svgNodes(shapes) {
  const holder = document.createElement("div");
  show(holder, el("svg", {}, shapes));
  return [...holder.firstChild.childNodes];
}
