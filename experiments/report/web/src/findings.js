// What a run says, in words: which method leads with a reference, how surely, and by how much.

export const pretty = (name) => name.replaceAll("_", " ");
const METRICS = {
  spearman: "Spearman",
  spearman_dense_rank: "Spearman (dense ranks)",
  kendall_tau_b: "Kendall tau-b",
  pearson: "Pearson",
};
export const metricName = (metric) => METRICS[metric] ?? pretty(metric);
/** "blank_out"; "rollout (method)" where another method is the reference. */
export const referenceName = (reference) =>
  reference.replace(/^method\((.*)\)$/, (_, method) => `${pretty(method)} (method)`);
/** With the minus sign of print. */
export const decimal = (value, digits = 2) =>
  value
    .toFixed(digits)
    .replace(/^-(0\.?0*)$/, "$1")
    .replace("-", "\u2212");
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** "a", "a and b", "a, b and c" */
export const listed = (names) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/**
 * At the selected settings and layer: { best, tied, next }. best: the row of the method with the highest
 * mean; tied: methods that the tests of the run do not tell from it; next: the comparison with the
 * highest mean that is told from it, or null. `tested` is false where the run holds no comparisons.
 * A method that is the reference itself does not compete. Null without rows.
 */
export function leadersOf(report, selection, reference) {
  const rows = report
    .table("correlation_by_layer")
    .filter((row) => row.metric === selection.metric && row.reference === reference && row.mean !== null)
    .filter((row) => reference !== `method(${row.method})` && report.matches(row, selection))
    .sort((a, b) => b.mean - a.mean);
  if (rows.length === 0) return null;
  const [best, ...others] = rows;
  const pairs = report
    .table("comparisons")
    .filter(
      (row) => row.metric === selection.metric && row.reference === reference && row.mean_difference !== null,
    )
    .filter((row) => report.matches(row, selection));
  const against = (method) => {
    const pair = pairs.find(
      (p) =>
        (p.method === best.method && p.other_method === method) ||
        (p.method === method && p.other_method === best.method),
    );
    if (!pair) return null;
    return {
      method,
      difference: Math.abs(pair.mean_difference),
      p: pair.p_holm,
      isDecided: pair.p_holm !== null && pair.p_holm < report.alpha,
    };
  };
  const compared = others.map((row) => against(row.method)).filter(Boolean);
  return {
    best,
    tested: compared.length > 0,
    tied: compared.filter((c) => !c.isDecided).map((c) => c.method),
    next: compared.find((c) => c.isDecided) ?? null,
  };
}

/** One sentence for each of up to two references, else for the selected one. */
export function correlationFinding(report, selection) {
  const references = report.references.length <= 2 ? report.references : [selection.reference];
  const sentences = references.map((reference) => {
    const found = leadersOf(report, selection, reference);
    if (!found) return null;
    const name = pretty(found.best.method);
    if (!standsOut(found)) return `no method stands out with ${referenceName(reference)}`;
    if (found.tied.length === 0) return `${name} is closest to ${referenceName(reference)}`;
    if (found.tied.length <= 2)
      return `${name} leads with ${referenceName(reference)}, not told from ${listed(found.tied.map(pretty))}`;
    return `no method stands out with ${referenceName(reference)}`;
  });
  const where = selection.layer === null ? "" : ` (layer\u00a0${selection.layer})`;
  const words = sentences.filter(Boolean).join("; ");
  return words ? capital(words) + where : "Correlation by layer";
}

/** Highest mean at the selected settings, but no leader: it is not above 0, or no other method is told from it. */
export const standsOut = ({ best, tested, next }) => best.mean > 0 && (!tested || next !== null);

const totalOf = (report, row) => (report.json.run.undefined_as_zero ? row.n : row.n + row.n_undefined);
const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const constant = (report) =>
  report.json.run.undefined_as_zero ? "constant scores; they count as 0" : "constant scores";

