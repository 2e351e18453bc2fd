// What stands beside the graph: its numbers, the edges of a vertex in words, notes and downloads.

import { el, show, toMarkup } from "../tree.js";
import { shortToken } from "../token_text.js";
import { toCsv } from "../data.js";
import { graphTree } from "../graph_view.js";
import { VIEWS } from "../views.js";
import { save } from "../save.js";
import { QUANTITIES } from "./graph_panel.js";
import { fixed } from "./numbers.js";

const LISTED_EDGES = 8;

export class Answer {
  constructor(box, state, page) {
    this.box = box;
    this.state = state;
    this.page = page;
  }

  /** `drawn` as GraphPanel has it; { picked, cut } as its draw() returns them. */
  draw(drawn, { picked, cut }) {
    this.drawn = drawn;
    const facts = this.facts();
    show(
      this.box,
      el("h3", {}, this.state.pairName()),
      facts.length > 0 && el("dl", {}, facts.map(fact)),
      el("section", { id: "vertex-edges", tabindex: 0, "aria-label": "Edges of the vertex" }),
      this.notes(picked, cut).map(({ words, id }) => el("p", { class: "note", id }, words)),
      this.downloads(),
    );
  }

  /** Where there is no graph: `words` of what was asked for, or nothing. */
  clear(words) {
    this.drawn = null;
    show(this.box, words && el("h3", {}, words));
  }

  // [name, number or words, id]
  facts() {
    const { layer, source, sink, fused, report } = this.state;
    const { cuts } = report;
    const { cut, value, cutCapacity } = this.drawn.content;
    const facts = [];
    if (cut) {
      facts.push(["Flow", value, "flow-value"]);
      facts.push(["Binding cut", `${cuts.name(cut)}: ${cuts.meaning(cut.kind)}`, "binding-cut"]);
      facts.push(["Cut capacity", cutCapacity, "cut-capacity"]);
    }
    if (fused.exact) {
      facts.push(["Rollout", fused.walk(layer, source).mass[0][sink], "rollout-value"]);
      facts.push(["Column sum", fused.columnSum(sink), "column-sum"]);
    }
    return facts;
  }

  notes(picked, cut) {
    const { view, fused } = this.state;
    const { content } = this.drawn;
    const notes = [{ words: VIEWS[view].words }];
    if (content.cut) {
      const words =
        `The flow drawn is the one found by ${content.foundBy}; its value is unique, its edges are not: another ` +
        "maximum flow may use others. Dashed: the edges of the cut; ringed: what it runs around.";
      notes.push({ words }, { words: cut.words, id: "cut-drawn" });
    }
    if (!fused.exact) {
      const share = Math.round(100 * fused.kept);
      notes.push({
        words: `Only the ${fused.perVertex} largest edges of each vertex are in this page, ${share} % of all weight.`,
      });
    }
    if (picked.words) notes.push({ words: picked.words });
    return notes;
  }

  // ---- the edges of a vertex in words: what the drawing shows to the eye

  /** Lists them, and returns the largest edge each way, to be read aloud. */
  listEdges([l, i]) {
    const box = this.box.querySelector("#vertex-edges");
    if (!box || !this.drawn) return [];
    const { state } = this;
    const { edges } = this.drawn.content;
    const groups = [
      {
        words: `To ${l === 1 ? "the input" : `layer ${l - 1}`}`,
        edges: edges.filter((e) => e.l === l && e.i === i),
        end: (e) => e.j,
      },
      { words: `From layer ${l + 1}`, edges: edges.filter((e) => e.l === l + 1 && e.j === i), end: (e) => e.i },
    ].filter((group) => group.edges.length > 0);
    for (const group of groups) group.edges.sort((a, b) => b.w - a.w);
    const capacities = state.view === "flow" && state.fused.exact ? " and capacity" : "";
    const place = l === 0 ? "the input" : `layer ${l}`;
    show(
      box,
      el("h3", {}, `${QUANTITIES[state.view]}${capacities} at ${state.tokenName(i)} in ${place}`),
      groups.map((group) => this.edgeList(group)),
      groups.length === 0 && el("p", { class: "note" }, "No edge is in use here."),
    );
    return groups.map(({ words, edges: [largest], end }) => {
      const way = words.charAt(0).toLowerCase() + words.slice(1);
      return `largest ${way}: ${state.tokenName(end(largest), 24)} ${weightWords(largest)}`;
    });
  }

  edgeList({ words, edges, end }) {
    const { example } = this.state;
    const item = (edge) => {
      const t = end(edge);
      const place = el("small", {}, `(${[t, example.mark(t)].filter((part) => part !== "").join(", ")})`);
      const name = el("span", {}, shortToken(example.tokens[t], 24), " ", place);
      return el("li", {}, name, " ", el("span", {}, weightWords(edge)));
    };
    const more = edges.length - LISTED_EDGES;
    return [
      el("h4", {}, words),
      el(
        "ol",
        {},
        edges.slice(0, LISTED_EDGES).map(item),
        more > 0 && el("li", { class: "more" }, `and ${more} smaller`),
      ),
    ];
  }

  // ---- downloads

  downloads() {
    const button = (label, words, onclick) =>
      el("button", { class: "quiet", "aria-label": label, onclick }, words);
    return el(
      "div",
      { class: "downloads" },
      button("Download CSV: edges of the graph", "Download CSV", () => this.saveEdges()),
      button("Download SVG: the graph", "Download SVG", () => this.saveSvg()),
    );
  }

  saveEdges() {
    const { example, view, report } = this.state;
    const { tokens } = example;
    const rows = this.drawn.content.edges.map(({ l, i, j, w }) => ({
      view,
      layer: l,
      from: i,
      from_token: tokens[i],
      to: j,
      to_token: tokens[j],
      weight: w,
    }));
    save(`${report.json.name}_attention_graph.csv`, "text/csv", toCsv(rows));
  }

  saveSvg() {
    const tree = graphTree(this.drawn.model, this.drawn.geometry, this.page.theme);
    save(`${this.state.report.json.name}_attention_graph.svg`, "image/svg+xml", toMarkup(tree));
  }
}

function fact([term, value, id]) {
  const isNumber = typeof value === "number";
  const said = { id, "data-value": isNumber && value, title: isNumber && fixed(value, 8) };
  return el(
    "div",
    { class: isNumber ? null : "words" },
    el("dt", {}, term),
    el("dd", said, isNumber ? fixed(value) : value),
  );
}

// "0.0123 of 0.4000" where the capacity is known
function weightWords({ w, c }) {
  return `${fixed(w)}${c === undefined ? "" : ` of ${fixed(c)}`}`;
}
