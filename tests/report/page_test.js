// A report in a real browser: nothing is fetched, nothing complains, charts are there, controls do
// what they say with the numbers of the run, strangers' text stays text, 512 tokens cost no more work than they must.
// Work is counted (elements, places, solves), never timed.

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Example, Report } from "../../experiments/report/web/src/data.js";
import {
  attnflow,
  check,
  finish,
  folder,
  launchBrowser,
  near,
  reportOf,
  settled,
  writeConfig,
  writeDataset,
} from "./support.js";

const HOSTILE = "</script><img src=x onerror=\"document.title='broken'\">";

const browser = await launchBrowser();

async function open(html, options = {}, prepare = async () => {}) {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 },
    colorScheme: "light",
    acceptDownloads: true,
    ...options,
  });
  page.on("console", (message) =>
    check(page.expectsErrors || !["error", "warning"].includes(message.type()), `console: ${message.text()}`),
  );
  page.on("pageerror", (error) => check(false, `page error: ${error.stack}`));
  page.on("request", (request) => check(/^(file|blob|data):/.test(request.url()), `request: ${request.url()}`));
  await prepare(page);
  await page.goto(`file://${html}`);
  await settled(page);
  return page;
}

// Runs before the page's script: whenever the explorer is in the page, so must be a graph with edges.
function watchGraph() {
  globalThis.graphs = { seen: 0, missing: 0 };
  new MutationObserver(() => {
    const graph = document.getElementById("explorer-graph");
    if (!graph) return;
    ++globalThis.graphs.seen;
    if (!graph.querySelector("svg .edges path")) ++globalThis.graphs.missing;
  }).observe(document, { childList: true, subtree: true });
}

// Counts elements as they are made; for the functions below, which run in the page.
function countElements() {
  globalThis.made = 0;
  for (const name of ["createElement", "createElementNS"]) {
    const make = document[name];
    document[name] = (...args) => {
      ++globalThis.made;
      return make.apply(document, args);
    };
  }
}

// The most that any of 40 pointer moves over the graph costs, and what it may: { rows, layers, edges } that are drawn.
async function countHoverWork() {
  const graph = document.querySelector("#explorer-graph");
  const box = graph.getBoundingClientRect();
  const { geometry, edges, model } = attnflow.page.explorer.graph.drawn;
  let places = 0;
  for (const axis of ["x", "y"]) {
    const place = geometry[axis];
    geometry[axis] = (k) => {
      ++places;
      return place(k);
    };
  }
  let moved = 0;
  const observer = new MutationObserver((records) => {
    for (const { target, addedNodes } of records) if (!target.closest(".overlay")) moved += addedNodes.length;
  });
  observer.observe(document.querySelector("#explorer-root"), { childList: true, subtree: true });
  const most = { places: 0, elements: 0 };
  for (let step = 0; step < 40; ++step) {
    [places, globalThis.made] = [0, 0];
    const at = {
      clientX: box.left + (box.width * ((step * 7) % 40)) / 40,
      clientY: box.top + (box.height * step) / 40,
      bubbles: true,
    };
    graph.dispatchEvent(new PointerEvent("pointermove", at));
    most.places = Math.max(most.places, places);
    most.elements = Math.max(most.elements, globalThis.made);
    await new Promise(requestAnimationFrame);
  }
  observer.disconnect();
  return { most, moved, rows: geometry.rowOf.size, layers: model.example.layers, edges: edges.length };
}

// Five views and four tokens are chosen: nodes added beside the graph by the first four views and by all, elements made
// by each choice and shown after it, and in how many lines of tokens the last one is in view.
async function countChoiceWork() {
  const beside = "#explorer-graph, #explorer-answer, .hidden-visually";
  let added = 0;
  const observer = new MutationObserver((records) => {
    for (const { target, addedNodes } of records) if (!target.closest(beside)) added += addedNodes.length;
  });
  observer.observe(document.querySelector("#explorer-root"), { childList: true, subtree: true });
  const made = [];
  const choose = async (act) => {
    globalThis.made = 0;
    act();
    await new Promise(requestAnimationFrame);
    const shown = document.querySelectorAll("#explorer-graph *, #explorer-answer *").length;
    made.push({ elements: globalThis.made, shown });
  };
  for (const view of ["raw", "fused", "rollout", "flow"])
    await choose(() => document.querySelector(`#view-${view}`).click());
  const byView = added;
  await choose(() => document.querySelector("#view-fused").click());
  for (const t of [1, 200, 400, 511])
    await choose(() => document.querySelectorAll(".strip-tokens")[1].children[t].click());
  const lines = [...document.querySelectorAll(".strip-tokens")].map((line) => {
    const [token, frame] = [line.children[511].getBoundingClientRect(), line.getBoundingClientRect()];
    return token.top >= frame.top - 1 && token.bottom <= frame.bottom + 1;
  });
  return { byView, added, made, visible: lines.filter(Boolean).length, lines: lines.length };
}

