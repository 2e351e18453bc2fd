// What a run says, in words: which method leads with a reference, how surely, and by how much.

export const pretty = (name) => name.replaceAll("_", " ");
/** As the document titles it. */
export const metricName = (report, metric) => pretty(report.titles.get(metric));
/** "blank_out"; "rollout (method)" where another method is the reference. */
export const referenceName = (reference) =>
  reference.replace(/^method\((.*)\)$/, (_, method) => `${pretty(method)} (method)`);
/** " with blank_out"; "" for metrics that ask the model. */
export const withReference = (report, metric, reference) =>
  report.asksModel(metric) ? "" : ` with ${referenceName(reference)}`;
/** Over what is drawn of one reference. */
export const referenceTitle = (report, metric, reference) =>
  report.asksModel(metric)
    ? `${capital(report.directions.get(metric))} is better`
    : `Reference: ${referenceName(reference)}`;
/** What the best value of a metric is. */
export const bestWord = (report, metric) => (report.directions.get(metric) === "smaller" ? "Lowest" : "Highest");
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
 * At the selected settings and layer: { best, tied, next }. best: the row of the method with the best
 * mean; tied: methods that the tests of the run do not tell from it; next: the comparison with the
 * best mean that is told from it, or null. `tested` is false where the run holds no comparisons.
 * A method that is the reference itself does not compete. Null without rows.
 */
export function leadersOf(report, selection, reference) {
  const rows = report
    .table("correlation_by_layer")
    .filter((row) => row.metric === selection.metric && row.reference === reference && row.mean !== null)
    .filter((row) => reference !== `method(${row.method})` && report.matches(row, selection))
    .sort((a, b) => report.better(selection.metric, b.mean, a.mean));
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
  const { metric } = selection;
  const all = report.referencesOf(metric);
  const references = all.length <= 2 ? all : [selection.reference];
  const sentences = references.map((reference) => {
    const found = leadersOf(report, selection, reference);
    if (!found) return null;
    const name = pretty(found.best.method);
    const beside = report.asksModel(metric)
      ? ` by ${metricName(report, metric)}`
      : withReference(report, metric, reference);
    if (standsOut(report, selection, found) && found.tied.length <= 2) {
      if (found.tied.length > 0) return `${name} leads${beside}, not told from ${listed(found.tied.map(pretty))}`;
      return report.asksModel(metric)
        ? `${name} is best${beside}`
        : `${name} is closest to ${referenceName(reference)}`;
    }
    return `no method stands out${beside}`;
  });
  const where = selection.layer === null ? "" : ` (layer\u00a0${selection.layer})`;
  const words = sentences.filter(Boolean).join("; ");
  return words ? capital(words) + where : "Correlation by layer";
}

/** Whether the best leads: with a reference it is above 0, and another method is told from it, if tested. */
export const standsOut = (report, { metric }, { best, tested, next }) =>
  (report.asksModel(metric) || best.mean > 0) && (!tested || next !== null);

const totalOf = (report, row) => (report.json.run.undefined_as_zero ? row.n : row.n + row.n_undefined);
const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const reason = (report, metric) =>
  (report.asksModel(metric) ? "too few tokens to change" : "constant scores") +
  (report.json.run.undefined_as_zero ? "; they count as 0" : "");

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
  return `Undefined for ${names}: ${reason(report, selection.metric)}.`;
}

/** What the run says of saturation at the selected settings: { method, saturated, title, text }; null without. */
export const saturationFinding = (report, selection) =>
  report.json.saturation.find((finding) => report.matches(finding, selection, ["layer", ...report.comparing])) ??
  null;

const pText = (p) => (p < 0.001 ? "p\u00a0<\u00a00.001" : `p\u00a0=\u00a0${p.toFixed(3)}`);

/** For the top of the page: how surely the best method leads. */
export function certainty(report, { metric }, { best, tested, tied, next }) {
  const parts = [];
  if (tied.length > 0) parts.push(`Not told apart from ${listed(tied.map(pretty))}.`);
  if (next)
    parts.push(
      `${decimal(next.difference)} ${report.directions.get(metric) === "smaller" ? "below" : "above"} ${pretty(next.method)} (${pText(next.p)} after Holm\u2019s correction).`,
    );
  if (!tested) parts.push("No other method to test it against.");
  return parts.join(" ");
}
