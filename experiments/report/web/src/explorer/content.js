// What the graph shows of the chosen view: edges, cut, or why there is none.

import { maxFlow } from "../max_flow.js";
import { precomputedView, solvedView, staticView } from "../views.js";
import { plural } from "./numbers.js";

/**
 * Edges and cut of the chosen view, or a promise of them; { problem: { words, offer } } where they cannot be had.
 * `isFirst`: the first graph is solved here and now, so that there is no page without one, however late a worker starts.
 */
export function contentOf(state, solver, isFirst) {
  const { view, layer, source, sink, fused, raw } = state;
  const { cuts } = state.report;
  if (view !== "flow") return { ...staticView(view, { raw, fused }, layer, source), kept: fused.kept };
  if (fused.exact) {
    const shown = (answer) => solvedView(fused, layer, source, sink, answer, cuts);
    if (isFirst) return shown(maxFlow(fused.exact, layer, source, sink, cuts));
    return solver.pair(state.networkKey, fused.exact, layer, source, sink).then(shown);
  }
  const pair = fused.pairs.find((p) => p.layer === layer && p.source === source && p.sink === sink);
  return pair ? precomputedView(pair, cuts) : { edges: [], mass: null, problem: availablePairs(state) };
}

// { words, offer }: why there is no flow, and a pair that there is one for.
function availablePairs(state) {
  const { layer, example, source, sink } = state;
  const { pairs } = state.fused;
  const limit = state.report.json.solvable_tokens;
  if (pairs.length === 0) {
    return { words: `No flows were computed for this example: it has more than ${limit} ${example.unit}s.` };
  }
  const offered = (list) =>
    list.find((p) => p.sink === sink && p.source === source) ??
    list.find((p) => p.source === source && p.sink !== p.source) ??
    list[0];
  const start = `This example has ${plural(example.tokens.length, example.unit)}, and above ${limit} flows are computed beforehand`;
  const here = pairs.filter((p) => p.layer === layer);
  if (here.length === 0) {
    return { words: `${start}: for layer ${pairs[0].layer} only, not for layer ${layer}.`, offer: offered(pairs) };
  }
  const names = (which) => [...new Set(here.map((p) => p[which]))].map((t) => state.tokenName(t, 12)).join(", ");
  return {
    words: `${start}: in layer ${layer} from ${names("source")} to ${names("sink")}.`,
    offer: offered(here),
  };
}