const text = (page, selector) => page.textContent(selector);
const number = async (page, selector) => Number(await page.getAttribute(selector, "data-value"));
/** Acts, then waits until everything has been drawn anew. */
async function redrawn(page, act) {
  const before = await page.getAttribute("#explorer-root", "data-ready");
  await act();
  await page.waitForFunction((old) => document.querySelector("#explorer-root").dataset.ready !== old, before);
  if (!page.expectsErrors) await settled(page);
}

// ---- a run of the bundled sentences

const run = reportOf("page", "experiments/configs/sva_tables.toml", "dataset.limit=4", "output.attributions=true");
const report = new Report(run.json);

// The document holds what the store holds: attributions.csv is its export.
{
  const [head, ...lines] = readFileSync(join(run.run, "attributions.csv"), "utf8").trim().split("\n");
  const columns = head.split(",");
  let compared = 0;
  let different = 0;
  const shown = report.json.examples.map((_, e) => new Example(report, e));
  for (const line of lines) {
    const cells = line.split(",");
    if (cells.length !== columns.length) continue; // a token with a comma in quotes: its other rows are enough
    const row = Object.fromEntries(columns.map((column, c) => [column, cells[c]]));
    const example = shown.find(({ json }) => json.id === row.example);
    const selection = { ...report.initialSelection(), layer: row.layer === "" ? null : Number(row.layer) };
    const found = example?.attributions(selection).find(({ method }) => method === row.method);
    if (!found) continue;
    ++compared;
    if (!near(found.scores[Number(row.position)], Number(row.score), 1e-6)) ++different;
  }
  check(compared > 500 && different === 0, `${different} of ${compared} embedded scores differ from the store's`);
}

