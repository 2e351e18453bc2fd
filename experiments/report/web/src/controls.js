// Form controls, as trees.

import { el } from "./tree.js";

/** A control with its label. */
export const field = (label, control) => el("label", { class: "field" }, el("span", {}, label), control);

/** options: [value, label] pairs. */
export function select(id, options, current, change) {
  return el(
    "select",
    { id, onchange: (event) => change(event.target.value) },
    options.map(([value, label]) => el("option", { value, selected: String(value) === String(current) }, label)),
  );
}

/** A row of buttons of which one is pressed. */
export function segmented(id, options, current, change) {
  return el(
    "span",
    { class: "segmented", role: "group", id },
    options.map(([value, label]) =>
      el(
        "button",
        {
          type: "button",
          id: `${id}-${value}`,
          "aria-pressed": value === current ? "true" : "false",
          onclick: () => change(value),
        },
        label,
      ),
    ),
  );
}
