// The lines of the token strips as data: what the run has, what is computed here, and the words that go with them.
//
// A line is { name, id, scores } with `colour` and `cuts` of a method, `isReference`, `pending` while its scores are
// being computed, or `message` in place of scores where the method failed.

import { tokenText } from "../token_text.js";
import { sourcePosition } from "../data.js";
import { pretty } from "../findings.js";
import { plural } from "./numbers.js";

/** The methods at the selected settings, then the references. `styles`: method to { colour }. */
export function runRows(state, styles) {
  const { example, selectionHere } = state;
  const ofMethod = ({ method, point, ...rest }) => ({
    name: pretty(method) + fromWords(state, point.source),
    id: method,
    colour: styles.get(method)?.colour,
    ...rest,
  });
  const ofReference = ([name, scores]) => ({
    name: `reference: ${name}`,
    id: `reference ${name}`,
    scores,
    isReference: true,
  });
  return [
    ...example.attributions(selectionHere).map(ofMethod),
    ...example.failures(selectionHere).map(ofMethod),
    ...Object.entries(example.json.references).map(ofReference),
  ];
}

/**
 * Scores from a source or layer that the run did not ask for: the walk at once, the flow (`flow`, else null) when the
 * solver has it, in a line that is there from the start so that nothing moves.
 */
export function ownRows(state, flow) {
  const { layer, source, fused, example, isHeld } = state;
  if (!fused.exact || isHeld) return [];
  const rollout = Array.from(fused.walk(layer, source).mass[0]);
  return [
    { name: "rollout, computed here", id: "own-rollout", scores: rollout },
    { name: "flow, computed here", id: "own-flow", scores: flow ?? example.tokens.map(() => NaN), pending: !flow },
  ];
}

// " from ..." where scores are not those of the chosen source.
function fromWords(state, source) {
  if (source === null || source === undefined) return "";
  const position = sourcePosition(source, state.example);
  if (position === state.source) return "";
  return position === null ? " from all positions" : ` from ${state.tokenName(position, 12)}`;
}

/** What the run does not have of the chosen source and layer; "" where it has all. */
export function missingWords(state) {
  if (state.isHeld) return "";
  return [
    !state.isLayerHeld && `The run has no scores of layer ${state.layer}.`,
    !state.isSourceHeld &&
      `The run has no scores from ${state.tokenName(state.source)}; a line says where its scores are from.`,
    state.fused.exact && "Rollout and flow are computed here.",
  ]
    .filter(Boolean)
    .join(" ");
}

/** "6 tokens · 2 layers · ...": the example in short. */
export function factsOf({ tokens, unit, layers, json, unknownWords }) {
  return [
    plural(tokens.length, unit),
    unknownWords,
    plural(layers, "layer"),
    plural(json.heads, "head"),
    json.group && `group ${tokenText(json.group)}`,
    json.label !== undefined && `label ${json.label}`,
    json.predicted !== undefined && `predicted ${json.predicted}`,
  ]
    .filter(Boolean)
    .join(" \u00b7 ");
}

/** The lines as a table: a row a line and token. */
export function scoreTable({ example, layer, report }, rows) {
  const { cuts } = report;
  return rows.flatMap((row) =>
    example.tokens.map((token, t) => ({
      example: example.json.id,
      scores: row.isReference ? row.name : row.id,
      layer: row.isReference ? null : layer,
      failed: row.message ?? null,
      position: t,
      token,
      read_as: example.unknown.has(t) ? example.unknownToken : null,
      score: Number.isFinite(row.scores?.[t]) ? row.scores[t] : null,
      binding_cut: row.cuts ? cuts.text(cuts.decode(row.cuts[t])) : null,
    })),
  );
}