{
  const page = await open(run.html);
  for (const id of ["correlation_by_layer", "scores_by_layer", "saturation_by_layer", "agreement"]) {
    const marks = await page
      .locator(`#chart-${id} .panel-chart svg path, #chart-${id} .panel-chart svg rect`)
      .count();
    check(marks > 10, `chart ${id} is drawn (${marks} marks)`);
    check((await text(page, `#chart-${id} h2`)).length > 5, `chart ${id} has a title`);
    const axes = await page
      .locator(`#chart-${id} .panel-chart`)
      .first()
      .evaluate((box) => box.querySelectorAll("[aria-roledescription=axis]").length);
    check(axes >= 1 || id === "agreement", `chart ${id} has axes`);
  }
  check((await text(page, "#saturation")).includes("Flow is saturated"), "saturation is said in words");
  check(
    (await text(page, "#saturation")).includes(await text(page, "#chart-saturation_by_layer h2")),
    "and by the chart in the same",
  );

  const { bits } = report.json.examples[0].networks[0];
  check(
    (await text(page, "footer")).includes(`The explorer solves with ${bits} fractional bits.`),
    "the bits of the explorer are those of its networks",
  );

  // What is said first: who is closest to each reference, with interval, from the numbers of the run.
  for (const reference of report.references) {
    const selection = report.initialSelection();
    const best = report
      .table("correlation_by_layer")
      .filter((row) => row.reference === reference && report.matches(row, selection))
      .sort((a, b) => b.mean - a.mean)[0];
    const card = await text(page, `.result[data-reference="${reference}"]`);
    const numbers = [best.mean, best.ci_low, best.ci_high].map((v) => v.toFixed(2).replace("-", "\u2212"));
    check(
      card.includes(best.method.replaceAll("_", " ")) && numbers.every((n) => card.includes(n)),
      `${reference}: ${best.method} ${numbers} in \u201c${card}\u201d`,
    );
  }

  // A method of the legend alone: the others fade.
  const faint = () =>
    page
      .locator("#chart-correlation_by_layer .mark-symbol path")
      .evaluateAll((marks) => marks.filter((mark) => Number(mark.getAttribute("opacity") ?? 1) < 0.5).length);
  check((await faint()) === 0, "all methods are drawn alike");
  await page.focus("#chart-correlation_by_layer .legend button");
  await settled(page);
  check((await faint()) > 0, "the others fade");
  await page.evaluate(() => document.activeElement.blur());
  await settled(page);
  check((await faint()) === 0, "and come back");

  // On paper the page is light.
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await settled(page);
  check((await page.locator("#charts svg").count()) > 6, "charts are there on paper");
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await settled(page);

  // A tooltip with the number of the table.
  const point = page.locator("#chart-correlation_by_layer .mark-symbol path").first();
  await point.hover();
  check((await text(page, ".tooltip")).includes("Mean Spearman"), "a point has a tooltip");

  // Every binding cut and flow that the explorer says is the one of the store.
  const example = new Example(report, 0);
  for (const layer of [2, 6]) {
    await redrawn(page, () => page.selectOption("#set-layer", String(layer)));
    const stored = example
      .attributions({ ...report.initialSelection(), layer })
      .find((row) => row.method === "attention_flow");
    for (const sink of [0, 1, 3]) {
      await redrawn(page, () => page.selectOption("#sink", String(sink)));
      const value = await number(page, "#flow-value");
      check(
        near(value, stored.scores[sink], 2e-6),
        `flow to ${sink} from layer ${layer}: page ${value}, store ${stored.scores[sink]}`,
      );
      check(near(await number(page, "#cut-capacity"), value, 2e-6), "the cut is as large as the flow");
      const cutEdges = await page.evaluate(() =>
        attnflow.page.explorer.graph.drawn.model.cut.edges.map(({ w }) => w),
      );
      check(
        (await page.locator(".cut-edge").count()) === cutEdges.length &&
          near(
            cutEdges.reduce((a, b) => a + b, 0),
            value,
            2e-6,
          ),
        "all edges of the cut are drawn; together they carry the flow",
      );
      check(
        /^(All \d+ edges|The one edge) of the cut/.test(await text(page, "#cut-drawn")),
        "and it is said that they are all",
      );
      const cut = report.cuts.name(report.cuts.decode(stored.cuts[sink]));
      check(
        (await text(page, "#binding-cut")).startsWith(`${cut}: `),
        `the kind of the cut is the store's: ${cut}`,
      );
      const answer = await text(page, "#explorer-answer");
      check(
        answer.includes("found by Dinic") && answer.includes("its value is unique, its edges are not"),
        "it is said which flow is drawn",
      );
    }
  }
  const rollout = example.attributions(report.initialSelection()).find((row) => row.method === "rollout");
  await redrawn(page, () => page.selectOption("#sink", "2"));
  check(near(await number(page, "#rollout-value"), rollout.scores[2], 2e-6), "rollout is the store's");
  const strip = page.locator('.strip[data-method="rollout"]');
  check(
    near(Number(await strip.locator(".strip-value").textContent()), rollout.scores[2], 6e-5),
    "the strip's number is the store's",
  );

  // A flow is solved once a pair that is chosen, and for nothing else.
  await page.evaluate(() => {
    const { solver } = attnflow.page.explorer;
    const { pair } = solver;
    globalThis.solves = 0;
    solver.pair = (...args) => (++globalThis.solves, pair.apply(solver, args));
  });
  const solvesOf = async (act) => {
    const before = await page.evaluate(() => globalThis.solves);
    await redrawn(page, act);
    return (await page.evaluate(() => globalThis.solves)) - before;
  };
  check((await solvesOf(() => page.selectOption("#sink", "4"))) === 1, "another sink is one solve");
  check((await solvesOf(() => page.fill("#edges", "1"))) === 0, "another number of edges is none");
  check((await solvesOf(() => page.click("#theme"))) === 0, "another theme is none");
  check((await solvesOf(() => page.click("#view-raw"))) === 0, "another view is none");
  check((await solvesOf(() => page.click("#view-flow"))) === 1, "and back is one");
  await redrawn(page, () => page.selectOption("#sink", "2"));

  // Views differ; another source gives another flow network.
  const drawings = new Set();
  for (const view of ["raw", "fused", "rollout", "flow"]) {
    await redrawn(page, () => page.click(`#view-${view}`).then(() => page.selectOption("#source", "1")));
    drawings.add(await page.locator("#explorer-graph svg .edges").innerHTML());
    check((await page.getAttribute(`#view-${view}`, "aria-pressed")) === "true", `view ${view} is pressed`);
  }
  check(drawings.size === 4, "the four views draw four things");
  const asked = `\u201c${run.json.examples[0].tokens[1]}\u201d (1)`;
  check((await text(page, "#strips-title")).includes(`from ${asked}`), "the strips say whose scores they are");
  check(
    (await text(page, '.strip[data-method="rollout"] .strip-name')).includes("from \u201c"),
    "a line of another source says so",
  );
  check(
    (await text(page, '.strip[data-method="own-rollout"] .strip-value')) ===
      (await page.evaluate(() => attnflow.page.explorer.state.fused.walk(6, 1).mass[0][2].toFixed(4))),
    "the chosen source has lines of its own",
  );
  await redrawn(page, () => page.click("#next-example"));
  check(
    (await page.locator('.strip[data-method="rollout"] .token').count()) === run.json.examples[1].tokens.length,
    "the next example is shown",
  );

  // Keyboard: tab to the graph, move, choose a sink.
  await page.focus("#explorer-graph");
  for (const key of ["Home", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
  check((await text(page, "#explorer-root > [aria-live]")).includes("input"), "the cursor is announced");
  await redrawn(page, () => page.keyboard.press("Enter"));
  const chosen = await page.evaluate(() => document.querySelector("#sink").value);
  check(chosen === "2", `two steps below the source in the input column, Enter chose token ${chosen} as the sink`);
  // On to a vertex of layer 1, which becomes the source of that layer.
  await page.focus("#explorer-graph");
  await page.keyboard.press("ArrowRight");
  await redrawn(page, () => page.keyboard.press("Enter"));
  const now = await page.evaluate(() => [
    document.querySelector("#source").value,
    document.querySelector("#set-layer").value,
  ]);
  check(now.join() === "2,1", `Enter on layer 1 chose source ${now[0]} in layer ${now[1]}`);
  const token = page.locator(".strip").first().locator(".token.chosen");
  await token.focus();
  await page.keyboard.press("ArrowRight");
  await redrawn(page, () => page.keyboard.press("Enter"));
  check(
    (await page.evaluate(() => document.querySelector("#sink").value)) === String(Number(chosen) + 1),
    "tokens can be chosen by keyboard",
  );
  check(
    (await page.evaluate(() => document.activeElement.dataset.token)) === String(Number(chosen) + 1),
    "and the focus stays",
  );

  // What the drawing shows is there in words: the edges of the vertex at the cursor, a table for each chart.
  await page.focus("#explorer-graph");
  await page.keyboard.press("ArrowRight");
  const [words, edges] = await page.evaluate(() => {
    const { cursor, drawn } = attnflow.page.explorer.graph;
    return [
      document.querySelector("#vertex-edges").textContent,
      drawn.content.edges
        .filter((e) => (e.l === cursor[0] && e.i === cursor[1]) || (e.l === cursor[0] + 1 && e.j === cursor[1]))
        .map((e) => e.w.toFixed(4)),
    ];
  });
  check(
    words.includes("in layer") && edges.slice(0, 3).every((w) => words.includes(w)),
    `edges of the vertex in words: ${words}`,
  );
  check(
    (await page.getAttribute("#explorer-graph svg", "aria-label")).startsWith("Flow, layered graph"),
    "the graph has a name",
  );
  await page.click("#chart-scores_by_layer .numbers summary");
  await page.waitForSelector("#chart-scores_by_layer .numbers td");
  const cells = await page.locator("#chart-scores_by_layer .numbers tbody tr").count();
  const atLayer = { ...report.initialSelection(), layer: 1 };
  check(
    cells === report.table("correlation_by_layer").filter((row) => report.matches(row, atLayer, ["layer"])).length,
    `the numbers of a chart: ${cells} rows`,
  );
  const names = await page
    .locator("#charts .panel-chart")
    .evaluateAll((boxes) => boxes.map((box) => box.getAttribute("aria-label")));
  check(names.length > 6 && new Set(names).size === names.length, "each drawing has a name of its own");

  // Downloads hold the numbers of the chart.
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("#chart-correlation_by_layer button").first().click(),
  ]);
  const csv = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\n");
  check(csv[0].startsWith("method,") && csv.length > 10, `the CSV of a chart: ${csv.length} lines`);
  const [svg] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("#chart-correlation_by_layer button").nth(1).click(),
  ]);
  check(readFileSync(await svg.path(), "utf8").startsWith("<svg"), "the SVG of a chart");
  await page.close();
}

