// The tokens of the example shaded by each method, a line a method. A token chosen here becomes the sink.

import { el, show } from "../tree.js";
import { shortToken, tokenText } from "../token_text.js";
import { toCsv } from "../data.js";
import { methodStyles } from "../charts.js";
import { inkOn, ramp } from "../theme.js";
import { save } from "../save.js";
import { fixed } from "./numbers.js";
import { factsOf, missingWords, ownRows, runRows, scoreTable } from "./strip_rows.js";

export class TokenStrips {
  /** `page` has theme and tip; `act`: { change(changes) }. */
  constructor(box, state, page, act) {
    this.box = box;
    this.state = state;
    this.page = page;
    this.act = act;
    this.rows = new Map(); // the lines that are drawn, by id
    this.listen();
  }

  /** Are the lines those of what is chosen, the sink aside? */
  get isCurrent() {
    return this.drawnKey === this.key();
  }
  key() {
    return `${this.page.theme.name} ${this.state.stripsKey}`;
  }

  draw() {
    const { box, state } = this;
    const { token, strip } = document.activeElement?.dataset ?? {};
    const rows = runRows(state, methodStyles(state.report, this.page.theme));
    const missing = missingWords(state);
    this.rows = new Map(rows.map((row) => [row.id, row]));
    this.drawnKey = this.key();
    show(
      box,
      this.head(rows),
      el(
        "p",
        { class: "note" },
        `${factsOf(state.example)}. Numbers are those of the sink. Choose a ${state.example.unit} to make it the sink.`,
      ),
      el("ul", { class: "legend", id: "shading" }, shading(rows, this.page.theme)),
      missing && el("p", { class: "note", id: "strips-missing" }, missing),
      el("div", { class: "own-strips" }),
      rows.map((row) => this.strip(row)),
    );
    this.drawOwn();
    this.scrollToSink();
    if (strip) this.focusToken(strip, token);
  }

  head(rows) {
    const { state } = this;
    const units = state.example.unit === "word" ? "Words" : "Tokens";
    const title = `${units} shaded by each method, from ${state.tokenName(state.source)} in layer ${state.layer}`;
    const download = {
      class: "quiet",
      "aria-label": `Download CSV: scores of the ${state.example.unit}s`,
      onclick: () => this.saveScores(rows),
    };
    return el(
      "div",
      { class: "strip-head" },
      el("h3", { id: "strips-title" }, title),
      el("button", download, "Download CSV"),
    );
  }

  drawOwn() {
    const focused = document.activeElement?.dataset ?? {};
    const rows = ownRows(this.state, this.ownFlow?.key === this.drawnKey ? this.ownFlow.values : null);
    for (const row of rows) this.rows.set(row.id, row);
    show(
      this.box.querySelector(".own-strips"),
      rows.map((row) => this.strip(row)),
    );
    if (focused.strip?.startsWith("own-")) this.focusToken(focused.strip, focused.token);
  }

  /** Flow from the chosen source to every token, where the run has none; `isLate()` once something newer is wanted. */
  async solveOwn(solver, isLate) {
    const { layer, source, fused, isHeld, networkKey } = this.state;
    const key = this.drawnKey;
    if (!fused.exact || isHeld || this.ownFlow?.key === key) return;
    const values = await solver.row(networkKey, fused.exact, layer, source);
    if (isLate()) return;
    this.ownFlow = { key, values: Array.from(values, (v) => v * fused.unit) };
    this.drawOwn();
  }

  // ---- one line

  strip(row) {
    return row.message === undefined ? this.scoredStrip(row) : failedStrip(row);
  }

  scoredStrip(row) {
    const { tokens, direction } = this.state.example;
    const colourOf = shades(row.scores, this.page.theme);
    return el(
      "div",
      {
        class: row.isReference ? "strip reference" : "strip",
        "data-method": row.id,
        "aria-busy": row.pending && "true",
      },
      stripName(row),
      el("span", { class: "strip-value" }, fixed(row.scores[this.state.sink])),
      el(
        "span",
        { class: "strip-tokens", role: "group", dir: direction, "aria-label": `Scores by ${row.name}` },
        tokens.map((_, t) => this.token(row, t, colourOf(row.scores[t]))),
      ),
    );
  }

  token(row, t, colour) {
    const { example, sink } = this.state;
    const token = example.tokens[t];
    const mark = example.mark(t);
    const isLong = [...token].length > 24;
    return el(
      "button",
      {
        class: ["token", example.unknown.has(t) && "unknown", t === sink && "chosen"].filter(Boolean).join(" "),
        dir: example.direction === "rtl" && "auto",
        tabindex: t === sink ? 0 : -1,
        "data-token": t,
        "data-strip": row.id,
        title: (isLong || mark) && `${tokenText(token)}${mark && ` (read as ${mark})`}`,
        "aria-label": `${example.tokenLabel(t, 40)}: ${fixed(row.scores[t])}`,
        "aria-pressed": t === sink ? "true" : "false",
        style: { "background-color": colour, color: inkOn(colour) },
      },
      shortToken(token, 24),
      mark && [" ", el("small", {}, mark)],
    );
  }

