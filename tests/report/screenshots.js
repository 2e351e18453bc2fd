// Pictures of a report for the README: node screenshots.js ATTNFLOW FOLDER

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { launchBrowser, reportOf, settled } from "./support.js";

const folder = resolve(process.argv[3]);
mkdirSync(folder, { recursive: true });
const { html } = reportOf("pictures", "experiments/configs/sva_tables.toml");
const browser = await launchBrowser();
for (const theme of ["light", "dark"]) {
  const page = await browser.newPage({ viewport: { width: 1180, height: 860 }, colorScheme: theme });
  await page.goto(`file://${html}`);
  await settled(page);
  await page.screenshot({ path: join(folder, `report-${theme}.png`) });
  await page.selectOption("#example", "3");
  await page.selectOption("#set-layer", "3");
  // The settings stay on top while scrolling: not in a picture of the explorer alone.
  await page.evaluate(() => (document.querySelector("#settings").hidden = true));
  await settled(page);
  await page.locator("#explorer-root").screenshot({ path: join(folder, `explorer-${theme}.png`) });
  await page.close();
}
await browser.close();
