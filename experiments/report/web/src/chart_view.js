// Drawing a Vega-Lite specification without eval: the interpreter walks the expressions, so that
// the page's content-security policy can forbid code from strings.

import { View, parse } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import { vegaConfig } from "./charts.js";

export function makeView(spec, theme, options = {}) {
  const compiled = compile(spec, { config: vegaConfig(theme) }).spec;
  return new View(parse(compiled, {}, { ast: true }), { expr: expressionInterpreter, ...options });
}

/** The chart as SVG markup; works without a document. */
export async function chartSvg(spec, theme) {
  const view = makeView(spec, theme, { renderer: "none" });
  await view.runAsync();
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

/** Draws into `box`; returns the view. `tip` gets what the pointer is on: see tooltip.js. */
export async function drawChart(box, spec, theme, tip) {
  const view = makeView(spec, theme, {
    renderer: "svg",
    container: box,
    hover: true,
    tooltip: (_handler, event, _item, value) => tip.chart(event, value),
  });
  await view.runAsync();
  return view;
}
