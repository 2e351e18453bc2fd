// One tooltip for the page. Its content is text only.

import { el, show } from "./tree.js";

export class Tooltip {
  constructor() {
    this.box = document.createElement("div");
    this.box.className = "tooltip";
    this.box.setAttribute("role", "status");
    this.box.hidden = true;
    document.body.append(this.box);
  }

  /** Rows are [name, text] pairs; x and y are positions in the window. */
  at(x, y, rows) {
    if (!rows || rows.length === 0) return this.hide();
    show(
      this.box,
      el(
        "dl",
        {},
        rows.map(([name, text]) => [name && el("dt", {}, name), el("dd", { class: name ? null : "wide" }, text)]),
      ),
    );
    this.box.hidden = false;
    const { width, height } = this.box.getBoundingClientRect();
    const left = x + 14 + width > innerWidth ? Math.max(4, x - width - 14) : x + 14;
    const top = y + 14 + height > innerHeight ? Math.max(4, y - height - 14) : y + 14;
    this.box.style.setProperty("left", `${left}px`);
    this.box.style.setProperty("top", `${top}px`);
  }

  hide() {
    this.box.hidden = true;
  }

  /** Vega's tooltip handler: an object of texts, or nothing. */
  chart(event, value) {
    if (value === null || value === undefined || value === "") return this.hide();
    const rows =
      typeof value === "object" ? Object.entries(value).map(([k, v]) => [k, String(v)]) : [["", String(value)]];
    this.at(
      event.clientX,
      event.clientY,
      rows.filter(([, text]) => text !== "null" && text !== "undefined"),
    );
  }
}
