// attnflow figures and report: what is missing or wrong is told at once, by exit code 2 and in words.

import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  attnflow,
  check,
  documentOf,
  finish,
  folder,
  program,
  root,
  writeConfig,
  writeDataset,
  writeTensors,
} from "./support.js";

const run = join(folder, "figures-run");
attnflow("run", "experiments/configs/sva_tables.toml", "--out", run, "--set", "dataset.limit=3");

/** A PATH that holds nothing but these programs. */
function pathWith(...programs) {
  const bin = join(folder, `bin-${programs.map((p) => p.split("/").pop()).join("-")}`);
  if (existsSync(bin)) return bin;
  mkdirSync(bin);
  for (const program of programs) symlinkSync(program, join(bin, program.split("/").pop()));
  return bin;
}
function figures(path, ...args) {
  const { status, stderr, stdout } = spawnSync(program, ["figures", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, PATH: path },
  });
  return { status, stderr, stdout };
}

// ---- programs that are not installed

const nothing = figures(pathWith(), run, "--out", join(folder, "none"));
check(
  nothing.status === 2 && nothing.stderr.includes("Debian package nodejs or chromium"),
  `without node and Chromium: ${nothing.status} ${nothing.stderr}`,
);
check(!existsSync(join(folder, "none")), "and nothing is written");
const noConverter = figures(pathWith(process.execPath), run, "--format", "pdf");
check(
  noConverter.status === 2 && noConverter.stderr.includes("librsvg2-bin"),
  `without rsvg-convert: ${noConverter.status} ${noConverter.stderr}`,
);

// ---- CSV needs none, a file for every figure; SVG by node alone, the same names

const csv = figures(pathWith(), run, "--format", "csv", "--out", join(folder, "csv"));
check(csv.status === 0, `CSV without any program: ${csv.stderr}`);
const svg = figures(pathWith(process.execPath), run, "--out", join(folder, "svg"));
check(svg.status === 0, `SVG by node: ${svg.stderr}`);
const names = (format) =>
  readdirSync(join(folder, format))
    .map((name) => name.replace(`.${format}`, ""))
    .sort();
check(
  names("csv").length >= 7 && names("csv").join() === names("svg").join(),
  `figures as CSV: ${names("csv")}; as SVG: ${names("svg")}`,
);
const rows = readFileSync(join(folder, "csv", "table_by_layer.csv"), "utf8")
  .trim()
  .split("\n");
const cells = documentOfRun().tables.correlation_by_layer.rows.length;
check(rows.length === cells + 1, `table_by_layer.csv has ${rows.length - 1} rows, the report ${cells}`);
for (const name of names("svg")) {
  const text = readFileSync(join(folder, "svg", `${name}.svg`), "utf8");
  check(text.startsWith("<svg") && !/NaN|undefined|Infinity/.test(text), `${name}.svg is a drawing of numbers`);
}

function documentOfRun() {
  attnflow("report", run);
  return documentOf(join(run, "report.html"));
}

// ---- where there is no node, Chromium draws the same figures

if (existsSync("/usr/bin/chromium")) {
  const everythingElse = join(folder, "no-node");
  mkdirSync(everythingElse);
  for (const name of readdirSync("/usr/bin"))
    if (!/^node(js)?$/.test(name)) symlinkSync(join("/usr/bin", name), join(everythingElse, name));
  const drawn = figures(everythingElse, run, "--out", join(folder, "chromium"));
  check(drawn.status === 0, `figures by Chromium: ${drawn.stderr}`);
  const drawnNames = readdirSync(join(folder, "chromium"))
    .map((name) => name.replace(".svg", ""))
    .sort();
  check(drawnNames.join() === names("svg").join(), `by Chromium: ${drawnNames}; by node: ${names("svg")}`);
} else {
  console.log("SKIPPED in part: figures by Chromium, which is not installed (Debian package chromium)");
}

// ---- a graph that is filtered says so, and which flow it shows

{
  const tokens = Array.from({ length: 80 }, (_, t) => `token${t}`);
  const large = join(folder, "large-run");
  attnflow("run", writeConfig("large", writeDataset("large", tokens, 3, 11), ["rollout"]), "--out", large);
  attnflow("figures", large, "--only", "attention_graph");
  const drawn = readFileSync(join(large, "figures", "attention_graph.svg"), "utf8").replaceAll(
    /<\/text><text[^>]*>/g,
    " ",
  );
  check(
    drawn.includes("30 of 80 tokens") && drawn.includes("of the cut") && drawn.includes("its value is unique"),
    "the figure of 80 tokens says what it leaves out",
  );
}

// ---- a place that cannot be written, a wrong name: said before the run is read

writeFileSync(join(folder, "file"), "");
const nowhere = join(folder, "no-such-run");
for (const [args, words] of [
  [["figures", nowhere, "--out", join(folder, "file", "x")], "is not a folder"],
  [["figures", nowhere, "--only", "tokenbars"], "did you mean 'token_bars'"],
  [["report", nowhere, "--out", join(folder, "file", "x.html")], "is not a folder"],
  [["report", nowhere, "--out", `${folder}/`], "names no file"],
  [["figures", nowhere, "--format", "gif"], "gif: expected svg, png, pdf or csv"],
  [["show", nowhere, "--color", "pink"], "pink: expected auto, always or never"],
]) {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  check(status === 2 && stderr.includes(words), `${args.join(" ")}: ${status} ${stderr}`);
}

// ---- a dataset that is another one by now

const dataset = writeDataset("changing", ["a", "b", "c"], 2, 1);
const changed = join(folder, "changed-run");
attnflow("run", writeConfig("changing", dataset), "--out", changed);
copyFileSync(writeDataset("changed", ["a", "b", "c"], 2, 2), dataset);
const { status, stderr } = spawnSync(program, ["report", changed], { encoding: "utf8" });
check(status === 0 && stderr.includes("has changed since the run"), `a changed dataset: ${status} ${stderr}`);
const page = documentOf(join(changed, "report.html"));
check(
  page.examples.length === 0 && page.warnings[0].title.includes("changed"),
  "its page warns and shows none of it",
);
check(
  figures(process.env.PATH, changed, "--only", "token_bars").stderr.includes("has changed since the run"),
  "so do figures of examples",
);

// ---- a first example whose layers differ in width does not hide the others

const tensor = (shape) => {
  const width = shape[shape.length - 1];
  return { shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(1 / width) };
};
const mixed = writeTensors(
  "mixed",
  [
    { id: "merged", tokens: ["a", "b", "c"] },
    { id: "plain", tokens: ["a", "b", "c"] },
  ],
  {
    "merged.layers.0": tensor([1, 2, 3]),
    "merged.layers.1": tensor([1, 2, 2]),
    "merged.blank_out": { shape: [3], data: new Float32Array([1, 2, 3]) },
    "plain.attentions": tensor([2, 1, 3, 3]),
    "plain.blank_out": { shape: [3], data: new Float32Array([3, 1, 2]) },
  },
);
const mixedRun = join(folder, "mixed-run");
attnflow(
  "run",
  writeConfig("mixed", mixed, ["rollout", "attention_flow"], 'skip_weight = "none"'),
  "--out",
  mixedRun,
);
attnflow("report", mixedRun);
const explorer = documentOf(join(mixedRun, "report.html"));
check(
  explorer.examples.length === 1 && explorer.examples[0].id === "plain",
  "the example of equal widths is shown",
);
check(
  explorer.left_out.some((words) => words.startsWith("1 example whose layers differ in width")),
  "the other one is said to be left out",
);

finish();
