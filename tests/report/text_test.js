// Text from strangers: the page and the program show it alike, and make the same cells of CSV.

import { csvCell } from "../../experiments/report/web/src/data.js";
import { directionOf, shortToken, tokenText } from "../../experiments/report/web/src/token_text.js";
import { attnflow, check, finish, writeDataset } from "./support.js";

const tokens = [
  "[CLS]",
  "a\u200bb",
  "\u00ad\u115f\u180e\u2060\u3164\ufeff\uffa0\ufff9",
  "\u200e\u200f\u061c\u202e\u2066",
  "\u{e0041}",
  "\u{1f469}\u200d\u{1f52c}",
  "\u{1f469}\u200d",
  "a\u200d\u{1f469}",
  "\u2764\ufe0f\u200d\u{1f525}",
  "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
  "\u0000\u001b[31m\u007f\u0085",
  "=1+1",
  " =1",
  "a;=1",
  'a;"=1;b',
  "-",
  "-1",
  "\uff1d1",
  "a,b",
  'say "x"',
  "plain",
  "",
  "\u00a0 \u3000",
  "stranger",
  "[UNK]",
];
const unknown = [tokens.length - 2, tokens.length - 1];
const dataset = writeDataset("text", tokens, 2, 3, null, { unknown });

// ---- the terminal shows what the page shows

const table = attnflow("attribute", dataset, "--method", "rollout").split("\n");
for (const [t, token] of tokens.entries()) {
  const line = table.find((row) => row.startsWith(`${String(t).padStart(4)} `));
  const shown = tokenText(token).replaceAll(/[\u2068\u2069]/g, "") + (token === "stranger" ? " [UNK]" : "");
  check(
    line?.startsWith(`${String(t).padStart(4)} ${shown} `),
    `token ${t} in a terminal: ${line}; in the page: ${shown}`,
  );
}

check(
  table.some((line) => line.startsWith(`2 of ${tokens.length} tokens are read as [UNK]`)),
  "unknown words are counted",
);
const json = JSON.parse(attnflow("attribute", dataset, "--method", "rollout", "--format", "json"));
check(json.unknown.join() === unknown.join() && json.unknown_token === "[UNK]", "and listed in JSON");
check(json.tokens.join("\n") === tokens.join("\n"), "where tokens are as they were");
check(attnflow("validate", dataset).includes("2 words of 1 example are read as [UNK]"), "validate counts them");

// ---- cells of CSV

const lines = attnflow("attribute", dataset, "--method", "rollout", "--format", "csv").trim().split("\n");
const column = lines[0].split(",").indexOf("token");
check(column > 0 && lines.length === tokens.length + 1, `${lines.length} lines with a token in column ${column}`);
for (const [t, token] of tokens.entries()) {
  if (/[\u0080-\u009f\u061c\u200e\u200f\u202e\u2066\ufeff]/u.test(token)) continue; // escaped by the program alone
  const before = lines[t + 1].split(",").slice(0, column).join(",").length + 1; // no cell before it has a comma
  const cell = csvCell(token);
  check(
    lines[t + 1].slice(before).startsWith(`${cell},`),
    `token ${t} in CSV: ${lines[t + 1]}; by the page: ${cell}`,
  );
}

// ---- words of another direction

const arabic = "\u0643\u062a\u0627\u0628";
check(
  tokenText(arabic) === `\u2068${arabic}\u2069` && tokenText("word") === "word",
  "only such words are isolated",
);
check(shortToken(arabic, 3) === `\u2068${arabic.slice(0, 2)}\u2026\u2069`, "and the ellipsis with them");
check(tokenText("\u2069x\u2068") === "\\u2069x\\u2068", "a token cannot end its isolation");
check(directionOf(["[CLS]", arabic, "[SEP]"]) === "rtl", "special tokens are no words");
check(directionOf(["[CLS]", arabic, "the", "[SEP]"]) === "ltr", "from right to left only where more words are");
check(directionOf(["<s>", "\u05e9\u05dc\u05d5\u05dd", ".", "1"]) === "rtl", "signs and numbers are no words");
check(directionOf([]) === "ltr" && directionOf(["#0", "#1"]) === "ltr", "without words as the page");

finish();
