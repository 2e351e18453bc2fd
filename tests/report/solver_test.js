// The page's solver against NetworkX's values (tests/golden/solver.json), against the C++ solvers on every
// network generator that their contract is tested on, and against their flows and binding cuts on real attention.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Example, Report } from "../../experiments/report/web/src/data.js";
import { LayeredNetwork, maxFlow, flowRow } from "../../experiments/report/web/src/max_flow.js";
import { EmbeddedNetwork } from "../../experiments/report/web/src/network.js";
import { solvedView } from "../../experiments/report/web/src/views.js";
import { attnflow, check, finish, folder, near, reportOf, root } from "./support.js";

// Flow is at most capacity, conserved inside, and leaves and arrives as the value; the cut is as large.
function certify(words, network, layer, source, sink, { value, flow, side }) {
  const balance = new Float64Array(network.firstVertex[layer + 1]);
  let cut = 0;
  let feasible = true;
  for (let l = 1; l <= layer; ++l) {
    for (let i = 0; i < network.widths[l]; ++i) {
      for (let j = 0; j < network.widths[l - 1]; ++j) {
        const slot = network.slot(l, i, j);
        feasible &&= flow[slot] >= 0 && flow[slot] <= network.capacities[slot];
        balance[network.vertex(l, i)] -= flow[slot];
        balance[network.vertex(l - 1, j)] += flow[slot];
        if (side[network.vertex(l, i)] && !side[network.vertex(l - 1, j)]) cut += network.capacities[slot];
      }
    }
  }
  balance[network.vertex(layer, source)] += value;
  balance[network.vertex(0, sink)] -= value;
  check(feasible, `${words}: a flow exceeds its capacity`);
  check(
    balance.every((b) => b === 0),
    `${words}: flow is not conserved`,
  );
  check(
    side[network.vertex(layer, source)] === 1 && side[network.vertex(0, sink)] === 0,
    `${words}: the cut does not separate`,
  );
  check(cut === value, `${words}: the cut has ${cut}, the flow ${value}`);
}

// The vocabulary of cuts is the one that a document brings.
const { json } = reportOf("solver", "experiments/configs/sva_tables.toml", "dataset.limit=5");
const report = new Report(json);
const { cuts } = report;

const { networks } = JSON.parse(readFileSync(join(root, "tests/golden/solver.json"), "utf8"));
let flows = 0;
for (const { name, widths, capacities, flows: expected } of networks) {
  for (const { source_layer: layer, source, sink_layer: low, sink, value } of expected) {
    const network = new LayeredNetwork(widths.slice(low, layer + 1), capacities.slice(low, layer).flat(2));
    const answer = maxFlow(network, layer - low, source, sink, cuts);
    check(
      answer.value === value,
      `${name}: (${layer}, ${source}) -> (${low}, ${sink}) is ${answer.value}, expected ${value}`,
    );
    certify(name, network, layer - low, source, sink, answer);
    ++flows;
  }
}
check(flows > 50, "the golden file holds flows");

// The instances of the contract: each generator as a DIMACS problem, solved and certified by both.

/** A problem of `attnflow generate`: vertices are numbered layer by layer, inputs first. */
function readProblem(file) {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const vertices = Number(lines.find(([kind]) => kind === "p")[2]);
  const end = (which) => Number(lines.find(([kind, , w]) => kind === "n" && w === which)[1]) - 1;
  const edges = lines.filter(([kind]) => kind === "a").map(([, from, to, c]) => [from - 1, to - 1, Number(c)]);
  return { vertices, source: end("s"), sink: end("t"), edges };
}
// An edge goes down one layer; a vertex without edges stands with the one before it.
function layersOf({ vertices, edges }, layers, tokens) {
  if (vertices === (layers + 1) * tokens)
    return Array.from({ length: vertices }, (_, v) => Math.floor(v / tokens));
  const below = new Map(edges.map(([from, to]) => [from, to]));
  const layer = [];
  for (let v = 0; v < vertices; ++v) layer.push(below.has(v) ? layer[below.get(v)] + 1 : (layer[v - 1] ?? 0));
  return layer;
}
function networkOf(problem, layer) {
  const widths = Array(layer.at(-1) + 1).fill(0);
  for (const l of layer) ++widths[l];
  const empty = new LayeredNetwork(
    widths,
    new Float64Array(widths.slice(1).reduce((sum, w, l) => sum + w * widths[l], 0)),
  );
  for (const [from, to, c] of problem.edges) {
    empty.capacities[
      empty.slot(layer[from], from - empty.firstVertex[layer[from]], to - empty.firstVertex[layer[to]])
    ] = c;
  }
  return empty;
}

