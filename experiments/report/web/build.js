// Bundles src/ into dist/: report.js, report.css, licences.txt and csp.txt (the hashes that the
// page's content-security policy names). The result is committed, so building attnflow needs no Node.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const options = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  charset: "ascii",
  target: ["es2020"],
  platform: "browser",
  format: "iife",
  write: false,
  legalComments: "none",
  logLevel: "warning",
};

function licenceFile(folder) {
  const entry = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  return entry && join(folder, entry);
}

// Licences of what really is in the bundle, from the packages themselves.
function licences(metafile) {
  const packages = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const match = input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (match) packages.add(match[1]);
  }
  const groups = new Map(); // licence text -> packages
  for (const name of [...packages].sort()) {
    const folder = join(root, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    let file = licenceFile(folder);
    // Some packages of the Vega project come without the file; it is the same in all of them.
    if (!file && name.startsWith("vega") && license === "BSD-3-Clause")
      file = licenceFile(join(root, "node_modules", "vega-view"));
    if (!file) throw new Error(`${name}: no licence file`);
    const text = readFileSync(file, "utf8").replace(/\r\n/g, "\n").trim();
    groups.set(text, [...(groups.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = ["This page contains these packages, each under the licence below it."];
  for (const [text, names] of groups) parts.push(`${names.join("\n")}\n\n${text}`);
  return parts.join(`\n\n${"-".repeat(72)}\n\n`) + "\n";
}

const hash = (text) => `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

const worker = await build({ ...options, entryPoints: ["src/worker.js"] });
const page = await build({
  ...options,
  entryPoints: ["src/main.js"],
  metafile: true,
  define: { SOLVER_WORKER_SOURCE: JSON.stringify(worker.outputFiles[0].text) },
});
const css = await build({ ...options, entryPoints: ["src/report.css"] });

const script = page.outputFiles[0].text;
const style = css.outputFiles[0].text;
if (/<\/(script|style)/i.test(script + style)) throw new Error("the bundle would end its own tag");
mkdirSync(join(root, "dist"), { recursive: true });
const write = (name, text) => writeFileSync(join(root, "dist", name), text);
write("report.js", script);
write("report.css", style);
write("node_driver.js", readFileSync(join(root, "src", "node_driver.js"), "utf8"));
write("licences.txt", licences(page.metafile));
write(
  "csp.txt",
  `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; worker-src blob:; ` +
    "img-src data:; base-uri 'none'; form-action 'none'",
);
console.log(
  `report.js ${(script.length / 1000).toFixed(0)} kB, report.css ${(style.length / 1000).toFixed(1)} kB`,
);
