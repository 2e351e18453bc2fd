// A small tree of elements that becomes either DOM nodes (the page) or markup (figures in Node).
// Text only ever goes through textContent or is escaped: tokens come from strangers.

const SVG = "http://www.w3.org/2000/svg";

/** el("g", { class: "edges" }, child, "text", null, [more]) */
export function el(tag, attributes = {}, ...children) {
  return {
    tag,
    attributes: attributes ?? {},
    children: children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false),
  };
}

/** DOM nodes of a tree; `on...` attributes are listeners, `style` is an object of properties. */
export function toDom(node, namespace) {
  if (typeof node !== "object") return document.createTextNode(String(node));
  if (node instanceof Node) return node;
  const space = node.tag === "svg" ? SVG : namespace;
  const element = space ? document.createElementNS(space, node.tag) : document.createElement(node.tag);
  for (const [name, value] of Object.entries(node.attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    else if (name === "value" && "value" in element) element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of node.children) element.append(toDom(child, space));
  return element;
}

const ESCAPES = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&#39;" };
/** Escaped for markup; characters that XML forbids become U+FFFD. */
export const escapeMarkup = (text) =>
  String(text)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/[<>&"']/g, (c) => ESCAPES[c]);

export function toMarkup(node) {
  if (typeof node !== "object") return escapeMarkup(node);
  const attributes = Object.entries(node.attributes)
    .filter(([name, value]) => value !== null && value !== undefined && value !== false && !name.startsWith("on"))
    .map(([name, value]) => {
      const text =
        name === "style"
          ? Object.entries(value)
              .map(([k, v]) => `${k}:${v}`)
              .join(";")
          : value;
      return ` ${name}="${escapeMarkup(text)}"`;
    })
    .join("");
  return `<${node.tag}${attributes}>${node.children.map(toMarkup).join("")}</${node.tag}>`;
}

/** Replaces what `parent` holds. */
export function show(parent, ...nodes) {
  parent.replaceChildren(
    ...nodes
      .flat(Infinity)
      .filter(Boolean)
      .map((node) => toDom(node)),
  );
}

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
/** A token as it is shown: what could hide or reorder text becomes visible, spaces too. */
export function tokenText(token) {
  const text = token.replace(VISIBLE_CONTROLS, escaped);
  return text.trim() === "" ? "\u2423".repeat(Math.max(1, text.length)) : text;
}
/** At most `limit` characters, with an ellipsis where it was cut. */
export function shortToken(token, limit = 16) {
  const characters = [...tokenText(token)];
  return characters.length <= limit ? characters.join("") : characters.slice(0, limit - 1).join("") + "\u2026";
}
