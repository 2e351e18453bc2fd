// node draw.js report.js data.json OPTIONS: writes [{ name, svg }] to standard output.
const { readFileSync, writeSync } = require("node:fs");
const [script, data, options] = process.argv.slice(2);
require(script);
globalThis.attnflow.figures(JSON.parse(readFileSync(data, "utf8")), JSON.parse(options)).then((figures) => {
  const bytes = Buffer.from(JSON.stringify(figures));
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
});
