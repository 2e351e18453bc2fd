// What the report's tests share: small datasets, runs of the attnflow program, a browser.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const SKIPPED = 77; // ctest's SKIP_RETURN_CODE

export function skip(reason) {
  console.log(`SKIPPED: ${reason}`);
  process.exit(SKIPPED);
}

/** playwright-core's chromium with Debian's browser, or the test is skipped. */
export async function launchBrowser() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
    existsSync,
  );
  if (!executablePath) skip("Chromium is not installed (Debian package chromium)");
  let playwright;
  try {
    playwright = createRequire(join(root, "experiments/report/web/package.json"))("playwright-core");
  } catch {
    skip("playwright-core is not installed (npm ci in experiments/report/web)");
  }
  return playwright.chromium.launch({ executablePath, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
}

/** Waits until the page says that it is neither drawing nor solving; throws when something failed. */
export async function settled(page) {
  await page.waitForFunction(() => ["ready", "error"].includes(document.documentElement.dataset.state), null, {
    timeout: 120_000,
  });
  if ((await page.getAttribute("html", "data-state")) === "error")
    throw new Error("the page says that something failed");
}

export const folder = mkdtempSync(join(tmpdir(), "attnflow-report-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

export const program = resolve(process.argv[2]);
export const attnflow = (...args) =>
  execFileSync(program, args.map(String), { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/** Runs a config and writes its report; { html, json, results } with the CSV of attributions. */
export function reportOf(name, config, ...settings) {
  const run = join(folder, name);
  attnflow("run", config, "--out", run, ...settings.flatMap((s) => ["--set", s]));
  attnflow("report", run);
  const html = join(run, "report.html");
  return { run, html, json: documentOf(html) };
}

export function documentOf(html) {
  const text = readFileSync(html, "utf8").match(/id="attnflow-data">(.*?)<\/script>/s)[1];
  return JSON.parse(text);
}

// Repeatable numbers in (0, 1).
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 4294967297;
  };
}

/**
 * A dataset file of one example of random, somewhat peaked attention, with these tokens (reference scores, and what else
 * the metadata says of it).
 */
export function writeDataset(name, tokens, layers, seed, reference = null, about = {}) {
  const n = tokens.length;
  const random = generator(seed);
  const weights = new Float32Array(layers * n * n);
  for (let row = 0; row < layers * n; ++row) {
    let sum = 0;
    for (let k = 0; k < n; ++k) sum += weights[row * n + k] = Math.exp(4 * random());
    for (let k = 0; k < n; ++k) weights[row * n + k] /= sum;
  }
  const scores = reference ?? Float32Array.from({ length: n }, random);
  return writeTensors(name, [{ id: "ex0", tokens, ...about }], {
    "ex0.attentions": { shape: [layers, 1, n, n], data: weights },
    "ex0.blank_out": { shape: [n], data: scores },
  });
}

/** A safetensors file of float32 tensors, name to { shape, data }. */
export function writeTensors(name, examples, tensors) {
  const header = { __metadata__: { examples: JSON.stringify(examples) } };
  let bytes = 0;
  for (const [key, { shape, data }] of Object.entries(tensors)) {
    header[key] = { dtype: "F32", shape, data_offsets: [bytes, bytes + data.byteLength] };
    bytes += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = join(folder, `${name}.safetensors`);
  writeFileSync(
    file,
    Buffer.concat([length, text, ...Object.values(tensors).map(({ data }) => Buffer.from(data.buffer))]),
  );
  return file;
}

export function writeConfig(
  name,
  dataset,
  methods = ["raw_attention", "rollout", "attention_flow", "column_sum"],
  axes = "",
  layer = '"all"',
) {
  const file = join(folder, `${name}.toml`);
  writeFileSync(
    file,
    `methods = ${JSON.stringify(methods)}
[dataset]
path = "${dataset}"
[axes]
layer = ${layer}
source = "cls"
${axes}
[evaluation]
references = ["blank_out"]
`,
  );
  return file;
}

// ---- checks

let failures = 0;
let checks = 0;
export function check(condition, words) {
  ++checks;
  if (condition) return;
  ++failures;
  console.log(`FAILED: ${words}`);
}
export const near = (a, b, tolerance) => Math.abs(a - b) <= tolerance;
export function finish() {
  console.log(`${checks} checks, ${failures} failed`);
  process.exitCode = failures === 0 && checks > 0 ? 0 : 1;
}