/** "Undefined for raw attention (3 of 4 examples)": methods whose metric is undefined somewhere; "" without any. */
export function undefinedWords(report, selection, reference) {
  const most = new Map(); // by method: the row with most undefined values
  for (const row of report.table("correlation_by_layer")) {
    if (row.metric !== selection.metric || (reference && row.reference !== reference) || !(row.n_undefined > 0))
      continue;
    if (!report.matches(row, selection, reference ? [] : ["layer"])) continue;
    if (!(most.get(row.method)?.n_undefined >= row.n_undefined)) most.set(row.method, row);
  }
  if (most.size === 0) return "";
  const rows = [...most.values()];
  const where = (row) => `${row.n_undefined} of ${plural(totalOf(report, row), "example")}`;
  const same = rows.every((row) => where(row) === where(rows[0]));
  const names = same
    ? `${listed(rows.map((row) => pretty(row.method)))} (${where(rows[0])})`
    : listed(rows.map((row) => `${pretty(row.method)} (${where(row)})`));
  return `Undefined for ${names}: ${constant(report)}.`;
}

const TRIVIAL = ["source_row", "sink_column"];
const SATURATED = 0.95; // share of trivial cuts from which a layer counts as saturated

/** Saturation of flow at the selected settings, in words: { method, saturated, title, text, trivial, top }; null without. */
export function saturationFinding(report, selection) {
  const kept = report.values("positions")[0];
  const all = report
    .table("saturation_by_layer")
    .filter(
      (row) =>
        row.layer !== null &&
        report.matches(row, selection, ["layer", "positions"]) &&
        (row.positions === null || row.positions === kept),
    );
  if (all.length === 0) return null;
  const { method } = all[0];
  const rows = all.filter((row) => row.method === method);
  const share = (layer, kinds) =>
    rows.filter((row) => row.layer === layer && kinds.includes(row.cut)).reduce((sum, row) => sum + row.share, 0);
  const layers = [...new Set(rows.map((row) => row.layer))].sort((a, b) => b - a);
  const top = layers[0];
  if (top < 2) return null; // flow from layer 1 is one edge
  const percent = (part) => `${Math.round(100 * part)}\u00a0%`;
  const trivial = share(top, TRIVIAL);
  const split = `${percent(share(top, ["source_row"]))} by what leaves the source and ${percent(share(top, ["sink_column"]))} by what enters the token in layer 1`;
  const flows = rows.filter((row) => row.layer === top).reduce((sum, row) => sum + row.pairs, 0);
  const start = `Of ${plural(flows, "flow")} from layer ${top}, ${percent(trivial)} are limited by a trivial cut: ${split}.`;
  if (trivial < SATURATED) {
    const title = `Flow is not saturated in ${top === layers.at(-1) ? `layer ${top}` : "the top layer"}`;
    return {
      method,
      saturated: false,
      title,
      text: `${start} For the others the layers in between count.`,
      trivial,
      top,
    };
  }
  const first = layers
    .filter((_, k) => layers.slice(0, k + 1).every((layer) => share(layer, TRIVIAL) >= SATURATED))
    .at(-1);
  return {
    method,
    saturated: true,
    title: `Flow is saturated ${first === top ? `in layer ${top}` : `from layer ${first} on`}`,
    text: `${start} Such a flow does not depend on the layers in between and ranks tokens much as column sum does: do not read a path into it.`,
    trivial,
    top,
  };
}

const pText = (p) => (p < 0.001 ? "p\u00a0<\u00a00.001" : `p\u00a0=\u00a0${p.toFixed(3)}`);

/** For the top of the page: how surely the best method leads. */
export function certainty({ best, tested, tied, next }) {
  const parts = [];
  if (tied.length > 0) parts.push(`Not told apart from ${listed(tied.map(pretty))}.`);
  if (next)
    parts.push(
      `${decimal(next.difference)} above ${pretty(next.method)} (${pText(next.p)} after Holm\u2019s correction).`,
    );
  if (!tested) parts.push("No other method to test it against.");
  return parts.join(" ");
}