// ---- two themes, two widths, another run, on a slow machine: nothing sticks out, the graph is there from the start

const gpt2 = reportOf("gpt2", "experiments/configs/gpt2.toml");
for (const [words, { html }] of [
  ["sentences", run],
  ["gpt2", gpt2],
]) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      if (words === "gpt2" && (colorScheme === "dark") !== (width === 390)) continue; // the sentences have all four
      const name = `${words}, ${colorScheme}, ${width} pixels`;
      const page = await open(html, { viewport: { width, height: 900 }, colorScheme }, async (fresh) => {
        await fresh.addInitScript(watchGraph);
        const session = await fresh.context().newCDPSession(fresh);
        await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
      });
      await redrawn(page, () => page.selectOption("#example", "1"));
      await redrawn(page, () => page.selectOption("#set-layer", "2"));
      await redrawn(page, () => page.click("#theme"));
      const graphs = await page.evaluate(() => globalThis.graphs);
      check(
        graphs.seen > 0 && graphs.missing === 0,
        `${name}: the graph is missing ${graphs.missing} of ${graphs.seen} times`,
      );
      const box = await page.locator("#explorer-graph svg").boundingBox();
      check(box.width > 250 && box.height > 100, `${name}: the graph has a size`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(wide <= 0, `${name}: ${wide} pixels stick out`);
      await page.close();
    }
  }
}
for (const colorScheme of ["light", "dark"]) {
  const page = await open(run.html, { colorScheme });
  check(
    (await page.getAttribute("html", "data-theme")) === colorScheme,
    `theme ${colorScheme} follows the system`,
  );
  await page.close();
}

// ---- a worker that is refused, breaks or keeps silent: the page solves by itself

const brokenWorkers = {
  refused: () => {
    globalThis.Worker = class {
      constructor() {
        throw new Error("no workers here");
      }
    };
  },
  broken: () => {
    globalThis.Worker = class {
      postMessage() {
        setTimeout(() => this.onerror(new Event("error")));
      }
      terminate() {}
    };
  },
  silent: () => {
    const later = setTimeout;
    globalThis.setTimeout = (act, ms) => later(act, ms > 10_000 ? 0 : ms); // the page's patience with it ends at once
    globalThis.Worker = class {
      postMessage() {}
      terminate() {}
    };
  },
};
for (const [kind, breakWorker] of Object.entries(brokenWorkers)) {
  const page = await open(run.html, {}, (fresh) => fresh.addInitScript(breakWorker));
  const stored = new Example(report, 0)
    .attributions(report.initialSelection())
    .find((row) => row.method === "attention_flow");
  for (const sink of [3, 0]) {
    await redrawn(page, () => page.selectOption("#sink", String(sink)));
    check(near(await number(page, "#flow-value"), stored.scores[sink], 2e-6), `worker ${kind}: flow to ${sink}`);
  }
  check((await page.getAttribute("html", "data-state")) === "ready", `worker ${kind}: the page is ready`);
  await page.close();
}

