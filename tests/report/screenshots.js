// Pictures of a report for the README and docs: node screenshots.js ATTNFLOW FOLDER

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { attnflow, launchBrowser, reportOf, settled } from "./support.js";

const folder = resolve(process.argv[3]);
mkdirSync(folder, { recursive: true });
const { html } = reportOf("pictures", "experiments/configs/sva_tables.toml");
const browser = await launchBrowser();
for (const theme of ["light", "dark"]) {
  const page = await browser.newPage({
    viewport: { width: 1080, height: 1060 },
    deviceScaleFactor: 0.86,
    colorScheme: theme,
  });
  await page.goto(`file://${html}`);
  await settled(page);
  await page.screenshot({ path: join(folder, `report-${theme}.png`) });
  await page.selectOption("#example", "14");
  await page.selectOption("#sink", "5");
  // The settings stay on top while scrolling: not in a picture of the explorer alone.
  await page.evaluate(() => (document.querySelector("#settings").hidden = true));
  await settled(page);
  await page.locator("#explorer-root").screenshot({ path: join(folder, `explorer-${theme}.png`) });
  await page.close();
}

// Two figures of the paper, for docs/report.md.
const paper = reportOf("paper", "experiments/configs/paper_figures.toml");
for (const [name, example] of [
  ["attention_graph", "ex00000"],
  ["token_map", "ex00001"],
]) {
  attnflow("figures", paper.run, "--only", name, "--example", example);
  const page = await browser.newPage({ viewport: { width: 1350, height: 600 }, deviceScaleFactor: 0.85 });
  await page.goto(`file://${join(paper.run, "figures", `${name}.svg`)}`);
  await page
    .locator("svg")
    .first()
    .screenshot({ path: join(folder, `${name}.png`) });
  await page.close();
}
await browser.close();
