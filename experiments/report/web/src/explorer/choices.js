// The explorer's controls: example, layer, source, sink; view and number of edges.

import { el, show } from "../tree.js";
import { tokenText } from "../token_text.js";
import { field, segmented, select } from "../controls.js";
import { VIEWS } from "../views.js";
import { EDGE_STEPS } from "./state.js";

export class Choices {
  /** `act`: { openExample(index), change(changes), moveSource(layer, source), redraw() }. */
  constructor({ pairBox, graphBox }, state, act) {
    this.pairBox = pairBox;
    this.graphBox = graphBox;
    this.state = state;
    this.act = act;
  }

  draw() {
    const focused = document.activeElement?.id;
    show(this.pairBox, this.examplePicker(), this.pairPickers());
    show(this.graphBox, this.viewPicker(), this.edgeSlider());
    if (focused) document.getElementById(focused)?.focus();
  }

  // Of all that a choice changes, only that is touched: with 512 tokens, building the lists takes longer than a frame.
  sync() {
    const { layer, source, sink, view } = this.state;
    for (const [id, value] of Object.entries({ layer, source, sink })) {
      const control = this.pairBox.querySelector(`#${id}`);
      if (control) control.value = String(value);
    }
    for (const button of this.graphBox.querySelectorAll("#view button")) {
      button.setAttribute("aria-pressed", button.id === `view-${view}` ? "true" : "false");
    }
  }

  examplePicker() {
    const { state, act } = this;
    const examples = state.report.json.examples.map(({ id }, e) => [e, tokenText(id)]);
    const step = (by) => () => act.openExample((state.index + by + examples.length) % examples.length);
    const picker = select("example", examples, state.index, (e) => act.openExample(Number(e)));
    return el(
      "div",
      { class: "example-picker" },
      el("button", { id: "previous-example", "aria-label": "Previous example", onclick: step(-1) }, "\u2190"),
      field("Example", picker),
      el("button", { id: "next-example", "aria-label": "Next example", onclick: step(1) }, "\u2192"),
    );
  }

  pairPickers() {
    const { state, act } = this;
    const { example } = state;
    const { layers, tokens } = example;
    const names = tokens.map((_, t) => [t, `${t} ${example.tokenLabel(t, 18)}`]);
    const numbers = Array.from({ length: layers }, (_, l) => [l + 1, `${l + 1}`]);
    const layer = select("layer", numbers, state.layer, (l) => act.moveSource(Number(l), state.source));
    const source = select("source", names, state.source, (t) => act.moveSource(state.layer, Number(t)));
    const sink = select("sink", names, state.sink, (t) => act.change({ sink: Number(t) }));
    return [layers > 1 && field("Layer", layer), field("Source", source), field("Sink", sink)];
  }

  viewPicker() {
    const views = Object.entries(VIEWS).map(([name, { label }]) => [name, label]);
    return segmented("view", views, this.state.view, (view) => this.act.change({ view }));
  }

  edgeSlider() {
    const { state, act } = this;
    const most = () => `${EDGE_STEPS[state.edgeStep]}`;
    const oninput = ({ target }) => {
      state.edgeStep = Number(target.value);
      target.setAttribute("aria-valuetext", most());
      target.nextSibling.textContent = most();
      act.redraw();
    };
    const range = { type: "range", min: 0, max: EDGE_STEPS.length - 1, step: 1, value: state.edgeStep };
    return el(
      "label",
      { class: "slider" },
      el("span", {}, "Most edges"),
      el("input", { ...range, id: "edges", "aria-valuetext": most(), oninput }),
      el("output", {}, most()),
    );
  }
}
