// The report page. Outside a browser the bundle only offers figures().

import { el, show, toDom } from "./tree.js";
import { tokenText } from "./token_text.js";
import { Report, toCsv, unique } from "./data.js";
import { CHARTS, columnsFor, methodStyles, pageSpec, standalone } from "./charts.js";
import {
  bestWord,
  capital,
  certainty,
  decimal,
  leadersOf,
  listed,
  metricName,
  pretty,
  referenceName,
  saturationFinding,
  standsOut,
  undefinedWords,
} from "./findings.js";
import { chartSvg, drawChart } from "./chart_view.js";
import { Explorer } from "./explorer/explorer.js";
import { Tooltip } from "./tooltip.js";
import { THEMES, ramp } from "./theme.js";
import { field, select } from "./controls.js";
import { figures } from "./figures.js";
import { save } from "./save.js";

const MOST_RESULTS = 3; // references with a result of their own at the top

const count = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");

/** After the browser has drawn what there is; hidden pages do not draw, so there is a limit. */
const painted = () =>
  new Promise((resolve) => {
    const limit = setTimeout(resolve, 200);
    requestAnimationFrame(() =>
      setTimeout(() => {
        clearTimeout(limit);
        resolve();
      }),
    );
  });

class Page {
  constructor(json) {
    this.report = new Report(json);
    this.selection = this.report.initialSelection();
    this.tip = new Tooltip();
    this.themeChoice = "auto";
    this.views = new Map();
    this.main = document.getElementById("report");
    this.pending = 0;
    document.documentElement.dataset.theme = this.theme.name;
    this.build();
    this.openExplorer();
    this.track(painted().then(() => this.drawCharts()));
    // Paper is light, whatever the screen is.
    addEventListener("beforeprint", () => this.usePaper(true));
    addEventListener("afterprint", () => this.usePaper(false));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.applyTheme());
    this.watchWidth();
  }

  // In one task with its first graph, so that the page is never without; charts are kept from its troubles.
  openExplorer() {
    const root = document.getElementById("explorer-root");
    if (!root) return;
    try {
      this.explorer = new Explorer(root, this.report, this);
    } catch (error) {
      show(
        root,
        el("p", { class: "notice strong", role: "alert" }, `The examples could not be shown: ${error.message}`),
      );
      this.track(Promise.reject(error));
    }
  }

  /** html[data-state]: "busy" while something is drawn or solved, then "ready"; "error" once something failed. */
  track(work) {
    const { dataset } = document.documentElement;
    ++this.pending;
    if (dataset.state !== "error") dataset.state = "busy";
    return work
      .catch((error) => {
        dataset.state = "error";
        console.error(error);
      })
      .finally(() => {
        if (--this.pending === 0 && dataset.state === "busy") dataset.state = "ready";
      });
  }

  // Draws anew as wide as the paper, before the browser lays out what it prints.
  usePaper(isPaper) {
    this.isPaper = isPaper;
    document.documentElement.classList.toggle("paper", isPaper);
    this.applyTheme();
  }

  // On paper panels may be narrower than on a screen.
  get crowding() {
    return this.isPaper ? 0.85 : 1;
  }

  get theme() {
    if (this.isPaper) return THEMES.light;
    const dark =
      this.themeChoice === "auto"
        ? matchMedia("(prefers-color-scheme: dark)").matches
        : this.themeChoice === "dark";
    return dark ? THEMES.dark : THEMES.light;
  }

  build() {
    const { json } = this.report;
    const hasExamples = json.examples.length > 0;
    show(
      this.main,
      this.header(),
      el("div", { class: "settings", id: "settings", role: "region", "aria-label": "Settings of all charts" }),
      el("section", { id: "charts", "aria-label": "Charts" }),
      hasExamples &&
        el(
          "section",
          { id: "explorer", "aria-label": "Example explorer" },
          el("h2", {}, "Examples"),
          el(
            "p",
            { class: "note" },
            "Which input tokens does a position draw on, and through which edges? Choose a source in some layer and a sink among the inputs.",
          ),
          el("div", { id: "explorer-root" }),
        ),
      this.footer(),
    );
    this.drawSettings();
  }

  header() {
    const { report } = this;
    const { json } = report;
    const { run } = json;
    const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
    const compared =
      report.references.length > 0 ? ` compared with ${listed(report.references.map(referenceName))}` : "";
    const about = [
      run.dataset && `data ${tokenText(run.dataset)}`,
      run.task && `task ${tokenText(run.task)}`,
      run.model && `model ${tokenText(run.model)}`,
    ].filter(Boolean);
    const facts = [
      `${count(run.grid_points)} grid points`,
      `${count(run.cells)} cells`,
      run.failures > 0 ? el("strong", { class: "failed" }, `${count(run.failures)} failed`) : "none failed",
      ...about,
    ];
    return el(
      "header",
      {},
      el(
        "div",
        { class: "title-row" },
        el("h1", {}, tokenText(json.name)),
        el("button", { id: "theme", class: "quiet", onclick: () => this.nextTheme() }, "Theme: auto"),
      ),
      el(
        "p",
        { class: "lead" },
        `${capital(listed(json.methods.map(pretty)))}${compared}, on ${plural(run.examples, "example")}.`,
      ),
      el(
        "p",
        { class: "note facts" },
        facts.map((fact) => el("span", {}, fact)),
      ),
      json.warnings.map(({ id, title, text }) =>
        el(
          "div",
          { class: "notice strong", id: `warning-${id}`, role: "alert" },
          el("strong", {}, tokenText(title)),
          el("p", {}, tokenText(text)),
        ),
      ),
      el("div", { class: "results" }, el("div", { id: "results", "aria-live": "polite" })),
      json.left_out.length > 0 &&
        el(
          "details",
          { class: "left-out" },
          el(
            "summary",
            {},
            `Not in this page: ${json.left_out.length === 1 ? "one thing" : `${json.left_out.length} things`}`,
          ),
          el(
            "ul",
            {},
            json.left_out.map((text) => el("li", {}, tokenText(text))),
          ),
        ),
    );
  }

  // The main result with each reference, at the selected settings: who leads, how high, how surely.
  drawResults() {
    const { report, selection, theme } = this;
    const styles = methodStyles(report, theme);
    const { metric } = selection;
    const all = report.referencesOf(metric);
    const shown = all.length <= MOST_RESULTS ? all : [selection.reference];
    const what = (reference) => (report.asksModel(metric) ? metricName(report, metric) : referenceName(reference));
    const settings = (axes) => axes.map((axis) => `${pretty(axis)} ${selection[axis]}`);
    const at = [selection.layer !== null && `layer ${selection.layer}`, ...settings(report.varied)]
      .filter(Boolean)
      .join(", ");
    const cards = shown.map((reference) => {
      const found = leadersOf(report, selection, reference);
      const missing = undefinedWords(report, selection, reference);
      const card = (name, value, note) =>
        el(
          "section",
          {
            class: "result",
            "data-reference": reference,
            "aria-label": `Result ${report.asksModel(metric) ? "by" : "with"} ${what(reference)}`,
          },
          el("p", { class: "result-name" }, `${name} ${what(reference)}${at ? `, ${at}` : ""}`),
          el("p", { class: "result-value" }, value),
          el("p", { class: "note" }, [note, missing].filter(Boolean).join(" ")),
        );
      const plain = report.asksModel(metric) ? "By" : "With";
      if (!found) return missing && card(plain, `No ${metricName(report, metric)}`, "");
      const { best } = found;
      const interval =
        typeof best.ci_low === "number"
          ? `${report.percent} interval ${decimal(best.ci_low)} to ${decimal(best.ci_high)}`
          : "no interval";
      const over = `over ${count(best.n)} example${best.n === 1 ? "" : "s"}, ${interval}.`;
      const sure = certainty(report, selection, found);
      if (!standsOut(report, selection, found)) {
        return card(
          plain,
          "No method stands out",
          `The ${bestWord(report, metric).toLowerCase()} mean ${metricName(report, metric)} is ${decimal(best.mean)}, of ${pretty(best.method)}, ${over} ${sure}`,
        );
      }
      const leader = [
        el("i", { class: "dot", style: { background: styles.get(best.method).colour } }),
        pretty(best.method),
        " ",
        el("span", { class: "number" }, decimal(best.mean)),
      ];
      return card(
        report.asksModel(metric) ? bestWord(report, metric) : "Closest to",
        leader,
        `Mean ${metricName(report, metric)} ${over} ${sure}`,
      );
    });
    const saturation = saturationFinding(report, selection);
    if (saturation) {
      const of = [
        report.methods.filter((method) => report.table("saturation_by_layer").some((row) => row.method === method))
          .length > 1 && pretty(saturation.method),
        ...settings(report.answering), // flows are the same for the others
      ];
      const words = of.filter(Boolean).join(", ");
      cards.push(
        el(
          "section",
          { class: saturation.saturated ? "result warn" : "result", id: "saturation", "aria-label": "Saturation" },
          el("p", { class: "result-name" }, `Does flow saturate?${words ? ` ${capital(words)}` : ""}`),
          el("p", { class: "result-value" }, saturation.title),
          el("p", { class: "note" }, saturation.text),
        ),
      );
    }
    const drawn = cards.filter(Boolean);
    const box = document.getElementById("results");
    const columns = columnsFor(Math.max(1, drawn.length), this.isPaper ? 200 : 300, this.main.clientWidth, 14);
    box.parentElement.style.setProperty("--columns", String(columns));
    show(box, drawn);
  }

  footer() {
    const { json } = this.report;
    const { fixed: everywhere } = this.report;
    const settings = Object.entries(json.run.settings).map(([key, value]) => `${key} = ${value}`);
    const fixed = json.run.fixed_point;
    return el(
      "footer",
      {},
      el(
        "details",
        {},
        el("summary", {}, "Settings of the run"),
        el("pre", {}, settings.map(tokenText).join("\n") || "defaults only"),
        everywhere.length > 0 &&
          el("p", { class: "note" }, `The same in all grid points: ${everywhere.join(", ")}.`),
      ),
      el(
        "details",
        {},
        el("summary", {}, "Numbers"),
        el(
          "p",
          { class: "note" },
          `Rows of attention differ from 1 by at most ${json.run.largest_row_sum_deviation.toExponential(1)}. ` +
            (fixed
              ? `Flows are computed in fixed point with ${fixed.bits} fractional bits, error at most ${fixed.error_bound.toExponential(1)}; ${fixed.rounded_to_zero} positive weights became 0. `
              : "") +
            this.explorerBits(),
        ),
      ),
      json.diagnostics && this.diagnostics(),
      el(
        "details",
        {},
        el("summary", {}, "Licences of the packages in this page"),
        el("pre", { id: "licence-text" }, document.getElementById("attnflow-licences")?.textContent ?? ""),
      ),
      el("p", { class: "note" }, `attnflow ${json.attnflow}. This file needs no network.`),
    );
  }

  // What methods say of how they came to their scores, over examples and layers.
  diagnostics() {
    const { diagnostics } = this.report.json;
    const columns = Object.keys(diagnostics[0]);
    const cell = (value) =>
      typeof value === "number"
        ? el("td", { class: "number" }, `${Number(value.toPrecision(4))}`.replace("-", "\u2212"))
        : el("td", {}, tokenText(`${value ?? ""}`));
    return el(
      "details",
      { id: "diagnostics", class: "numbers" },
      el("summary", {}, "Diagnostics of the methods"),
      el(
        "table",
        {},
        el("caption", { class: "hidden-visually" }, "Diagnostics of the methods, over examples and layers"),
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            columns.map((column) => el("th", { scope: "col" }, column)),
          ),
        ),
        el(
          "tbody",
          {},
          diagnostics.map((row) =>
            el(
              "tr",
              {},
              columns.map((column) => cell(row[column])),
            ),
          ),
        ),
      ),
    );
  }

  // Of the networks that the explorer solves on.
  explorerBits() {
    const solvable = this.report.json.examples.flatMap(({ networks }) => networks).filter(({ dense }) => dense);
    const bits = unique(solvable.map((network) => network.bits)).sort((a, b) => a - b);
    return bits.length > 0 ? `The explorer solves with ${bits.join(" or ")} fractional bits.` : "";
  }

  // ---- settings

  drawSettings() {
    const { report, selection } = this;
    const focused = document.activeElement?.id;
    const choice = (label, key, values, name = String) =>
      values.length > 1 &&
      field(
        label,
        select(
          `set-${key}`,
          values.map((v) => [v, name(v)]),
          selection[key],
          (text) => this.select({ [key]: values.find((v) => String(v) === text) }),
        ),
      );
    const controls = [
      choice("Metric", "metric", report.metrics, (metric) => metricName(report, metric)),
      choice("Reference", "reference", report.referencesOf(selection.metric), referenceName),
      ...report.varied.map((axis) =>
        choice(pretty(axis.charAt(0).toUpperCase() + axis.slice(1)), axis, report.values(axis)),
      ),
      choice("Layer", "layer", report.layers),
    ].filter(Boolean);
    const box = document.getElementById("settings");
    box.hidden = controls.length === 0;
    show(box, controls);
    if (focused) document.getElementById(focused)?.focus();
  }

  select(changes) {
    Object.assign(this.selection, changes);
    const references = this.report.referencesOf(this.selection.metric);
    if (!references.includes(this.selection.reference)) this.selection.reference = references[0];
    this.drawSettings();
    this.track(this.drawCharts());
    return this.explorer?.follow(changes);
  }

  // ---- theme and width

  nextTheme() {
    const order = ["auto", "light", "dark"];
    this.themeChoice = order[(order.indexOf(this.themeChoice) + 1) % order.length];
    document.getElementById("theme").textContent = `Theme: ${this.themeChoice}`;
    this.applyTheme();
  }

  applyTheme() {
    document.documentElement.dataset.theme = this.theme.name;
    this.track(this.drawCharts());
    this.explorer?.refresh();
  }

  watchWidth() {
    let width = this.main.clientWidth;
    let timer = 0;
    new ResizeObserver(() => {
      if (this.main.clientWidth === width) return;
      width = this.main.clientWidth;
      clearTimeout(timer);
      timer = setTimeout(() => {
        this.track(this.drawCharts());
        this.explorer?.redraw();
      }, 120);
    }).observe(this.main);
  }

  // ---- charts

  // Gives way to the browser between panels; a newer call ends an older one.
  async drawCharts() {
    const ticket = (this.chartTicket = (this.chartTicket ?? 0) + 1);
    const { report, selection, theme, tip } = this;
    this.drawResults();
    const section = document.getElementById("charts");
    const charts = CHARTS.map((make) => make(report, selection, theme)).filter(Boolean);
    const shape = charts.map((chart) => `${chart.id}:${chart.panels.length}`).join(" ");
    if (section.dataset.shape !== shape) {
      show(
        section,
        charts.map((chart) => this.chartCard(chart)),
      );
      section.dataset.shape = shape;
    }
    for (const view of this.views.values()) view.finalize();
    this.views.clear();
    for (const chart of charts) {
      const card = document.getElementById(`chart-${chart.id}`);
      this.fillCard(card, chart);
      const panels = card.querySelector(".panels");
      if (chart.panels.length === 0) continue;
      const columns = columnsFor(
        chart.panels.length,
        this.crowding * Math.max(...chart.panels.map((p) => p.minWidth)),
        panels.clientWidth,
      );
      panels.style.setProperty("--columns", String(columns));
      for (const [p, panel] of chart.panels.entries()) {
        const box = card.querySelectorAll(".panel-chart")[p];
        if (!this.isPaper) await painted(); // what is there is seen before the next panel; print does not wait
        if (ticket !== this.chartTicket) return;
        const spec = pageSpec(panel, Math.max(180, box.clientWidth));
        if (this.isPaper) spec.height *= 0.75; // more charts a page
        const view = await drawChart(box, spec, theme, tip);
        box.setAttribute("role", "img"); // Vega gives the box a role and no name
        box.setAttribute(
          "aria-label",
          `${[chart.name, panel.title].filter(Boolean).join(": ")}. ${chart.title}. The numbers are below the chart.`,
        );
        if (ticket !== this.chartTicket) return view.finalize();
        this.views.set(`${chart.id}/${p}`, view);
      }
    }
  }

  chartCard(chart) {
    return el(
      "article",
      { class: "card", id: `chart-${chart.id}` },
      el("p", { class: "chart-name" }),
      el("div", { class: "card-head" }, el("h2", {}), el("span", { class: "downloads" })),
      el("p", { class: "note" }),
      el("ul", { class: "legend" }),
      el(
        "div",
        { class: "panels" },
        chart.panels.map((panel) =>
          el(
            "figure",
            { class: panel.square ? "panel square" : "panel" },
            el("figcaption", {}),
            el("div", { class: "panel-chart" }),
            el("ul", { class: "legend" }),
          ),
        ),
      ),
      el(
        "details",
        { class: "numbers" },
        el("summary", { "aria-label": `Show numbers: ${chart.name}` }, "Show numbers"),
        el("div", { tabindex: 0, role: "region", "aria-label": `Numbers: ${chart.name}` }),
      ),
    );
  }

  fillCard(card, chart) {
    card.querySelector(".chart-name").textContent = chart.name;
    card.querySelector("h2").textContent = chart.title;
    card.querySelector(".note").textContent = chart.note ?? "";
    show(
      card.querySelector(".legend"),
      legend(
        chart.legend,
        chart.panels[0]?.ramp,
        chart.id === "correlation_by_layer" && ((method) => this.emphasise(chart.id, method)),
      ),
    );
    show(
      card.querySelector(".downloads"),
      chart.panels.length > 0 && [
        el(
          "button",
          { class: "quiet", "aria-label": `Download CSV: ${chart.name}`, onclick: () => this.saveCsv(chart) },
          "Download CSV",
        ),
        el(
          "button",
          { class: "quiet", "aria-label": `SVG: ${chart.name}`, onclick: () => this.saveSvg(chart) },
          "SVG",
        ),
      ],
    );
    const numbers = card.querySelector(".numbers");
    numbers.hidden = chart.panels.length === 0;
    numbers.ontoggle = () => numbers.open && this.fillNumbers(numbers, chart);
    if (numbers.open) this.fillNumbers(numbers, chart);
    [...card.querySelectorAll(".panel")].forEach((box, p) => {
      const { title } = chart.panels[p];
      box.querySelector("figcaption").textContent = title ?? "";
      show(box.querySelector(".legend"), legend(chart.panels[p].legend));
    });
  }

  // The numbers that a chart shows, as a table, for those who do not see it. Made when it is asked for.
  fillNumbers(details, chart) {
    const rows = this.numbersOf(chart);
    const columns = Object.keys(rows[0] ?? {}).filter(
      (column) =>
        rows.some((row) => row[column] !== null && row[column] !== rows[0][column]) ||
        !this.report.axes.includes(column),
    );
    const cell = (value) =>
      typeof value === "number"
        ? `${Number(value.toFixed(4))}`.replace("-", "\u2212")
        : value === null || value === undefined
          ? ""
          : tokenText(`${value}`);
    const table = el(
      "table",
      {},
      el("caption", { class: "hidden-visually" }, chart.name),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          columns.map((column) => el("th", { scope: "col" }, pretty(column))),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            "tr",
            {},
            columns.map((column) =>
              el("td", { class: typeof row[column] === "number" && "number" }, cell(row[column])),
            ),
          ),
        ),
      ),
    );
    show(details.querySelector("div"), table);
  }

  numbersOf(chart) {
    const known = new Set([
      ...(this.report.json.tables[chart.id]?.columns ?? []),
      ...this.report.json.tables.correlation_by_layer.columns,
      "cut",
      "share",
      "pairs",
    ]);
    return chart.rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([column]) => known.has(column))),
    );
  }

  // Shows one method of a chart alone; "" shows all.
  emphasise(id, method) {
    const card = document.getElementById(`chart-${id}`);
    for (const button of card.querySelectorAll(".legend button"))
      button.classList.toggle("faded", method !== "" && button.dataset.method !== method);
    for (const [key, view] of this.views)
      if (key.startsWith(`${id}/`)) this.track(view.signal("emphasis", method).runAsync());
  }

  saveCsv(chart) {
    save(`${this.report.json.name}_${chart.id}.csv`, "text/csv", toCsv(this.numbersOf(chart)));
  }
  async saveSvg(chart) {
    save(
      `${this.report.json.name}_${chart.id}.svg`,
      "image/svg+xml",
      await chartSvg(standalone(chart, this.theme), this.theme),
    );
  }
}

