// The example explorer: tokens shaded by each method, and the layered graph of one example.

import { el, show } from "../tree.js";
import { Solver } from "../solver.js";
import { ExplorerState } from "./state.js";
import { Choices } from "./choices.js";
import { TokenStrips } from "./strips.js";
import { GraphPanel } from "./graph_panel.js";
import { Answer } from "./answer.js";
import { contentOf } from "./content.js";

/**
 * Brings together what is chosen (ExplorerState), the controls, the token strips, the graph and the answer beside it.
 * Each of them draws its own box and asks for changes by the functions that it is given.
 */
export class Explorer {
  /** `page`: { selection, theme, tip, select(changes), track(promise) }. */
  constructor(root, report, page) {
    this.root = root;
    this.page = page;
    this.solver = new Solver(report.cuts);
    this.state = new ExplorerState(report, page.selection);
    this.ticket = 0; // of the latest graph that was asked for
    this.last = null; // the latest content and what it was made for
    this.build();
    this.refresh();
  }

  build() {
    const { root, state, page } = this;
    const names = ["controls", "strips", "graph-controls", "graph", "answer"];
    show(
      root,
      names.map((name) => el("div", { class: name, id: `explorer-${name}` })),
      el("p", { class: "hidden-visually", "aria-live": "polite" }),
    );
    const [pairBox, stripBox, graphBox, graph, answer, live] = root.children;
    const change = (changes) => this.change(changes);
    const moveSource = (layer, source) => this.moveSource(layer, source);
    this.choices = new Choices({ pairBox, graphBox }, state, {
      openExample: (index) => this.openExample(index),
      redraw: () => this.redraw(),
      change,
      moveSource,
    });
    this.strips = new TokenStrips(stripBox, state, page, { change });
    this.graph = new GraphPanel(graph, live, state, page, {
      choose: ([l, i]) => (l === 0 ? change({ sink: i }) : moveSource(l, i)),
      describe: (vertex) => this.answer.listEdges(vertex),
      takePair: ({ layer, source, sink }) => {
        state.sink = sink;
        moveSource(layer, source);
      },
    });
    this.answer = new Answer(answer, state, page);
  }

  // ---- what is chosen changes

  openExample(index) {
    this.state.open(index);
    this.graph.cursor = null;
    this.refresh();
  }

  /** The page's selection has changed. */
  follow(changes) {
    this.state.follow(changes);
    return this.refresh();
  }

  change(changes) {
    Object.assign(this.state, changes);
    this.choices.sync();
    if (!this.strips.isCurrent) this.strips.draw();
    else if ("sink" in changes) this.strips.markSink();
    return this.redraw();
  }

  // The page follows where the run has points for the layer or source; where not, it keeps what it shows.
  moveSource(layer, source) {
    const changes = this.state.moveSource(layer, source);
    return Object.keys(changes).length > 0 ? this.page.select(changes) : this.change({});
  }

  // ---- drawing

  /** Draws everything anew: selection, theme or example have changed. */
  refresh() {
    this.choices.draw();
    this.strips.draw();
    return this.redraw();
  }

  /** Draws the graph anew: its width or what it shows has changed. */
  redraw() {
    return this.page.track(this.drawGraph());
  }

  // What is drawn stays, dimmed, until the new one is there; a newer call ends an older one.
  async drawGraph() {
    const ticket = ++this.ticket;
    const isLate = () => ticket !== this.ticket;
    const key = this.state.graphKey;
    try {
      let content =
        this.last?.key === key ? this.last.content : contentOf(this.state, this.solver, this.graph.drawn === null);
      if (content instanceof Promise) {
        this.root.setAttribute("aria-busy", "true");
        content = await content;
        if (isLate()) return;
      }
      this.last = { key, content };
      this.drawContent(content);
      this.root.removeAttribute("aria-busy");
      this.root.dataset.ready = String(ticket);
      await this.strips.solveOwn(this.solver, isLate);
    } catch (error) {
      if (!isLate()) this.fail(error);
      throw error;
    }
  }

  drawContent(content) {
    const { graph, answer, state } = this;
    if (content.problem) {
      graph.drawProblem(content.problem);
      return answer.clear(state.pairName());
    }
    const parts = graph.draw(content);
    answer.draw(graph.drawn, parts);
    answer.listEdges(graph.cursor ?? [state.layer, state.source]);
    graph.restoreCursor();
  }

  fail(error) {
    this.last = null;
    this.root.removeAttribute("aria-busy");
    this.graph.drawFailure(error);
    this.answer.clear();
  }
}