  // ---- pointer and keyboard

  // One listener a kind for all tokens: with 512 tokens and five lines there are thousands.
  listen() {
    const { box } = this;
    const { tip } = this.page;
    const of = (event) => event.target.closest?.(".token");
    const at = (event) => {
      const token = of(event);
      if (!token) return;
      const { left, bottom } = token.getBoundingClientRect();
      tip.at(event.clientX || left, event.clientY || bottom, this.about(token));
    };
    const hide = (event) => of(event) && tip.hide();
    box.addEventListener("pointerover", at);
    box.addEventListener("pointerout", hide);
    box.addEventListener("focusin", at);
    box.addEventListener("focusout", hide);
    box.addEventListener("click", (event) => {
      const token = of(event);
      if (token) this.act.change({ sink: Number(token.dataset.token) });
    });
    box.addEventListener("keydown", (event) => {
      const token = of(event);
      const right = this.state.example.direction === "rtl" ? -1 : 1;
      const step = { ArrowRight: right, ArrowLeft: -right, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!token || !step) return;
      event.preventDefault();
      (step > 0 ? token.nextSibling : token.previousSibling)?.focus();
    });
  }

  // What the tooltip says of a token.
  about({ dataset }) {
    const row = this.rows.get(dataset.strip);
    const t = Number(dataset.token);
    const { example, report } = this.state;
    const { cuts } = report;
    if (!row) return [];
    return [
      [example.unit === "word" ? "Word" : "Token", `${t} ${shortToken(example.tokens[t], 240)}`],
      ...(example.unknown.has(t) ? [["Read as", example.unknownToken]] : []),
      [row.name, fixed(row.scores[t], 6)],
      ...(row.cuts ? [["Binding cut", cuts.name(cuts.decode(row.cuts[t]))]] : []),
    ];
  }

  focusToken(strip, token) {
    this.box.querySelector(`[data-strip="${CSS.escape(strip)}"][data-token="${token}"]`)?.focus();
  }

  /** Another sink: its place in each line and its numbers. */
  markSink() {
    const { sink } = this.state;
    for (const line of this.box.querySelectorAll(".strip-tokens")) {
      const old = line.querySelector(".chosen");
      if (old) markToken(old, false);
      const token = line.children[sink];
      markToken(token, true);
      line.previousSibling.textContent = fixed(this.rows.get(token.dataset.strip)?.scores[sink]);
    }
    this.scrollToSink();
  }

  // Scrolls each line, and nothing else, to the sink. All is measured before anything moves.
  scrollToSink() {
    const places = [...this.box.querySelectorAll(".strip-tokens")]
      .filter((line) => line.scrollHeight > line.clientHeight + 1)
      .map((line) => [line, line.children[this.state.sink].offsetTop - line.clientHeight / 2 + 14]);
    for (const [line, top] of places) line.scrollTop = top;
  }

  // ---- download

  saveScores(rows) {
    save(`${this.state.report.json.name}_token_scores.csv`, "text/csv", toCsv(scoreTable(this.state, rows)));
  }
}

function stripName({ colour, name }) {
  return el(
    "span",
    { class: "strip-name" },
    colour && el("i", { class: "dot", style: { background: colour } }),
    name,
  );
}

function failedStrip(row) {
  return el(
    "div",
    { class: "strip failed", "data-method": row.id },
    stripName(row),
    el("span", { class: "strip-value" }, "\u2013"),
    el("span", { class: "note" }, `failed: ${tokenText(row.message)}`),
  );
}

function markToken(token, isSink) {
  token.classList.toggle("chosen", isSink);
  token.tabIndex = isSink ? 0 : -1;
  token.setAttribute("aria-pressed", isSink ? "true" : "false");
}

const isSigned = (scores) => scores.some((s) => s < 0);

// The colour of a score in a line, scaled to its own largest.
function shades(scores, theme) {
  const largest = Math.max(1e-300, ...scores.map((s) => (Number.isFinite(s) ? Math.abs(s) : 0)));
  if (isSigned(scores)) return (score) => ramp(theme.diverging, (score / largest + 1) / 2);
  return (score) => ramp(theme.sequential, Number.isFinite(score) ? score / largest : 0);
}

// What the colours of the lines mean: each is scaled to its own largest score.
function shading(rows, theme) {
  const scored = rows.filter((row) => row.scores);
  const scale = (colours, low, high) => {
    const stops = Array.from({ length: 13 }, (_, k) => el("i", { style: { background: ramp(colours, k / 12) } }));
    return el("li", { class: "ramp" }, low, el("span", { class: "stops" }, stops), high);
  };
  return [
    scored.some((row) => !isSigned(row.scores)) && scale(theme.sequential, "0", "largest score of the line"),
    scored.some((row) => isSigned(row.scores)) &&
      scale(theme.diverging, "\u2212largest", "+largest, in lines with negative scores"),
  ].filter(Boolean);
}
