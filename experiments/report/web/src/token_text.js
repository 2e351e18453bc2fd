// Tokens and other text from strangers as it is shown: nothing is hidden, and nothing reorders what stands around it.

// Controls, and characters that have no shape: a token of them alone, or between letters, would not be seen. The joiner
// between two pictures is part of one.
const PICTURE = "[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\ufe0f]";
const HIDDEN =
  "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u115f\\u1160\\u180e\\u200b\\u200c\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]";
const VISIBLE_CONTROLS = new RegExp(`${HIDDEN}|(?<!${PICTURE})\\u200d|\\u200d(?!${PICTURE})`, "gu");
const escaped = (c) => {
  const code = c.codePointAt(0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
};

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const LETTER = /\p{L}/u;
const NO_WORD = /^(\[.*\]|<.*>)$/u; // "[CLS]", "<s>", "<|endoftext|>"

function visible(token) {
  const text = token.replace(VISIBLE_CONTROLS, escaped);
  return text.trim() === "" ? "\u2423".repeat(Math.max(1, text.length)) : text;
}

// In its own direction, between the characters of Unicode that isolate it; in HTML tree.js makes <bdi> of them.
const isolated = (text) => (RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text);

/** A token as it is shown: what could hide or reorder text becomes visible, spaces too. */
export const tokenText = (token) => isolated(visible(token));

/** At most `limit` characters, with an ellipsis where it was cut. */
export function shortToken(token, limit = 16) {
  const characters = [...visible(token)];
  return isolated(
    characters.length <= limit ? characters.join("") : `${characters.slice(0, limit - 1).join("")}\u2026`,
  );
}
/** Characters of shortToken(). */
export const shownLength = (token, limit = 16) => Math.min(limit, [...visible(token)].length);

/** "rtl" where more words are written from right to left than not, else "ltr". */
export function directionOf(tokens) {
  const words = tokens.filter((token) => LETTER.test(token) && !NO_WORD.test(token));
  return 2 * words.filter((word) => RIGHT_TO_LEFT.test(word)).length > words.length ? "rtl" : "ltr";
}
