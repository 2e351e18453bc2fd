// A report in a real browser: nothing is fetched, nothing complains, charts are there, controls do
// what they say with the numbers of the run, strangers' text stays text, 512 tokens stay smooth.

import { readFileSync } from "node:fs";
import { Example, Report } from "../../experiments/report/web/src/data.js";
import { check, finish, launchBrowser, near, reportOf, settled, writeConfig, writeDataset } from "./support.js";

const HOSTILE = "</script><img src=x onerror=\"document.title='broken'\">";
// With 512 tokens, medians over pointer moves: the page's own work has to fit in a frame of 60 Hz;
// the whole frame depends on software rendering and on what else the machine does.
const LONGEST_WORK = 16; // ms
const LONGEST_FRAME = 250; // ms

const browser = await launchBrowser();

async function open(html, options = {}, prepare = async () => {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: "light", acceptDownloads: true, ...options });
  page.on("console", (message) => check(page.expectsErrors || !["error", "warning"].includes(message.type()), `console: ${message.text()}`));
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

const text = (page, selector) => page.textContent(selector);
/** Acts, then waits until everything has been drawn anew. */
async function redrawn(page, act) {
  const before = await page.getAttribute("#explorer-root", "data-ready");
  await act();
  await page.waitForFunction((old) => document.querySelector("#explorer-root").dataset.ready !== old, before);
  if (!page.expectsErrors) await settled(page);
}

// ---- a run of the bundled sentences

const run = reportOf("page", "experiments/configs/sva_tables.toml", "dataset.limit=4");
const report = new Report(run.json);