// ---- many methods, heads and skip weights: panels in even rows, nothing cut off, a warning where the data has changed

{
  const { html } = reportOf("ablation", "experiments/configs/ablation.toml", "dataset.limit=6");
  for (const width of [1280, 390]) {
    const page = await open(html, { viewport: { width, height: 900 } });
    const columns = await page.evaluate(
      () =>
        getComputedStyle(document.querySelector("#chart-heads_by_skip .panels")).gridTemplateColumns.split(" ")
          .length,
    );
    check(columns === (width > 400 ? 3 : 1), `six heat maps stand in ${columns} columns at ${width} pixels`);
    const outside = await page.evaluate(() => {
      const found = [];
      for (const svg of document.querySelectorAll(
        ".panel-chart > svg, .panel-chart .chart-wrapper svg, .panel-chart svg",
      )) {
        const frame = svg.getBoundingClientRect();
        for (const text of svg.querySelectorAll("text")) {
          const box = text.getBoundingClientRect();
          const isOutside =
            box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
          if (box.width > 0 && isOutside) found.push(text.textContent);
        }
      }
      return found;
    });
    check(outside.length === 0, `${width} pixels: text is cut off: ${outside.slice(0, 5).join(", ")}`);
    await page.close();
  }
}

// ---- choices that the run has no points for; two sources; constant scores; failed cells; a run that is not finished

{
  const tokens = ["a", "b", "c", "d", "e"];
  const top = reportOf("top", writeConfig("top", writeDataset("top", tokens, 4, 5), undefined, "", "4"));
  const page = await open(top.html);
  const charts = await page.locator("#charts svg").count();
  await page.focus("#explorer-graph");
  for (const key of ["ArrowLeft", "ArrowLeft", "ArrowDown"]) await page.keyboard.press(key);
  await redrawn(page, () => page.keyboard.press("Enter"));
  check(
    (await page.evaluate(() => document.querySelector("#explorer-root #layer").value)) === "2",
    "a vertex of a layer without points can be chosen",
  );
  check(
    (await page.getAttribute("html", "data-state")) === "ready" &&
      (await page.locator("#charts svg").count()) === charts,
    "and the charts stay",
  );
  check(
    (await text(page, "#strips-missing")).includes("no scores of layer 2"),
    "that the run has no scores there is said",
  );
  check((await page.locator('.strip[data-method="own-flow"]').count()) === 1, "they are computed in the page");
  await page.close();
}
{
  const tokens = ["a", "b", "c", "d"];
  const file = writeConfig("sources", writeDataset("sources", tokens, 3, 5));
  const two = reportOf("sources", file, 'axes.source=["cls","last"]', "statistics.level=0.9");
  const page = await open(two.html);
  await redrawn(page, () => page.selectOption("#explorer-root #source", "3"));
  check((await page.inputValue("#set-source")) === "last", "the settings follow a source that the run has");
  check(!(await text(page, '.strip[data-method="rollout"] .strip-name')).includes("from"), "its scores are shown");
  const selection = { ...new Report(two.json).initialSelection(), source: "last" };
  const stored = new Example(new Report(two.json), 0)
    .attributions(selection)
    .find(({ method }) => method === "rollout");
  check(
    (await text(page, '.strip[data-method="rollout"] .strip-value')) ===
      stored.scores[Number(await page.inputValue("#sink"))].toFixed(4),
    "with the store's numbers",
  );
  await redrawn(page, () => page.selectOption("#set-source", "cls"));
  check((await page.inputValue("#explorer-root #source")) === "0", "and the explorer follows the settings");
  check(!(await text(page, "main")).includes("95\u00a0%"), "the level is the run's");
  await page.close();
}
{
  const constant = reportOf(
    "constant",
    writeConfig("constant", writeDataset("constant", ["a", "b", "c"], 3, 5, new Float32Array(3).fill(1))),
  );
  const page = await open(constant.html);
  check(
    (await text(page, "#results")).includes("(1 of 1 example)"),
    "constant scores: the result is said to be undefined",
  );
  check((await text(page, "#chart-correlation_by_layer")).includes("Undefined for"), "and so does the chart");
  await page.close();
}
{
  const json = structuredClone(run.json);
  const place = json.score_points.findIndex(
    (index) =>
      json.points[index][0] === "rollout" &&
      json.points[index][json.axes.findIndex(({ name }) => name === "layer") + 1] === 6,
  );
  const scores = Buffer.from(json.examples[0].scores, "base64");
  const n = json.examples[0].tokens.length;
  for (let t = 0; t < n; ++t) scores.writeFloatLE(NaN, 4 * (place * n + t));
  json.examples[0].scores = scores.toString("base64");
  json.examples[0].failures = [{ place, message: "out of <b>luck</b>" }];
  const html = run.html.replace(".html", "-failed.html");
  writeFileSync(
    html,
    readFileSync(run.html, "utf8").replace(
      /(id="attnflow-data">).*?(<\/script>)/s,
      (_, begin, end) => begin + JSON.stringify(json).replaceAll("<", "\\u003c") + end,
    ),
  );
  const page = await open(html);
  check(
    (await text(page, '.strip.failed[data-method="rollout"]')).includes("failed: out of <b>luck</b>"),
    "a failed method says why in its place",
  );
  await page.close();
}
{
  const part = join(folder, "part");
  attnflow(
    "run",
    "experiments/configs/sva_tables.toml",
    "--out",
    part,
    "--shard",
    "1/2",
    "--set",
    "dataset.limit=4",
    "--quiet",
  );
  attnflow("report", part);
  const page = await open(join(part, "report.html"));
  check(
    (await text(page, "#warning-unfinished")).includes("2 of 4 examples are done"),
    "a run that is not finished says so",
  );
  await page.close();
}