const generators = attnflow("list")
  .split("Network generators\n")[1]
  .split("\n\n")[0]
  .split("\n")
  .map((line) => line.trim().split(/\s+/)[0])
  .filter(Boolean);
let instances = 0;
for (const name of generators) {
  for (const [layers, tokens, seed] of [
    [2, 4, 1],
    [4, 7, 2],
    [6, 9, 3],
    [6, 24, 4],
  ]) {
    const file = join(folder, "instance.max");
    attnflow(
      "generate",
      name,
      "--out",
      file,
      "--layers",
      layers,
      "--tokens",
      tokens,
      "--seed",
      seed,
      "--bits",
      30,
      "--sink",
      seed % 3,
    );
    const expected = Number(attnflow("solve", file).match(/^value +(\d+)/m)[1]);
    const problem = readProblem(file);
    const layer = layersOf(problem, layers, tokens);
    const network = networkOf(problem, layer);
    const source = problem.source - network.firstVertex[layer[problem.source]];
    const answer = maxFlow(network, layer[problem.source], source, problem.sink, cuts);
    const words = `${name}, ${layers} layers, ${tokens} tokens, seed ${seed}`;
    check(answer.value === expected, `${words}: ${answer.value}, attnflow solve says ${expected}`);
    certify(words, network, layer[problem.source], source, problem.sink, answer);
    ++instances;
  }
}
check(
  generators.length >= 10 && generators.includes("augmenting_chains"),
  `generators of the list: ${generators}`,
);

// Every layer and token of some sentences: values as in the store, the same cut named.
let compared = 0;
let sameCut = 0;
for (let e = 0; e < json.examples.length; ++e) {
  const example = new Example(report, e);
  const selection = report.initialSelection();
  const embedded = new EmbeddedNetwork(
    example.json.networks[report.networkIndex(selection)],
    example.layers,
    example.tokens.length,
  );
  for (const layer of report.layers) {
    const stored = example.attributions({ ...selection, layer }).find((row) => row.method === "attention_flow");
    const row = flowRow(embedded.exact, layer, 0);
    for (let t = 0; t < example.tokens.length; ++t) {
      const answer = maxFlow(embedded.exact, layer, 0, t, cuts);
      certify(`${example.json.id}, layer ${layer}, token ${t}`, embedded.exact, layer, 0, t, answer);
      const view = solvedView(embedded, layer, 0, t, answer, cuts);
      check(
        near(view.value, stored.scores[t], 1e-6),
        `${example.json.id}, layer ${layer}, token ${t}: ${view.value}, stored ${stored.scores[t]}`,
      );
      check(near(view.cutCapacity, view.value, 1e-9), "the cut that is drawn is as large as the flow");
      check(row[t] === answer.value, "a row of values is that of its pairs");
      ++compared;
      if (cuts.text(answer.cut) === cuts.text(cuts.decode(stored.cuts[t]))) ++sameCut;
      else
        check(
          false,
          `${example.json.id}, layer ${layer}, token ${t}: ${cuts.text(answer.cut)}, stored ${cuts.text(cuts.decode(stored.cuts[t]))}`,
        );
    }
  }
}
console.log(
  `${flows} golden flows, ${instances} instances of ${generators.length} generators, ${compared} flows of real sentences, ${sameCut} with the same cut`,
);
finish();
