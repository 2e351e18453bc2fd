// The page's solver against NetworkX's values (tests/golden/solver.json) and against the flows and
// binding cuts of the C++ solvers on real attention.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Example, Report } from "../../experiments/report/web/src/data.js";
import { LayeredNetwork, maxFlow, flowRow } from "../../experiments/report/web/src/max_flow.js";
import { EmbeddedNetwork } from "../../experiments/report/web/src/network.js";
import { cutText, decodeCut, solvedView } from "../../experiments/report/web/src/views.js";
import { check, finish, near, reportOf, root } from "./support.js";

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
  check(balance.every((b) => b === 0), `${words}: flow is not conserved`);
  check(side[network.vertex(layer, source)] === 1 && side[network.vertex(0, sink)] === 0, `${words}: the cut does not separate`);
  check(cut === value, `${words}: the cut has ${cut}, the flow ${value}`);
}

const { networks } = JSON.parse(readFileSync(join(root, "tests/golden/solver.json"), "utf8"));
let flows = 0;
for (const { name, widths, capacities, flows: expected } of networks) {
  for (const { source_layer: layer, source, sink_layer: low, sink, value } of expected) {
    const network = new LayeredNetwork(widths.slice(low, layer + 1), capacities.slice(low, layer).flat(2));
    const answer = maxFlow(network, layer - low, source, sink);
    check(answer.value === value, `${name}: (${layer}, ${source}) -> (${low}, ${sink}) is ${answer.value}, expected ${value}`);
    certify(name, network, layer - low, source, sink, answer);
    ++flows;
  }
}
check(flows > 50, "the golden file holds flows");

// Every layer and token of some sentences: values as in the store, the same cut named.
const { json } = reportOf("solver", "experiments/configs/sva_tables.toml", "dataset.limit=5");
const report = new Report(json);
let compared = 0;
let sameCut = 0;
for (let e = 0; e < json.examples.length; ++e) {
  const example = new Example(report, e);
  const selection = report.initialSelection();
  const embedded = new EmbeddedNetwork(example.json.networks[report.networkIndex(selection)], example.layers, example.tokens.length);
  for (const layer of report.layers) {
    const stored = example.attributions({ ...selection, layer }).find((row) => row.method === "attention_flow");
    const row = flowRow(embedded.exact, layer, 0);
    for (let t = 0; t < example.tokens.length; ++t) {
      const answer = maxFlow(embedded.exact, layer, 0, t);
      certify(`${example.json.id}, layer ${layer}, token ${t}`, embedded.exact, layer, 0, t, answer);
      const view = solvedView(embedded, layer, 0, t, answer);
      check(near(view.value, stored.scores[t], 1e-6), `${example.json.id}, layer ${layer}, token ${t}: ${view.value}, stored ${stored.scores[t]}`);
      check(near(view.cutCapacity, view.value, 1e-9), "the cut that is drawn is as large as the flow");
      check(row[t] === answer.value, "a row of values is that of its pairs");
      ++compared;
      if (cutText(answer.cut) === cutText(decodeCut(stored.cuts[t]))) ++sameCut;
      else check(false, `${example.json.id}, layer ${layer}, token ${t}: ${cutText(answer.cut)}, stored ${cutText(decodeCut(stored.cuts[t]))}`);
    }
  }
}
console.log(`${flows} golden flows, ${compared} flows of real sentences, ${sameCut} with the same cut`);
finish();