// ---- the saturation card follows the settings; no leader where there is none

{
  const { html, json } = reportOf("skips", "experiments/configs/ablation.toml", "dataset.limit=3");
  const page = await open(html);
  const varied = new Report(json);
  for (const skip of [0.5, varied.values("skip_weight").find((v) => v !== 0.5)]) {
    await page.selectOption("#set-skip_weight", String(skip));
    await settled(page);
    const selection = { ...varied.initialSelection(), skip_weight: skip };
    const trivial = varied
      .table("saturation_by_layer")
      .filter(
        (row) =>
          row.layer === 6 && ["source_row", "sink_column"].includes(row.cut) && varied.matches(row, selection),
      )
      .reduce((sum, row) => sum + row.share, 0);
    const card = await text(page, "#saturation");
    check(
      card.includes(`skip weight ${skip}`) || card.includes(`Skip weight ${skip}`),
      `the card names its settings: ${card}`,
    );
    check(
      card.includes(`, ${Math.round(100 * trivial)} % are limited`),
      `at skip weight ${skip}, ${trivial} of flows have a trivial cut: ${card}`,
    );
  }
  for (const reference of varied.references) {
    const card = await text(page, `.result[data-reference="${reference}"]`);
    check(
      card.includes("No method stands out") === !/above .* \(p/.test(card),
      `a leader is told from some other: ${card}`,
    );
  }
  await page.close();
}

// ---- a solver that fails: the page says so, and goes on

{
  const page = await open(run.html);
  page.expectsErrors = true;
  const worker = await page.evaluateHandle(() => attnflow.page.explorer.solver);
  await worker.evaluate((solver) => {
    solver.pair = () => Promise.reject(new Error("out of order"));
  });
  await page.selectOption("#sink", "3");
  await page.waitForSelector("#graph-problem");
  check((await text(page, "#graph-problem")).includes("out of order"), "a failure is said in words");
  check((await page.getAttribute("html", "data-state")) === "error", "and in the page's state");
  await redrawn(page, () => page.click("#view-rollout"));
  check((await page.locator("#explorer-graph svg .edges path").count()) > 0, "other views are still drawn");
  await page.close();
}

// ---- strangers' text

{
  const tokens = [
    HOSTILE,
    "\u202eevil",
    "=1+1",
    "<b>bold</b>",
    "ok",
    "\u200b",
    "\u{e0041}",
    "\u{1f469}\u200d\u{1f467}",
  ];
  const hostile = reportOf("hostile", writeConfig("hostile", writeDataset("hostile", tokens, 3, 7)));
  const page = await open(hostile.html);
  check(
    (await page.locator("img").count()) === 0 && (await page.locator("#report b").count()) === 0,
    "no token became markup",
  );
  check((await page.title()) !== "broken", "no token ran");
  const shown = await page.locator(".strip").first().locator(".token").allTextContents();
  check(HOSTILE.startsWith(shown[0].replace("\u2026", "")), `the token is shown as text: ${shown[0]}`);
  check(shown[1].includes("\\u202e"), "a reordering character is shown, not obeyed");
  check(
    shown[5] === "\\u200b" && shown[6] === "\\u{e0041}" && shown[7] === "\u{1f469}\u200d\u{1f467}",
    `what has no shape is shown, the joiner in a picture obeyed: ${shown.slice(5)}`,
  );
  await page.close();

  const other = await browser.newPage();
  await other.goto(`file://${hostile.html}`);
  const ran = await other.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    const handler = document.createElement("p");
    handler.setAttribute("onclick", "window.ran = true");
    document.body.append(handler);
    handler.click();
    return window.ran === true;
  });
  check(!ran, "the policy forbids scripts other than the page's own");
  await other.close();
}

// ---- words written from right to left, and words that the model did not know