const MARKS = {
  circle: ["circle", { cx: 7, cy: 7, r: 4.5 }],
  square: ["rect", { x: 2.5, y: 2.5, width: 9, height: 9 }],
  diamond: ["path", { d: "M7 1.5L12 7L7 12.5L2 7Z" }],
  "triangle-up": ["path", { d: "M7 2L12.5 12H1.5Z" }],
  "triangle-down": ["path", { d: "M7 12L12.5 2H1.5Z" }],
  "triangle-right": ["path", { d: "M12 7L2 1.5V12.5Z" }],
  "triangle-left": ["path", { d: "M2 7L12 1.5V12.5Z" }],
  cross: ["path", { d: "M5 2H9V5H12V9H9V12H5V9H2V5H5Z" }],
};

/** Entries with their marks, and the stops of a colour scale. `point` makes buttons: called with a method, or "". */
function legend(entries, scale, point) {
  const items = (entries ?? []).map(({ label, colour, shape, dashed, method }) => {
    const [tag, attributes] = MARKS[shape] ?? MARKS.circle;
    const mark = dashed
      ? el("path", { d: "M0 7H14", stroke: colour, "stroke-width": 2.5, "stroke-dasharray": "4 2.5" })
      : el(tag, { ...attributes, fill: colour });
    const content = [
      el("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" }, mark),
      label,
    ];
    if (!point) return el("li", {}, content);
    const off = () => point("");
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          "data-method": method,
          onpointerenter: () => point(method),
          onpointerleave: off,
          onfocus: () => point(method),
          onblur: off,
        },
        content,
      ),
    );
  });
  if (scale) {
    const stops = Array.from({ length: 13 }, (_, k) =>
      el("i", { style: { background: ramp(scale.range, k / 12) } }),
    );
    const number = (value) => el("span", {}, `${value}`.replace("-", "\u2212"));
    items.push(
      el(
        "li",
        { class: "ramp" },
        scale.title,
        number(scale.domain[0]),
        el("span", { class: "stops" }, stops),
        number(scale.domain[1]),
      ),
    );
  }
  return items;
}

// Figures for `attnflow figures`, as JSON that markup leaves as it is.
async function drawFigures(json, options) {
  const list = await figures(json, options);
  const plain = JSON.stringify(list).replace(
    /[^ -~]|[<>&]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  document.body.append(toDom(el("pre", { id: "attnflow-figures-result" }, plain)));
}

function start() {
  const data = document.getElementById("attnflow-data");
  if (!data) return;
  const json = JSON.parse(data.textContent);
  const options = document.getElementById("attnflow-figures");
  if (options) drawFigures(json, JSON.parse(options.textContent));
  else globalThis.attnflow.page = new Page(json);
}

globalThis.attnflow = { figures };
if (typeof document !== "undefined") start();