{
  const page = await open(run.html);
  for (const id of ["correlation_by_layer", "scores_by_layer", "saturation_by_layer", "agreement"]) {
    const marks = await page.locator(`#chart-${id} .panel-chart svg path, #chart-${id} .panel-chart svg rect`).count();
    check(marks > 10, `chart ${id} is drawn (${marks} marks)`);
    check((await text(page, `#chart-${id} h2`)).length > 5, `chart ${id} has a title`);
    const axes = await page.locator(`#chart-${id} .panel-chart`).first().evaluate((box) => box.querySelectorAll("[aria-roledescription=axis]").length);
    check(axes >= 1 || id === "agreement", `chart ${id} has axes`);
  }
  check((await page.locator("#saturation").count()) === 1, "saturation is said in words");

  // A tooltip with the number of the table.
  const point = page.locator("#chart-correlation_by_layer .mark-symbol path").first();
  await point.hover();
  check((await text(page, ".tooltip")).includes("Mean spearman"), "a point has a tooltip");

  // Every binding cut and flow that the explorer says is the one of the store.
  const example = new Example(report, 0);
  for (const layer of [2, 6]) {
    await redrawn(page, () => page.selectOption("#set-layer", String(layer)));
    const stored = example.attributions({ ...report.initialSelection(), layer }).find((row) => row.method === "attention_flow");
    for (const sink of [0, 1, 3]) {
      await redrawn(page, () => page.selectOption("#sink", String(sink)));
      const value = Number(await text(page, "#flow-value"));
      check(near(value, stored.scores[sink], 2e-6), `flow to ${sink} from layer ${layer}: page ${value}, store ${stored.scores[sink]}`);
      check(near(Number(await text(page, "#cut-capacity")), value, 2e-6), "the cut is as large as the flow");
      check((await page.locator(".cut-edge").count()) > 0, "the cut is drawn");
    }
  }
  const rollout = example.attributions(report.initialSelection()).find((row) => row.method === "rollout");
  await redrawn(page, () => page.selectOption("#sink", "2"));
  check(near(Number(await text(page, "#rollout-value")), rollout.scores[2], 2e-6), "rollout is the store's");
  const strip = page.locator('.strip[data-method="rollout"]');
  check(near(Number(await strip.locator(".strip-value").textContent()), rollout.scores[2], 6e-5), "the strip's number is the store's");

  // Views differ; another source gives another flow network.
  const drawings = new Set();
  for (const view of ["raw", "fused", "rollout", "flow"]) {
    await redrawn(page, () => page.click(`#view-${view}`).then(() => page.selectOption("#source", "1")));
    drawings.add(await page.locator("#explorer-graph svg .edges").innerHTML());
    check((await page.getAttribute(`#view-${view}`, "aria-pressed")) === "true", `view ${view} is pressed`);
  }
  check(drawings.size === 4, "the four views draw four things");
  await redrawn(page, () => page.click("#next-example"));
  check((await page.locator('.strip[data-method="rollout"] .token').count()) === run.json.examples[1].tokens.length, "the next example is shown");

  // Keyboard: tab to the graph, move, choose a sink.
  await page.focus("#explorer-graph");
  for (const key of ["Home", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
  check((await text(page, "#explorer-root > [aria-live]")).includes("input"), "the cursor is announced");
  await redrawn(page, () => page.keyboard.press("Enter"));
  const chosen = await page.evaluate(() => document.querySelector("#sink").value);
  check(chosen === "3" || chosen === "2", `Enter chose token ${chosen} as the sink`);
  const token = page.locator(".strip").first().locator(".token.chosen");
  await token.focus();
  await page.keyboard.press("ArrowRight");
  await redrawn(page, () => page.keyboard.press("Enter"));
  check((await page.evaluate(() => document.querySelector("#sink").value)) === String(Number(chosen) + 1), "tokens can be chosen by keyboard");
  check((await page.evaluate(() => document.activeElement.dataset.token)) === String(Number(chosen) + 1), "and the focus stays");

  // Downloads hold the numbers of the chart.
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#chart-correlation_by_layer button").first().click()]);
  const csv = readFileSync(await download.path(), "utf8").trim().split("\n");
  check(csv[0].startsWith("method,") && csv.length > 10, `the CSV of a chart: ${csv.length} lines`);
  const [svg] = await Promise.all([page.waitForEvent("download"), page.locator("#chart-correlation_by_layer button").nth(1).click()]);
  check(readFileSync(await svg.path(), "utf8").startsWith("<svg"), "the SVG of a chart");
  await page.close();
}

// ---- two themes, two widths, another run, on a slow machine: nothing sticks out, the graph is there from the start

const gpt2 = reportOf("gpt2", "experiments/configs/gpt2.toml");
for (const [words, { html }] of [["sentences", run], ["gpt2", gpt2]]) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
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
      check(graphs.seen > 0 && graphs.missing === 0, `${name}: the graph is missing ${graphs.missing} of ${graphs.seen} times`);
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
  check((await page.getAttribute("html", "data-theme")) === colorScheme, `theme ${colorScheme} follows the system`);
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
    globalThis.setTimeout = (act, ms) => later(act, Math.min(ms, 200)); // do not wait for its patience to end
    globalThis.Worker = class {
      postMessage() {}
      terminate() {}
    };
  },
};
for (const [kind, breakWorker] of Object.entries(brokenWorkers)) {
  const page = await open(run.html, {}, (fresh) => fresh.addInitScript(breakWorker));
  const stored = new Example(report, 0).attributions(report.initialSelection()).find((row) => row.method === "attention_flow");
  for (const sink of [3, 0]) {
    await redrawn(page, () => page.selectOption("#sink", String(sink)));
    check(near(Number(await text(page, "#flow-value")), stored.scores[sink], 2e-6), `worker ${kind}: flow to ${sink}`);
  }
  check((await page.getAttribute("html", "data-state")) === "ready", `worker ${kind}: the page is ready`);
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
  const tokens = [HOSTILE, "\u202eevil", "=1+1", "<b>bold</b>", "ok"];
  const hostile = reportOf("hostile", writeConfig("hostile", writeDataset("hostile", tokens, 3, 7)));
  const page = await open(hostile.html);
  check((await page.locator("img").count()) === 0 && (await page.locator("#report b").count()) === 0, "no token became markup");
  check((await page.title()) !== "broken", "no token ran");
  const shown = await page.locator(".strip").first().locator(".token").allTextContents();
  check(HOSTILE.startsWith(shown[0].replace("\u2026", "")), `the token is shown as text: ${shown[0]}`);
  check(shown[1].includes("\\u202e"), "a reordering character is shown, not obeyed");
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

// ---- 512 tokens

{
  const tokens = Array.from({ length: 512 }, (_, t) => `token${t}`);
  const long = reportOf("long", writeConfig("long", writeDataset("long", tokens, 4, 11), ["raw_attention", "rollout", "column_sum"]));
  const page = await open(long.html);
  check((await text(page, "#explorer-answer")).includes("48 of 512 tokens"), "filtering is said");
  check(near(Number(await text(page, "#flow-value")), Number(await text(page, "#cut-capacity")), 1e-6), "a precomputed pair is shown");
  await redrawn(page, () => page.selectOption("#sink", "300"));
  check((await page.locator("#pair-problem").count()) === 1, "a pair that was not computed is said to be missing");
  for (const view of ["raw", "fused", "rollout"]) await redrawn(page, () => page.click(`#view-${view}`));
  check((await page.locator("#explorer-graph circle").count()) <= 48 * 5, "at most 48 rows of vertices are drawn");
  await page.locator("#explorer-graph").scrollIntoViewIfNeeded();
  const frames = await page.evaluate(async () => {
    const graph = document.querySelector("#explorer-graph");
    const box = graph.getBoundingClientRect();
    const work = [];
    const whole = [];
    for (let step = 0; step < 40; ++step) {
      const begin = performance.now();
      const at = { clientX: box.left + (box.width * ((step * 7) % 40)) / 40, clientY: box.top + (box.height * step) / 40, bubbles: true };
      graph.dispatchEvent(new PointerEvent("pointermove", at));
      work.push(performance.now() - begin);
      await new Promise(requestAnimationFrame);
      whole.push(performance.now() - begin);
    }
    const median = (times) => times.sort((a, b) => a - b)[times.length / 2];
    return { work: median(work), whole: median(whole) };
  });
  console.log(`512 tokens, hovering: ${frames.work.toFixed(1)} ms of work, ${frames.whole.toFixed(0)} ms a frame (medians)`);
  check(frames.work <= LONGEST_WORK, `hovering takes ${frames.work} ms of work, at most ${LONGEST_WORK} wanted`);
  check(frames.whole <= LONGEST_FRAME, `hovering takes ${frames.whole} ms a frame, at most ${LONGEST_FRAME} wanted`);
  await page.close();
}

await browser.close();
finish();
