// What a page says of metrics that ask the model: the best in their direction leads, without a reference; and of
// methods that have their own values of an axis.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { scoresByLayer } from "../../experiments/report/web/src/charts.js";
import { Report } from "../../experiments/report/web/src/data.js";
import {
  bestWord,
  certainty,
  correlationFinding,
  leadersOf,
  undefinedWords,
} from "../../experiments/report/web/src/findings.js";
import { check, finish, folder, reportOf, root } from "./support.js";

const file = join(folder, "asked.toml");
writeFileSync(
  file,
  `methods = ["raw_attention", "rollout", "column_sum"]
model.path = "${root}experiments/models/sva-bert-6x8"
model.cache = "${join(folder, "cache")}"
dataset.sentences = "${root}experiments/data/sva_sentences.tsv"
dataset.limit = 12
axes.layer = [1, 6]
evaluation.references = "blank_out"
evaluation.model_metrics = ["comprehensiveness", "sufficiency(9)"]
`,
);
const report = new Report(reportOf("asked", file).json);
const names = report.metrics;
check(
  names.join() ===
    "spearman,comprehensiveness(1% 5% 10% 20% 50%, remove, probability),sufficiency(9, remove, probability)",
  names.join(),
);
check(report.references.join() === "blank_out", "the model is no reference");
check(report.initialSelection().reference === "blank_out", "the first metric has its reference");

for (const [metric, word] of [
  [names[0], "Highest"],
  [names[1], "Highest"],
  [names[2], "Lowest"],
]) {
  const [reference] = report.referencesOf(metric);
  check(reference === (metric === names[0] ? "blank_out" : "model"), `${metric} has ${reference}`);
  check(bestWord(report, metric) === word, `${metric}: ${word}`);
  const selection = { ...report.initialSelection(), metric, reference };
  const rows = report
    .table("correlation_by_layer")
    .filter((row) => row.metric === metric && report.matches(row, selection));
  const means = rows.map((row) => row.mean);
  const best = word === "Highest" ? Math.max(...means) : Math.min(...means);
  const found = leadersOf(report, selection, reference);
  check(found.best.mean === best, `${metric}: ${found.best.mean} leads, ${best} is the best`);
  const finding = correlationFinding(report, selection);
  check(finding.includes(metric === names[0] ? "with blank_out" : `by ${report.titles.get(metric)}`), finding);
  const next = { ...found, next: { method: "rollout", difference: 0.25, p: 0.01 } };
  check(
    certainty(report, selection, next).includes(word === "Lowest" ? "0.25 below rollout" : "0.25 above rollout"),
    certainty(report, selection, next),
  );
}

const selection = { ...report.initialSelection(), metric: names[2], reference: "model" };
const missing = undefinedWords(report, selection, "model");
check(missing.includes("of 12 examples") && missing.includes("too few tokens to change"), missing);
const theme = { sequential: ["#ffffff", "#000000"], diverging: ["#ffffff", "#000000"] };
const chart = scoresByLayer(report, selection, theme);
check(chart.title.startsWith("Lowest sufficiency(sizes=9): "), chart.title);
check(chart.panels.length === 1 && chart.panels[0].title === "Smaller is better", chart.panels[0].title);

// Methods at their own values of an axis that the grid leaves to them stand in one chart, with nothing to choose.
const parts = join(folder, "parts.toml");
writeFileSync(
  parts,
  `dataset.path = "${root}experiments/data/sva_dev200.safetensors"
dataset.limit = 5
evaluation.references = "blank_out"
[[matrix]]
methods = ["rollout"]
axes.skip_weight = 0
[[matrix]]
methods = ["attention_flow"]
`,
);
const { json } = reportOf("parts", parts);
const shown = (report) =>
  report.table("correlation_by_layer").filter((row) => report.matches(row, report.initialSelection())).length;
check(json.own_defaults === undefined, "nobody expects anything");
const asked = new Report(json);
check(asked.varied.join() === "skip_weight" && shown(asked) === 1, `${asked.varied}, ${shown(asked)} shown`);
const left = new Report({ ...json, own_defaults: ["skip_weight"] });
check(left.varied.length === 0 && shown(left) === 2, `${left.varied}, ${shown(left)} shown`);

finish();