{
  const tokens = [
    "[CLS]",
    "\u0647\u0630\u0627",
    "\u0643\u062a\u0627\u0628",
    "\u062c\u062f\u064a\u062f",
    ".",
    "[SEP]",
  ];
  const dataset = writeDataset("arabic", tokens, 3, 9, null, { unknown: [2] });
  const arabic = reportOf("arabic", writeConfig("arabic", dataset));
  const page = await open(arabic.html);
  await redrawn(page, () => page.selectOption("#sink", "3"));

  // Each word stands for itself in a line of another direction: "to “word” (3)".
  const places = await page.evaluate(() => {
    const title = document.querySelector("#explorer-answer h3");
    const word = [...title.querySelectorAll("bdi")].at(-1);
    const range = document.createRange();
    range.setStart(word.nextSibling, 0); // the quotation mark that ends the word, on the same line
    range.setEnd(word.nextSibling, 1);
    return {
      text: word.textContent,
      right: word.getBoundingClientRect().right,
      after: range.getBoundingClientRect().left,
    };
  });
  check(
    places.text === tokens[3] && places.after >= places.right - 1,
    `what follows a word stands behind it: ${JSON.stringify(places)}`,
  );
  const [answer, option] = [
    await text(page, "#explorer-answer h3"),
    await text(page, "#sink option:nth-child(4)"),
  ];
  check(answer.includes(`to \u201c${tokens[3]}\u201d (3)`), `in HTML there is <bdi>, no character: ${answer}`);
  check(option === `3 \u2068${tokens[3]}\u2069`, `in a list, which takes no elements, the characters: ${option}`);
  await page.hover('.strip[data-method="rollout"] .token[data-token="1"]');
  check((await page.locator(".tooltip bdi").textContent()) === tokens[1], "in a tooltip too");

  // The line of tokens runs as the words do, and so do the arrow keys.
  const line = page.locator('.strip[data-method="rollout"] .strip-tokens');
  check((await line.getAttribute("dir")) === "rtl", "the line has the direction of its words");
  const lefts = await line
    .locator(".token")
    .evaluateAll((list) => list.map((token) => token.getBoundingClientRect().left));
  check(
    lefts.length === 6 && lefts.every((left, t) => t === 0 || left < lefts[t - 1]),
    `tokens from right to left: ${lefts}`,
  );
  check(
    (await line.locator("bdi").allTextContents()).join() === tokens.slice(1, 4).join(),
    "each word is isolated",
  );
  await line.locator(".token.chosen").focus();
  await page.keyboard.press("ArrowLeft");
  check(
    (await page.evaluate(() => document.activeElement.dataset.token)) === "4",
    "the left arrow goes on in the sentence",
  );
  await page.keyboard.press("ArrowRight");
  check((await page.evaluate(() => document.activeElement.dataset.token)) === "3", "the right arrow goes back");

  // An unknown word is marked and counted wherever it is shown.
  check(
    (await text(page, "#explorer-strips .note")).includes("1 of 6 tokens is read as [UNK]"),
    "unknown words are counted",
  );
  check((await line.locator(".token.unknown").count()) === 1, "the unknown word is marked");
  check((await line.locator(".token.unknown").textContent()) === `${tokens[2]} [UNK]`, "by what the model read");
  check(
    (await line.locator(".token.unknown").getAttribute("aria-label")).includes("(read as [UNK])"),
    "for a screen reader too",
  );
  check((await text(page, "#sink option:nth-child(3)")).endsWith("(read as [UNK])"), "in the list of sinks");
  await redrawn(page, () => page.selectOption("#sink", "2"));
  check((await text(page, "#explorer-answer h3")).includes("(2, read as [UNK])"), "beside the graph");
  check(
    (await page.locator("#explorer-graph svg .labels tspan").allTextContents()).every((mark) => mark === "[UNK]"),
    "in the graph",
  );
  check((await page.locator("#explorer-graph svg .labels tspan").count()) >= 1, "once a label");
  await page.close();

  const figures = (name) => {
    attnflow("figures", arabic.run, "--only", name);
    return readFileSync(join(arabic.run, "figures", `${name}.svg`), "utf8");
  };
  const [map, bars, graph] = ["token_map", "token_bars", "attention_graph"].map(figures);
  for (const [name, svg] of Object.entries({ map, bars, graph })) {
    for (const word of tokens.slice(1, 4)) {
      const found = svg.split(word).length - 1;
      const isolated = svg.split(`\u2068${word}\u2069`).length - 1;
      check(found > 0 && found === isolated, `${name}: ${isolated} of ${found} times ${word} is isolated`);
    }
    check(/\[UNK\]<\/tspan>/.test(svg), `${name}: the unknown word is marked`);
    check(
      svg.replaceAll(/<\/text><text[^>]*>/g, " ").includes("1 of 6 tokens is read as [UNK]"),
      `${name}: and counted`,
    );
  }
  attnflow("figures", arabic.run, "--format", "csv", "--only", "token_bars");
  const [head, ...rows] = readFileSync(join(arabic.run, "figures", "token_bars.csv"), "utf8")
    .trim()
    .split("\n");
  check(head.endsWith(",unknown") && rows.length > 6, "the table of the bars says which words are unknown");
  check(
    rows.every((row) => row.includes(tokens[2]) === row.endsWith(",1")),
    "that one and no other",
  );
  const columnOf = (label) => Number(map.match(new RegExp(`<text x="([\\d.]+)"[^>]*>\\${label}<`))[1]);
  check(columnOf("[CLS]") > columnOf("[SEP]"), "the columns of a map run from right to left");
}

