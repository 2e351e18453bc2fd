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
  for (const child of node.children) {
    const isText = typeof child !== "object";
    if (isText && !space && !TEXT_ONLY.has(node.tag)) element.append(...isolates(String(child)));
    else element.append(toDom(child, space));
  }
  return element;
}

// These take no elements; SVG has none for it either: there the characters stay.
const TEXT_ONLY = new Set(["option", "title", "bdi"]);
// Text between the characters that isolate it (token_text.js) becomes an element that does.
function isolates(text) {
  const parts = text.split(/\u2068([^\u2069]*)\u2069/);
  return parts.map((part, k) => (k % 2 === 1 ? toDom(el("bdi", {}, part)) : part)).filter((part) => part !== "");
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