// ---- a dataset that has changed since the run: the page warns, charts stay

{
  const dataset = writeDataset("changing", ["a", "b", "c", "d"], 3, 1);
  const { run: folder, html } = reportOf("changing", writeConfig("changing", dataset));
  copyFileSync(writeDataset("changed", ["a", "b", "c", "d"], 3, 2), dataset);
  attnflow("report", folder);
  const page = await open(html);
  check(
    (await page.locator("#warning-dataset").isVisible()) &&
      (await text(page, "#warning-dataset")).includes("has changed since this run"),
    "the page warns of a changed dataset",
  );
  check(
    (await page.locator("#explorer").count()) === 0 && (await page.locator("#charts svg").count()) > 3,
    "and shows the charts without the examples",
  );
  await page.close();
}

// ---- 512 tokens

{
  const tokens = Array.from({ length: 512 }, (_, t) => `token${t}`);
  const long = reportOf(
    "long",
    writeConfig("long", writeDataset("long", tokens, 4, 11), ["raw_attention", "rollout", "column_sum"]),
  );
  const page = await open(long.html, {}, (fresh) => fresh.addInitScript(countElements));
  check((await text(page, "#explorer-answer")).includes("48 of 512 tokens"), "filtering is said");
  check(
    near(await number(page, "#flow-value"), await number(page, "#cut-capacity"), 1e-6),
    "a precomputed pair is shown, and its cut is as large",
  );
  const drawn = await page.evaluate(() => {
    const { model, content } = attnflow.page.explorer.graph.drawn;
    return {
      edges: model.cut.edges.length,
      sum: model.cut.edges.reduce((sum, { w }) => sum + w, 0),
      size: content.cut.size,
    };
  });
  check(
    drawn.edges > 0 && (await page.locator(".cut-edge").count()) === drawn.edges,
    "edges of the cut are drawn",
  );
  const said = await text(page, "#cut-drawn");
  check(
    drawn.edges === drawn.size
      ? said.startsWith("All")
      : said.startsWith(`${drawn.edges} of ${drawn.size} edges of the cut are drawn, ${drawn.sum.toFixed(4)} of `),
    `how much of the cut is drawn: ${said}`,
  );
  await redrawn(page, () => page.selectOption("#set-layer", "2"));
  check(
    (await text(page, "#pair-problem")).includes("for layer 4 only") &&
      (await page.locator("#explorer-graph svg").count()) === 0,
    "other layers have no flow, which is said",
  );
  await redrawn(page, () => page.click("#offer"));
  check(
    (await page.inputValue("#set-layer")) === "4" && (await page.locator(".cut-edge").count()) > 0,
    "and one step leads to where it is",
  );
  await redrawn(page, () => page.selectOption("#sink", "300"));
  check((await page.locator("#pair-problem").count()) === 1, "a pair that was not computed is said to be missing");
  for (const view of ["raw", "fused", "rollout"]) await redrawn(page, () => page.click(`#view-${view}`));
  check((await page.locator("#explorer-graph circle").count()) <= 48 * 5, "at most 48 rows of vertices are drawn");
  await page.locator("#explorer-graph").scrollIntoViewIfNeeded();
  // What a pointer move costs: places of vertices and edges that are worked out, and elements that are made.
  const hover = await page.evaluate(countHoverWork);
  const places = hover.rows * (hover.layers + 2) + 4 * hover.edges + 20;
  check(
    hover.most.places > 0 && hover.most.places <= places,
    `hovering works out ${hover.most.places} places, at most ${places} wanted: those of what is drawn, once`,
  );
  check(
    hover.most.elements > 0 && hover.most.elements <= 16,
    `hovering makes ${hover.most.elements} elements: a mark and the lines of the tooltip`,
  );
  check(hover.moved === 0, `hovering builds ${hover.moved} nodes beside the mark`);

  // A choice builds nothing anew but the graph and the answer beside it, and those once.
  const choices = await page.evaluate(countChoiceWork);
  check(choices.byView === 0, `another view builds ${choices.byView} nodes beside the graph`);
  check(
    choices.added > 0 && choices.added <= 4 * choices.lines,
    `four tokens build ${choices.added} nodes in ${choices.lines} lines: one number each`,
  );
  check(choices.made.length === 9, "nine choices were made");
  for (const { elements, shown } of choices.made) {
    check(
      elements > 0 && elements <= shown + 20,
      `a choice makes ${elements} elements for ${shown} that are shown`,
    );
  }
  check(
    choices.visible === choices.lines && choices.lines >= 4,
    `the chosen token is in view in ${choices.visible} of ${choices.lines} lines`,
  );
  await page.close();
}

await browser.close();
finish();
